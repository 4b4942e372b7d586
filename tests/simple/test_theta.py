"""Theta is exponential smoothing with half the slope of the straight line as drift."""

import numpy as np
import pytest

from statewise.simple import NAMES, fit_simple
from statewise.simple.smoothing import ALPHAS


def squares(z: np.ndarray, alpha: float) -> tuple[float, float]:
    """The least sum of squared errors of smoothing, and the initial level that has it."""

    def errors(level: float) -> np.ndarray:
        found = []
        for y in z:
            found.append(y - level)
            level += alpha * found[-1]
        return np.array(found)

    slope = errors(1.0) - errors(0.0)
    level = -(slope @ errors(0.0)) / (slope @ slope)
    return float((errors(level) ** 2).sum()), float(level)


@pytest.mark.parametrize("n", [3, 12, 80])
def test_it_is_the_mean_of_the_line_and_of_the_smoothed_theta_line(n: int) -> None:
    z = np.random.default_rng(n).normal(0.3, 1.0, n).cumsum()
    slope, intercept = np.polyfit(np.arange(n), z, 1)
    line = intercept + slope * np.arange(n + 9)
    theta_line = 2 * z - line[:n]
    alpha = min(ALPHAS, key=lambda a: squares(theta_line, a)[0])
    level = squares(theta_line, alpha)[1]
    for y in theta_line:
        level += alpha * (y - level)
    simple, state = fit_simple(z, [0, n])
    f = simple.forecast(state, 9)[NAMES.index("Theta"), 0]
    assert simple.table[0]["theta_alpha"] == alpha
    np.testing.assert_allclose(f, (level + line[n:]) / 2, rtol=1e-9)


def test_it_is_smoothing_with_drift() -> None:
    # Hyndman and Billah 2003, equation 8: with the same alpha, once the start is forgotten, the
    # forecast is that of smoothing plus half the slope times (h - 1 + 1 / alpha).
    z = np.random.default_rng(1).normal(0.3, 1.0, 400).cumsum()
    simple, state = fit_simple(z, [0, 400])
    p = simple.table[0]
    level = z[0]
    for y in z:
        level += p["theta_alpha"] * (y - level)
    drift = p["line_slope"] / 2 * (np.arange(7) + 1 / p["theta_alpha"])
    f = simple.forecast(state, 7)[NAMES.index("Theta"), 0]
    np.testing.assert_allclose(f, level + drift, rtol=1e-9)
