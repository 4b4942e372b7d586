"""Errors of forecasts. Arrays are (..., observations); the last axis is averaged over.

A missing value (NaN) in any argument makes the figure it belongs to missing.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least, percent
from statewise.errors import DataError

__all__ = ["coverage", "interval_score", "mae", "mase", "rmse", "skill", "smape"]


def rmse(actual: ArrayLike, forecast: ArrayLike) -> NDArray[np.float64]:
    """Root mean squared error.

    Example:
        >>> float(rmse([1.0, 2.0], [2.0, 1.0]))
        1.0
    """
    error = np.asarray(forecast, np.float64) - np.asarray(actual, np.float64)
    return np.asarray(np.sqrt(np.mean(np.square(error), axis=-1)))


def mae(actual: ArrayLike, forecast: ArrayLike) -> NDArray[np.float64]:
    """Mean absolute error.

    Example:
        >>> float(mae([1.0, 2.0], [2.0, 4.0]))
        1.5
    """
    error = np.asarray(forecast, np.float64) - np.asarray(actual, np.float64)
    return np.asarray(np.mean(np.abs(error), axis=-1))


def mase(
    actual: ArrayLike, forecast: ArrayLike, history: ArrayLike, season: int = 1
) -> NDArray[np.float64]:
    """Mean absolute scaled error: in units of the seasonal naive forecast's error on the history.

    Hyndman and Koehler 2006, "Another look at measures of forecast accuracy", International Journal
    of Forecasting 22, 679-688. NaN where the history repeats itself and so has no scale.

    Args:
        actual: (..., horizon).
        forecast: (..., horizon).
        history: (..., observations) before the first forecast.
        season: observations a season; 1 for the plain naive forecast.

    Raises:
        DataError: the history is no longer than a season.

    Example:
        >>> float(mase([5.0, 6.0], [4.0, 4.0], history=[1.0, 2.0, 4.0]))
        1.0
    """
    lag, past = at_least("season", season, 1), np.asarray(history, np.float64)
    if past.ndim == 0 or past.shape[-1] <= lag:
        raise DataError(
            "history",
            past.shape,
            f"is no longer than a season of {lag}",
            "Give a longer history or a shorter season.",
        )
    scale = np.asarray(mae(past[..., lag:], past[..., :-lag]))
    return np.asarray(mae(actual, forecast) / np.where(scale > 0.0, scale, np.nan))


def smape(actual: ArrayLike, forecast: ArrayLike) -> NDArray[np.float64]:
    """Symmetric mean absolute percentage error, from 0 to 200 percent, as in the M3 and M4.

    Makridakis and Hibon 2000, "The M3-Competition: results, conclusions and implications",
    International Journal of Forecasting 16, 451-476. Where both values are zero the error is zero.

    Example:
        >>> float(smape([100.0, 0.0], [300.0, 0.0]))
        50.0
    """
    a, f = np.asarray(actual, np.float64), np.asarray(forecast, np.float64)
    size = np.abs(a) + np.abs(f)
    share = np.abs(a - f) / np.where(size == 0.0, 1.0, size)
    return np.asarray(200.0 * np.mean(share, axis=-1))


def skill(error: ArrayLike, naive_error: ArrayLike) -> NDArray[np.float64]:
    """The share of the naive forecast's error that is saved: 1 at best, below 0 if worse.

    Murphy 1988, "Skill scores based on the mean square error and their relationships to the
    correlation coefficient", Monthly Weather Review 116, 2417-2424. Two errors of zero are equal.

    Args:
        error: (...) an error, 0 at best.
        naive_error: (...) the same error of the naive forecast.

    Example:
        >>> skill([1.0, 2.0, 3.0], 2.0).tolist()
        [0.5, 0.0, -0.5]
    """
    own, naive = np.asarray(error, np.float64), np.asarray(naive_error, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / naive
    return np.asarray(1.0 - np.where((own == 0.0) & (naive == 0.0), 1.0, ratio))


def coverage(actual: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """The share of observations that lie within their interval, bounds included.

    Example:
        >>> float(coverage([1.0, 2.0, 3.0, 9.0], low=[1.0] * 4, high=[4.0] * 4))
        0.75
    """
    a, lo, hi = (np.asarray(x, np.float64) for x in (actual, low, high))
    missing = np.isnan(a) | np.isnan(lo) | np.isnan(hi)
    return np.asarray(np.mean(np.where(missing, np.nan, (lo <= a) & (a <= hi)), axis=-1))


def interval_score(
    actual: ArrayLike, low: ArrayLike, high: ArrayLike, level: float
) -> NDArray[np.float64]:
    """Mean width of the intervals, with a penalty for each observation outside; less is better.

    Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", Journal
    of the American Statistical Association 102, 359-378, equation 43. Also called Winkler's score.

    Args:
        actual: (..., observations).
        low: (..., observations) lower bounds.
        high: (..., observations) upper bounds.
        level: the level of the intervals, in percent.

    Raises:
        SettingError: the level is not between 0 and 100.

    Example:
        >>> float(interval_score([5.0, 12.0], low=[0.0, 0.0], high=[10.0, 10.0], level=80))
        20.0
    """
    outside = 1.0 - percent("level", level) / 100.0
    a, lo, hi = (np.asarray(x, np.float64) for x in (actual, low, high))
    beyond = np.maximum(lo - a, 0.0) + np.maximum(a - hi, 0.0)
    return np.asarray(np.mean(hi - lo + 2.0 / outside * beyond, axis=-1))
