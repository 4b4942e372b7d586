"""Fill in what is missing from series."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import finite, one_of

__all__ = ["HOW_TO_FILL", "Fill", "check_fill", "fill_missing"]

Fill = Literal["forward", "linear", "zero"] | float
HOW_TO_FILL = "Fill it in, or say how with fill='forward' (or linear, zero, a number)."


def check_fill(fill: Any) -> None:
    """Raise SettingError if ``fill`` is not a way to fill in values."""
    if isinstance(fill, str):
        one_of("fill", fill, ("forward", "linear", "zero"))
    else:
        finite("fill", fill)


def fill_missing(
    values: NDArray[np.float64], offsets: NDArray[np.int64], fill: Fill
) -> NDArray[np.float64]:
    """Values with those that are NaN filled in; NaN stays where there is nothing to fill from.

    Args:
        values: (rows,) of evenly spaced series, one after the other.
        offsets: (series + 1,) where each begins and ends.
        fill: "forward" repeats the value before; "linear" draws a line between the values beside
            the gap; "zero" or a number is put there.

    Example:
        >>> fill_missing(np.array([1.0, np.nan, 3.0, np.nan]), np.array([0, 4]), "linear").tolist()
        [1.0, 2.0, 3.0, nan]
    """
    missing = np.isnan(values)
    if fill not in {"forward", "linear"}:
        return np.where(missing, 0.0 if fill == "zero" else fill, values)
    rows = np.arange(len(values))
    starts = np.repeat(offsets[:-1], np.diff(offsets))
    before = np.maximum.accumulate(np.where(missing, -1, rows))
    known = before >= starts
    if fill == "forward":
        return np.where(known, values[before], np.nan)
    ends = np.repeat(offsets[1:], np.diff(offsets))
    after = np.minimum.accumulate(np.where(missing, len(values), rows)[::-1])[::-1]
    known &= after < ends
    low, high = values[before], values[np.minimum(after, len(values) - 1)]
    part = (rows - before) / np.maximum(after - before, 1)
    return np.where(known, low + part * (high - low), np.nan)
