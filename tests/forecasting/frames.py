"""Small frames and forecasters for tests."""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from statewise.forecasting import Forecaster
from statewise.forecasting.settings import Data, Recipe

LENGTHS = {"a": 40, "b": 33, "c": 47}


def built(**given: Any) -> Forecaster:
    """A forecaster of the settings, and of those of its recipe and of its data, by their names."""

    def those(group: type) -> dict[str, Any]:
        return {each.name: given.pop(each.name) for each in fields(group) if each.name in given}

    return Forecaster(Recipe(**those(Recipe)), data=Data(**those(Data)), **given)


def small(**changes: Any) -> Forecaster:
    """A forecaster that is soon fitted: networks of each series alone, one step at a time."""
    known: dict[str, Any] = {
        "regime": "stateless", "scope": "local", "lags": 3, "steps": 1, "outputs": 1,
        "difference": 1, "units": 2, "members": 2, "epochs": 3, "learning_rate": 0.02,
        "season": 1, "horizon": 3, "combine": False, "intervals": False,
    }  # fmt: skip
    return built(**known | changes)


def whole(**changes: Any) -> Forecaster:
    """One with everything on: shared networks, seasons, combination and intervals."""
    known: dict[str, Any] = {
        "lags": 3, "steps": 2, "units": 2, "members": 2, "epochs": 3, "learning_rate": 0.02,
        "season": 12, "horizon": 3,
    }  # fmt: skip
    return built(**known | changes)


def long(more: int = 0, price: bool = False, lengths: dict[str, int] = LENGTHS) -> pd.DataFrame:
    """Monthly series of unequal lengths, ``more`` observations longer than ``lengths``."""
    parts = []
    for key, (name, n) in enumerate(lengths.items()):
        rng = np.random.default_rng(ord(name[0]) + key)
        part = {
            "unique_id": name,
            "ds": pd.date_range("2015-01", periods=n + 30, freq="MS"),
            "y": 50 + rng.normal(0, 5, n + 30).cumsum().clip(-40),
        }
        if price:
            part["price"] = rng.normal(3, 1, n + 30)
        parts.append(pd.DataFrame(part)[: n + more])
    return pd.concat(parts, ignore_index=True)


def later(count: int, price: bool = False, lengths: dict[str, int] = LENGTHS) -> pd.DataFrame:
    """The ``count`` observations of every series that follow ``long()``."""
    whole = long(count, price, lengths)
    return whole.groupby("unique_id").tail(count).reset_index(drop=True)


def known(model: Forecaster) -> dict[str, Any]:
    """Everything that a forecaster knows of its series, to be compared to the bit."""
    found = {}
    for name, state in model.state.items():
        parts = [getattr(state, part) for part in ("h", "c", "recent", "x", "level", "last")]
        simple = state.known.simple.arrays()
        parts += [state.count, state.known.tail, *(simple[each] for each in sorted(simple))]
        found[name] = [np.asarray(part).tobytes() for part in parts]
    return found


def everything(model: Forecaster, h: int = 3, X: Any = None) -> pd.DataFrame:
    """All that a forecaster says of the next observations, of every kind and at every level."""
    level = [80, 95] if model.intervals else None
    found = model.predict(h, X=X, level=level, kinds=True, members=True)
    return found if isinstance(found, pd.DataFrame) else found.to_pandas()


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Two frames are equal, to the bit."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def follow(model: Forecaster) -> list[Any]:
    """What a forecaster says, and knows, as it goes on from ``long()``, as JSON can hold it."""
    price = bool(model.origin_.columns)
    rows = later(4, price)
    first = everything(model, X=rows)
    state = {
        name: [part.hex() for part in parts] for name, parts in known(model.update(rows)).items()
    }
    looks = price or model.data.calendar
    stepped = "" if looks else model.step([50.0, 51.0, 52.0]).tobytes().hex()
    return [str(first.dtypes), first.to_csv(float_format="%r"), state, stepped]
