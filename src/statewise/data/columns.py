"""A frame of any library as a table: its series, its values."""

import decimal
import numbers as kinds
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.data.frame_kind import check_apart
from statewise.data.number_text import convention_of, read_numbers
from statewise.data.time_columns import check_known
from statewise.errors import DataError

__all__ = ["Given", "as_table", "given", "numbers_of", "series_codes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Given(NamedTuple):
    """What was given as a frame, as one; and what is known of its columns.

    Args:
        frame: with a column of times, if there are any.
        time: the column of times; None where it is to be chosen.
        target: the column of values; None where it is to be chosen.
        indexed: whether times were the index of a pandas object.
        bare: whether there were values alone, without times.
    """

    frame: Any
    time: str | None
    target: str | None
    indexed: bool = False
    bare: bool = False


def given(frame: Any, time_column: str | None, target_column: str | None) -> Given:
    """A frame, Series, array or list as a frame.

    The times of a pandas Series are its index, unless it only counts the rows; those of a pandas
    frame without the time column are its index if it is of dates or periods.

    Raises:
        DataError: values are not one row of numbers, or an index has several levels.
    """
    time, target = time_column or "ds", target_column
    if isinstance(frame, pd.Series):
        target = str(frame.name or target_column or "y")
        if isinstance(frame.index, pd.MultiIndex):
            problem, fix = "has an index of several levels", "Call reset_index() on it."
            raise DataError("frame", list(frame.index.names), problem, fix)
        if frame.index.equals(pd.RangeIndex(len(frame))):
            return Given(pd.DataFrame({target: frame}), None, target, bare=True)
        frame = frame.to_frame(target)
    elif isinstance(frame, list | tuple | np.ndarray):
        values = numeric(frame)
        target = target_column or "y"
        return Given(pd.DataFrame({target: values}), None, target, bare=True)
    elif not isinstance(frame, pd.DataFrame):
        try:
            series = nw.from_native(frame, series_only=True)
        except TypeError:
            return Given(frame, time_column, target_column)
        target = series.name or target_column or "y"
        return Given(series.alias(target).to_frame().to_native(), None, target, bare=True)
    else:
        dated = isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex)
        if not dated or time in frame.columns:
            return Given(frame, time_column, target_column)
    time = str(frame.index.name or time)
    return Given(frame.rename_axis(index=time).reset_index(), time, target, indexed=True)


def numeric(values: Any) -> Floats:
    """A list or an array as one row of numbers; raises DataError if it is none."""
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError):
        found = np.zeros((0, 0))
    if found.ndim != 1:
        problem, fix = "is not one row of numbers", "Give a flat list, or a frame."
        raise DataError("frame", type(values).__name__, problem, fix)
    return found


def as_table(frame: Any) -> "nw.DataFrame[Any]":
    """A frame of any library as one of narwhals; raises DataError if it cannot be taken."""
    try:
        return nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError:
        names = list(frame.columns)
        raise DataError("frame", names, "has two columns of one name", "Rename one.") from None
    except TypeError:
        fix = (
            "Give a pandas, polars or pyarrow frame, collect() a lazy one, or a Series or a list "
            "of values."
        )
        raise DataError("frame", type(frame).__name__, "is not a frame", fix) from None


def series_codes(ids: "nw.Series[Any]") -> tuple[Ints, "nw.Series[Any]"]:
    """The series of each row, and the names of the series, in the order in which they come."""
    check_known(ids, "Give every row the name of its series.")
    codes, unique = pd.factorize(ids.to_numpy())
    check_apart(ids.name, unique)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    return codes.astype(np.int64), ids[first]


def numbers_of(column: "nw.Series[Any]", argument: str, mark: str | None = None) -> Floats:
    """A column as float64, NaN where it is missing; raises DataError if it is not of numbers.

    Text is read as that of a CSV file is; ``mark`` is the one before decimals, if it is known.
    """
    dtype = column.dtype
    if dtype == nw.String:
        texts = ["" if text is None else str(text).strip() for text in column.to_list()]
        try:
            convention, _ = convention_of(texts, decimal=mark, separator="")
        except DataError as error:
            raise DataError(argument, *error.args[1:]) from None
        found, wrong = read_numbers(texts, convention)
        if wrong is not None:
            fix = "Convert it, or name the columns to take with exogenous=[...]."
            problem = f"is not a number, in row {wrong + 1}"
            raise DataError(argument, texts[wrong], problem, fix)
        return found
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
