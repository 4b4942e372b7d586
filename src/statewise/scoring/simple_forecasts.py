"""The simple forecasts that anything else has to beat: fitted on a training part, then walked.

Each is fitted on the training part alone. It walks through the test part as a network does: a
horizon at a time, from all observations before it, with its parameters as they were fitted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from statewise.model.framing import FittedFraming, Framing
from statewise.scoring.metrics import rmse
from statewise.simple import NAMES, fit_simple
from statewise.simple.adjustment import Adjustment, fit_adjustment

__all__ = ["AUTOREGRESSION", "NAIVE", "SIMPLE", "SimpleForecasts", "simple_forecasts"]

Floats = NDArray[np.float64]
Adjuster = Callable[[Floats, int], tuple[Adjustment, Floats]]
Part = tuple[Floats, int]  # a series, and how many of its observations are for training

NAIVE = "naive"
"""The last observation as forecast: persistence."""

SIMPLE = "simple"
"""Whichever simple forecast did best on the training part."""

AUTOREGRESSION = "autoregression"
SMOOTHED = ("ETS", "Theta")  # of ``simple/``, on series without their season


@dataclass(frozen=True, eq=False)
class SimpleForecasts:
    """Simple forecasts of one test part.

    Attributes:
        forecasts: (test_size,) each, by name.
        errors: RMSE of each on the last third of the training part, walked through after a fit on
            the first two; NaN where the training part is too short for that.
    """

    forecasts: Mapping[str, Floats]
    errors: Mapping[str, float]

    @property
    def best(self) -> str:
        """The name of the forecast with the least error on the training part."""
        known = {name: error for name, error in self.errors.items() if np.isfinite(error)}
        return min(known, key=lambda name: known[name], default=NAIVE)

    def forecast(self, name: str) -> Floats:
        """One of them by its name, or the ``best`` for ``"simple"``."""
        return self.forecasts[self.best if name == SIMPLE else name]


def simple_forecasts(
    parts: Sequence[Part],
    horizon: int = 1,
    season: int = 1,
    framings: Mapping[str, Framing] | None = None,
    adjust: Adjuster | None = None,
) -> list[SimpleForecasts]:
    """Simple forecasts of the test parts of some series.

    They are "naive", "mean" (of the training part), "drift" (the line through its ends), "seasonal
    naive" where there is a season, least-squares autoregressions of windows as given framings make
    them, and "ETS" and "Theta" (see ``statewise.simple``), of the series without its season.

    Args:
        parts: each a series and the number of observations in its training part, one or more;
            what follows is the test part.
        horizon: observations that are forecast before they are seen.
        season: observations a season; 1 for none.
        framings: of autoregressions, by their names.
        adjust: what is done to a series before its autoregression, from its training part.

    Example:
        >>> [found] = simple_forecasts([(np.arange(20.0), 16)])
        >>> found.best, found.forecasts["drift"].tolist()
        ('drift', [16.0, 17.0, 18.0, 19.0])
    """
    shortened = [(y[:first], first - first // 3) for y, first in parts]
    enough = [part for part in shortened if len(part[0]) > part[1]]
    tried, final = (walks(each, horizon, season, framings, adjust) for each in (enough, parts))
    at, found = 0, []
    for (y, first), forecasts in zip(shortened, final, strict=True):
        errors = dict.fromkeys(forecasts, np.nan)
        if len(y) > first:
            errors = {name: float(rmse(y[first:], each)) for name, each in tried[at].items()}
            at += 1
        found.append(SimpleForecasts(forecasts, errors))
    return found


def walks(
    parts: Sequence[Part],
    horizon: int,
    season: int,
    framings: Mapping[str, Framing] | None,
    adjust: Adjuster | None,
) -> list[dict[str, Floats]]:
    """Every simple forecast of every test part, by name."""
    found = []
    for (y, first), smoothed in zip(parts, smooth_walks(parts, horizon, season), strict=True):
        steps = np.arange(len(y) - first)
        lead = steps % horizon  # how far each is ahead of the origin, less one
        last = y[first + steps - lead - 1]
        slope = (y[first - 1] - y[0]) / max(first - 1, 1)
        forecasts = {
            NAIVE: last,
            "mean": np.full(len(steps), y[:first].mean()),
            "drift": last + slope * (lead + 1),
        }
        if season > 1:
            before = first + steps - season * (lead // season + 1)
            forecasts["seasonal naive"] = np.where(before >= 0, y[np.maximum(before, 0)], last)
        adjustment, z = (None, y) if adjust is None else adjust(y, first)
        for name, framing in (framings or {}).items():
            one = autoregression(framing, z, first, horizon)
            if adjustment is not None:
                one = np.asarray(adjustment.invert(one[None], (first + steps)[None])[0])
            forecasts[name] = one
        found.append(forecasts | smoothed)
    return found


def smooth_walks(parts: Sequence[Part], horizon: int, season: int) -> list[dict[str, Floats]]:
    """Exponential smoothing and Theta of every test part, by name."""
    if not parts:
        return []
    histories, offsets = end_to_end([y[:first] for y, first in parts])
    seasons = (season,) if season > 1 else ()
    adjustment, z = fit_adjustment(
        histories, offsets, seasons=seasons, transform="none", bounds=None, apart=True
    )
    each = [adjustment.take(np.array([i])) for i in range(len(parts))]
    places = [np.arange(first, len(y))[None] for y, first in parts]
    to_come = [
        one.apply(y[None, first:], at)[0]
        for one, (y, first), at in zip(each, parts, places, strict=True)
    ]
    simple, state = fit_simple(z, offsets)
    coming, bounds = end_to_end(to_come)
    walked = simple.walk(state, coming, bounds, horizon)[[NAMES.index(name) for name in SMOOTHED]]
    return [
        dict(zip(SMOOTHED, one.invert(walked[None, :, a:b], at)[0], strict=True))
        for one, at, a, b in zip(each, places, bounds[:-1], bounds[1:], strict=True)
    ]


def end_to_end(rows: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """Rows of any length as one, and where each begins, with the end."""
    return np.concatenate(rows), np.cumsum([0, *map(len, rows)])


def autoregression(framing: Framing, y: Floats, first: int, horizon: int) -> Floats:
    """The least-squares autoregression of windows, walked through what follows ``first``.

    It is the linear forecast from what a network of this framing is shown: an intercept and the
    latest so many values of its window, as many as the corrected Akaike criterion prefers (Hurvich
    and Tsai 1989), and a third of the observations at most. Where there are too few of them it is
    the naive forecast.
    """
    lags = max(min(framing.window_length, first // 3), 2 if framing.relative != "none" else 1)
    plain = replace(framing, samples=None, scale=None, outputs=1, steps=1, lags=lags)
    origins = np.arange(first, len(y), horizon)
    if first < plain.memory + 3:
        return np.repeat(y[origins - 1], horizon)[: len(y) - first]
    fitted = plain.fit(y[:first], constant="keep")
    x, target = fitted.samples(y[:first])
    coefficients = least_squares(latest_first(plain, x), target[:, 0])
    recent = sliding_window_view(y, plain.memory)[origins - plain.memory]
    forecasts = np.empty((len(origins), horizon))
    for step in range(horizon):
        forecasts[:, step] = next_of(fitted, recent, coefficients)
        recent = np.concatenate([recent[:, 1:], forecasts[:, step : step + 1]], axis=1)
    return forecasts.ravel()[: len(y) - first]


def next_of(fitted: FittedFraming, recent: Floats, coefficients: Floats) -> Floats:
    """What follows each window (windows, memory); the last value where that is no number."""
    shown = latest_first(fitted.framing, fitted.window(recent))[:, : len(coefficients) - 1]
    output = coefficients[0] + shown @ coefficients[1:]
    with np.errstate(all="ignore"):  # of a power that runs away over many steps
        found = fitted.invert(output[:, None], recent)[:, 0]
    return np.where(np.isfinite(found), found, recent[:, -1])


def latest_first(framing: Framing, x: Floats) -> Floats:
    """The values of windows (windows, 1, lags), the latest first."""
    values = x[:, 0, ::-1]
    return values[:, 1:] if framing.relative == "last" else values  # less itself it is nothing


def least_squares(x: Floats, y: Floats) -> Floats:
    """An intercept and the coefficients of the first columns of ``x``, as many as AICc prefers."""
    n, width = len(y), min(x.shape[1], len(y) - 4)
    design = np.concatenate([np.ones((n, 1)), x[:, : max(width, 0)]], axis=1)
    q, r = np.linalg.qr(design)
    pivots = np.abs(np.diag(r))
    # A column that follows from those before it adds nothing, and none after it is tried.
    size = np.linalg.norm(design, axis=0)
    most = int(np.argmin(np.append(pivots > 1e-9 * size, False)))
    projected = q.T @ y
    rest = np.maximum(y @ y - np.cumsum(projected**2), 1e-14 * (y @ y) + 1e-300)[:most]
    parameters = np.arange(most) + 2.0  # the variance is one of them
    correction = 2.0 * parameters * (parameters + 1.0) / np.maximum(n - parameters - 1.0, 1e-9)
    order = 1 + int(np.argmin(n * np.log(rest / n) + 2.0 * parameters + correction))
    return np.linalg.solve(r[:order, :order], projected[:order])
