"""Small frames and forecasters for tests."""

from typing import Any

import numpy as np
import pandas as pd

from statewise.forecasting import Forecaster

LENGTHS = {"a": 40, "b": 33, "c": 47}


def small(**changes: Any) -> Forecaster:
    """A forecaster that is soon fitted."""
    known: dict[str, Any] = {
        "lags": 3, "difference": 1, "units": 2, "members": 2, "epochs": 3, "intervals": None,
        "learning_rate": 0.02,
    }  # fmt: skip
    return Forecaster(**known | changes)


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
    parts = ("h", "c", "recent", "x", "last")
    return {
        name: [np.asarray(getattr(state, part)).tobytes() for part in parts]
        for name, state in model.state.items()
    }


def follow(model: Forecaster) -> list[Any]:
    """What a forecaster says, and knows, as it goes on from ``long()``, as JSON can hold it."""
    price = bool(model.origin_.columns)
    rows = later(4, price)
    level = [] if model.intervals is None else [50, 80]
    first = model.predict(3, level=level, X=rows)
    state = {
        name: [part.hex() for part in parts] for name, parts in known(model.update(rows)).items()
    }
    stepped = "" if price or model.calendar else model.step([50.0, 51.0, 52.0]).tobytes().hex()
    return [str(first.dtypes), first.to_csv(float_format="%r"), state, stepped]
