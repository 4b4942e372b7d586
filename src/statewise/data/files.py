"""Files of series, CSV and Parquet: read into a panel, and written.

pandas, narwhals and pyarrow are imported where they are used: a study of a CSV file does without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from statewise.base.checks import at_least
from statewise.base.extras import import_extra
from statewise.base.files import Staging, regular
from statewise.data.choose import Exogenous, check_column, choose
from statewise.data.csv_rows import CsvRows, read_rows
from statewise.data.fill import HOW_TO_FILL, Fill
from statewise.data.frame_kind import FrameKind, check_apart
from statewise.data.frequency import Frequency
from statewise.data.labels import noughts_and_ones, with_labels
from statewise.data.limits import MOST_ROWS, check_parquet, check_size
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel, arrange
from statewise.data.time_columns import Times
from statewise.data.time_text import join_times, odd_one
from statewise.errors import DataError, SettingError
from statewise.text import for_csv

__all__ = ["check_form", "read_file", "read_further", "write_file"]

PARQUET = {".parquet", ".pq"}
TEXTS = ("string", "large_string", "binary", "large_binary")  # as pyarrow calls them
UNNAMED_INDEX = "__index_level_"  # what pandas calls one in a file
SPREADSHEETS = {".xlsx", ".xls", ".ods"}
PACKED = {".gz", ".bz2", ".xz", ".zst", ".zip"}


def read_file(
    path: str | Path,
    *,
    id_column: str | None = None,
    time_column: str | None = None,
    target_column: str | None = None,
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    exogenous: Exogenous = True,
    static: Sequence[str] = (),
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    skip_lines: int = 0,
    skip_footer: int = 0,
    max_rows: int = MOST_ROWS,
) -> Panel:
    """A panel from a CSV or Parquet file, as people have them.

    Of a CSV file it finds what separates the fields, whether there is a header, how numbers are
    written (1,234.5 or 1.234,5 or 1 234, with signs of currency and percent), and in what form
    times are. Rows are sorted by time. What had to be settled is in the panel's ``notes``.

    Args:
        path: the file; one that ends in .parquet or .pq is Parquet, any other CSV.
        id_column: names the series of a row; by default ``unique_id`` if there is one.
        time_column: the times; "year,month" names two columns. By default ``ds`` or another usual
            name, year and month in two columns, or else the first column if it is not the target.
            Without one, the observations of each series are counted from 1.
        target_column: by default ``y``, or else the only column left.
        freq: as in ``read_frame``, like ``fill``, ``exogenous`` and ``date_format``.
        fill: an empty field, NA, n/a, NaN, null, none, -, ? or a point alone is missing.
        exogenous: as in ``read_frame``.
        static: further columns of which those of text become noughts and ones, one for each value.
        date_format: how times are written, as of strptime; %q is the quarter.
        decimal: the mark before decimals, "." or ","; by default it is found.
        encoding: how the bytes of a CSV file are to be read.
        skip_lines: how many lines of a CSV file stand above the table.
        skip_footer: how many lines that are not blank stand below it.
        max_rows: how many rows are read at most, with four values and a hundred bytes a row; ten
            million values and 256 MiB always are. More are refused before they are read.

    Raises:
        DataError: the file cannot be read or used; of a CSV file, the message names the line.
        ExtraError: the file is Parquet, and pyarrow is not installed.
        SettingError: freq, fill, date_format, decimal or encoding is not a known one.
    """
    path = Path(path)
    if path.suffix in PARQUET:
        from statewise.data.frames import read_frame

        table = with_labels(read_parquet(path, max_rows), static)
        if not isinstance(exogenous, bool | str):
            made = [name for name in table.column_names if name.split("=")[0] in static]
            exogenous = [name for name in exogenous if name not in static] + made
        return read_frame(
            table,
            id_column=id_column,
            time_column=time_column,
            target_column=target_column,
            freq=freq,
            fill=fill,
            exogenous=exogenous,
            date_format=date_format,
            decimal=decimal,
        )
    rows = csv_of(path, encoding, skip_lines, skip_footer, max_rows)
    if not len(rows):
        fix = "Give a file with observations."
        raise DataError("file", str(path), "has a header and no values", fix)
    chosen = choose(rows.header, id_column, time_column, target_column, exogenous, frame=rows.code)
    names = [chosen.target] * len(rows) if chosen.id is None else rows.texts(chosen.id)
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(name, len(places)) for name in names])
    check_apart(chosen.id, tuple(places))
    times = times_of(rows, chosen.time, codes, date_format)
    labels: dict[str, Any] = {}
    for name in static:
        check_column(rows.header, "static", name)
        if not rows.counts(name):
            labels |= noughts_and_ones(name, rows.texts(name))
            chosen, _ = chosen.without([name])
    text: tuple[str, ...] = ()
    if exogenous is False:
        taken = {chosen.id, *chosen.time, chosen.target}
        text = not_looked_at(n for n in rows.header if n not in taken and rows.counts(n))
    if exogenous == "numbers":
        chosen, text = chosen.without([name for name in chosen.exogenous if not rows.counts(name)])
    columns = (chosen.target, *chosen.exogenous)
    convention, note = rows.convention(columns, decimal)
    gaps = fill is not None
    values = [rows.floats(name, convention, HOW_TO_FILL, gaps=gaps) for name in columns]
    times.check(codes, rows.line, ordered=False)
    marked = any({".", ","} & set(text) for name in columns for text in rows.texts(name))
    decimal = convention.decimal if marked else None
    like = "pandas", chosen.id, chosen.target, tuple(places), times.column
    kind = FrameKind(*like, decimal=decimal)
    notes = (*rows.notes, note, *text, sorting(times, codes))
    stacked = np.stack([*values, *labels.values()], axis=1)
    columns = (*chosen.exogenous, *labels)
    return arrange(times, codes, stacked, kind, columns, freq, fill, holidays=True, notes=notes)


def not_looked_at(names: Iterable[str]) -> tuple[str, ...]:
    """A note on columns of numbers that nobody asked for, if there are any."""
    listed = ", ".join(names)
    return (f"further columns are not looked at: {listed}",) if listed else ()


def csv_of(path: Path, encoding: str, skip_lines: int, skip_footer: int, max_rows: int) -> CsvRows:
    """The rows of a CSV file; raises DataError for a spreadsheet or a packed file too."""
    if path.suffix.lower() in SPREADSHEETS:
        raise DataError("file", str(path), "is a spreadsheet", "Save the sheet as CSV.")
    if path.suffix.lower() in PACKED:
        raise DataError("file", str(path), "is packed", "Unpack it first.")
    return read_rows(
        path, encoding, skip_lines=skip_lines, skip_footer=skip_footer, max_rows=max_rows
    )


def times_of(rows: CsvRows, columns: Sequence[str], codes: Any, date_format: str | None) -> Times:
    """The times of rows; without a column, those of each series are counted from 1.

    Raises:
        DataError: one of them is not written as ``date_format`` says, or is no time like nearly
            all others, as in a footer.
    """
    if not columns:
        return Times.counted(codes)
    fields = [rows.texts(column) for column in columns]
    if len(columns) == 1:
        times = Times.read(columns[0], fields[0], date_format)
    else:
        times = Times.read("ds", join_times(columns, fields), date_format)
        times = replace(times, column=replace(times.column, parts=tuple(columns)))
    if (error := times.problem) is None:
        return times
    texts = [] if times.written is None else times.written.tolist()
    if date_format is not None:
        place = rows.line(texts.index(error.value)) if error.value in texts else error.argument
        raise DataError(place, *error.args[1:])
    if (row := odd_one(texts)) is not None:
        problem = "is not a time as the others are"
        raise DataError(rows.line(row), texts[row], problem, rows.remedy(row))
    return times


def sorting(times: Times, codes: Any) -> str | None:
    """A note where rows of a series did not come in order of time."""
    if times.problem is not None:
        return None
    earlier = times.ds[1:] < times.ds[:-1]
    same = codes[1:] == codes[:-1]
    if not (earlier & same).any():
        return None
    newest = "the newest came first" if earlier[same].all() else "they came in another order"
    return f"rows were sorted by time: {newest}"


def read_further(
    path: str | Path,
    origin: ForecastOrigin,
    columns: Sequence[str] | None,
    *,
    static: Sequence[str] = (),
    encoding: str = "utf-8",
    skip_lines: int = 0,
    skip_footer: int = 0,
    max_rows: int = MOST_ROWS,
) -> Any:
    """A file of rows that follow what is known, for ``read_new_rows`` or ``read_future``.

    A CSV file without the column of times gives the next ones of the only series, if its times are
    whole numbers. Numbers are written as in the file that the series were read from.

    Args:
        path: a CSV or Parquet file, told apart as by ``read_file``.
        origin: where the series stand.
        columns: the columns to take as numbers; None for those of the origin that the file has.
        static: those to take as text, of which ``columns`` may hold the noughts and ones.
        encoding: how the bytes of a CSV file are to be read; this and the lines to skip are those
            of ``read_file``.
        skip_lines: how many lines stand above the table.
        skip_footer: how many stand below it.
        max_rows: how many rows are read at most.

    Raises:
        DataError: the file cannot be read, or lacks a column, or a value is missing or no number;
            of a CSV file, the message names the line.
        ExtraError: the file is Parquet, and pyarrow is not installed.
    """
    import pandas as pd

    path = Path(path)
    if path.suffix in PARQUET:
        return read_parquet(path, max_rows)
    rows = csv_of(path, encoding, skip_lines, skip_footer, max_rows)
    frame: dict[str, Any] = {}
    time = origin.kind.time
    names = [time.name] if time.name in rows.header or not time.parts else list(time.parts)
    if time.name not in rows.header and len(origin) == 1 and time.kind == "integer":
        frame[time.name] = origin.after(len(rows))[0]
    for name in (origin.kind.id_column or "unique_id", *names):
        if name in rows.header:
            check_column(rows.header, "column", name)
            frame[name] = pd.Series(rows.texts(name), dtype="str")
    if columns is None:
        columns = [name for name in origin.columns if name in rows.header]
    texts = [name for name in static if name not in columns]
    columns = [name for name in columns if name.split("=")[0] not in texts]
    for name in (*columns, *texts):
        check_column(rows.header, "column", name)
    frame |= {name: pd.Series(rows.texts(name), dtype="str") for name in texts}
    convention, _ = rows.convention(columns, origin.kind.decimal)
    for name in columns:
        frame[name] = rows.floats(name, convention, "Fill it in.")
    return pd.DataFrame(frame)


def read_parquet(path: Path, max_rows: int) -> Any:
    """A Parquet file as a pyarrow table; raises DataError if it cannot be read, or is too large.

    Columns of text are first read as the distinct texts that the file holds and places in them:
    a few bytes in it may stand for a long text in every row. Columns of lists are left out.
    """
    pyarrow = import_extra("pyarrow", "parquet")
    from pyarrow import parquet

    at_least("max_rows", max_rows, 1)
    try:
        file = parquet.ParquetFile(regular(path))
        check_parquet(path, file.metadata, max_rows)
        fields = [field for field in file.schema_arrow if is_flat(field.type)]
        texts = [field.name for field in fields if is_text(field.type)]
        table = parquet.ParquetFile(path, read_dictionary=texts).read([f.name for f in fields])
        check_size(path, "bytes", sum(map(expanded, table.columns)), max_rows)
        table = table.cast(pyarrow.schema(fields))
    except (OSError, pyarrow.ArrowException) as error:
        problem = f"cannot be read ({str(error).splitlines()[0]})"
        raise DataError("file", str(path), problem, "Check the path and the file.") from None
    index = [name for name in table.column_names if name.startswith(UNNAMED_INDEX)]
    return table.drop_columns(index)


def is_flat(kind: Any) -> bool:
    """Whether a type of pyarrow is one of numbers, times or text, and not of lists or the like."""
    from pyarrow import types

    return not (types.is_nested(kind) or types.is_fixed_size_binary(kind))


def is_text(kind: Any) -> bool:
    from pyarrow import types

    return any(getattr(types, f"is_{name}")(kind) for name in TEXTS)


def expanded(column: Any) -> int:
    """The bytes of a column of pyarrow in which every row has its own text."""
    from pyarrow import compute, types

    if not (types.is_dictionary(column.type) and is_text(column.type.value_type)):
        return int(column.nbytes)
    lengths = [compute.binary_length(part.dictionary).take(part.indices) for part in column.chunks]
    return sum(compute.sum(part).as_py() or 0 for part in lengths)


def write_file(frame: Any, path: str | Path) -> None:
    """Write a frame to a file, whole or not at all, in the format that its name ends in.

    Raises:
        ExtraError: the file is Parquet, and pyarrow is not installed.
        OutputError: the folder cannot be written to.
        SettingError: no such format is written.
    """
    import narwhals as nw
    import pandas as pd

    path = Path(path)
    check_form(path)
    if isinstance(frame, pd.DataFrame) and frame.index.name is not None:
        frame = frame.reset_index()
    table = nw.from_native(frame, eager_only=True)
    with Staging(path.parent) as staging:
        if path.suffix in PARQUET:
            import_extra("pyarrow", "parquet")
            from pyarrow import parquet

            parquet.write_table(table.to_arrow(), staging.path(path.name))
        else:
            as_cells(table).write_csv(staging.path(path.name))


def as_cells(table: Any) -> Any:
    """A table whose texts, names of columns among them, are cells of a CSV file."""
    import narwhals as nw

    texts = []
    for column in table.iter_columns():
        if column.dtype in {nw.String, nw.Categorical, nw.Enum, nw.Object}:
            values = column.to_list()
            cells = {each: for_csv(each) for each in values if isinstance(each, str)}
            if any(cell != each for each, cell in cells.items()):
                found = [cells[each] if isinstance(each, str) else each for each in values]
                texts.append(nw.new_series(column.name, found, backend=table.implementation))
    return table.with_columns(*texts).rename({name: for_csv(name) for name in table.columns})


def check_form(path: Path) -> None:
    """Raise SettingError if ``write_file`` writes no format that the name of the file ends in."""
    if path.suffix not in {".csv", *PARQUET}:
        problem = "is of no format that is written"
        raise SettingError("out", str(path), problem, "End it in .csv, .parquet or .pq.")
