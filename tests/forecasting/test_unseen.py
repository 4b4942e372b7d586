"""Series that were not fitted on, forecast with networks that all series share."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.errors import DataError, SettingError
from statewise.forecasting import Forecaster
from tests.forecasting.frames import everything, known, later, long, same, whole

OTHERS = {"x": 44, "y": 30, "z": 2}


def kinds(model: Forecaster, frame: Any, **more: Any) -> pd.DataFrame:
    """All but what depends on weights and widths, which are those of the fit."""
    found: pd.DataFrame = model.predict(5, frame=frame, kinds=True, members=True, **more)
    return found.drop(columns="mean")


@pytest.mark.parametrize("regime", ["stateless-shuffled", "stateful-warm"])
@pytest.mark.parametrize("scale", [None, (-1.0, 1.0)])
def test_a_series_of_the_fit_is_forecast_as_it_was(regime: str, scale: Any) -> None:
    """By every kind: they hang on what was fitted and on its own history, and on nothing else."""
    model = whole(regime=regime, scale=scale).fit(long())
    fitted = model.predict(5, kinds=True, members=True).drop(columns="mean")
    same(kinds(model, long()), fitted)
    one = kinds(model, long()[:40].assign(unique_id="other"))
    same(one.drop(columns="unique_id"), fitted[:5].drop(columns="unique_id"))


@pytest.mark.parametrize("regime", ["stateless-shuffled", "stateful-warm"])
def test_an_unseen_series_does_not_depend_on_its_neighbours(regime: str) -> None:
    model = whole(regime=regime).fit(long())
    frame = long(lengths=OTHERS)
    together = kinds(model, frame)
    for i, name in enumerate(OTHERS):
        part = frame[frame["unique_id"] == name]
        if len(part) > 2:
            found = kinds(model, part)
            same(found, together[5 * i : 5 * i + 5].reset_index(drop=True))
    numbers = model.predict(5, level=[80, 95], frame=frame).drop(columns=["unique_id", "ds"])
    assert np.isfinite(numbers).all(axis=None)
    assert (numbers["lo-80"] < numbers["mean"]).all()


def test_weights_are_those_of_the_fit_on_average() -> None:
    model = whole().fit(long())
    frame = long(lengths={"x": 44})
    found = model.predict(5, kinds=True, frame=frame)
    names = list(model.fitted_.combination.names)
    expected = found[names].to_numpy() @ model.fitted_.combination.weights.mean(axis=0)
    np.testing.assert_allclose(found["mean"], expected, rtol=1e-9)


def test_the_model_itself_is_not_changed() -> None:
    model = whole(regime="stateful-warm").fit(long())
    before, first = known(model), everything(model)
    model.predict(3, frame=long(lengths=OTHERS), level=80)
    assert known(model) == before
    same(everything(model), first)


def test_columns_are_needed_as_in_the_fit() -> None:
    frame = long(price=True, lengths={"x": 44})
    ahead = later(5, price=True, lengths={"x": 44})
    for group in ("known", "past"):
        model = whole(**{group: ["price"]}).fit(long(price=True))
        X = ahead if group == "known" else None
        first = kinds(model, frame, X=X)
        other = kinds(model, frame.assign(price=lambda f: f["price"].where(f.index < 43, 9.0)), X=X)
        assert (first["network"] != other["network"]).any()
        with pytest.raises((DataError, SettingError), match=r"price|other columns"):
            model.predict(5, frame=long(lengths={"x": 44}), X=X)


def test_what_cannot_be_applied_is_refused() -> None:
    frame = long(lengths=OTHERS)
    with pytest.raises(SettingError, match=r"every series has its own networks.*scope='global'"):
        whole(scope="local").fit(long()).predict(3, frame=frame)
    weekly = frame.assign(ds=pd.date_range("2020-01-05", periods=len(frame), freq="W"))
    with pytest.raises(SettingError, match="fitted on, months"):
        whole().fit(long()).predict(3, frame=weekly.assign(unique_id="x"))


def test_a_saved_model_forecasts_other_series(tmp_path: Any) -> None:
    model = whole(regime="stateful-warm").fit(long())
    model.save(tmp_path / "model")
    frame = long(lengths={"x": 44, "y": 30})
    expected = model.predict(4, level=80, frame=frame)
    same(Forecaster.load(tmp_path / "model").predict(4, level=80, frame=frame), expected)
