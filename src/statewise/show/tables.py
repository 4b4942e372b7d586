"""Rows as text, as CSV and as Parquet. The rows of one table share their keys."""

import csv
import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from statewise.base.extras import import_extra
from statewise.text import for_csv, visible

__all__ = ["Row", "digits_of", "table", "to_csv", "wrap", "write_parquet"]

Row = dict[str, Any]
WIDTH = 100  # characters of a line


def table(rows: Sequence[Row], digits: int = 3) -> str:
    """Rows with the same keys as aligned columns: words to the left, numbers to the right.

    Floats are written with so many digits after the point, and those of a column of small ones with
    as many of its greatest.

    Example:
        >>> print(table([{"arm": "a", "n": 10, "mean": 1.5}]))
        arm   n   mean
        a    10  1.500
    """
    keys = list(rows[0])
    header = [visible(key) for key in keys]
    shown = {key: max(digits, digits_of(greatest([row[key] for row in rows]), digits))
             for key in keys}  # fmt: skip
    cells = [[_cell(row[key], shown[key]) for key in keys] for row in rows]
    widths = [max(len(r[i]) for r in (header, *cells)) for i in range(len(header))]
    left = [any(isinstance(row[key], str) for row in rows) for key in keys]
    aligned = [
        f"{{:{'<' if to_left else '>'}{w}}}" for w, to_left in zip(widths, left, strict=True)
    ]
    return "\n".join("  ".join(aligned).format(*r).rstrip() for r in (header, *cells))


def digits_of(size: float, shown: int = 2) -> int:
    """How many digits after the point show so many digits of a size, of 12 at most.

    Example:
        >>> [digits_of(size) for size in (136.8, 1.4, 0.031, 0.0)]
        [0, 1, 3, 2]
    """
    if not 0.0 < size < math.inf:
        return shown
    return min(max(shown - 1 - math.floor(math.log10(size)), 0), 12)


def greatest(values: Sequence[object]) -> float:
    """The greatest size of the finite floats among some values; 0 if there are none."""
    sizes = [abs(each) for each in values if isinstance(each, float)]
    return max((each for each in sizes if math.isfinite(each)), default=0.0)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else visible(str(value))


def wrap(text: str, indent: str = "") -> str:
    """A paragraph of lines that a terminal has room for."""
    return textwrap.fill(visible(text), WIDTH, initial_indent=indent, subsequent_indent=indent)


def write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows that share their keys as a Parquet file.

    Raises:
        ExtraError: the extra ``parquet`` is not installed.
    """
    pyarrow = import_extra("pyarrow", "parquet")
    from pyarrow import parquet

    columns = {name: [row[name] for row in rows] for name in rows[0]}
    parquet.write_table(pyarrow.table(columns), path)


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows that share their keys as CSV text; None is an empty field, and no text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = list(rows[0])
    writer.writerows(
        [for_csv(value) if isinstance(value, str) else value for value in row]
        for row in (keys, *([row[key] for key in keys] for row in rows))
    )
    return text.getvalue()
