"""Files of series, CSV and Parquet: read into a panel, and written.

pandas, narwhals and pyarrow are imported where they are used: a study of a CSV file does without.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from statewise.base.extras import import_extra
from statewise.base.files import Staging
from statewise.data.choose import check_column, choose
from statewise.data.csv_rows import CsvRows, read_rows
from statewise.data.fill import Fill
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import Frequency
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel, arrange
from statewise.data.time_columns import TimeColumn, Times
from statewise.errors import DataError

__all__ = ["read_file", "read_further", "write_file"]

PARQUET = {".parquet", ".pq"}
UNNAMED_INDEX = "__index_level_"  # what pandas calls one in a file
HOW = (
    "Fill it in; where a forecast is made, fill='forward', 'linear', 'zero' or a number does so. "
    "Delete the line if it is a footer or a note."
)


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
    ordered: bool = False,
) -> Panel:
    """A panel from a CSV or Parquet file.

    Args:
        path: the file; one that ends in .parquet or .pq is Parquet, any other CSV, with a header
            line and fields separated by commas, semicolons or tabs.
        id_column: by default ``unique_id`` if there is one.
        time_column: by default ``ds``, or else the first column if it is not the target. Without
            one, the observations of each series are counted from 1.
        target_column: by default ``y``, or else the only column left.
        freq: as in ``read_frame``, like ``fill`` and ``exogenous``.
        fill: as in ``read_frame``; an empty field, NA, NaN or null of a CSV file is missing.
        exogenous: as in ``read_frame``.
        encoding: how the bytes of a CSV file are to be read.
        ordered: refuse a CSV file whose rows are not in order of time, as a study does; otherwise
            they are sorted.

    Raises:
        DataError: the file cannot be read or used; of a CSV file, the message names the line.
        ExtraError: the file is Parquet, and pyarrow is not installed.
        SettingError: freq, fill or the encoding is not a known one.
    """
    path = Path(path)
    wanted = (id_column, time_column, target_column, exogenous)
    if path.suffix in PARQUET:
        from statewise.data.frames import read_frame

        table = read_parquet(path)
        chosen = choose(table.column_names, *wanted)
        return read_frame(
            table,
            id_column=chosen.id or "unique_id",
            time_column=chosen.time or "ds",
            target_column=chosen.target,
            freq=freq,
            fill=fill,
            exogenous=chosen.exogenous,
        )
    rows = read_rows(path, encoding)
    if not len(rows):
        fix = "Give a file with observations."
        raise DataError("file", str(path), "has a header and no values", fix)
    chosen = choose(rows.header, *wanted)
    names = [chosen.target] * len(rows) if chosen.id is None else rows.texts(chosen.id)
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(name, len(places)) for name in names])
    columns = (chosen.target, *chosen.exogenous)
    values = [rows.floats(name, HOW, gaps=fill is not None) for name in columns]
    times = times_of(rows, chosen.time, codes)
    times.check(codes, rows.line, ordered=ordered)
    kind = FrameKind("pandas", chosen.id, chosen.target, tuple(places), times.column)
    return arrange(times, codes, np.stack(values, axis=1), kind, chosen.exogenous, freq, fill)


def times_of(rows: CsvRows, column: str | None, codes: Any) -> Times:
    """The times of rows; without a column, those of each series are counted from 1."""
    if column is not None:
        return Times.read(column, rows.texts(column))
    order = np.argsort(codes, kind="stable")
    before = np.concatenate([[0], np.cumsum(np.bincount(codes))])
    count = np.empty(len(rows), np.int64)
    count[order] = np.arange(1, len(rows) + 1) - before[codes[order]]
    return Times(count, TimeColumn("ds", "integer"))


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
        ExtraError: the file is Parquet, and pyarrow is not installed.
    """
    import pandas as pd

    path = Path(path)
    if path.suffix in PARQUET:
        return read_parquet(path)
    rows = read_rows(path, encoding)
    frame: dict[str, Any] = {}
    time = origin.kind.time
    if time.name not in rows.header and len(origin) == 1 and time.kind == "integer":
        frame[time.name] = origin.after(len(rows))[0]
    for name in (origin.kind.id_column or "unique_id", time.name):
        if name in rows.header:
            check_column(rows.header, "column", name)
            frame[name] = pd.Series(rows.texts(name), dtype="str")
    for name in columns:
        check_column(rows.header, "column", name)
        frame[name] = rows.floats(name, "Fill it in.")
    return pd.DataFrame(frame)


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
        ExtraError: the file is Parquet, and pyarrow is not installed.
        OutputError: the folder cannot be written to.
    """
    import narwhals as nw
    import pandas as pd

    path = Path(path)
    if isinstance(frame, pd.DataFrame) and frame.index.name is not None:
        frame = frame.reset_index()
    table = nw.from_native(frame, eager_only=True)
    with Staging(path.parent) as staging:
        if path.suffix in PARQUET:
            import_extra("pyarrow", "parquet")
            from pyarrow import parquet

            parquet.write_table(table.to_arrow(), staging.path(path.name))
        else:
            table.write_csv(staging.path(path.name))
