"""Simple forecasts: each against its definition, and none sees what it forecasts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.datasets import shampoo
from statewise.model.framing import Framing
from statewise.scoring.metrics import rmse
from statewise.scoring.simple_forecasts import SIMPLE, least_squares, simple_forecasts
from statewise.simple import NAMES, fit_simple

rng = np.random.default_rng(5)
WALK = 50.0 + rng.normal(size=60).cumsum()
FRAMINGS = [
    Framing(),
    Framing(difference=0, lags=3),
    Framing(difference=(1, 4), lags=2, steps=3),
    Framing(difference=0, lags=4, relative="last"),
    Framing(difference=0, lags=2, steps=2, relative="mean", scale="standard"),
    Framing(difference=1, lags=2, transform="log"),
]


def forecasts(y: Any, first: int, **how: Any) -> Any:
    [found] = simple_forecasts([(np.asarray(y, float), first)], **how)
    return found.forecasts


def test_the_line_of_the_origin_series_has_its_error() -> None:
    """Least squares of the next change on the last one, on 22 pairs, by NumPy's own solver."""
    y = shampoo().only.y
    change = np.diff(y)
    slope, intercept = np.polyfit(change[:22], change[1:23], 1)
    expected = y[23:35] + intercept + slope * change[22:34]
    [found] = simple_forecasts([(y, 24)], framings={"line": Framing()})
    np.testing.assert_allclose(found.forecasts["line"], expected, rtol=1e-10)
    assert rmse(y[24:], found.forecasts["line"]) == pytest.approx(86.73, abs=0.005)
    assert found.best == "line"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_autoregression_is_the_least_squares_fit_of_what_a_network_is_shown(
    framing: Framing,
) -> None:
    plain = replace(framing, scale=None)
    fitted = plain.fit(WALK[:48])
    x, target = fitted.samples(WALK[:48])
    values = np.concatenate([x[:, 0, :-1], x[:, :, -1]], axis=1)[:, ::-1]
    values = values[:, np.ptp(values, axis=0) > 0]
    n, best, expected = len(target), np.inf, np.empty(0)
    window = fitted.window(WALK[:48][None])[0]
    shown = np.concatenate([window[0, :-1], window[:, -1]])[::-1]
    shown = shown[len(shown) - values.shape[1] :]
    for order in range(values.shape[1] + 1):
        design = np.column_stack([np.ones(n), values[:, :order]])
        solved, *_ = np.linalg.lstsq(design, target[:, 0], rcond=None)
        rest, p = ((target[:, 0] - design @ solved) ** 2).sum(), order + 2
        if np.linalg.matrix_rank(design) < design.shape[1]:
            break
        criterion = n * np.log(rest / n) + 2 * p + 2 * p * (p + 1) / (n - p - 1)
        if criterion < best:
            best, expected = criterion, solved
    output = expected[0] + shown[: len(expected) - 1] @ expected[1:]
    [value] = fitted.invert([output], WALK[:48])
    found = forecasts(WALK, 48, framings={"a": framing})["a"]
    assert found[0] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("horizon", [1, 3, 5, 12])
def test_a_horizon_is_forecast_before_it_is_seen(horizon: int) -> None:
    how: Any = {
        "horizon": horizon,
        "season": 4,
        "framings": {str(i): framing for i, framing in enumerate(FRAMINGS)},
    }
    whole = forecasts(WALK, 48, **how)
    assert set(whole) == {"naive", "mean", "drift", "seasonal naive", *how["framings"], *NAMES[7:]}
    for at in range(0, 12, horizon):
        other = WALK.copy()
        other[48 + at :] = rng.uniform(1.0, 99.0, 12 - at)
        for name, found in forecasts(other, 48, **how).items():
            np.testing.assert_array_equal(found[: at + horizon], whole[name][: at + horizon], name)


def test_the_plain_ones_are_what_their_names_say() -> None:
    y = [1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 9.0]
    found = forecasts(y, 4, horizon=2, season=3)
    np.testing.assert_array_equal(found["naive"], [5.0, 5.0, 7.0])
    np.testing.assert_array_equal(found["mean"], [2.75, 2.75, 2.75])
    np.testing.assert_allclose(found["drift"], [5.0 + 4 / 3, 5.0 + 8 / 3, 7.0 + 4 / 3])
    np.testing.assert_array_equal(found["seasonal naive"], [3.0, 2.0, 5.0])
    assert forecasts(y, 4, horizon=3, season=2)["seasonal naive"].tolist() == [2.0, 5.0, 2.0]


@given(st.integers(1, 12), st.integers(2, 30), st.integers(1, 7))
def test_smoothed_forecasts_are_the_state_moving_on(test: int, first: int, horizon: int) -> None:
    y = WALK[: first + test]
    found = forecasts(y, first, horizon=horizon)
    simple, state = fit_simple(y[:first], [0, first])
    for at in range(0, test, horizon):
        size = min(horizon, test - at)
        expected = simple.forecast(state, size)[[7, 8], 0]
        both = np.stack([found["ETS"], found["Theta"]])[:, at : at + size]
        np.testing.assert_allclose(both, expected, rtol=1e-7)
        for value in y[first + at : first + at + size]:
            state = simple.observe(state, [value])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 60)), min_size=1, max_size=5))
def test_a_test_part_is_forecast_the_same_alone_and_among_others(sizes: Any) -> None:
    parts = [(WALK[: min(first + test, 60)], min(first, 59)) for test, first in sizes]
    how: Any = {"season": 4, "horizon": 2, "framings": {"a": FRAMINGS[0], "b": FRAMINGS[3]}}
    for part, found in zip(parts, simple_forecasts(parts, **how), strict=True):
        [alone] = simple_forecasts([part], **how)
        assert alone.best == found.best
        for name, each in alone.forecasts.items():
            np.testing.assert_array_equal(each, found.forecasts[name])
            assert np.isfinite(each).all()


def test_the_choice_is_made_on_the_training_part() -> None:
    noise = rng.normal(10.0, 1.0, 120)
    [found] = simple_forecasts([(noise, 90)], framings={"a": Framing(0, 3)})
    assert found.best in ("mean", "a", "ETS")  # they are alike on noise, and persistence is not
    assert found.errors["mean"] < 0.85 * found.errors["naive"]
    other = noise.copy()
    other[90:] = np.arange(30.0) ** 2
    [again] = simple_forecasts([(other, 90)], framings={"a": Framing(0, 3)})
    assert again.errors == found.errors
    np.testing.assert_array_equal(again.forecast(SIMPLE)[:1], again.forecasts[again.best][:1])
    walk = rng.normal(size=300).cumsum()
    [found] = simple_forecasts([(walk, 280)])
    assert found.errors["mean"] > found.errors["naive"]


def test_too_short_a_training_part_leaves_the_naive_forecast() -> None:
    [found] = simple_forecasts(
        [(np.array([3.0, 4.0, 6.0]), 1)], framings={"a": Framing()}, season=4
    )
    assert found.best == "naive"
    assert all(np.isfinite(each).all() for each in found.forecasts.values())


def test_columns_that_follow_from_others_are_left_out() -> None:
    x = rng.normal(size=(40, 2))
    y = 1.0 + 2.0 * x[:, 0]
    found = least_squares(np.column_stack([x[:, 0], x[:, 0], x[:, 1]]), y)
    np.testing.assert_allclose(found, [1.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(least_squares(np.ones((9, 2)), np.arange(9.0)), [4.0])
