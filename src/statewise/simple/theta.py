"""The Theta method: the mean of a straight line and of a smoothed line with twice the curvature.

Assimakopoulos and Nikolopoulos 2000, "The theta model: a decomposition approach to forecasting",
International Journal of Forecasting 16, 521-530; as simple exponential smoothing with drift,
Hyndman and Billah 2003, "Unmasking the Theta method", the same journal 19, 287-290.
"""

import numpy as np
from numba import njit

from statewise.simple.smoothing import ALPHAS, faded, level_after

__all__ = ["fit_line", "fit_theta", "theta_level_after"]


@njit(error_model="numpy")
def theta_level_after(level, y, t, intercept, slope, alpha):
    """The smoothed level of the theta line after the observation at time ``t`` from zero.

    The theta line has twice the distance of the series from its straight line.
    """
    return level_after(level, 2.0 * y - (intercept + slope * t), alpha)


@njit(error_model="numpy")
def fit_line(z):
    """The (intercept, slope) of the straight line by least squares."""
    n = len(z)
    middle, mean = (n - 1) / 2.0, 0.0
    for t in range(n):
        mean += z[t]
    mean /= n
    product, square = 0.0, 0.0
    for t in range(n):
        product += (t - middle) * (z[t] - mean)
        square += (t - middle) ** 2
    slope = product / square if square > 0.0 else 0.0
    return mean - slope * middle, slope


@njit(error_model="numpy")
def fit_theta(z, intercept, slope):
    """The (alpha, initial level) of the smoothing, given the line.

    Errors are linear in the initial level, which is solved for.
    """
    n = len(z)
    best_alpha, best_level, least = 1.0, z[0], np.inf
    for alpha in ALPHAS:
        own, unit = 0.0, 1.0
        s00, s01, s11 = 0.0, 0.0, 0.0
        for t in range(n):
            e0, e1 = 2.0 * z[t] - (intercept + slope * t) - own, -unit
            s00 += e0 * e0
            s01 += e0 * e1
            s11 += e1 * e1
            own += alpha * e0
            unit = faded(unit + alpha * e1)
        level = -s01 / s11
        total = s00 + level * s01
        if total < least:
            best_alpha, best_level, least = alpha, level, total
    return best_alpha, best_level
