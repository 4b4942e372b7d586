from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from statewise.data.datasets import shampoo
from statewise.data.files import write_file
from statewise.errors import DataError, SettingError, StatewiseError
from statewise.model.framing import Framing
from statewise.model.network import Adam, Training
from statewise.model.regime import REGIMES
from statewise.study import better
from statewise.study.file import read, template

DATA = "ds,y\n" + "".join(f"{i},{(i * 7) % 11}\n" for i in range(30))
HEAD = 'data = "data.csv"\ntest_size = 3\nrepeats = 2\n'
ARM = '[[arms]]\nname = "a"\nregime = "stateful"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text(DATA)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_the_template_is_a_study(folder: Path) -> None:
    study, store = read(write(folder, template(Path("data.csv"), shampoo(), {"encoding": "utf-8"})))
    assert [arm.model.regime for arm in study.arms] == [
        REGIMES["stateless"],
        REGIMES["stateful-warm"],
    ]
    assert study.hypotheses[0] == better("stateless", "stateful")
    assert store == folder / "mine.db"


def test_shared_tables_reach_every_arm_and_an_arm_may_differ(folder: Path) -> None:
    text = (
        f'{HEAD}store = "runs/x.db"\ncutoffs = 2\n[training]\nepochs = 7\nbatch_size = 1\n'
        f"[framing]\nlags = 2\n{ARM}"
        '[[arms]]\nname = "b"\nregime = { reset_training = "never", reset_forecast = "never" }\n'
        "[arms.training]\nepochs = 9\n[arms.training.optimizer]\nlearning_rate = 0.1\n"
        '[[hypotheses]]\nkind = "no_worse"\nfirst = "a"\nsecond = "b"\nmargin = 0.02\n'
        'family = "arms"\n'
    )
    study, store = read(write(folder, text))
    assert store == folder / "runs" / "x.db"
    first, second = study.arms
    assert first.model.framing == second.model.framing == Framing(lags=2)
    assert first.model.training == Training(7)
    assert second.model.training == Training(9, optimizer=Adam(0.1))
    assert study.hypotheses[0].claim == "a is no worse than b"
    assert study.hypotheses[0].margin == 0.02
    assert study.hypotheses[0].family == "arms"


def test_the_data_may_be_parquet_with_further_columns(folder: Path) -> None:
    ds = pd.date_range("2020-01", periods=30, freq="MS")
    frame = pd.DataFrame({"ds": ds, "y": range(30), "note": "text"})
    write_file(frame, folder / "data.parquet")
    study, _ = read(write(folder, HEAD.replace(".csv", ".parquet") + ARM))
    assert study.panel.only.ds[:2] == ("2020-01-01", "2020-02-01")


def test_errors_of_the_data_name_the_field_of_the_study_file(folder: Path) -> None:
    for field, message in (
        ('column = "z"', "column = 'z': is not a column"),
        ('time_column = "z"', "time_column = 'z': is not a column"),
        ('encoding = "z"', "encoding = 'z': is not a known encoding"),
    ):
        with pytest.raises(StatewiseError, match=f"^{message}"):
            read(write(folder, f"{HEAD}{field}\n{ARM}"))
    with pytest.raises(DataError, match=r"^data = .*none.csv': cannot be read"):
        read(write(folder, HEAD.replace("data.csv", "none.csv") + ARM))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("x = ", DataError, "is not TOML"),
        (HEAD, SettingError, "has no arms"),
        (ARM, SettingError, "has no data"),
        (HEAD + "repeat = 3\n" + ARM, SettingError, "study field = 'repeat'"),
        (HEAD.replace("data.csv", "none.csv") + ARM, DataError, "cannot be read"),
        (HEAD + ARM.replace("stateful", "statefull"), SettingError, "regime = 'statefull'"),
        (HEAD + ARM + '[[hypotheses]]\nkind = "better"\n', SettingError, "has no first"),
        (
            HEAD + ARM + '[[hypotheses]]\nkind = "beats"\nfirst = "a"\nsecond = "naive"\n',
            SettingError,
            "kind = 'beats'",
        ),
        (HEAD + "seed = -1\n" + ARM, SettingError, "seed = -1"),
    ],
)
def test_mistakes_are_named(folder: Path, text: str, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        read(write(folder, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_a_device_or_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a device or a pipe"):
        read(Path("/dev/zero"))
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(2**34)
    with pytest.raises(DataError, match="it has 17,179,869,184 bytes, and at most 16,777,216 are"):
        read(tmp_path / "huge.toml")
