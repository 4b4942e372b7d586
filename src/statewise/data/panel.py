"""Panel: one or many series, checked once, then never changed."""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.errors import DataError, SettingError

__all__ = ["Panel", "Series"]

LARGEST = 1e30  # of a value: squares of it, and sums of those, stay finite

# Formats of a time column, tried in turn; the first that every value fits decides the order.
TIME_FORMATS = (
    "%Y-%m", "%Y/%m", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y",
    "%d/%m/%y", "%m/%d/%y", "%b-%y", "%b %Y", "%B %Y", "%Y %b",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Series:
    """One series in time order: its name, its times as written, its values as read-only float64."""

    unique_id: str
    ds: tuple[str, ...]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.y)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        named = (self.unique_id, self.ds) == (other.unique_id, other.ds)
        return named and np.array_equal(self.y, other.y)

    def __hash__(self) -> int:
        return hash((self.unique_id, self.ds, self.y.tobytes()))


@dataclass(frozen=True)
class Panel:
    """One or many series.

    Example:
        >>> panel = Panel.from_values([266.0, 145.9, 183.1], unique_id="sales")
        >>> len(panel.only)
        3
    """

    series: tuple[Series, ...]

    @property
    def only(self) -> Series:
        """The one series of the panel; raises DataError if there are more."""
        if len(self.series) != 1:
            names = [s.unique_id for s in self.series]
            raise DataError("panel", names, "has more than one series", "Choose one of them.")
        return self.series[0]

    @classmethod
    def of(cls, series: Iterable[Series]) -> Self:
        """A panel of these series; raises DataError if two have one name or there is none."""
        found = tuple(series)
        names = [s.unique_id for s in found]
        if not names or len(set(names)) != len(names):
            raise DataError("panel", names, "has series of one name, or none", "Name each apart.")
        return cls(found)

    @classmethod
    def from_values(
        cls,
        y: ArrayLike,
        *,
        unique_id: str = "series-1",
        ds: Sequence[Any] | None = None,
    ) -> Self:
        """A panel of one series, from its values in time order.

        Args:
            y: (observations,) numbers.
            unique_id: the name of the series.
            ds: (observations,) times, or 1, 2, 3, ... by default.

        Raises:
            DataError: a value is not finite, or the times are not as many, distinct and in order.
        """
        values = np.array(y, np.float64)
        if values.ndim != 1 or len(values) == 0:
            raise DataError("y", values.shape, "is not one row of values", "Give a flat list.")
        times = tuple(str(t) for t in (range(1, len(values) + 1) if ds is None else ds))
        if len(times) != len(values):
            raise DataError("ds", len(times), f"does not match {len(values)} values", "Give both.")
        for time, value in zip(times, values, strict=True):
            check_value(unique_id, float(value), f", at {time}")
        check_times(times, lambda _: "ds")
        values.setflags(write=False)
        return cls((Series(unique_id, times, values),))

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        column: str | None = None,
        time_column: str | None = None,
        id_column: str | None = None,
        encoding: str = "utf-8",
    ) -> Self:
        """A panel from a CSV file with a header line, of one series or of many.

        Args:
            path: the file; fields are separated by commas, semicolons or tabs.
            column: the column of values. Not needed if one column alone is left beside the time.
            time_column: the column of times; by default ``ds`` or else the first, if it is not the
                value column.
            id_column: the column that names the series of each line, for a file of many series; by
                default ``unique_id`` if there is one.
            encoding: how the file's bytes are to be read.

        Raises:
            DataError: the file cannot be read, or has no such column, or a line does not hold a
                finite number, or the times repeat or go backwards. The message names the line.
        """
        header, rows = read_rows(Path(path), encoding)
        if not rows:
            raise DataError(
                "file", str(path), "has a header and no values", "Give a file with observations."
            )
        if id_column is None and "unique_id" in header:
            id_column = "unique_id"
        id_at = None if id_column is None else position(header, "id_column", id_column)
        value_at, time_at = choose_columns(header, column, time_column, id_at)
        lines: dict[str, list[tuple[int, list[str]]]] = {}
        for line, row in rows:
            needed = max(at for at in (value_at, time_at, id_at) if at is not None)
            if len(row) <= needed or not row[value_at].strip():
                shown = " ".join(cell for cell in row if cell.strip())
                raise DataError(
                    f"{path}, line {line}",
                    shown,
                    f"has no value in column {header[value_at]!r}",
                    "Fill in a missing value; delete the line if it is a footer or a note.",
                )
            name = header[value_at] if id_at is None else row[id_at].strip()
            lines.setdefault(name, []).append((line, row))
        return cls.of(
            series_of(name, part, str(path), header[value_at], value_at, time_at)
            for name, part in lines.items()
        )


def series_of(
    name: str,
    lines: Sequence[tuple[int, list[str]]],
    path: str,
    column: str,
    value_at: int,
    time_at: int | None,
) -> Series:
    """A series from its lines of a file."""
    values = [parse_number(f"{path}, line {n}", column, row[value_at]) for n, row in lines]
    times = [
        str(i + 1) if time_at is None else row[time_at].strip() for i, (_, row) in enumerate(lines)
    ]
    check_times(times, lambda i: f"{path}, line {lines[i][0]}")
    y = np.array(values)
    y.setflags(write=False)
    return Series(name, tuple(times), y)


