"""A frame's column of times: read to an array, and written again in the form it came in."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.data.frequency import FURTHEST, TIME
from statewise.data.panel import TIME_FORMATS, read_times
from statewise.errors import DataError

__all__ = ["PATTERN", "TimeColumn", "read_column", "zone_of"]

Kind = Literal["datetime", "date", "period", "integer", "text"]
OFFSET = re.compile(r"(?<=:\d\d)(?:[.]\d+)?(Z|[+-]\d\d:?\d\d)$")
YEAR_MONTH = ("%Y-%m", "%Y/%m")
# What ``read_text`` makes, and nothing else that str.format knows.
COUNTED = re.compile(r"\{(?::0\d{1,3}d|:[.]1f)?\}")
PATTERN = re.compile(
    COUNTED.pattern + r"|(?:[^{}]|\{0[.](?:year|month|day)(?::0\d{1,2}d)?\}"
    r"|\{0:(?:%[dmYybBHMSf][:.]?)+\})+"
)


@dataclass(frozen=True)
class TimeColumn:
    """What a column of times was: enough to write other times in its form.

    Args:
        name: of the column.
        kind: what it holds.
        dtype: its type, of pandas if it came from there and of narwhals if not.
        zone: the time zone, if it has one.
        wall: whether times are held by the zone's clock, as days and months need it, or else by
            that of UTC, in which no hour comes twice.
        pattern: of text: what str.format makes the text with, from an int or a datetime.
        index: whether it was the index of a pandas object.
    """

    name: str
    kind: Kind
    dtype: Any
    zone: str | None = None
    wall: bool = True
    pattern: str = ""
    index: bool = False

    def write(self, times: NDArray[Any], backend: Any) -> "nw.Series[Any]":
        """(rows,) int64 or datetime64[us] as a column of the form and type that came in."""
        if self.kind == "text":
            values = of_each(times, self.pattern.format, object)
            column = nw.new_series(self.name, values, nw.String, backend=backend)
        elif self.kind == "date" and self.dtype == object:
            dates = pd.Series(times.astype("M8[D]").astype(object), name=self.name, dtype=object)
            column = nw.from_native(dates, series_only=True)
        elif self.kind == "period":
            stamps = pd.Series(times, name=self.name)
            column = nw.from_native(stamps.dt.to_period(self.dtype.freq), series_only=True)
        elif self.zone is None:
            column = nw.new_series(self.name, times, backend=backend)
        else:
            here = zone_of(self.zone)
            held = of_each(times, partial(instant, zone=here)) if self.wall else times
            column = nw.new_series(self.name, held, backend=backend).dt.replace_time_zone("UTC")
            column = column.dt.convert_time_zone(self.zone)
        if not isinstance(native := column.to_native(), pd.Series):
            return column.cast(self.dtype)
        return nw.from_native(native.astype(self.dtype), series_only=True)

    @property
    def dated(self) -> bool:
        """Whether times are dates, and not whole numbers."""
        if self.kind == "text":
            return COUNTED.fullmatch(self.pattern) is None
        return self.kind != "integer"

    def read(self, column: "nw.Series[Any]") -> NDArray[Any]:
        """A further column of such times, as they are held here.

        Raises:
            DataError: as ``read_column``, or these are times of another sort.
        """
        if self.kind == "text" and column.dtype == nw.String:
            check_known(column)
            codes, unique = pd.factorize(column.to_numpy())
            read = [self.parse(str(text).strip()) for text in unique]
            return np.asarray(np.array(read, TIME if self.dated else np.int64)[codes])
        if self.zone is not None and getattr(column.dtype, "time_zone", None) is not None:
            column = column.dt.convert_time_zone(self.zone)
        times, found = read_column(column, wall=self.wall)
        if (times.dtype == TIME) != self.dated or found.zone != self.zone:
            fix = "Give times of the type that the series have."
            raise DataError(column.name, str(column.dtype), "are times of another sort", fix)
        return times

    def parse(self, text: str) -> Any:
        """An int or a datetime from text; of several readings, that which is written so here.

        Raises:
            DataError: it cannot be read.
        """
        readings = []
        for form in ("", *TIME_FORMATS) if self.dated else (None,):
            found = read_times([text], form)
            for time in (dates_of(found) if self.dated else numbers_of(found)) or ():
                written = self.pattern.format(time)
                if written == text:
                    return time
                if suffix_of(written) == suffix_of(text):
                    readings.append(time)
        if readings:
            return readings[0]
        fix = "Write times as those before them are written."
        raise DataError(self.name, text, "cannot be read as a time", fix)

    def clock(self, times: NDArray[Any]) -> NDArray[Any]:
        """(rows,) times as the clock on the wall shows them: what the calendar is asked of."""
        if self.zone is None or self.wall:
            return times
        return of_each(times, partial(wall_time, zone=zone_of(self.zone)))


def read_column(
    column: "nw.Series[Any]", *, index: bool = False, wall: bool | None = None
) -> tuple[NDArray[Any], TimeColumn]:
    """A column's times as int64 or datetime64[us], and what is needed to write such a column.

    Times of a zone are held by its clock if ``wall`` says so, or by default if they are all of one
    time of day.

    Raises:
        DataError: a time is missing, or they are no dates, whole numbers, or text that can be read.
    """
    check_known(column)
    native = column.to_native()
    kept = native.dtype if isinstance(native, pd.Series) else column.dtype
    was_date = column.dtype == nw.Date
    if column.dtype == nw.Object:
        column, was_date = from_objects(column)
        kept = kept if was_date else column.to_native().dtype
    name, dtype = column.name, column.dtype
    if isinstance(kept, pd.PeriodDtype):
        stamps = native.dt.to_timestamp().to_numpy()
        return stamps.astype(TIME), TimeColumn(name, "period", kept, index=index)
    if was_date:
        return column.to_numpy().astype(TIME), TimeColumn(name, "date", kept)
    if isinstance(dtype, nw.Datetime):
        return read_datetimes(column, kept, dtype.time_zone, index, wall)
    if dtype.is_integer():
        return column.to_numpy().astype(np.int64), TimeColumn(name, "integer", kept)
    if dtype == nw.String:
        codes, unique = pd.factorize(column.to_numpy())
        times, pattern = read_text(name, [str(text) for text in unique])
        return times[codes], TimeColumn(name, "text", kept, pattern=pattern)
    raise DataError(name, str(dtype), "is not a type of times", "Give dates or whole numbers.")


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


def check_known(column: "nw.Series[Any]") -> None:
    """Raise DataError if a time is missing."""
    missing = np.flatnonzero(column.is_null().to_numpy())
    if len(missing):
        problem = f"is missing in row {missing[0] + 1}"
        raise DataError(column.name, None, problem, "Give every row its time.")


def from_objects(column: "nw.Series[Any]") -> tuple["nw.Series[Any]", bool]:
    """A column of Python objects as one of a type, and whether they were dates without a clock."""
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


def read_text(name: str, texts: Sequence[str]) -> tuple[NDArray[Any], str]:
    """Distinct texts as times, and the pattern for str.format that writes times as they are.

    A form that no pattern gives back is written by ISO 8601.

    Raises:
        DataError: they cannot be read, or in more ways than one.
    """
    texts = [text.strip() for text in texts]
    suffixes = {suffix_of(text) for text in texts}
    if len(suffixes) > 1:
        raise DataError(
            name, sorted(suffixes), "are several time zones", "Give the times as dates of one zone."
        )
    whole = numbers_of(read_times(texts, None))
    if whole:
        wide = min(map(len, texts))
        return np.array(whole, np.int64), fitting(whole, texts, ["{}", f"{{:0{wide}d}}", "{:.1f}"])
    forms = ("", *TIME_FORMATS)
    read = {form: times for form in forms if (times := dates_of(read_times(texts, form)))}
    if not read:
        problem = "cannot be read as times"
        raise DataError(name, list(texts[:3]), problem, "Write them as 2020-01-31, or as numbers.")
    if any(times != next(iter(read.values())) for times in read.values()):
        problem = "can be read day first or month first"
        raise DataError(name, list(texts[:3]), problem, "Write them as 2020-01-31.")
    form, times = next(iter(read.items()))
    patterns = patterns_of(form, texts, suffixes.pop())
    return np.array(times, TIME), fitting(times, texts, patterns)


def suffix_of(text: str) -> str:
    """The time zone that a text ends in, or nothing."""
    return found[1] if (found := OFFSET.search(text)) else ""


def numbers_of(times: Sequence[float] | None) -> list[int] | None:
    """What ``read_times`` gives as whole numbers, or None if one is not."""
    if times and all(time.is_integer() and abs(time) < FURTHEST for time in times):
        return [int(time) for time in times]
    return None


def dates_of(times: Sequence[Any] | None) -> list[dt.datetime] | None:
    """What ``read_times`` gives as datetimes, or None if there is nothing or a year is not one."""
    if not times or not isinstance(times[0], tuple):
        return None if times is None else list(times)
    try:
        return [dt.datetime(year, month, 1) for year, month in times]  # noqa: DTZ001
    except ValueError:
        return None


def patterns_of(form: str, texts: Sequence[str], suffix: str) -> list[str]:
    """Patterns that may write what ``form`` has read; the first is the one to fall back on."""
    if form == "":
        date = "{0.year:04d}-{0.month:02d}-{0.day:02d}"
        clocks = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
        dated = [f"{date}{gap}{{0:{clock}}}{suffix}" for clock in clocks for gap in "T "]
        return [date, *dated] if not suffix else dated[2:] + dated[:2]
    if form in YEAR_MONTH:
        years, months = zip(*(text.split(form[2]) for text in texts), strict=True)
        wide, narrow = min(map(len, years)), min(map(len, months))
        return [f"{{0.year:0{wide}d}}{form[2]}{{0.month:0{narrow}d}}"]
    short = form.replace("%d", "{0.day}").replace("%m", "{0.month}")
    return [re.sub("%[A-Za-z]", r"{0:\g<0>}", part) for part in (form, short)]


def fitting(values: Sequence[Any], texts: Sequence[str], patterns: Sequence[str]) -> str:
    """The first pattern that gives back every text; if none does, the first of all."""
    pairs = list(zip(values, texts, strict=True))
    whole = (p for p in patterns if all(p.format(value) == text for value, text in pairs))
    return next(whole, patterns[0])


def of_each(times: NDArray[Any], change: Callable[[Any], Any], dtype: Any = TIME) -> NDArray[Any]:
    """``change`` of every int or datetime, called once for each distinct one."""
    unique, place = np.unique(times, return_inverse=True)
    return np.array([change(time) for time in unique.tolist()], dtype)[place]


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of a name, or of a fixed offset such as UTC+01:00."""
    if found := re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", name):
        apart = dt.timedelta(hours=int(found[2]), minutes=int(found[3]))
        return dt.timezone(apart if found[1] == "+" else -apart)
    return ZoneInfo(name)


def instant(time: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A time of the zone's clock by that of UTC; the first of two, or past a gap."""
    return time.replace(tzinfo=zone).astimezone(dt.UTC).replace(tzinfo=None)


def wall_time(time: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A time of UTC by the zone's clock."""
    return time.replace(tzinfo=dt.UTC).astimezone(zone).replace(tzinfo=None)
