"""Frames in, frames out: long tables of pandas, polars or pyarrow, and files of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statewise.base.extras import import_extra
from statewise.data.append import NewRows, read_future, read_new_rows
from statewise.data.columns import (
    as_table,
    has_time_index,
    numbers_of,
    one_name,
    series_codes,
    with_times,
)
from statewise.data.fill import Fill
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import Frequency
from statewise.data.panel import choose_columns, parse_number, position, read_rows
from statewise.data.time_columns import read_column
from statewise.data.timedpanel import ForecastOrigin, TimedPanel, arrange
from statewise.errors import DataError

__all__ = [
    "NewRows",
    "read_file",
    "read_frame",
    "read_further",
    "read_future",
    "read_new_rows",
    "write_file",
    "write_frame",
]

PARQUET = {".parquet", ".pq"}
UNNAMED_INDEX = "__index_level_"  # what pandas calls one in a file
MISSING = {"", "na", "nan", "null"}  # in a field of a CSV file, in any case
Ints = NDArray[np.int64]


def read_frame(
    frame: Any,
    *,
    id_column: str = "unique_id",
    time_column: str = "ds",
    target_column: str = "y",
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    exogenous: bool | Sequence[str] = True,
) -> TimedPanel:
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
    for argument, name in (("time_column", time_column), ("target_column", target_column)):
        position(names, argument, name)
    if id_column != "unique_id" or id_column in names:
        position(names, "id_column", id_column)
    taken = (id_column, time_column, target_column)
    further = [name for name in names if name not in taken] if exogenous is True else exogenous
    columns = tuple(further or ())
    for name in columns:
        position(names, "exogenous", name)
    if len(set(columns)) < len(columns) or set(columns) & set(taken):
        raise DataError("exogenous", columns, "names a column twice", "Name each column once.")
    if not len(table):
        raise DataError("frame", names, "has no rows", "Give at least one observation.")
    ds, time = read_column(table[time_column], index=indexed)
    named = id_column in names
    ids = table[id_column] if named else one_name(target_column, table.implementation)
    codes, ids = series_codes(ids, len(table) if not named else None)
    kind = FrameKind(table.implementation, id_column if named else None, target_column, ids, time)
    values = [numbers_of(table[target_column], target_column)]
    values += [numbers_of(table[name], f"exogenous column {name!r}") for name in columns]
    return arrange(codes, ds, np.stack(values, axis=1), columns, freq, fill, kind)


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
        parts.insert(0, like.ids[np.asarray(series, np.int64)].alias(like.id_column))
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


def read_file(
    path: str | Path,
    *,
    id_column: str | None = None,
    time_column: str | None = None,
    target_column: str | None = None,
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    exogenous: bool | Sequence[str] = True,
    encoding: str = "utf-8",
) -> TimedPanel:
    """A panel from a CSV or Parquet file.

    Args:
        path: the file; one that ends in .parquet or .pq is Parquet, any other CSV, with a header
            line and fields separated by commas, semicolons or tabs.
        id_column: by default ``unique_id`` if there is one.
        time_column: by default ``ds``, or else the first column of a CSV file.
        target_column: by default ``y``, or else the only column left of a CSV file.
        freq: as in ``read_frame``, like ``fill`` and ``exogenous``.
        fill: see there; an empty field, NA, NaN or null of a CSV file is a missing value.
        exogenous: see there.
        encoding: how the bytes of a CSV file are to be read.

    Raises:
        DataError: the file cannot be read or used; of a CSV file, the message names the line.
        SettingError: freq, fill or the encoding is not a known one.
        ExtraError: the file is a Parquet file, and pyarrow is not installed.
    """
    if Path(path).suffix in PARQUET:
        return read_frame(
            read_parquet(Path(path)),
            id_column=id_column or "unique_id",
            time_column=time_column or "ds",
            target_column=target_column or "y",
            freq=freq,
            fill=fill,
            exogenous=exogenous,
        )
    header, rows = read_rows(Path(path), encoding)
    if not rows:
        fix = "Give a file with observations."
        raise DataError("file", str(path), "has a header and no values", fix)
    id_column = "unique_id" if id_column is None and "unique_id" in header else id_column
    id_at = None if id_column is None else position(header, "id_column", id_column)
    wanted = "y" if target_column is None and header.count("y") == 1 else target_column
    value_at, time_at = choose_columns(header, wanted, time_column, id_at)
    others = [i for i in range(len(header)) if i not in {id_at, value_at, time_at}]
    named = [header[i] for i in others] if exogenous is True else list(exogenous or ())
    places = [position(header, "exogenous", name) for name in named]
    if len(set(places) - {id_at, time_at, value_at}) < len(places):
        raise DataError("exogenous", named, "names a column twice", "Name each column once.")
    lines = [f"{path}, line {line}" for line, _ in rows]
    cells = checked_cells(lines, [row for _, row in rows], header)
    names = [header[value_at] if id_at is None else row[id_at] for row in cells]
    ids = nw.new_series(id_column or "unique_id", names, nw.String, backend="pandas")
    codes, ids = series_codes(ids, None)
    if time_at is None:
        ds, time = read_column(nw.new_series("ds", np.arange(1, len(rows) + 1), backend="pandas"))
    else:
        texts = [row[time_at] for row in cells]
        ds, time = read_column(nw.new_series(header[time_at], texts, nw.String, backend="pandas"))
        check_once(codes, ds, lines, texts)
    values = [
        [
            parse_cell(line, header[at], row[at], fill)
            for line, row in zip(lines, cells, strict=True)
        ]
        for at in (value_at, *places)
    ]
    named_id = None if id_at is None else id_column
    kind = FrameKind(nw.Implementation.PANDAS, named_id, header[value_at], ids, time)
    return arrange(codes, ds, np.array(values).T, tuple(named), freq, fill, kind)


def read_further(
    path: str | Path, origin: ForecastOrigin, columns: Sequence[str], *, encoding: str = "utf-8"
) -> Any:
    """A file of rows that follow what is known, for ``read_new_rows`` or ``read_future``.

    A CSV file without the column of times gives the next ones of the only series, if its times are
    whole numbers.

    Args:
        path: a CSV or Parquet file, told apart as by ``read_file``.
        origin: where the series stand.
        columns: the columns to take as numbers.
        encoding: how the bytes of a CSV file are to be read.

    Raises:
        DataError: the file cannot be read, or lacks a column, or a value is missing or no number;
            of a CSV file, the message names the line.
    """
    if Path(path).suffix in PARQUET:
        return read_parquet(Path(path))
    header, rows = read_rows(Path(path), encoding)
    lines = [f"{path}, line {line}" for line, _ in rows]
    cells = checked_cells(lines, [row for _, row in rows], header)
    named = origin.kind.id_column or "unique_id"
    time = origin.kind.time.name
    frame = {}
    if time not in header and len(origin) == 1 and origin.kind.time.kind == "integer":
        frame[time] = origin.after(len(rows))[0]
    for name in (named, time):
        if name in header:
            at = position(header, "column", name)
            frame[name] = pd.Series([row[at] for row in cells], dtype="str")
    for name in columns:
        at = position(header, "column", name)
        numbers = [
            parse_cell(line, name, row[at], None, "Fill it in.")
            for line, row in zip(lines, cells, strict=True)
        ]
        frame[name] = np.array(numbers, np.float64)
    return pd.DataFrame(frame)


def checked_cells(
    lines: Sequence[str], rows: Sequence[list[str]], header: Sequence[str]
) -> list[list[str]]:
    """The fields of each line; raises DataError if a line has fewer than the header."""
    cells = [[cell.strip() for cell in row] for row in rows]
    short = next((i for i, row in enumerate(cells) if len(row) < len(header)), None)
    if short is not None:
        problem = f"has {len(cells[short])} fields, and the header {len(header)}"
        fix = "Complete the line; delete it if it is a footer or a note."
        raise DataError(lines[short], " ".join(cells[short]), problem, fix)
    return cells


def check_once(codes: Ints, ds: NDArray[Any], lines: Sequence[str], texts: Sequence[str]) -> None:
    """Raise DataError that names the line on which a time of a series stands again."""
    order = np.lexsort((ds, codes))
    again = (np.diff(codes[order]) == 0) & (ds[order][1:] == ds[order][:-1])
    if again.any():
        line = order[1:][again].min()
        raise DataError(lines[line], texts[line], "appears twice", "Keep one observation a time.")


HOW = "Fill it in, or say how: fill='forward', 'linear', 'zero' or a number."


def parse_cell(line: str, column: str, text: str, fill: Fill | None, fix: str = HOW) -> float:
    """A field as a number, NaN if it is missing and may be; else a DataError names the line."""
    missing = text.lower() in MISSING
    if missing and fill is not None:
        return np.nan
    if not text:
        raise DataError(line, text, f"has no value in column {column!r}", fix)
    return parse_number(line, column, text)


def read_parquet(path: Path) -> Any:
    """A Parquet file as a pyarrow table; raises DataError if it cannot be read."""
    pyarrow = import_extra("pyarrow", "parquet")
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        problem = f"cannot be read ({str(error).splitlines()[0]})"
        raise DataError("file", str(path), problem, "Check the path and the file.") from None
    index = [name for name in table.column_names if name.startswith(UNNAMED_INDEX)]
    return table.drop_columns(index)


def write_file(frame: Any, path: str | Path) -> None:
    """Write a frame to a CSV file, or a Parquet file if it ends in .parquet or .pq; whole or not.

    Raises:
        OutputError: the folder cannot be written to.
        ExtraError: pyarrow is not installed.
    """
    from statewise.base.files import Staging

    path = Path(path)
    if isinstance(frame, pd.DataFrame) and frame.index.name is not None:
        frame = frame.reset_index()
    table = nw.from_native(frame, eager_only=True)
    with Staging(path.parent) as staging:
        if path.suffix in PARQUET:
            write_parquet(table, staging.path(path.name))
        else:
            table.write_csv(staging.path(path.name))


def write_parquet(table: "nw.DataFrame[Any]", path: Path) -> None:
    """Write a frame as Parquet."""
    import_extra("pyarrow", "parquet")
    from pyarrow import parquet

    parquet.write_table(table.to_arrow(), path)