def read_rows(path: Path, encoding: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the other rows that are not blank, each with its line number."""
    try:
        text = path.read_bytes().decode(encoding).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(
            "file", str(path), f"cannot be read ({error.strerror})", "Check the path."
        ) from None
    except LookupError:
        raise SettingError(
            "encoding", encoding, "is not a known encoding", "Use for example latin-1."
        ) from None
    except UnicodeError as error:
        place = (
            f" (byte {error.start} is 0x{error.object[error.start]:02x})"
            if isinstance(error, UnicodeDecodeError)
            else ""
        )
        raise DataError(
            "file",
            str(path),
            f"is not {encoding} text{place}",
            "Say what it is with the encoding option, for example latin-1 or utf-16.",
        ) from None
    head = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError("file", str(path), f"is not CSV ({error})", "Check its quotes.") from None
    if not rows:
        raise DataError("file", str(path), "is empty", "Give a CSV file with a header line.")
    return [name.strip() for name in rows[0][1]], rows[1:]


def position(header: list[str], argument: str, name: str) -> int:
    """Where the column called ``name`` is; raises DataError that lists the columns."""
    if header.count(name) != 1:
        problem = "is not a column" if name not in header else "names more than one column"
        raise DataError(argument, name, problem, f"The columns are {', '.join(header)}.")
    return header.index(name)


def choose_columns(
    header: list[str], column: str | None, time_column: str | None, id_at: int | None
) -> tuple[int, int | None]:
    """The positions of the value column and of the time column, if there is one."""
    free = [i for i in range(len(header)) if i != id_at]
    time_at = None if time_column is None else position(header, "time_column", time_column)
    value_at = None if column is None else position(header, "column", column)
    if time_at is None and len(free) > 1 and value_at != free[0]:
        time_at = header.index("ds") if header.count("ds") == 1 else free[0]
    if value_at is None:
        left = [i for i in free if i != time_at]
        if len(left) != 1:
            raise DataError("column", None, "must be chosen", f"Name one of {', '.join(header)}.")
        value_at = left[0]
    if time_at == value_at:
        raise DataError(
            "column", header[value_at], "is the time column too", "Name two different columns."
        )
    return value_at, time_at


def parse_number(where: str, column: str, text: str) -> float:
    """``text`` as a finite float; raises DataError that names the place."""
    try:
        value = float("no" if "_" in text else text)  # Python would read 1_000 as a thousand
    except ValueError:
        hint = (
            "Write decimals with a point."
            if text.replace(",", "", 1).strip().lstrip("-").isdigit()
            else "Correct the line, or delete it if it is a footer or a note."
        )
        raise DataError(where, text, f"is not a number (column {column!r})", hint) from None
    check_value(where, value, f" (column {column!r})")
    return value


def check_value(where: str, value: float, place: str) -> None:
    """Raise DataError if ``value`` is not a finite number that can be squared and summed."""
    if not np.isfinite(value):
        raise DataError(
            where,
            value,
            f"is not a finite number{place}",
            "Fill in the value, or cut the series so that it has none missing.",
        )
    if abs(value) > LARGEST:
        raise DataError(
            where, value, f"is too large to compute with{place}", "Give the series in larger units."
        )


def check_times(times: Sequence[str], where: Callable[[int], str]) -> None:
    """Raise DataError if a time is written twice, or if the times can be read and go backwards.

    ``where`` names the place of an observation. Times that cannot be read are not put in order.
    """
    seen: set[str] = set()
    for i, time in enumerate(times):
        if time in seen:
            raise DataError(where(i), time, "appears twice", "Keep one observation a time.")
        seen.add(time)
    readings = [r for r in (read_times(times, f) for f in (None, "", *TIME_FORMATS)) if r]
    if not readings or any(all(a < b for a, b in itertools.pairwise(r)) for r in readings):
        return
    order = readings[0]
    i = next(i for i in range(1, len(order)) if not order[i - 1] < order[i])
    relation = "is the same time as" if order[i - 1] == order[i] else "stands after the later"
    raise DataError(
        where(i),
        times[i],
        f"{relation} {times[i - 1]}",
        "Sort the observations by time, one a time.",
    )


def read_times(times: Sequence[str], form: str | None) -> list[Any] | None:
    """``times`` as comparable values, or None if one does not fit the form.

    None reads numbers and "" ISO 8601 dates; year-month pairs are read with years of any length.
    """
    try:
        if form is None:
            return [float(t) for t in times]
        if form == "":
            return [datetime.fromisoformat(t).replace(tzinfo=None) for t in times]
        if form in ("%Y-%m", "%Y/%m"):
            pairs = [tuple(int(part) for part in t.split(form[2])) for t in times]
            return pairs if all(len(p) == 2 and 1 <= p[1] <= 12 for p in pairs) else None
        return [datetime.strptime(t, form) for t in times]  # noqa: DTZ007
    except ValueError:
        return None
