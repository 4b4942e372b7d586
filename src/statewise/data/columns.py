"""A frame of any library as a table: its series, its values."""

import decimal
import numbers as kinds
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.data.time_columns import check_known
from statewise.errors import DataError

__all__ = ["as_table", "has_time_index", "numbers_of", "series_codes", "with_times"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def has_time_index(frame: Any, time_column: str) -> bool:
    """Whether a frame's times are the index of a pandas object."""
    indexed = isinstance(frame, pd.Series) or (
        isinstance(frame, pd.DataFrame) and time_column not in frame.columns
    )
    return indexed and isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex)


def with_times(frame: Any, time_column: str, target_column: str) -> Any:
    """A pandas object that ``has_time_index`` as a frame with these columns."""
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(target_column)
    return frame.rename_axis(index=time_column).reset_index()


def as_table(frame: Any) -> "nw.DataFrame[Any]":
    """A frame of any library as one of narwhals; raises DataError if it cannot be taken."""
    try:
        return nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError:
        names = list(frame.columns)
        raise DataError("frame", names, "has two columns of one name", "Rename one.") from None
    except TypeError:
        fix = (
            "Give a pandas, polars or pyarrow frame, collect() a lazy one, or a pandas Series that "
            "has its times as its index."
        )
        raise DataError("frame", type(frame).__name__, "is not a frame", fix) from None


def series_codes(ids: "nw.Series[Any]") -> tuple[Ints, "nw.Series[Any]"]:
    """The series of each row, and the names of the series, in the order in which they come."""
    check_known(ids, "Give every row the name of its series.")
    codes, unique = pd.factorize(ids.to_numpy())
    if len({str(name) for name in unique}) < len(unique):
        raise DataError(ids.name, list(unique), "has names alike", "Use names of one type.")
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    return codes.astype(np.int64), ids[first]


def numbers_of(column: "nw.Series[Any]", argument: str) -> Floats:
    """A column as float64, NaN where it is missing; raises DataError if it is not of numbers."""
    dtype = column.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        numbers = column if dtype == nw.Float64 else column.cast(nw.Float64)
        return numbers.to_numpy().astype(np.float64)
    values = column.to_list() if dtype in {nw.Object, nw.Unknown} else ["not a number"]
    missing = column.is_null().to_numpy()
    real = (kinds.Real, decimal.Decimal)
    if not all(gap or isinstance(v, real) for v, gap in zip(values, missing, strict=False)):
        problem = "does not hold numbers"
        fix = "Convert it, or name the columns to take with exogenous=[...]."
        raise DataError(argument, str(dtype), problem, fix)
    try:
        floats = [np.nan if gap else float(v) for v, gap in zip(values, missing, strict=True)]
    except OverflowError:
        fix = "Give it in larger units."
        raise DataError(argument, str(dtype), "has a number that is too large", fix) from None
    return np.array(floats)
