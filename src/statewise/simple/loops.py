"""What is fitted to a series and what is known of it, and the compiled loops over all series.

A series is a row of a table, so its numbers lie together. Each loop does one series after another
and looks at no other, so a series has the same bits alone and among thousands.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import from_dtype, njit, types
from numpy.typing import NDArray

from statewise.base.caching import built, compiled, source_digest
from statewise.simple.adjustment import LONG
from statewise.simple.autoregression import MOST, burg, continue_series
from statewise.simple.smoothing import (
    fit_damped,
    fit_level,
    level_after,
    noise_floor,
    trend_weight,
)
from statewise.simple.theta import fit_line, fit_theta, theta_level_after

__all__ = ["FITTED", "KNOWN", "Loops", "loops"]

FITTED = np.dtype(
    [
        ("mean", np.float64),  # what the autoregression goes back to
        ("order", np.int64),
        ("coefficients", np.float64, (MOST,)),  # of the latest value first; zero beyond the order
        ("differenced_order", np.int64),
        ("differenced_coefficients", np.float64, (MOST,)),
        ("alpha", np.float64),  # of simple exponential smoothing
        ("level", np.float64),  # initial, like the levels and the trend below
        ("damped_alpha", np.float64),
        ("damped_beta", np.float64),
        ("phi", np.float64),
        ("damped_level", np.float64),
        ("damped_trend", np.float64),
        ("trend_weight", np.float64),  # of the damped trend in ETS
        ("line_intercept", np.float64),  # of Theta's straight line, at the first observation
        ("line_slope", np.float64),
        ("theta_alpha", np.float64),
        ("theta_level", np.float64),
    ]
)
"""A row of parameters for each series, which do not change after the fit."""

KNOWN = np.dtype(
    [
        ("count", np.int64),
        ("first", np.float64),
        ("total", np.float64),
        ("level", np.float64),
        ("damped_level", np.float64),
        ("damped_trend", np.float64),
        ("theta_level", np.float64),
        ("recent", np.float64, (MOST + 1,)),  # oldest first; before the first observation, it
    ]
)
"""A row of state for each series, which moves on with every observation."""

Table = NDArray[np.void]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Loops(NamedTuple):
    """The compiled loops: arrays in, the last argument filled or moved on in place.

    Attributes:
        fit: (z, offsets, fitted) parameters of every history.
        start: (z, offsets, fitted, known) states after other histories.
        observe: (fitted, y, known) states after one more observation each; gives the first series
            whose observation is not finite, and stops there, or -1.
        forecast: (fitted, known, out) (candidates, series, horizon).
        walk: (z, offsets, horizon, fitted, known, out) (candidates, observations) forecasts of what
            comes after the states, a horizon at a time, which move on over it.
    """

    fit: Callable[[Floats, Ints, Table], None]
    start: Callable[[Floats, Ints, Table, Table], None]
    observe: Callable[[Table, Floats, Table], int]
    forecast: Callable[[Table, Table, Floats], None]
    walk: Callable[[Floats, Ints, int, Table, Table, Floats], None]


@functools.cache
def loops() -> Loops:
    """The loops, compiled or read from the disk cache."""
    return built(build, lambda _: None)


@njit(error_model="numpy")
def fit_one(whole, p):
    """Fit to the latest observations, but Theta's straight line, which is that of the whole.

    States begin with the whole history; what is solved for at the first of the latest observations
    has decayed from them long before the end.
    """
    p.line_intercept, p.line_slope = fit_line(whole)
    z = whole[max(0, len(whole) - LONG) :]
    n = len(z)
    total = 0.0
    for t in range(n):
        total += z[t]
    p.mean = total / n
    p.order = burg(z - p.mean, min(MOST, n // 3), p.coefficients)
    if n > 1:
        most = min(MOST, (n - 1) // 3)
        p.differenced_order = burg(z[1:] - z[:-1], most, p.differenced_coefficients)
    p.alpha, p.level, without = fit_level(z)
    (
        p.damped_alpha,
        p.damped_beta,
        p.phi,
        p.damped_level,
        p.damped_trend,
        damped,
    ) = fit_damped(z)
    p.trend_weight = trend_weight(n, without, damped, noise_floor(z))
    p.theta_alpha, p.theta_level = fit_theta(
        z, p.line_intercept + p.line_slope * (len(whole) - n), p.line_slope
    )


@njit(error_model="numpy")
def begin(p, first, s):
    """The state before the first observation."""
    s.count = 0
    s.first = first
    s.total = 0.0
    s.level = p.level
    s.damped_level = p.damped_level
    s.damped_trend = p.damped_trend
    s.theta_level = p.theta_level
    for j in range(MOST + 1):
        s.recent[j] = first


@njit(error_model="numpy")
def move_on(p, y, s):
    """The state after an observation."""
    s.level = level_after(s.level, y, p.alpha)
    forecast = s.damped_level + p.phi * s.damped_trend
    error = y - forecast
    s.damped_level = forecast + p.damped_alpha * error
    s.damped_trend = p.phi * s.damped_trend + p.damped_beta * error
    s.theta_level = theta_level_after(
        s.theta_level, y, s.count, p.line_intercept, p.line_slope, p.theta_alpha
    )
    s.total += y
    s.count += 1
    for j in range(MOST):
        s.recent[j] = s.recent[j + 1]
    s.recent[MOST] = y


@njit(error_model="numpy")
def forecast_one(p, s, out):
    """``out`` (candidates, horizon), in the order of ``NAMES``."""
    last, mean = s.recent[MOST], s.total / s.count
    slope = (last - s.first) / max(s.count - 1, 1)
    centred, changes = np.empty(MOST + 1), np.empty(MOST)
    for j in range(MOST + 1):
        centred[j] = s.recent[j] - p.mean
    for j in range(MOST):
        changes[j] = s.recent[j + 1] - s.recent[j]
    continue_series(centred, p.order, p.coefficients, out[3])
    continue_series(changes, p.differenced_order, p.differenced_coefficients, out[4])
    value, power, damped = last, 1.0, 0.0
    for h in range(out.shape[1]):
        out[0, h] = last
        out[1, h] = last + slope * (h + 1)
        out[2, h] = mean
        out[3, h] += p.mean
        value += out[4, h]
        out[4, h] = value
        out[5, h] = s.level
        power *= p.phi
        damped += power
        out[6, h] = s.damped_level + damped * s.damped_trend
        out[7, h] = (1.0 - p.trend_weight) * out[5, h] + p.trend_weight * out[6, h]
        line = p.line_intercept + p.line_slope * (s.count + h)
        out[8, h] = 0.5 * s.theta_level + 0.5 * line


def build() -> Loops:
    """The loops, compiled for the types that are named.

    ``digest`` is in their closure, a part of the cache's key, so that a change in any file here
    compiles anew.
    """
    digest = source_digest(Path(__file__).parent)
    floats, ints, cube = types.float64[::1], types.int64[::1], types.float64[:, :, ::1]
    fitted_rows, known_rows = from_dtype(FITTED)[::1], from_dtype(KNOWN)[::1]

    @compiled(types.void(floats, ints, fitted_rows), nogil=True, error_model="numpy")
    def fit(z, offsets, fitted):
        digest  # noqa: B018  # named, so that it is in the closure
        for i in range(len(fitted)):
            fit_one(z[offsets[i] : offsets[i + 1]], fitted[i])

    @compiled(
        types.void(floats, ints, fitted_rows, known_rows),
        nogil=True,
        error_model="numpy",
    )
    def start(z, offsets, fitted, known):
        digest  # noqa: B018
        for i in range(len(fitted)):
            begin(fitted[i], z[offsets[i]], known[i])
            for t in range(offsets[i], offsets[i + 1]):
                move_on(fitted[i], z[t], known[i])

    @compiled(types.int64(fitted_rows, floats, known_rows), nogil=True, error_model="numpy")
    def observe(fitted, y, known):
        digest  # noqa: B018
        for i in range(len(fitted)):
            if not np.isfinite(y[i]):
                return i
            move_on(fitted[i], y[i], known[i])
        return -1

    @compiled(types.void(fitted_rows, known_rows, cube), nogil=True, error_model="numpy")
    def forecast(fitted, known, out):
        digest  # noqa: B018
        for i in range(len(fitted)):
            forecast_one(fitted[i], known[i], out[:, i])

    @compiled(
        types.void(floats, ints, types.int64, fitted_rows, known_rows, types.float64[:, ::1]),
        nogil=True,
        error_model="numpy",
    )
    def walk(z, offsets, horizon, fitted, known, out):
        digest  # noqa: B018
        for i in range(len(fitted)):
            for t in range(offsets[i], offsets[i + 1], horizon):
                end = min(t + horizon, offsets[i + 1])
                ahead = np.zeros((len(out), end - t))
                forecast_one(fitted[i], known[i], ahead)
                out[:, t:end] = ahead
                for u in range(t, end):
                    move_on(fitted[i], z[u], known[i])

    return Loops(fit, start, observe, forecast, walk)
