"""Autoregression by Burg's method: the order that the corrected Akaike criterion prefers.

Burg 1968, "A new analysis technique for time series data", NATO Advanced Study Institute on Signal
Processing: each further coefficient makes the errors forward and backward in time least, so the
result is never unstable. The order is that of the least AICc (Hurvich and Tsai 1989).
"""

import math

import numpy as np
from numba import njit

__all__ = ["MOST", "burg", "continue_series"]

MOST = 24  # lags


@njit(error_model="numpy")
def burg(x, most, chosen):
    """The order of the autoregression of ``x``, up to ``most``; ``chosen`` gets its coefficients.

    What is forecast is ``chosen[0] x[t - 1] + chosen[1] x[t - 2] + ...``. The mean of ``x`` is
    taken to be zero.
    """
    n = len(x)
    forward, backward = x.copy(), x.copy()
    filter_, before = np.zeros(most + 1), np.zeros(most + 1)
    filter_[0] = 1.0
    variance = 0.0
    for t in range(n):
        variance += x[t] * x[t]
    variance /= n
    floor = 1e-14 * variance + 1e-300
    least = n * math.log(variance + floor) + 2.0 + 4.0 / max(n - 2.0, 1.0)
    order = 0
    for p in range(1, most + 1):
        product, square = 0.0, 0.0
        for t in range(p, n):
            f, b = forward[t], backward[t - 1]
            product += f * b
            square += f * f + b * b
        if square <= floor:  # nothing is left to explain
            break
        reflection = -2.0 * product / square
        for t in range(n - 1, p - 1, -1):
            f, b = forward[t], backward[t - 1]
            forward[t] = f + reflection * b
            backward[t] = b + reflection * f
        before[:] = filter_
        for j in range(1, p + 1):
            filter_[j] = before[j] + reflection * before[p - j]
        variance *= 1.0 - reflection * reflection
        parameters = p + 1.0
        if n - parameters - 1.0 <= 0.0:
            break
        correction = 2.0 * parameters * (parameters + 1.0) / (n - parameters - 1.0)
        criterion = n * math.log(variance + floor) + 2.0 * parameters + correction
        if criterion < least:
            least, order = criterion, p
            for j in range(1, p + 1):
                chosen[j - 1] = -filter_[j]
    return order


@njit(error_model="numpy")
def continue_series(recent, order, coefficients, out):
    """Forecast ``out`` of the series whose latest values are ``recent``, its mean taken out."""
    for h in range(len(out)):
        total = 0.0
        for j in range(1, order + 1):
            total += coefficients[j - 1] * (out[h - j] if h >= j else recent[len(recent) + h - j])
        out[h] = total
