"""Saved and loaded: the same forecaster, to the bit, in another process; or an error in words."""

import copy
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise import StateRegime
from statewise.base import modelfile
from statewise.errors import ModelError, OutputError, StatewiseError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.model.network import ReduceOnPlateau
from tests.forecasting.frames import everything, follow, known, later, long, same, small, whole
from tests.fuzzing import fuzz

CASES: dict[str, dict[str, Any]] = {
    "stateless": {"regime": "stateless", "scale": (0, np.int64(1))},
    "carried": {"regime": "stateful-warm", "steps": 2, "initial_state": "learned"},
    "continuous": {"regime": "continuous", "scope": "local"},
    "global": {"regime": "stateful-warm", "scope": "global", "members": 9},
    "value": {"regime": StateRegime("epoch", warm_up=4, reset_forecast="never")},
    "columns": {"calendar": ["month"], "known": ["price"], "outputs": 2, "regime": "stateless"},
    "past": {"past": ["price"], "regime": "stateful-warm"},
    "outputs": {"outputs": 2, "transform": "asinh", "difference": (1, 2), "relative": "mean"},
    "schedule": {"schedule": ReduceOnPlateau(), "bounds": (10.0, None), "season": [4, 12]},
    "networks": {"combine": False, "intervals": False, "freq": "MS", "fill": "linear"},
}

PROGRAM = """
import json, sys
from statewise.forecasting import Forecaster
from tests.forecasting.frames import follow
print(json.dumps([follow(Forecaster.load(path)) for path in sys.argv[1:]]))
"""


def test_another_process_goes_on_to_the_bit(tmp_path: Path) -> None:
    expected, paths = [], []
    for name, changes in CASES.items():
        model = whole(**changes).fit(long(price=name in ("columns", "past")))
        paths.append(str(tmp_path / name))
        model.save(paths[-1])
        expected.append(follow(model))
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *paths],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(found.stdout) == expected


def test_what_was_moved_on_is_saved_where_it_stands(tmp_path: Path) -> None:
    model = whole(regime="stateful-warm").fit(pl.from_pandas(long()))
    model.update(later(2)[:4])
    model.step([50.0, 51.0, 52.0])
    model.save(tmp_path / "model")
    other = Forecaster.load(tmp_path / "model")
    assert known(other) == known(model)
    assert isinstance(other.predict(2), pl.DataFrame)
    same(everything(other, 14), everything(model, 14))
    np.testing.assert_array_equal(other.step([1.0, 2.0, 3.0]), model.step([1.0, 2.0, 3.0]))
    assert other.get_params() == model.get_params()


def test_saving_again_writes_the_same(tmp_path: Path) -> None:
    model = whole().fit(long())
    model.save(tmp_path / "one")
    Forecaster.load(tmp_path / "one").save(tmp_path / "two")
    one, two = (modelfile.load(tmp_path / name) for name in ("one", "two"))
    assert one[1] == two[1]
    for name, array in one[0].items():
        assert array.tobytes() == two[0][name].tobytes()


@pytest.mark.parametrize("counted", [True, False])
def test_a_file_is_little_more_than_weights_and_states(tmp_path: Path, counted: bool) -> None:
    """At most 1.2 times them, those of simple forecasts among them, and 64 KB."""
    lengths = 120
    y = 100 + np.random.default_rng(3).normal(0, 1, (1000, lengths)).cumsum(axis=1)
    y = y.round() if counted else y
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"series-{i}" for i in range(1000)], lengths),
            "ds": np.tile(pd.date_range("2010-01", periods=lengths, freq="MS"), 1000),
            "y": y.ravel(),
        }
    )
    recipe = Recipe("stateful-warm", "local", 10, lags=1, units=1, outputs=1, epochs=1)
    model = Forecaster(recipe, 1, season=1, combine=False, intervals=False)
    model.fit(frame).save(tmp_path / "model")
    raw = 1000 * 10 * 4 * (4 + 4 + 4 + 1 + 1 + 2)
    learned, now = model.fitted_.learned, model.fitted_.known
    for arrays in (learned.simple.arrays(), now.simple.arrays()):
        raw += sum(array.nbytes for array in arrays.values())
    assert (tmp_path / "model").stat().st_size <= 1.2 * raw + 64 * 1024


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    whole(initial_state="learned", known=["price"]).fit(long(price=True)).save(path)
    return path


