"""Exponential smoothing and its damped trend against statsmodels, and against a slow search."""

import math

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from statewise.simple import NAMES, fit_simple
from statewise.simple.smoothing import ALPHAS, BETAS, PHIS, trend_weight

AHEAD = 12


@pytest.mark.parametrize("name", ["exponential smoothing", "damped trend"])
@pytest.mark.parametrize("n", [4, 11, 60])
def test_the_recursion_is_that_of_statsmodels(name: str, n: int) -> None:
    z = np.random.default_rng(n).normal(0.1, 1.0, n).cumsum()
    simple, state = fit_simple(z, [0, n])
    p = simple.table[0]
    damped = name == "damped trend"
    model = ExponentialSmoothing(
        z,
        trend="add" if damped else None,
        damped_trend=damped,
        initialization_method="known",
        initial_level=p["damped_level"] if damped else p["level"],
        initial_trend=p["damped_trend"] if damped else None,
    )
    fixed = {"smoothing_level": p["alpha"]}
    if damped:
        fixed = {
            "smoothing_level": p["damped_alpha"],
            # Theirs is in parts of the change of the level, which is alpha of the error.
            "smoothing_trend": p["damped_beta"] / p["damped_alpha"],
            "damping_trend": p["phi"],
        }
    theirs = model.fit(optimized=False, **fixed).forecast(AHEAD)
    ours = simple.forecast(state, AHEAD)[NAMES.index(name), 0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def errors(z: np.ndarray, alpha: float, beta: float, phi: float, first: np.ndarray) -> np.ndarray:
    """One-step errors from an initial level and trend, written as in the book."""
    level, trend = first
    found = []
    for y in z:
        found.append(y - level - phi * trend)
        level, trend = level + phi * trend + alpha * found[-1], phi * trend + beta * found[-1]
    return np.array(found)


@pytest.mark.parametrize("seed", range(3))
def test_no_other_parameters_of_the_grid_have_a_smaller_error(seed: int) -> None:
    z = np.random.default_rng(seed).normal(0.2, 1.0, 25).cumsum()
    p = fit_simple(z, [0, len(z)])[0].table[0]

    def least(alpha: float, beta: float, phi: float, trend: bool) -> float:
        zero = errors(z, alpha, beta, phi, np.zeros(2))
        slopes = np.stack([errors(z, alpha, beta, phi, unit) - zero for unit in np.eye(2)], 1)
        slopes = slopes if trend else slopes[:, :1]
        return float(((zero - slopes @ np.linalg.lstsq(slopes, zero)[0]) ** 2).sum())

    level = {alpha: least(alpha, 0.0, 1.0, False) for alpha in ALPHAS}
    assert p["alpha"] == min(level, key=level.__getitem__)
    damped = {
        (a, a * b, phi): least(a, a * b, phi, True) for a in ALPHAS for b in BETAS for phi in PHIS
    }
    ours = tuple(p[["damped_alpha", "damped_beta", "phi"]])
    assert ours == min(damped, key=damped.__getitem__)
    first = np.array([p["damped_level"], p["damped_trend"]])
    found = (errors(z, *ours, first) ** 2).sum()
    assert found == pytest.approx(damped[ours], rel=1e-9)


def test_the_weight_of_the_trend_is_that_of_its_criterion() -> None:
    def criterion(n: int, squares: float, k: int) -> float:
        return n * math.log(squares / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)

    gap = criterion(30, 9.0, 6) - criterion(30, 12.0, 3)
    weight = trend_weight(30, 12.0, 9.0, 0.0)
    assert weight == pytest.approx(np.exp(-gap / 2) / (1 + np.exp(-gap / 2)))
    assert trend_weight(7, 12.0, 0.0, 1e-300) == pytest.approx(0.0, abs=1e-20)
    assert trend_weight(30, np.inf, np.inf, 1.0) == 0.0


def test_ets_is_the_weighted_mean_of_both() -> None:
    z = np.random.default_rng(4).normal(0.4, 1.0, 50).cumsum()
    simple, state = fit_simple(z, [0, 50])
    f = dict(zip(NAMES, simple.forecast(state, AHEAD)[:, 0], strict=True))
    w = simple.table[0]["trend_weight"]
    assert 0.01 < w < 0.99
    mixed = (1 - w) * f["exponential smoothing"] + w * f["damped trend"]
    np.testing.assert_allclose(f["ETS"], mixed, rtol=1e-14)
