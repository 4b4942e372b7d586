"""A column of times: read to an array, put in order, and written in the form that it came in.

pandas and narwhals are imported where a frame is there: a study of a CSV file does without them.
"""

import datetime as dt
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import one_of
from statewise.base.records import as_document, from_document
from statewise.data.frequency import TIME, show
from statewise.data.time_text import (
    COUNTED,
    PATTERN,
    TimeText,
    backwards,
    check_date_format,
    compact_form,
    join_times,
    parse_time,
    read_text,
    write_time,
)
from statewise.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["TimeColumn", "Times", "check_known", "joined", "read_column"]

Ints = NDArray[np.int64]
EVERY = "Give every row its time."
Kind = Literal["datetime", "date", "period", "integer", "text"]


@dataclass(frozen=True)
class TimeColumn:
    """What a column of times was: enough to write other times in its form.

    Args:
        name: of the column.
        kind: what it holds.
        dtype: its type, of pandas if it came from there and of narwhals if not; None where it is
            not known any more, and plain columns of the kind are written.
        zone: the time zone, if it has one.
        wall: whether times are held by the zone's clock, as days and months need it, or else by
            that of UTC, in which no hour comes twice.
        pattern: of text, and of dates as whole numbers: what ``write_time`` writes them with.
        index: whether it was the index of a pandas object.
        form: of text, and of dates as whole numbers: how strptime reads them; empty for ISO 8601.
        parts: the columns that it was joined from, if there was more than one.
    """

    name: str
    kind: Kind
    dtype: Any = None
    zone: str | None = None
    wall: bool = True
    pattern: str = ""
    index: bool = False
    form: str = ""
    parts: tuple[str, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether times are dates, and not whole numbers."""
        if self.kind == "text":
            return COUNTED.fullmatch(self.pattern) is None
        return self.kind != "integer" or bool(self.pattern)

    def show(self, time: Any) -> str:
        """A time for messages, written as those of the column were where they were text.

        Example:
            >>> Times.read("ds", ["1-01", "1-02"]).column.show(np.datetime64("0001-12-01", "us"))
            '1-12'
        """
        return write_time(self.pattern, time.item()) if self.pattern else show(time)

    def write(self, times: NDArray[Any], backend: Any) -> "nw.Series[Any]":
        """(rows,) int64 or datetime64[us] as a column of the form and type that came in."""
        import narwhals as nw
        import pandas as pd

        if self.kind == "text":
            values = of_each(times, partial(write_time, self.pattern), object)
            column = nw.new_series(self.name, values, nw.String, backend=backend)
        elif self.kind == "integer" and self.pattern:
            whole = of_each(times, lambda time: int(write_time(self.pattern, time)), np.int64)
            column = nw.new_series(self.name, whole, backend=backend)
        elif self.kind == "date" and self.dtype == object:
            dates = pd.Series(times.astype("M8[D]").astype(object), name=self.name, dtype=object)
            return nw.from_native(dates, series_only=True)
        elif self.kind == "period":
            stamps = pd.Series(times, name=self.name)
            column = nw.from_native(stamps.dt.to_period(self.dtype.freq), series_only=True)
        elif self.zone is None:
            column = nw.new_series(self.name, times, backend=backend)
        else:
            here = zone_of(self.zone)
            held = by_clock(times, here, dt.UTC) if self.wall else times
            column = nw.new_series(self.name, held, backend=backend).dt.replace_time_zone("UTC")
            column = column.dt.convert_time_zone(self.zone)
        if self.dtype is None:
            return column.cast(nw.Date) if self.kind == "date" else column
        if not isinstance(native := column.to_native(), pd.Series):
            return column.cast(self.dtype)
        return nw.from_native(native.astype(self.dtype), series_only=True)

    def read(self, column: "nw.Series[Any]") -> NDArray[Any]:
        """A further column of such times, as they are held here.

        Raises:
            DataError: a time is missing or cannot be read, or these are times of another sort.
        """
        import narwhals as nw

        if self.pattern and (column.dtype == nw.String or column.dtype.is_integer()):
            check_known(column, EVERY)
            texts = [str(text).strip() for text in column.to_list()]
            how = self.form, self.pattern
            found = {text: parse_time(self.name, text, *how) for text in set(texts)}
            return np.array([found[text] for text in texts], TIME if self.dated else np.int64)
        if self.zone is not None and getattr(column.dtype, "time_zone", None) is not None:
            column = column.dt.convert_time_zone(self.zone)
        times = read_column(column, wall=self.wall, compact=False)
        if (times.ds.dtype == TIME) != self.dated or times.column.zone != self.zone:
            fix = "Give times of the type that the series have."
            raise DataError(column.name, str(column.dtype), "are times of another sort", fix)
        return times.ds

    def clock(self, times: NDArray[Any]) -> NDArray[Any]:
        """(rows,) times as the clock on the wall shows them: what the calendar is asked of."""
        if self.zone is None or self.wall:
            return times
        return by_clock(times, dt.UTC, zone_of(self.zone))

    def to_document(self) -> dict[str, Any]:
        """The column as plain values that JSON can hold: of its type, the frequency of a period."""
        period = str(self.dtype)[7:-1] if self.kind == "period" else None
        document: dict[str, Any] = as_document(replace(self, dtype=period))
        return document

    @classmethod
    def from_document(cls, document: Any, library: str) -> "TimeColumn":
        """The column that ``to_document`` described, in a frame of this library.

        Raises:
            SettingError, or TypeError, ValueError or AttributeError of pandas: it is damaged.
        """
        import pandas as pd

        found, dtype = from_document(cls, "time column", document), None
        one_of("kind", found.kind, get_args(Kind))
        if (found.kind == "text" or found.pattern) and not (
            PATTERN.fullmatch(found.pattern) and len(found.pattern) < 200
        ):
            raise ValueError(found.pattern)
        if found.form:
            check_date_format(found.form)
        if found.kind == "period" and library == "pandas":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of frequencies that pandas means to drop
                dtype = pd.PeriodDtype(str(found.dtype))
        elif found.kind == "period":
            raise ValueError(library)
        elif found.kind == "date" and library == "pandas":
            dtype = np.dtype(object)
        index, parts = library == "pandas" and bool(found.index), tuple(map(str, found.parts))
        return replace(found, dtype=dtype, index=index, parts=parts)


def read_column(
    column: "nw.Series[Any]",
    *,
    index: bool = False,
    wall: bool | None = None,
    date_format: str | None = None,
    compact: bool = True,
) -> "Times":
    """A column's times as int64 or datetime64[us], and what is needed to write such a column.

    Times of a zone are held by its clock if ``wall`` says so, or by default if they are all of one
    time of day. Text is read by ``date_format``, or as ``read_text`` finds; so are whole numbers
    that are dates, if ``compact``. Raises DataError for a time that is missing or cannot be read.
    """
    import narwhals as nw
    import pandas as pd

    check_known(column, EVERY)
    native = column.to_native()
    kept = native.dtype if isinstance(native, pd.Series) else column.dtype
    was_date = column.dtype == nw.Date
    if column.dtype == nw.Object:
        column, was_date = from_objects(column)
        kept = kept if was_date else column.to_native().dtype
    name, dtype = column.name, column.dtype
    if isinstance(kept, pd.PeriodDtype):
        stamps = native.dt.to_timestamp().to_numpy()
        return Times(stamps.astype(TIME), TimeColumn(name, "period", kept, index=index))
    if was_date:
        return Times(column.to_numpy().astype(TIME), TimeColumn(name, "date", kept))
    if isinstance(dtype, nw.Datetime):
        return Times(*read_datetimes(column, kept, dtype.time_zone, index, wall))
    if dtype.is_integer():
        texts = [str(whole) for whole in column.to_list()] if compact or date_format else []
        if date_format is not None or compact_form(texts):
            return of_text(read_text(name, texts, date_format), name, "integer", kept)
        return Times(column.to_numpy().astype(np.int64), TimeColumn(name, "integer", kept))
    if dtype == nw.String:
        found = read_text(name, [str(text) for text in column.to_list()], date_format)
        return of_text(found, name, "text", kept)
    raise DataError(name, str(dtype), "is not a type of times", "Give dates or whole numbers.")


def of_text(read: TimeText, name: str, kind: Kind, dtype: Any = None) -> "Times":
    """What ``read_text`` has read, as the times of a column."""
    column = TimeColumn(name, kind, dtype, pattern=read.pattern, form=read.form)
    return Times(read.times, column, note=read.note)


def read_datetimes(
    column: "nw.Series[Any]", dtype: Any, zone: str | None, index: bool, wall: bool | None
) -> tuple[NDArray[Any], TimeColumn]:
    """A column of dates with a clock, as ``read_column`` gives it."""
    here = column if zone is None else column.dt.replace_time_zone(None)
    shown = here.to_numpy().astype(TIME)
    hours = shown - shown.astype("M8[D]")
    by_wall = zone is None or (bool((hours == hours[0]).all()) if wall is None else wall)
    kind = TimeColumn(column.name, "datetime", dtype, zone, by_wall, index=index)
    if by_wall:
        return shown, kind
    utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return utc.to_numpy().astype(TIME), kind


def check_known(column: "nw.Series[Any]", fix: str) -> None:
    """Raise DataError with ``fix`` if a value of the column is missing."""
    missing = np.flatnonzero(column.is_null().to_numpy())
    if len(missing):
        problem = f"is missing in row {missing[0] + 1}"
        raise DataError(column.name, None, problem, fix)


def from_objects(column: "nw.Series[Any]") -> tuple["nw.Series[Any]", bool]:
    """A column of Python objects as one of a type, and whether they were dates without a clock."""
    import narwhals as nw
    import pandas as pd

    values = column.to_list()
    dates = all(isinstance(v, dt.date) and not isinstance(v, dt.datetime) for v in values)
    if dates or all(isinstance(v, dt.datetime) for v in values):
        try:
            typed = pd.Series(pd.to_datetime(pd.Series(values)), name=column.name)
        except ValueError as error:
            problem = f"cannot be read as dates ({error})"
            raise DataError(column.name, str(values[0]), problem, "Give one time zone.") from None
        return nw.from_native(typed, series_only=True), dates
    kinds = sorted({type(v).__name__ for v in values})
    raise DataError(column.name, kinds, "are not times", "Give dates or whole numbers.")


def of_each(times: NDArray[Any], change: Callable[[Any], Any], dtype: Any = TIME) -> NDArray[Any]:
    """``change`` of every int, text or datetime, called once for each distinct one."""
    unique, place = np.unique(times, return_inverse=True)
    return np.array([change(time) for time in unique.tolist()], dtype)[place]


def by_clock(times: NDArray[Any], source: dt.tzinfo, target: dt.tzinfo) -> NDArray[Any]:
    """Times of one zone's clock by another's: the earlier of two, or past a gap."""
    return of_each(
        times, lambda time: time.replace(tzinfo=source).astimezone(target).replace(tzinfo=None)
    )


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of a name, or of a fixed offset such as UTC+01:00."""
    if found := re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", name):
        apart = dt.timedelta(hours=int(found[2]), minutes=int(found[3]))
        return dt.timezone(apart if found[1] == "+" else -apart)
    return ZoneInfo(name)


def joined(table: "nw.DataFrame[Any]", parts: Sequence[str], name: str) -> "nw.Series[Any]":
    """Times of which the year is in one column and the month in another, as one of text."""
    import narwhals as nw

    for part in parts:
        check_known(table[part], EVERY)
    fields = [[str(cell).strip() for cell in table[part].to_list()] for part in parts]
    backend = table.implementation
    return nw.new_series(name, join_times(parts, fields), nw.String, backend=backend)


@dataclass(frozen=True, eq=False)
class Times:
    """The times of rows in any order: their values, how they are written, and as what they were.

    Args:
        ds: (rows,) datetime64[us] or int64; text, as objects, where it cannot be read as times.
        column: how to write such times.
        written: (rows,) the text that was read; None where there was none.
        problem: why the text cannot be read, if it cannot.
        note: how an open question was settled, if there was one.

    Example:
        >>> times = Times.read("ds", ["9.1.2020", "10.1.2020"])
        >>> times.ds.astype("M8[D]").tolist(), times.problem
        ([datetime.date(2020, 1, 9), datetime.date(2020, 1, 10)], None)
    """

    ds: NDArray[Any]
    column: TimeColumn
    written: NDArray[Any] | None = None
    problem: DataError | None = None
    note: str | None = None

    @classmethod
    def counted(cls, codes: Ints) -> "Times":
        """The times of rows that have none: those of each series are counted from 1.

        Example:
            >>> Times.counted(np.array([0, 1, 0])).ds.tolist()
            [1, 1, 2]
        """
        order = np.argsort(codes, kind="stable")
        before = np.concatenate([[0], np.cumsum(np.bincount(codes))])
        count = np.empty(len(codes), np.int64)
        count[order] = np.arange(1, len(codes) + 1) - before[codes[order]]
        return cls(count, TimeColumn("ds", "integer"))

    @classmethod
    def read(cls, name: str, texts: Sequence[str], date_format: str | None = None) -> "Times":
        """The times of a column of text, which stays text where it cannot be read."""
        written = np.array(texts, object)
        try:
            found = of_text(read_text(name, texts, date_format), name, "text")
        except DataError as error:
            return cls(written, TimeColumn(name, "text", pattern="{}"), written, error)
        return replace(found, written=written)

    def text(self, row: int) -> str:
        """The time of a row as it was written."""
        return self.column.show(self.ds[row]) if self.written is None else str(self.written[row])

    def order(self, codes: Ints) -> Ints | slice:
        """The rows by series, of which ``codes`` has one a row, and by time if it can be read."""
        if self.problem is not None:
            return np.argsort(codes, kind="stable")
        later = self.ds[1:] >= self.ds[:-1]
        if ((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & later)).all():
            return slice(None)
        return np.lexsort((self.ds, codes))

    def check(self, codes: Ints, where: Callable[[int], str], *, ordered: bool = True) -> None:
        """Raise DataError where a time of a series stands again or, ``ordered``, after a later one.

        Times that cannot be read must be in order as some form would read them. ``codes`` has the
        series of each row, and ``where`` names the place of a row.
        """
        rank = np.unique(self.ds, return_inverse=True)[1] if self.problem else self.ds
        by_time, by_series = np.lexsort((rank, codes)), np.argsort(codes, kind="stable")
        if found := first(by_time, codes, rank[by_time][1:] == rank[by_time][:-1]):
            row, before = found
            text, other = self.text(row), self.text(before)
            problem = "appears twice" if text == other else f"is the same time as {other}"
            if where(before) != where(row):
                problem += f"; the first is at {where(before)}"
            fix = "Keep one observation a time, or name the series of each row with id_column=."
            raise DataError(where(row), text, problem, fix)
        fix = "Sort the observations by time, one a time."
        if self.problem is not None:
            for rows in np.split(by_series, np.flatnonzero(np.diff(codes[by_series])) + 1):
                texts = [self.text(row) for row in rows]
                if wrong := backwards(texts):
                    raise DataError(where(rows[wrong[0]]), texts[wrong[0]], wrong[1], fix)
        elif ordered and (
            found := first(by_series, codes, rank[by_series][1:] < rank[by_series][:-1])
        ):
            row, before = found
            problem = f"stands after the later {self.text(before)}"
            raise DataError(where(row), self.text(row), problem, fix)


def first(order: Ints, codes: Ints, wrong: NDArray[np.bool_]) -> tuple[int, int] | None:
    """The first row that is ``wrong``, (rows - 1,), after another of its series; and that one."""
    at = np.flatnonzero(wrong & (np.diff(codes[order]) == 0))
    if not len(at):
        return None
    place = at[order[at + 1].argmin()]
    return int(order[place + 1]), int(order[place])