def test_a_file_that_is_not_a_whole_model_is_refused(tmp_path: Path, saved: Path) -> None:
    content = saved.read_bytes()
    broken = {
        "truncated": content[:-9],
        "tampered": content[:-9] + b"tampered!",
        "other": b"unique_id,ds,y\n",
        "empty": b"",
        "newer": content.replace(b'"version":"1"', b'"version":"9"'),
    }
    messages = {"newer": "of version 9 .* Update statewise", "absent": "cannot be read"}
    for name, part in broken.items():
        (tmp_path / name).write_bytes(part)
    for name in (*broken, "absent"):
        with pytest.raises(ModelError, match=messages.get(name, "damaged|is not a model")):
            Forecaster.load(tmp_path / name)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == broken


def test_a_model_that_cannot_be_saved_leaves_the_old_one(tmp_path: Path) -> None:
    model = small().fit(long())
    model.save(tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    with pytest.raises(OutputError):
        model.update(later(1)).save(tmp_path / "model" / "inside")
    assert (tmp_path / "model").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


plain = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 2, -1, 3, 10**9, 2**63, 2**70, -(2**70), 0.5, -1e308, 1e308])
    | st.sampled_from(["", "a", "global", "month", "D", "12Y", "log", "x" * 300, "\ud800"])
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tuple", "regime", "plateau", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    keys = value if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def changed(data: st.DataObject, array: Any) -> Any:
    """An array with other values, another shape or another type."""
    flat = array.copy()
    match data.draw(st.sampled_from(["values", "cut", "turn", "type", "more"])):
        case "values" if flat.size:
            at = data.draw(st.integers(0, flat.size - 1))
            odd: list[float] = [0, 1] if flat.dtype.kind in "ub" else [0, -1, 100]
            odd += [np.nan, np.inf, 1e300] if flat.dtype.kind == "f" else []
            with np.errstate(over="ignore"):
                flat.flat[at] = data.draw(st.sampled_from(odd))
        case "cut" if flat.ndim:
            flat = flat[: data.draw(st.integers(0, len(flat)))]
        case "turn":
            flat = flat.T
        case "type":
            kinds = ["f4", "f8", "f2", "i8", "u1", "?"]
            with np.errstate(all="ignore"):
                flat = flat.astype(data.draw(st.sampled_from(kinds)))
        case _:
            flat = np.concatenate([flat, flat]) if flat.ndim else flat[None]
    return flat


@fuzz
@given(data=st.data())
def test_fuzz_any_document_is_loaded_or_refused_in_words(
    tmp_path: Path, saved: Path, data: st.DataObject
) -> None:
    """Files whose checksum is right, as one who tampers with care would write them."""
    arrays, document = modelfile.load(saved)
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 2))):
        if data.draw(st.booleans()):
            inside, key = data.draw(st.sampled_from(places(document)))
            if data.draw(st.integers(0, 3)) or isinstance(inside, list):
                inside[key] = data.draw(values)
            else:
                del inside[key]
        else:
            name = data.draw(st.sampled_from(sorted(arrays)))
            if data.draw(st.integers(0, 5)):
                arrays[name] = changed(data, arrays[name])
            else:
                del arrays[name]
                break
    path = tmp_path / "model"
    try:
        modelfile.save(path, arrays, document)
        model = Forecaster.load(path)
    except StatewiseError:
        return
    rows = later(2, price=True)
    with suppress(StatewiseError):
        model.predict(2, X=rows, level=80)
    with suppress(StatewiseError):
        model.update(rows)


@fuzz
@given(data=st.data())
def test_fuzz_a_changed_file_is_refused(tmp_path: Path, saved: Path, data: st.DataObject) -> None:
    content = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        match data.draw(st.sampled_from(["flip", "cut", "put", "lose"])):
            case "flip" if content:
                content[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del content[max(at, 1) :]
            case "put":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=9))
            case _:
                del content[max(at, 1) : at + data.draw(st.integers(1, 9))]
    path = tmp_path / "model"
    path.write_bytes(content)
    try:
        found = Forecaster.load(path)
    except ModelError:
        return
    assert known(found) == known(Forecaster.load(saved))


@pytest.mark.parametrize(
    "later",
    [{"data": Data(calendar=["month"])}, {"intervals": False}, {"recipe": "auto"}, {"season": 1}],
)
def test_parameters_that_were_set_after_the_fit_are_not_what_is_saved(
    later: dict[str, Any], tmp_path: Path
) -> None:
    model = whole().fit(long())
    expected = everything(model)
    model.set_params(**later).save(tmp_path / "model")
    again = Forecaster.load(tmp_path / "model").set_params(intervals=True)
    same(everything(again), expected)
    assert again.get_params() == model.fitted_.settings.get_params()
