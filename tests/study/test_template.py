import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.datasets import shampoo
from statewise.errors import SettingError
from statewise.model.framing import Framing
from statewise.model.network import Adam, Network, ReduceOnPlateau, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study, better, equivalent, to_document
from statewise.study.file import read
from statewise.study.seen import Adjust
from statewise.study.template import template, written
from tests import tomls

PARTS = (
    Framing(0, 4, 2, None, relative="last", outputs=2),
    Network(3, "keras-2"),
    Training(7, optimizer=Adam(0.003), clip_error=0.3, schedule=ReduceOnPlateau(0.3)),
)


def test_a_study_is_read_back_as_it_was(tmp_path: Path) -> None:
    other = Model(StateRegime("epoch", warm_up=3), *PARTS[:2], Training(5, batch_size=1))
    study = Study(
        (Arm("stateless", Model(REGIMES["stateless"], *PARTS)), Arm("other", other)),
        shampoo(),
        test_size=6,
        repeats=9,
        hypotheses=(equivalent("stateless", "other"), better("other", "simple", family="mine")),
        cutoffs=2,
        horizon=3,
        season=4,
        adjust=Adjust((4,), "log"),
    )
    lines = [
        "ds,y",
        *(f"{ds},{y}" for ds, y in zip(shampoo().only.ds, shampoo().only.y, strict=True)),
    ]
    (tmp_path / "data.csv").write_text("\n".join(lines))
    text = template(Path("data.csv"), study, {"column": "y"})
    (tmp_path / "study.toml").write_text(text)
    found, store = read(tmp_path / "study.toml")
    expected = to_document(study)
    expected["panel"][0]["unique_id"] = "y"
    assert to_document(found) == expected
    assert store == tmp_path / "study.db"
    assert text.count("[arms.training]") == 2
    assert "[framing]" in text
    assert "[arms.framing]" not in text


@given(st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans())
def test_what_is_written_is_read(value: Any) -> None:
    for whole in (value, [value], {"a": [value]}):
        assert tomllib.loads(f"x = {written('x', whole)}")["x"] == whole


def test_text_that_no_toml_can_hold_is_refused() -> None:
    with pytest.raises(SettingError, match=r"data = 'a\\udcff.csv': has bytes that are no text"):
        template(Path("a\udcff.csv"), tomls.PLAIN, {})
