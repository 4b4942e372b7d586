"""Exponential smoothing, with and without a damped trend: how it moves on, and how it is fitted.

The level and the damped trend are those of Gardner and McKenzie 1985, "Forecasting trends in time
series", Management Science 31, 1237-1246, in the form that corrects errors:

    forecast  f = level + phi trend
    error     e = y - f
    level     f + alpha e
    trend     phi trend + beta e

Without a trend it is simple exponential smoothing. Parameters are searched on a grid and the
initial level and trend are solved for: one-step errors are linear in them, so the sum of squares
has its least value where two linear equations say. The weight between both forms is the one of
Hurvich and Tsai 1989, "Regression and time series model selection in small samples", Biometrika
76, 297-307: their corrected Akaike criterion (AICc), as Akaike weights.
"""

import math

import numpy as np
from numba import njit

__all__ = [
    "ALPHAS",
    "faded",
    "fit_damped",
    "fit_level",
    "level_after",
    "noise_floor",
    "trend_weight",
]

ALPHAS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
BETAS = np.array([0.01, 0.03, 0.1, 0.2, 0.4])  # in parts of alpha
PHIS = np.array([0.8, 0.9, 0.95, 0.98])
RIDGE = 1e-9  # keeps the initial trend of one or two observations at rest
TINY = 1e-100  # an initial state that has decayed so far is gone; smaller numbers are slow


@njit(error_model="numpy")
def level_after(level, y, alpha):
    """The level of simple exponential smoothing after an observation."""
    return level + alpha * (y - level)


@njit(error_model="numpy")
def faded(value):
    """The value, or nought where it is ``TINY``."""
    return value if abs(value) > TINY else 0.0


@njit(error_model="numpy")
def fit_level(z):
    """The (alpha, initial level, sum of squares) of simple exponential smoothing.

    Errors are ``error + level slope``, where the first is the error from level zero.
    """
    n = len(z)
    error, slope = np.empty(n), np.empty(n)
    best_alpha, best_level, least = 1.0, z[0], np.inf  # the last value, if nothing is finite
    for alpha in ALPHAS:
        own, unit = 0.0, 1.0
        square, product = 0.0, 0.0
        for t in range(n):
            error[t] = z[t] - own
            slope[t] = -unit
            own += alpha * error[t]
            unit = faded(unit + alpha * slope[t])
            square += slope[t] * slope[t]
            product += slope[t] * error[t]
        level = -product / square
        total = 0.0
        for t in range(n):
            total += (error[t] + level * slope[t]) ** 2
        if total < least:
            best_alpha, best_level, least = alpha, level, total
    return best_alpha, best_level, least


@njit(error_model="numpy")
def fit_damped(z):
    """The (alpha, beta, phi, initial level, initial trend, sum of squares) of the damped trend.

    Errors are ``error + level by_level + trend by_trend``, where the first is the error from
    nothing, and the others are what a unit of initial level and of initial trend add.
    """
    n = len(z)
    error, by_level, by_trend = np.empty(n), np.empty(n), np.empty(n)
    best = (1.0, 0.0, PHIS[0], z[0], 0.0, np.inf)  # the last value, if nothing is finite
    for alpha in ALPHAS:
        for fraction in BETAS:
            beta = alpha * fraction
            for phi in PHIS:
                l0, l1, l2 = 0.0, 1.0, 0.0
                b0, b1, b2 = 0.0, 0.0, 1.0
                s11, s12, s22, c1, c2 = 0.0, 0.0, RIDGE, 0.0, 0.0
                for t in range(n):
                    f0, f1, f2 = l0 + phi * b0, l1 + phi * b1, l2 + phi * b2
                    e0, e1, e2 = z[t] - f0, -f1, -f2
                    error[t], by_level[t], by_trend[t] = e0, e1, e2
                    l0, b0 = f0 + alpha * e0, phi * b0 + beta * e0
                    l1, b1 = faded(f1 + alpha * e1), faded(phi * b1 + beta * e1)
                    l2, b2 = faded(f2 + alpha * e2), faded(phi * b2 + beta * e2)
                    s11 += e1 * e1
                    s12 += e1 * e2
                    s22 += e2 * e2
                    c1 += e1 * e0
                    c2 += e2 * e0
                determinant = s11 * s22 - s12 * s12
                level = -(s22 * c1 - s12 * c2) / determinant
                trend = -(s11 * c2 - s12 * c1) / determinant
                total = 0.0
                for t in range(n):
                    total += (error[t] + level * by_level[t] + trend * by_trend[t]) ** 2
                if total < best[5]:
                    best = (alpha, beta, phi, level, trend, total)
    return best


@njit(error_model="numpy")
def noise_floor(z):
    """A variance that counts as nothing beside the changes of the series, and is not zero."""
    changes = 0.0
    for t in range(1, len(z)):
        changes += (z[t] - z[t - 1]) ** 2
    return 1e-12 * (changes / max(len(z) - 1, 1)) + 1e-300


@njit(error_model="numpy")
def criterion(n, squares, floor, parameters):
    """The AICc from the sum of squared errors; above any other where there are too few of them."""
    left = n - parameters - 1.0
    fit = n * math.log(squares / n + floor) + 2.0 * parameters
    if left <= 0.0:
        return fit + 1e9 * parameters
    return fit + 2.0 * parameters * (parameters + 1.0) / left


@njit(error_model="numpy")
def trend_weight(n, without, damped, floor):
    """The Akaike weight of the damped trend against no trend, from their sums of squares.

    Parameters are alpha, the level and the variance; and beta, phi and the trend.
    """
    gap = (criterion(n, damped, floor, 6.0) - criterion(n, without, floor, 3.0)) / 2.0
    return 1.0 / (1.0 + math.exp(min(max(gap, -50.0), 50.0))) if math.isfinite(gap) else 0.0
