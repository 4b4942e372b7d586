"""Forecasts that a network has to beat, each one step ahead from what is known by then."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["persistence"]


def persistence(y: ArrayLike, test_size: int) -> NDArray[np.float64]:
    """The naive forecast of the last ``test_size`` observations: each is the one before it.

    Example:
        >>> persistence([1.0, 2.0, 4.0, 3.0], test_size=2).tolist()
        [2.0, 4.0]
    """
    return np.asarray(y, np.float64)[-test_size - 1 : -1]
