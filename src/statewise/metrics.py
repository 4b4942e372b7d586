"""Errors of forecasts. Arrays are (..., observations); the last axis is averaged over."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["mae", "rmse"]


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
