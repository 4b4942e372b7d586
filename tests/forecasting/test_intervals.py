"""How wide intervals are, on every rung of the ladder."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statewise.forecasting.intervals import ENOUGH, Residuals
from tests.forecasting.frames import everything, later, long, whole

LEVELS = (50.0, 80.0, 95.0)


def residuals(cutoffs: int, series: int, horizon: int = 4, seed: int = 1) -> Residuals:
    """Errors of a random walk's forecasts, of scale one."""
    walk = np.random.default_rng(seed).normal(0, 1, (cutoffs, series, horizon)).cumsum(axis=2)
    return Residuals(walk.astype(np.float32), np.linspace(1.0, 2.0, series))


NONE = Residuals(np.full((1, 3, 4), np.nan, np.float32), np.array([1.0, 2.0, 3.0]))
RUNGS = {"many": residuals(40, 100), "few": residuals(4, 3), "none": NONE}


@pytest.mark.parametrize("rung", RUNGS)
def test_widths_grow_with_level_horizon_and_scale(rung: str) -> None:
    found = RUNGS[rung]
    widths = np.stack([found.half_widths(level, 12) for level in LEVELS])
    assert np.isfinite(widths).all()
    assert (widths > 0).all()
    assert (np.diff(widths, axis=0) > 0).all()
    assert (np.diff(widths, axis=2) > 0).all()
    scale = np.broadcast_to((found.scale / found.scale[0])[None, :, None], widths.shape)
    np.testing.assert_allclose(widths / widths[:, :1], scale, rtol=1e-9)
    for level in LEVELS:  # what is asked beside does not matter
        np.testing.assert_array_equal(
            found.half_widths(level, 2), found.half_widths(level, 12)[:, :2]
        )


def test_many_errors_give_their_quantiles_step_by_step() -> None:
    found = RUNGS["many"]
    assert found.counts.min() >= ENOUGH
    assert found.rung.startswith("step by step")
    for level in LEVELS:
        expected = stats.norm.ppf(0.5 + level / 200) * np.sqrt(np.arange(1, 5))
        np.testing.assert_allclose(found.by_step(level)[1:-1], expected[1:-1], rtol=0.06)


def test_few_errors_are_pooled_over_steps() -> None:
    found = RUNGS["few"]
    assert found.rung == "from 48 errors of all series and steps, which grow with the step"
    wide = np.mean([residuals(4, 3, seed=s).by_step(80) for s in range(200)], axis=0)
    np.testing.assert_allclose(wide, stats.norm.ppf(0.9) * np.sqrt(np.arange(1, 5)), rtol=0.25)
    missing = RUNGS["few"].errors.copy()
    missing[:, :, 2:] = np.nan
    assert np.isfinite(Residuals(missing, found.scale).half_widths(80, 4)).all()


@pytest.mark.parametrize("errors", [np.nan, 0.0])
def test_no_errors_are_a_random_walk_of_a_series_own_changes(errors: float) -> None:
    found = Residuals(np.full((2, 3, 4), errors, np.float32), NONE.scale)
    assert found.rung.startswith("from the changes of each series alone")
    normal = stats.norm.ppf(0.9) * np.sqrt(np.pi / 2)
    expected = found.scale[:, None] * normal * np.sqrt(np.arange(1, 8))
    np.testing.assert_allclose(found.half_widths(80, 7), expected)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("horizon", [1, 4, 9])
def test_paths_are_as_wide_as_intervals(rung: str, horizon: int) -> None:
    found = RUNGS[rung]
    paths = found.paths(horizon, 3000, np.random.default_rng(4))
    assert paths.shape == (len(found.scale), 3000, horizon)
    assert np.isfinite(paths).all()
    inside = (np.abs(paths) <= found.half_widths(80, horizon)[:, None]).mean(axis=1)
    assert (np.abs(inside - 0.8) < (0.2 if rung == "few" else 0.07)).all()
    assert (np.abs((paths > 0).mean(axis=1) - 0.5) < 0.05).all()


def test_paths_with_steps_missing_go_on() -> None:
    errors = RUNGS["few"].errors.copy()
    errors[1:, :, 1:] = np.nan
    errors[0] = np.nan
    paths = Residuals(errors, NONE.scale).paths(6, 50, np.random.default_rng(4))
    assert np.isfinite(paths).all()
    assert (np.abs(np.diff(paths, axis=2)) > 0).any()


def test_some_series_keep_their_widths() -> None:
    found, some = RUNGS["many"], np.array([7, 3])
    np.testing.assert_array_equal(
        found.take(some).half_widths(80, 6), found.half_widths(80, 6)[some]
    )


def test_widths_follow_the_level_of_a_series_as_it_goes_on() -> None:
    """Not the errors since the fit: they are those of the fit, in units of the series."""
    model = whole(transform="log").fit(long())
    before = everything(model)
    model.update(later(3).assign(y=lambda f: f["y"] * 4))
    after = everything(model)
    relative = [((f["hi-80"] - f["lo-80"]) / f["mean"]).to_numpy() for f in (before, after)]
    np.testing.assert_allclose(relative[0], relative[1], rtol=1e-9)


@pytest.mark.parametrize("level", [80, 95])
def test_intervals_hold_what_they_promise_over_a_panel(level: int) -> None:
    """300 random walks, and the four observations that followed each."""
    series, n = 300, 40
    y = 100 + np.random.default_rng(8).normal(0, 1, (series, n + 4)).cumsum(axis=1)
    rows = {"unique_id": np.repeat(np.arange(series), n), "ds": np.tile(np.arange(n), series)}
    frame = pd.DataFrame(rows | {"y": y[:, :n].ravel()})
    found = whole(horizon=4, season=1, outputs=4).fit(frame).predict(level=level)
    low, high = (found[f"{end}-{level}"].to_numpy().reshape(series, 4) for end in ("lo", "hi"))
    held = ((low <= y[:, n:]) & (y[:, n:] <= high)).mean()
    assert abs(held - level / 100) < 0.05
