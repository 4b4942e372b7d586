"""Times as text: read in the form that they are written in, and written in it again."""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.frequency import FURTHEST, TIME
from statewise.errors import DataError, SettingError

__all__ = [
    "COMPACT", "COUNTED", "PATTERN", "TimeText", "backwards", "check_date_format", "compact_form",
    "join_times", "looks_like_time", "odd_one", "parse_time", "read_text", "write_time",
]  # fmt: skip

# Formats of a time column besides ISO 8601, as of strptime, and %q for the quarter of a year. Those
# of one column decide together which reads it.
DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
TIME_FORMATS = (
    "%Y-%m", "%Y/%m", *(day + clock for clock in CLOCKS for day in DAYS),
    "%m/%Y", "%m.%Y", "%m-%Y", "%YM%m", "%Y-M%m",
    "%b-%y", "%b %Y", "%b-%Y", "%B %Y", "%B-%Y", "%B-%y", "%b %y", "%b/%y", "%b/%Y",
    "%Y %b", "%Y-%b", "%Y %B",
    "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y",
    "%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "Q%q%Y", "%qQ%Y",
)  # fmt: skip
ISO = ""
YEAR_MONTH = ("%Y-%m", "%Y/%m")
COMPACT = {6: "%Y%m", 8: "%Y%m%d"}  # whole numbers of so many digits that are dates
CENTURIES = range(1600, 2200)  # of such dates
EVENER = 2.0  # how much denser one reading must be than another to be taken
OFFSET = re.compile(r"(?<=:\d\d)(?:[.]\d+)?(Z|[+-]\d\d:?\d\d)$")
# What ``read_text`` makes, and nothing else that str.format knows; {1} is the quarter.
COUNTED = re.compile(r"\{(?::0\d{1,3}d|:[.]1f)?\}")
PATTERN = re.compile(
    COUNTED.pattern + r"|(?:[^{}]|\{1\}|\{0[.](?:year|month|day)(?::0\d{1,2}d)?\}"
    r"|\{0:(?:%[aAdmjYybBHIMSpf][:.]?)+\})+"
)


@dataclass(frozen=True)
class TimeText:
    """What a column of text said: its times, and how they are written.

    Args:
        times: (rows,) datetime64[us] or int64.
        form: of strptime, or empty for ISO 8601 and for whole numbers.
        pattern: what ``write_time`` writes such a time with.
        note: how an open question was settled, if there was one.
    """

    times: NDArray[Any]
    form: str
    pattern: str
    note: str | None = None


def read_text(name: str, texts: Iterable[str], date_format: str | None = None) -> TimeText:
    """Texts as times, in the only form that reads all of them.

    Where days and months may be exchanged, the reading is taken whose times are even. Whole numbers
    of six or eight digits that are dates, as 202001 and 20200131 are, are read as such. A form that
    no pattern gives back is written by ISO 8601.

    Args:
        name: of the column.
        texts: the times.
        date_format: the form, as of strptime, if it is known.

    Raises:
        DataError: texts cannot be read, or can be read in more ways than one.
        SettingError: the form is none.

    Example:
        >>> read = read_text("ds", ["9.1.2020", "10.1.2020"])
        >>> write_time(read.pattern, read.times[1].item())
        '10.1.2020'
    """
    places: dict[str, int] = {}
    rows = [places.setdefault(text.strip(), len(places)) for text in texts]
    found = read_distinct(name, list(places), date_format)
    return TimeText(found.times[rows], found.form, found.pattern, found.note)


def read_distinct(name: str, texts: Sequence[str], date_format: str | None) -> TimeText:
    """Distinct texts as times, for ``read_text``."""
    suffixes = {suffix_of(text) for text in texts}
    if len(suffixes) > 1:
        problem, fix = "are several time zones", "Give the times as dates of one zone."
        raise DataError(name, sorted(suffixes), problem, fix)
    if date_format is not None:
        form = check_date_format(date_format)
        if (times := dates_of(readings(texts, form))) is None:
            wrong = next(text for text in texts if dates_of(readings([text], form)) is None)
            problem, fix = f"is not written as {form!r} says", "Give date_format= as the times are."
            raise DataError(name, wrong, problem, fix)
        return written(texts, form, times, suffixes.pop())
    if compact := compact_form(texts):
        return written(texts, compact, readings(texts, compact) or [], "")
    whole = whole_of(readings(texts, None))
    if whole:
        wide = min(map(len, texts))
        pattern = fitting(whole, texts, ["{}", f"{{:0{wide}d}}", "{:.1f}"])
        return TimeText(np.array(whole, np.int64), "", pattern)
    read = {f: times for f in (ISO, *TIME_FORMATS) if (times := dates_of(readings(texts, f)))}
    if not read:
        fix = "Write them as 2020-01-31, or as numbers, or say date_format= as of strptime."
        raise DataError(name, list(texts[:3]), "cannot be read as times", fix)
    form, note = next(iter(read)), None
    if any(times != read[form] for times in read.values()):
        form, note = settled(name, texts, read)
    return written(texts, form, read[form], suffixes.pop(), note)


