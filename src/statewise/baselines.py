"""Forecasts that a network has to beat, each one step ahead from what is known by then."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.errors import SettingError

__all__ = ["persistence"]


def persistence(y: ArrayLike, test_size: int) -> NDArray[np.float64]:
    """The naive forecast of the last ``test_size`` observations: each is the one before it.

    Raises:
        SettingError: there is no observation before the first forecast.

    Example:
        >>> persistence([1.0, 2.0, 4.0, 3.0], test_size=2).tolist()
        [2.0, 4.0]
    """
    values = np.asarray(y, np.float64)
    if not 0 < test_size < len(values):
        raise SettingError(
            "test_size",
            test_size,
            f"does not leave an observation before the first forecast of {len(values)}",
            f"Use 1 to {len(values) - 1}.",
        )
    return values[-test_size - 1 : -1]
