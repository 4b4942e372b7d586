"""How much of a file is read, known before it is: a file may come from anyone."""

from math import ceil
from pathlib import Path
from typing import Any, Literal

from statewise.base.files import regular
from statewise.errors import DataError

__all__ = ["MOST_ROWS", "check_columns", "check_parquet", "check_size", "check_text"]

Kind = Literal["rows", "values", "bytes"]
MOST_ROWS = 50_000_000
# How many of a kind there may be to a row, and how many there may be in a file of any rows.
MOST = {"rows": (1, 0), "values": (4, 10_000_000), "bytes": (100, 2**28)}
COLUMNS = 10_000
LONGEST = 2**26  # bytes of a line
PART = 2**20  # bytes that are looked at together
MARKS = (b",", b";", b"\t", b"|")  # that may separate fields


def check_size(path: Path, kind: Kind, count: int, max_rows: int, about: str = "") -> None:
    """Raise DataError if a file has more of a kind than are read of so many rows."""
    each, most = MOST[kind][0], most_of(kind, max_rows)
    if count > most:
        share = "" if each == 1 else f" ({each} a row)"
        problem = f"has {about}{count:,} {kind}, and at most {most:,} are read{share}"
        fix = f"Give it in parts, or allow more with max_rows={-(-count // each)}."
        raise DataError("file", str(path), problem, fix)


def most_of(kind: Kind, max_rows: int) -> int:
    each, always = MOST[kind]
    return max(each * max_rows, always)


def check_text(path: Path, max_rows: int, others: int = 0) -> None:
    """Raise DataError if a CSV file has too many bytes, lines or fields, without keeping any.

    Args:
        path: the file.
        max_rows: how many rows may be read.
        others: how many lines are no rows.

    Raises:
        OSError: it is no regular file, or cannot be read.
    """
    size = regular(path).stat().st_size
    check_size(path, "bytes", size, max_rows)
    rows, fields, done, line = -others, 0, 0, 0
    with path.open("rb") as file:
        while part := file.read(PART):
            ends = max(part.count(b"\n"), part.count(b"\r"))
            rows, fields = rows + ends, fields + ends + max(map(part.count, MARKS))
            done, line = done + len(part), 0 if ends else line + len(part)
            if line > LONGEST:
                problem, fix = f"has a line of more than {LONGEST:,} bytes", "Give a line a row."
                raise DataError("file", str(path), problem, fix)
            if rows > most_of("rows", max_rows) or fields > most_of("values", max_rows):
                about = "about " if done < size else ""
                times = size / done
                check_size(path, "rows", estimate(rows, times), max_rows, about)
                check_size(path, "values", estimate(fields, times), max_rows, about)


def estimate(count: int, times: float) -> int:
    """So many times a count, and a little more; the count itself if that is but once."""
    if times <= 1.0:
        return count
    more = 1.02 * count * times
    unit = 10.0 ** max(0, len(str(int(more))) - 2)
    return int(unit * ceil(more / unit))


def check_columns(path: Path, columns: int) -> None:
    """Raise DataError if a table has more columns than anybody means."""
    if columns > COLUMNS:
        problem = f"has {columns:,} columns, and at most {COLUMNS:,} are read"
        fix = "Give a row for each time of a series, with few columns."
        raise DataError("file", str(path), problem, fix)


def check_parquet(path: Path, metadata: Any, max_rows: int) -> None:
    """Raise DataError if a Parquet file says that it has too many rows, values or bytes."""
    rows, columns = metadata.num_rows, metadata.num_columns
    check_columns(path, columns)
    check_size(path, "rows", rows, max_rows)
    check_size(path, "values", rows * columns, max_rows)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    parts = [group.column(i) for group in groups for i in range(columns)]
    check_size(path, "values", sum(part.num_values for part in parts), max_rows)  # of lists, more
    check_size(path, "bytes", sum(part.total_uncompressed_size for part in parts), max_rows)
