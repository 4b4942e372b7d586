"""The twin: trained without the last observations, and how wrong it is there."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from statewise.errors import DataError, SettingError
from statewise.forecasting.calibration import fit_calibration, held_back
from statewise.forecasting.fitting import fit_ensemble
from statewise.model.framing import Framing
from statewise.scoring.conformal import half_widths
from tests.forecasting.frames import known, later, long, small
from tests.forecasting.recipes import CARRIED, histories, recipe


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", [CARRIED, "stateless"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_errors_are_those_of_forecasts_from_every_origin(
    scope: str, regime: Any, outputs: int
) -> None:
    """Against each forecast made by itself, by an ensemble fitted on what came before."""
    plan = recipe(regime, scope=scope, framing=Framing(lags=2, outputs=outputs))
    parts = histories((30, 24, 41))
    twin = fit_calibration(plan, parts, 8)
    found = twin.errors(5, "median")
    assert found.shape == (3, 8, 5)
    ensemble, now, _ = fit_ensemble(plan, [part.until(len(part.y) - 8) for part in parts])
    for origin in range(8):
        steps = min(5, 8 - origin)
        forecast = np.median(ensemble.forecast(now, steps, np.zeros((3, steps, 0))), axis=1)
        came = np.stack([part.y[len(part.y) - 8 + origin :][:steps] for part in parts])
        np.testing.assert_array_equal(found[:, origin, :steps], forecast - came)
        assert np.isnan(found[:, origin, steps:]).all()
        now = ensemble.observe(now, came[:, 0], np.zeros((3, 1, 0)))


def test_series_of_different_lengths_hold_back_a_share_each() -> None:
    plan, parts = recipe(framing=Framing(lags=2)), histories((60, 24, 200))
    twin = fit_calibration(plan, parts, None)
    assert twin.counts.tolist() == [15, 8, 40]
    found = twin.errors(3, "median")
    there = np.isfinite(found).sum(axis=1)
    assert there.tolist() == [[15, 14, 13], [8, 7, 6], [40, 39, 38]]
    for i, part in enumerate(parts):
        alone = fit_calibration(plan, [part], None).errors(3, "median")[0]
        np.testing.assert_array_equal(found[i, : len(alone)], alone)


def test_a_twin_has_not_seen_what_was_held_back() -> None:
    plan, parts = recipe(framing=Framing(lags=2)), histories((30,), columns=1)
    twin = fit_calibration(plan, parts, 8)
    parts[0].y[-8:], parts[0].x[-8:] = 1e6, -1e6
    other = fit_calibration(plan, parts, 8)
    for one, two in zip(twin.ensemble.weights, other.ensemble.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(twin.state.recent, other.state.recent)
    np.testing.assert_array_equal(twin.ensemble.columns.centre, other.ensemble.columns.centre)


def test_how_much_is_held_back() -> None:
    assert [held_back(None, "a", n, 5) for n in (13, 40, 100, 1000)] == [8, 10, 25, 40]
    assert held_back(3, "a", 8, 5) == 3
    with pytest.raises(DataError, match=r"a = 8: observations are too few to hold 4 back"):
        held_back(4, "a", 8, 5)


def test_intervals_are_the_point_and_a_half_width_on_either_side() -> None:
    model = small(intervals="conformal", calibration=19).fit(long())
    found = model.predict(2, level=[50, 80])
    twin = model.fitted_.calibration
    assert twin is not None
    errors = twin.errors(2, "mean")
    for level in (50, 80):
        width = half_widths(errors, level).width.ravel()
        np.testing.assert_array_equal(found[f"lo-{level}"], found["mean"] - width)
        np.testing.assert_array_equal(found[f"hi-{level}"], found["mean"] + width)
    before = known(model)
    model.update(later(3)).predict(2, level=80)
    assert known(model) != before


def test_a_level_that_too_few_observations_can_keep_is_said() -> None:
    model = small(intervals="conformal", calibration=8).fit(long())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(1, level=85)
    with pytest.warns(UserWarning, match=r"intervals at 95% hold 89% .* larger calibration"):
        model.predict(1, level=95)


def test_a_horizon_beyond_what_was_held_back_is_refused() -> None:
    model = small(intervals="conformal", calibration=8).fit(long())
    with pytest.raises(SettingError, match="h = 9: exceeds the 8 observations that were held back"):
        model.predict(9, level=80)
    assert len(model.predict(9)) == 27


def test_the_spread_of_members_is_not_calibrated() -> None:
    model = small(intervals="ensemble", members=9).fit(long())
    assert model.fitted_.calibration is None
    found = model.predict(2, level=50, members=True)
    members = found[[f"member-{i}" for i in range(1, 10)]]
    np.testing.assert_allclose(found["lo-50"], members.quantile(0.25, axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["hi-50"], members.quantile(0.75, axis=1), rtol=1e-12)
    with pytest.raises(SettingError, match="needs intervals"):
        small(intervals=None).fit(long()).predict(1, level=50)


@pytest.mark.parametrize("level", [50, 80])
def test_intervals_of_series_without_trend_hold_what_they_promise(level: int) -> None:
    """300 AR(1) series, whose one-step errors are exchangeable; the next observation of each."""
    series, n = 300, 60
    noise = np.random.default_rng(8).normal(0, 1, (series, n + 50))
    y = np.zeros_like(noise)
    for t in range(1, n + 50):
        y[:, t] = 0.6 * y[:, t - 1] + noise[:, t]
    y = y[:, -n:]
    rows = {"unique_id": np.repeat(np.arange(series), n), "ds": np.tile(np.arange(n), series)}
    frame = pd.DataFrame(rows | {"y": y.ravel()})
    model = small(lags=1, units=1, difference=0, epochs=30, intervals="conformal", calibration=19)
    found = model.fit(frame[frame["ds"] < n - 1]).predict(1, level=level)
    held = ((found[f"lo-{level}"] <= y[:, -1]) & (y[:, -1] <= found[f"hi-{level}"])).sum()
    low, high = binom.interval(0.999, series, level / 100)
    assert low <= held <= high
