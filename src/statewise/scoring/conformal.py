"""Intervals from the errors of forecasts that were already checked: split conformal prediction.

Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world"; Lei, G'Sell, Rinaldo,
Tibshirani and Wasserman 2018, "Distribution-free predictive inference for regression", Journal of
the American Statistical Association 113, 1094-1111.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import percent
from statewise.errors import DataError

__all__ = ["HalfWidths", "half_widths"]


@dataclass(frozen=True, eq=False)
class HalfWidths:
    """Half the widths of intervals around forecasts, and the level they can promise.

    Args:
        width: (..., horizon), in the unit of the series.
        level: (..., horizon), in percent. Below the level that was asked for where there were too
            few residuals for it.
    """

    width: NDArray[np.float64]
    level: NDArray[np.float64]


def half_widths(residuals: ArrayLike, level: float) -> HalfWidths:
    """The half-widths of intervals at a level, for each series and step ahead by itself.

    Of n absolute residuals it is the k-th smallest, k = ceil((n + 1) level / 100). If the next
    residual is exchangeable with these n, the interval holds it with a probability of at least
    k / (n + 1), and exactly that where no two residuals are equal. Where n is too small for the
    level (k > n; 95 percent needs 19 residuals) the largest residual is taken instead of an
    infinite one, and ``level`` says what that promises: n / (n + 1).

    Residuals of origins that follow each other overlap and are not quite exchangeable, which costs
    coverage where there are few of them: of random walks forecast 12 steps ahead, intervals from
    20 origins held 90 percent instead of 95, those from 40 held 92.

    Args:
        residuals: (..., origins, horizon) actual less forecast, or its absolute value. NaN where
            there is none.
        level: in percent.

    Raises:
        SettingError: the level is not between 0 and 100.
        DataError: a series has no residual at some step.

    Example:
        >>> found = half_widths([[-1.0], [3.0], [2.0], [-4.0]], level=60)
        >>> found.width.tolist(), found.level.tolist()
        ([3.0], [60.0])
        >>> half_widths([[-1.0], [3.0], [2.0], [-4.0]], level=95).level.tolist()
        [80.0]
    """
    asked = percent("level", level)
    errors = np.abs(np.asarray(residuals, np.float64))
    if errors.ndim < 2:
        raise DataError(
            "residuals",
            errors.shape,
            "has no axes of origins and of steps",
            "Give an array of (..., origins, horizon).",
        )
    n = np.sum(~np.isnan(errors), axis=-2, keepdims=True)
    if (n == 0).any():
        where = tuple(int(i) for i in np.argwhere(n == 0)[0])
        raise DataError(
            "residuals",
            (*where[:-2], where[-1]),
            "is the place of a series and step without a residual",
            "Check forecasts from one more origin, or of fewer steps.",
        )
    # The product is rounded: 999 residuals at 99.9 must not become rank 1000 for its last bit.
    rank = np.minimum(np.ceil((n + 1) * asked / 100.0 - 1e-9), n).astype(np.int64)
    ordered = np.sort(errors, axis=-2)  # NaN last
    width = np.take_along_axis(ordered, rank - 1, axis=-2)[..., 0, :]
    promised = np.minimum(asked, 100.0 * rank / (n + 1))
    return HalfWidths(width, promised[..., 0, :])
