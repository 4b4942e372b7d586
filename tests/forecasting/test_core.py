"""A fitted model as a value: forecasts, intervals and quantiles of it, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from statewise.errors import DataError, SettingError
from statewise.forecasting.core import FittedModel
from tests.forecasting.frames import built, everything, later, long, same, whole


@pytest.fixture(scope="module")
def model() -> FittedModel:
    return whole(regime="stateful-warm").fit(long()).fitted_


def test_a_value_stays_what_it_was(model: FittedModel) -> None:
    from statewise.forecasting.observe import observed, stepped

    first = model.predict(4, level=80)
    after = observed(model, later(2))
    further, _ = stepped(model, [50.0, 51.0, 52.0])
    same(model.predict(4, level=80), first)
    assert (after.origin.last > model.origin.last).all()
    assert (further.origin.last > model.origin.last).all()
    assert after.learned is model.learned


def test_the_forecast_is_the_weighted_sum_of_its_kinds(model: FittedModel) -> None:
    found = model.forecast(5)
    expected = np.einsum("sk,ksh->sh", model.combination.weights, found.kinds)
    np.testing.assert_allclose(found.point, expected, rtol=1e-12)
    assert found.members is not None
    np.testing.assert_array_equal(found.kinds[-1], np.median(found.members, axis=1))
    short = model.forecast(2)
    np.testing.assert_array_equal(short.point, found.point[:, :2])
    np.testing.assert_array_equal(short.kinds, found.kinds[:, :, :2])


def test_intervals_are_within_each_other_and_around_the_forecast(model: FittedModel) -> None:
    point = model.forecast(9).point
    bounds = model.intervals(point, [50, 80, 99])
    lows, highs = (np.stack([bounds[level][side] for level in (50, 80, 99)]) for side in (0, 1))
    assert (np.diff(lows, axis=0) <= 0).all()
    assert (np.diff(highs, axis=0) >= 0).all()
    assert (lows[0] < point).all()
    assert (highs[0] > point).all()
    np.testing.assert_allclose(highs[0] - point, point - lows[0])
    assert model.intervals(point, None) == {}
    found = model.quantiles(point, [0.25, 0.5, 0.75])
    np.testing.assert_array_equal(found["q-0.25"], bounds[50][0])
    np.testing.assert_array_equal(found["q-0.75"], bounds[50][1])
    np.testing.assert_array_equal(found["q-0.5"], point)
    near = model.quantiles(point, [0.499, 0.501])
    assert (near["q-0.499"] < point).all()
    assert (near["q-0.501"] > point).all()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"level": 0.8}, r"level = 0.8.*80"), ({"level": 100}, "level = 100"),
        ({"quantiles": [0.0]}, "quantiles"), ({"quantiles": [80]}, "quantiles = 80"),
        ({"h": 0}, "h = 0"),
    ],
)  # fmt: skip
def test_impossible_questions_are_refused(model: FittedModel, asked: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        model.predict(**{"h": 2} | asked)


def test_what_was_not_measured_is_not_said() -> None:
    bare = whole(intervals=False).fit(long())
    for ask in ({"level": 80}, {"quantiles": [0.1]}):
        with pytest.raises(SettingError, match=r"needs intervals. Fit with intervals=True"):
            bare.predict(2, **ask)
    with pytest.raises(SettingError, match="needs intervals"):
        bare.sample(2)
    assert len(bare.predict(2, quantiles=[0.5]).columns) == 4


def test_one_network_is_exported_as_it_stands(model: FittedModel) -> None:
    found = model.exported("b", 2)
    state = model.learned.ensemble
    assert state is not None
    assert found.weights.runs == 1
    with pytest.raises(SettingError, match="member = 3: is not one of 2"):
        model.exported("b", 3)
    with pytest.raises(DataError, match="'z'"):
        model.exported("z")
    bare = whole(freq="MS").fit(long(lengths={"a": 4}))
    with pytest.raises(SettingError, match="there are no networks"):
        bare.exported()


def test_columns_known_ahead_come_before_dates_and_past_ones_last() -> None:
    frame = long(price=True).assign(sales=lambda f: f["y"] * 2, other=1.5)
    fitted = whole(known=["other"], past=["sales", "price"], calendar=["month"]).fit(frame).fitted_
    assert fitted.base.columns == ("other", "sales", "price")
    assert fitted.ahead == ("other",)
    assert fitted.decisions.networks.past == 2
    x = fitted.columns_of(
        frame[["other", "sales", "price"]].to_numpy(), fitted.base.last[:1].repeat(120)
    )
    assert x.shape == (120, 5)
    assert (x[:, 0] == 1.5).all()
    np.testing.assert_array_equal(x[:, 3:], frame[["sales", "price"]])
    rows = later(3, price=True).assign(other=1.5)[["unique_id", "ds", "other"]]
    assert np.isfinite(fitted.predict(3, X=rows)["mean"]).all()


def test_the_default_forecaster_says_everything() -> None:
    """With nothing set at all."""
    found = built(epochs=2, members=2).fit(long())
    numbers = everything(found, 20).drop(columns=["unique_id", "ds"])
    assert np.isfinite(numbers).all(axis=None)
