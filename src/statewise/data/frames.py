"""Frames in, frames out: long tables of pandas, polars or pyarrow."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.choose import Exogenous, choose
from statewise.data.columns import as_table, given, numbers_of, series_codes
from statewise.data.fill import Fill
from statewise.data.frame_kind import FrameKind, plain
from statewise.data.frequency import Frequency
from statewise.data.panel import Panel, arrange
from statewise.data.time_columns import Times, joined, read_column
from statewise.errors import DataError

__all__ = ["read_frame", "write_frame"]


def read_frame(
    frame: Any,
    *,
    id_column: str | None = None,
    time_column: str | None = None,
    target_column: str | None = None,
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    exogenous: Exogenous = True,
    date_format: str | None = None,
    decimal: str | None = None,
) -> Panel:
    """A panel from a long frame: a row is a time of a series.

    Rows may come in any order. A frame without the id column is one series. A pandas Series, or
    a frame without the time column, may have its times as its index. Values alone, as a list, an
    array or a Series without times, are one series whose times are counted from 1.

    Business days that are missing are taken for holidays where they are few, one in ten at most,
    and not more than ten in a row; they are filled in with the values before, or as ``fill`` says.

    Args:
        frame: of pandas, polars, pyarrow or another library that narwhals knows.
        id_column: names the series of a row: text, whole numbers or categories; by default
            ``unique_id`` if there is one.
        time_column: dates, dates with a clock, whole numbers, or either of them as text; or several
            columns, as "year,month". By default ``ds`` or another usual name, or else the first
            column if it is not the target.
        target_column: the values; by default ``y``, or else the only column left.
        freq: the step between times, as pandas calls it; by default it is inferred.
        fill: how missing values, and missing times, are filled in: "forward", "linear", "zero" or a
            number. Rows before the first value of a series are left out by "forward" and "linear",
            and by "linear" those after the last one. None refuses them.
        exogenous: the further columns to take: all, none, those named, or "numbers" for those that
            are numbers.
        date_format: how times that are text are written, as of strptime; %q is the quarter.
        decimal: the mark before decimals of numbers that are text.

    Raises:
        DataError: what is in the frame cannot be used; the message names the series and the time.
        SettingError: freq, fill, date_format or decimal is not a known one.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "ds": [1, 3, 7], "y": [1, 3, 5.0]})
        >>> read_frame(frame, freq=1, fill="linear").y.tolist()
        [1.0, 2.0, 3.0, 5.0]
    """
    found = given(frame, time_column, target_column)
    table = as_table(found.frame)
    names = table.columns
    if id_column == "unique_id" and id_column not in names:
        id_column = None
    code = "polars" if table.implementation.is_polars() else "frame"
    chosen = choose(names, id_column, found.time, found.target, exogenous, frame=code)
    notes: tuple[str, ...] = ()
    if exogenous == "numbers":
        kinds = {name: table.schema[name] for name in chosen.exogenous}
        text = [n for n, kind in kinds.items() if not (kind.is_numeric() or kind == nw.Boolean)]
        chosen, notes = chosen.without(text)
    if not len(table):
        raise DataError("frame", names, "has no rows", "Give at least one observation.")
    codes, ids, keys = np.zeros(len(table), np.int64), None, plain([chosen.target])
    if chosen.id is not None:
        codes, ids = series_codes(table[chosen.id])
        keys = plain(ids.to_list())
    times = times_of(table, chosen.time, codes, date_format, index=found.indexed)
    like = table.implementation.value, chosen.id, chosen.target
    kind = FrameKind(*like, keys, times.column, ids)
    times.check(codes, lambda row: f"series {kind.names[codes[row]]!r}", ordered=False)
    values = [numbers_of(table[chosen.target], chosen.target, decimal)]
    values += [
        numbers_of(table[name], f"exogenous column {name!r}", decimal) for name in chosen.exogenous
    ]
    stacked = np.stack(values, axis=1)
    columns = chosen.exogenous
    return arrange(times, codes, stacked, kind, columns, freq, fill, holidays=True, notes=notes)


def times_of(
    table: "nw.DataFrame[Any]",
    columns: Sequence[str],
    codes: NDArray[np.int64],
    date_format: str | None,
    *,
    index: bool,
) -> Times:
    """The times of a table in these columns; without one, those of each series are counted."""
    if not columns:
        return Times.counted(codes)
    if len(columns) == 1:
        times = read_column(table[columns[0]], date_format=date_format)
        return replace(times, column=replace(times.column, index=index))
    times = read_column(joined(table, columns, "ds"), date_format=date_format)
    return replace(times, column=replace(times.column, dtype=None, parts=tuple(columns)))


def write_frame(
    columns: Mapping[str, ArrayLike], like: FrameKind, *, series: ArrayLike, ds: NDArray[Any]
) -> Any:
    """A frame of the library, names and types that came in.

    Args:
        columns: the columns beside name and time, each of (rows,).
        like: what came in: ``panel.kind``.
        series: (rows,) the series of each row, as its place in ``panel.ids``.
        ds: (rows,) times, datetime64[us] or int64.

    Raises:
        DataError: a column has the name of the id or of the time.

    Example:
        >>> import pandas as pd
        >>> panel = read_frame(pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]}))
        >>> write_frame({"LSTM": [5.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
           ds  LSTM
        0   4   5.0
    """
    time = like.time.write(np.asarray(ds), like.backend)
    parts = [time.alias(like.time.name)]
    if like.id_column is not None:
        parts.insert(0, like.write_names(series))
    taken = [part.name for part in parts]
    if clash := sorted(set(columns) & set(taken)):
        raise DataError("columns", clash, "is the name of the id or the time", "Use another name.")
    parts += [
        nw.new_series(name, np.asarray(values), backend=like.backend)
        for name, values in columns.items()
    ]
    table = time.alias(like.time.name).to_frame().with_columns(*parts)
    native = table.select(*taken, *columns).to_native()
    return native.set_index(like.time.name) if like.time.index else native