def written(
    texts: Sequence[str], form: str, times: Sequence[Any], suffix: str, note: str | None = None
) -> TimeText:
    """Texts that a form reads as these times."""
    pattern = fitting(times, texts, patterns_of(form, texts, suffix))
    return TimeText(np.array(times, TIME), form, pattern, note)


def settled(name: str, texts: Sequence[str], read: dict[str, list[dt.datetime]]) -> tuple[str, str]:
    """Which of several readings is even, and a note; raises DataError if none stands out."""
    ranked = sorted(read, key=lambda form: -density(read[form]))
    best, second = ranked[0], next(f for f in ranked if read[f] != read[ranked[0]])
    order = {True: "day first", False: "month first"}
    if density(read[best]) <= EVENER * density(read[second]):
        problem = "can be read day first or month first"
        fix = f"Say which: date_format={best!r} or date_format={second!r}."
        raise DataError(name, list(texts[:3]), problem, fix)
    said = order[best.find("%d") < best.find("%m")]
    odd = next(i for i, time in enumerate(read[best]) if time != read[second][i])
    date = read[best][odd].date().isoformat()
    note = f"{name}: {texts[odd]} was read {said}, as {date}: so the times are even"
    return best, note


def density(times: Sequence[dt.datetime]) -> float:
    """Which share of a regular axis these times fill: 1 where they are even."""
    from statewise.data.infer import infer

    rows = np.unique(np.array(times, TIME))
    try:
        frequency = infer(rows)
        return float(len(rows) / (frequency.index(rows)[-1] + 1))
    except DataError:
        return 0.0


def compact_form(texts: Sequence[str]) -> str | None:
    """The form of dates that are written as whole numbers, YYYYMM or YYYYMMDD; or None.

    Example:
        >>> compact_form(["202011", "202012", "202101"]), compact_form(["202013"])
        ('%Y%m', None)
    """
    form = COMPACT.get(len(texts[0])) if texts else None
    if form is None or not all(
        len(text) == len(texts[0]) and text.isdecimal() and int(text[:4]) in CENTURIES
        for text in texts
    ):
        return None
    return form if readings(texts, form) else None


def join_times(names: Sequence[str], fields: Sequence[Sequence[str]]) -> list[str]:
    """Texts of times whose year, month, day and hour, or quarter, are in several columns.

    Anything else, such as a date and a clock, is put one after the other.

    Example:
        >>> join_times(["Year", "Month"], [["2020", "2020"], ["1", "2"]])
        ['2020-01', '2020-02']
    """
    rows = list(zip(*fields, strict=True))
    if not all(cell.isdecimal() for row in rows for cell in row):
        named = len(names) == 2 and not any(":" in cell for row in rows for cell in row)
        order = slice(None, None, -1) if named and rows and rows[0][0].isdecimal() else slice(None)
        return [" ".join(row[order]) for row in rows]
    if names[1].lower().startswith("q"):
        return [f"{year}-Q{quarter}" for year, quarter, *_ in rows]
    clock = [" ".join(f"{hour:0>2}:00" for hour in row[3:4]) for row in rows]
    days = ["-".join(f"{part:0>2}" for part in row[:3]) for row in rows]
    return [f"{day} {hour}".strip() for day, hour in zip(days, clock, strict=True)]


def check_date_format(form: str) -> str:
    """A form that strptime knows, or %q; raises SettingError for one that says no date."""
    try:
        sample = dt.date(2001, 2, 3).strftime(form.replace("%q", "1"))
        if "%" in form and readings([sample], form):
            return form
    except (ValueError, re.error):
        pass
    fix = "Write it as strptime does: '%d/%m/%Y', '%Y%m', '%b-%y'; %q is the quarter."
    raise SettingError("date_format", form, "is not the form of a date", fix)


def looks_like_time(text: str) -> bool:
    """Whether some form reads a text as a date."""
    text = text.strip()
    return any(readings([text], form) for form in (ISO, *TIME_FORMATS))


def odd_one(texts: Sequence[str]) -> int | None:
    """The first text that is no time, where nearly all others are of one form; else None."""
    best: list[int] | None = None
    for form in (None, ISO, *TIME_FORMATS):
        if not any(readings([text], form) for text in texts[:3]):
            continue
        wrong = [row for row, text in enumerate(texts) if readings([text], form) is None]
        if best is None or len(wrong) < len(best):
            best = wrong
    return best[0] if best and 4 * len(best) <= len(texts) else None


def parse_time(name: str, text: str, form: str, pattern: str) -> Any:
    """An int or a datetime from text without blanks around it; raises DataError if there is none.

    Of several readings it is that of the form, from ``read_text``.
    """
    counted = COUNTED.fullmatch(pattern)
    zone = None if counted else suffix_of(write_time(pattern, dt.datetime(2001, 2, 3)))  # noqa: DTZ001
    for each in (None,) if counted else (form, ISO, *TIME_FORMATS):
        found = readings([text], each)
        for time in (whole_of(found) if counted else dates_of(found)) or ():
            if counted or zone == suffix_of(text):
                return time
    fix = "Write times as those before them are written."
    raise DataError(name, text, "cannot be read as a time", fix)


