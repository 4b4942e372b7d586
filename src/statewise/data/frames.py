"""Frames in, frames out: long tables of pandas, polars or pyarrow."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statewise.data.choose import Chosen
from statewise.data.columns import as_table, has_time_index, numbers_of, series_codes, with_times
from statewise.data.fill import Fill
from statewise.data.frame_kind import FrameKind, plain
from statewise.data.frequency import Frequency
from statewise.data.panel import Panel, arrange
from statewise.data.time_columns import Times, read_column
from statewise.errors import DataError

__all__ = ["read_frame", "write_frame"]


def read_frame(
    frame: Any,
    *,
    id_column: str = "unique_id",
    time_column: str = "ds",
    target_column: str = "y",
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    exogenous: bool | Sequence[str] = True,
) -> Panel:
    """A panel from a long frame: a row is a time of a series.

    Rows may come in any order. A frame without the id column is one series. A pandas Series, or
    a frame without the time column, may have its times as its index.

    Args:
        frame: of pandas, polars, pyarrow or another library that narwhals knows.
        id_column: names the series of a row: text, whole numbers or categories.
        time_column: dates, dates with a clock, whole numbers, or either of them as text.
        target_column: the values.
        freq: the step between times, as pandas calls it; by default it is inferred.
        fill: how missing values, and missing times, are filled in: "forward", "linear", "zero" or a
            number. None refuses them.
        exogenous: the further columns to take: all, none, or those named.

    Raises:
        DataError: what is in the frame cannot be used; the message names the series and the time.
        SettingError: freq or fill is not a known one.

    Example:
        >>> frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "ds": [1, 3, 7], "y": [1, 3, 5.0]})
        >>> read_frame(frame, freq=1, fill="linear").y.tolist()
        [1.0, 2.0, 3.0, 5.0]
    """
    indexed = has_time_index(frame, time_column)
    if indexed:
        time_column = str(frame.index.name or time_column)
        if isinstance(frame, pd.Series):
            target_column = str(frame.name or target_column)
        frame = with_times(frame, time_column, target_column)
    table = as_table(frame)
    names = table.columns
    named = id_column != "unique_id" or id_column in names
    if exogenous is True:
        exogenous = [n for n in names if n not in {id_column, time_column, target_column}]
    columns = tuple(exogenous or ())
    Chosen(id_column if named else None, time_column, target_column, columns).check(names)
    if not len(table):
        raise DataError("frame", names, "has no rows", "Give at least one observation.")
    times = Times(*read_column(table[time_column], index=indexed))
    codes, ids, keys = np.zeros(len(table), np.int64), None, plain([target_column])
    if named:
        codes, ids = series_codes(table[id_column])
        keys = plain(ids.to_list())
    like = table.implementation.value, id_column if named else None, target_column
    kind = FrameKind(*like, keys, times.column, ids)
    times.check(codes, lambda row: f"series {kind.names[codes[row]]!r}", ordered=False)
    values = [numbers_of(table[target_column], target_column)]
    values += [numbers_of(table[name], f"exogenous column {name!r}") for name in columns]
    return arrange(times, codes, np.stack(values, axis=1), kind, columns, freq, fill)


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
