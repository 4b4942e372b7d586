from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from statewise.errors import DataError, SettingError
from statewise.scoring.metrics import coverage, interval_score, mae, mase, rmse, skill, smape

Array = NDArray[np.float64]

values = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
rows = partial(arrays, np.float64, elements=values)


def test_errors_are_averaged_over_the_last_axis() -> None:
    actual = np.array([1.0, 2.0, 3.0])
    forecast = np.array([[1.0, 2.0, 3.0], [2.0, 0.0, 3.0]])
    np.testing.assert_allclose(rmse(actual, forecast), [0.0, np.sqrt(5 / 3)])
    np.testing.assert_allclose(mae(actual, forecast), [0.0, 1.0])


@given(rows((3, 5)), rows((3, 5)), rows((3, 9)))
def test_series_in_an_array_score_as_they_do_alone(a: Array, f: Array, history: Array) -> None:
    low, high = f - 1.0, f + 2.0
    together = [
        smape(a, f),
        mase(a, f, history, season=4),
        coverage(a, low, high),
        interval_score(a, low, high, 90),
    ]
    alone = [
        [smape(*row) for row in zip(a, f, strict=True)],
        [mase(*row, season=4) for row in zip(a, f, history, strict=True)],
        [coverage(*row) for row in zip(a, low, high, strict=True)],
        [interval_score(*row, 90) for row in zip(a, low, high, strict=True)],
    ]
    for all_rows, each in zip(together, alone, strict=True):
        assert all_rows.shape == (3,)
        np.testing.assert_array_equal(all_rows, each)


@given(rows(6), rows(6))
def test_smape_is_symmetric_and_bounded(a: Array, f: Array) -> None:
    assert smape(a, f) == smape(f, a)
    assert 0.0 <= smape(a, f) <= 200.0
    assert smape(a, a) == 0.0
    assert smape(a, -a) == 200.0 * np.mean(a != 0.0)


@given(rows(6), rows(6), st.sampled_from([0.25, 2.0, 1024.0]))
def test_smape_and_mase_have_no_unit(a: Array, f: Array, unit: float) -> None:
    history = np.arange(9.0)
    assert smape(unit * a, unit * f) == smape(a, f)
    assert mase(unit * a, unit * f, unit * history, 2) == mase(a, f, history, 2)


@given(rows(20), st.integers(1, 6))
def test_the_seasonal_naive_forecast_has_a_mase_of_one_on_its_own_history(
    y: Array, season: int
) -> None:
    actual, forecast = y[season:], y[:-season]
    found = mase(actual, forecast, y, season)
    if np.array_equal(actual, forecast):
        assert np.isnan(found)
    else:
        assert found == pytest.approx(1.0)


def test_mase_by_hand() -> None:
    # |3 - 1|, |6 - 2| of a season of two; then errors of 1 and 8.
    assert mase([4.0, 9.0], [5.0, 1.0], [1.0, 2.0, 3.0, 6.0], season=2) == 4.5 / 3.0


@pytest.mark.parametrize("history", [[1.0, 2.0], 1.0, []])
def test_mase_needs_more_than_a_season(history: list[float]) -> None:
    with pytest.raises(DataError, match="is no longer than a season of 2"):
        mase([1.0], [1.0], history, season=2)
    with pytest.raises(SettingError, match="season = 0"):
        mase([1.0], [1.0], [1.0, 2.0], season=0)


@given(rows(4), rows(4))
def test_skill_is_what_is_saved(error: Array, naive: Array) -> None:
    error, naive = np.abs(error), np.abs(naive)
    found = skill(error, naive)
    assert ((found > 0.0) <= (error < naive)).all()
    assert (found[error == naive] == 0.0).all()
    assert (skill(0.0, naive[naive > 0.0]) == 1.0).all()
    assert (skill(error[error > 0.0], 0.0) == -np.inf).all()


@given(rows(8), rows(8), rows(8))
def test_coverage_counts_and_the_interval_score_bounds_the_width(
    a: Array, one: Array, other: Array
) -> None:
    low, high = np.minimum(one, other), np.maximum(one, other)
    inside = [lo <= x <= hi for x, lo, hi in zip(a, low, high, strict=True)]
    assert coverage(a, low, high) == sum(inside) / 8
    width = np.mean(high - low)
    if all(inside):
        assert interval_score(a, low, high, 80) == width
    else:
        assert interval_score(a, low, high, 80) > width
    assert coverage(a, np.full(8, -np.inf), np.full(8, np.inf)) == 1.0


def test_the_interval_score_is_least_in_expectation_at_the_true_quantiles() -> None:
    actual = np.arange(0.5, 100.0)  # the percentiles of a uniform distribution from 0 to 100
    best = interval_score(actual, np.full(100, 10.0), np.full(100, 90.0), 80)
    for low, high in [(5.0, 90.0), (15.0, 90.0), (10.0, 85.0), (10.0, 95.0)]:
        assert interval_score(actual, np.full(100, low), np.full(100, high), 80) > best


def test_levels_are_percentages() -> None:
    with pytest.raises(SettingError, match="level = 100"):
        interval_score([1.0], [0.0], [2.0], 100)


@pytest.mark.parametrize("place", range(3))
def test_a_missing_value_is_not_counted_as_missed(place: int) -> None:
    bounds = [np.ones(3), np.zeros(3), np.full(3, 2.0)]
    bounds[place][1] = np.nan
    assert np.isnan(coverage(*bounds))
    assert np.isnan(smape(bounds[0], bounds[place])) == np.isnan(bounds[place]).any()