def write_time(pattern: str, time: Any) -> str:
    """An int or a datetime as ``pattern`` writes it.

    Example:
        >>> write_time("{0.year:04d}Q{1}", dt.datetime(2020, 4, 1))
        '2020Q2'
    """
    return pattern.format(time, (time.month + 2) // 3 if isinstance(time, dt.datetime) else None)


def backwards(times: Sequence[str]) -> tuple[int, str] | None:
    """Where distinct times of one series go backwards in every form in which they can be read.

    Returns:
        Which observation stands out of order in the first of these forms, and what is wrong; or
        None, also where times cannot be read at all.
    """
    found = [r for r in (readings(times, form) for form in (None, ISO, *TIME_FORMATS)) if r]
    if not found or any(all(a < b for a, b in itertools.pairwise(r)) for r in found):
        return None
    read = found[0]
    i = next(i for i in range(1, len(read)) if not read[i - 1] < read[i])
    relation = "is the same time as" if read[i - 1] == read[i] else "stands after the later"
    return i, f"{relation} {times[i - 1]}"


def readings(times: Sequence[str], form: str | None) -> list[Any] | None:
    """``times`` as comparable values, or None if one does not fit the form.

    None reads numbers and "" ISO 8601 dates; year-month pairs are read with years of any length.
    """
    try:
        if form is None:
            return [float(t) for t in times]
        if form == ISO:
            return [dt.datetime.fromisoformat(t).replace(tzinfo=None) for t in times]
        if form in YEAR_MONTH:
            pairs = [tuple(int(part) for part in t.split(form[2])) for t in times]
            return pairs if all(len(p) == 2 and 1 <= p[1] <= 12 for p in pairs) else None
        if "%q" in form:
            found = [quarter_form(form).fullmatch(t) for t in times]
            quarters = [dt.datetime(int(m["y"]), 3 * int(m["q"]) - 2, 1) for m in found if m]  # noqa: DTZ001
            return quarters if len(quarters) == len(times) else None
        return [dt.datetime.strptime(t, form).replace(tzinfo=None) for t in times]  # noqa: DTZ007
    except ValueError:
        return None


@cache
def quarter_form(form: str) -> re.Pattern[str]:
    """What a time of a year and its quarter is like."""
    text = re.escape(form).replace("%Y", r"(?P<y>\d{4})").replace("%q", "(?P<q>[1-4])")
    return re.compile(text, re.IGNORECASE | re.ASCII)


def suffix_of(text: str) -> str:
    """The time zone that a text ends in, or nothing."""
    return found[1] if (found := OFFSET.search(text)) else ""


def whole_of(times: Sequence[float] | None) -> list[int] | None:
    """What ``readings`` gives as whole numbers, or None if one is not."""
    if times and all(time.is_integer() and abs(time) < FURTHEST for time in times):
        return [int(time) for time in times]
    return None


def dates_of(times: Sequence[Any] | None) -> list[dt.datetime] | None:
    """What ``readings`` gives as datetimes, or None if there is nothing or a year is not one."""
    if not times or not isinstance(times[0], tuple):
        return None if times is None else list(times)
    try:
        return [dt.datetime(year, month, 1) for year, month in times]  # noqa: DTZ001
    except ValueError:
        return None


def patterns_of(form: str, texts: Sequence[str], suffix: str) -> list[str]:
    """Patterns that may write what ``form`` has read, the likelier before; the last is ISO 8601."""
    date = "{0.year:04d}-{0.month:02d}-{0.day:02d}"
    clocks = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")
    dated = [f"{date}{gap}{{0:{clock}}}{suffix}" for clock in clocks for gap in "T "]
    iso = [date, *dated] if not suffix else dated[2:] + dated[:2]
    if form == ISO:
        return iso
    if form in YEAR_MONTH:
        years, months = zip(*(text.split(form[2]) for text in texts), strict=True)
        wide, narrow = min(map(len, years)), min(map(len, months))
        return [f"{{0.year:0{wide}d}}{form[2]}{{0.month:0{narrow}d}}"]
    full = form.replace("%Y", "{0.year:04d}").replace("%q", "{1}")
    short = full.replace("%d", "{0.day}").replace("%m", "{0.month}")
    tried = [re.sub("%[A-Za-z]", r"{0:\g<0>}", part) for part in (full, short)]
    return [part for part in tried if PATTERN.fullmatch(part)] + iso


def fitting(values: Sequence[Any], texts: Sequence[str], patterns: Sequence[str]) -> str:
    """The first pattern that gives back every text; if none does, the first of all."""
    pairs = list(zip(values, texts, strict=True))
    whole = (p for p in patterns if all(write_time(p, value) == text for value, text in pairs))
    return next(whole, patterns[0])
