"""Times as text: read in the form that they are written in, and written in it again."""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.frequency import FURTHEST, TIME
from statewise.errors import DataError

__all__ = ["COUNTED", "PATTERN", "backwards", "parse_time", "read_text"]

# Formats of a time column, tried in turn; the first that every value fits decides the order.
TIME_FORMATS = (
    "%Y-%m", "%Y/%m", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y",
    "%d/%m/%y", "%m/%d/%y", "%b-%y", "%b %Y", "%B %Y", "%Y %b",
)  # fmt: skip
YEAR_MONTH = ("%Y-%m", "%Y/%m")
OFFSET = re.compile(r"(?<=:\d\d)(?:[.]\d+)?(Z|[+-]\d\d:?\d\d)$")
# What ``read_text`` makes, and nothing else that str.format knows.
COUNTED = re.compile(r"\{(?::0\d{1,3}d|:[.]1f)?\}")
PATTERN = re.compile(
    COUNTED.pattern + r"|(?:[^{}]|\{0[.](?:year|month|day)(?::0\d{1,2}d)?\}"
    r"|\{0:(?:%[dmYybBHMSf][:.]?)+\})+"
)


def read_text(name: str, texts: Iterable[str]) -> tuple[NDArray[Any], str]:
    """Texts as times, and the pattern for str.format that writes times as they are written.

    A form that no pattern gives back is written by ISO 8601. Raises DataError for texts of the
    column ``name`` that cannot be read, or that can be read in more ways than one.

    Example:
        >>> times, pattern = read_text("ds", ["9.1.2020", "10.1.2020"])
        >>> pattern.format(times[1].item())
        '10.1.2020'
    """
    places: dict[str, int] = {}
    rows = [places.setdefault(text.strip(), len(places)) for text in texts]
    times, pattern = read_distinct(name, list(places))
    return times[rows], pattern


def read_distinct(name: str, texts: Sequence[str]) -> tuple[NDArray[Any], str]:
    """Distinct texts as times, and their pattern, for ``read_text``."""
    suffixes = {suffix_of(text) for text in texts}
    if len(suffixes) > 1:
        problem, fix = "are several time zones", "Give the times as dates of one zone."
        raise DataError(name, sorted(suffixes), problem, fix)
    whole = whole_of(readings(texts, None))
    if whole:
        wide = min(map(len, texts))
        return np.array(whole, np.int64), fitting(whole, texts, ["{}", f"{{:0{wide}d}}", "{:.1f}"])
    read = {f: times for f in ("", *TIME_FORMATS) if (times := dates_of(readings(texts, f)))}
    if not read:
        problem = "cannot be read as times"
        raise DataError(name, list(texts[:3]), problem, "Write them as 2020-01-31, or as numbers.")
    form, times = next(iter(read.items()))
    if any(others != times for others in read.values()):
        problem = "can be read day first or month first"
        raise DataError(name, list(texts[:3]), problem, "Write them as 2020-01-31.")
    patterns = patterns_of(form, texts, suffixes.pop())
    return np.array(times, TIME), fitting(times, texts, patterns)


def parse_time(name: str, text: str, pattern: str) -> Any:
    """An int or a datetime from text without blanks around it; raises DataError if there is none.

    Of several readings it is the one that ``pattern``, from ``read_text``, writes so.
    """
    counted = COUNTED.fullmatch(pattern)
    alike = []
    for form in (None,) if counted else ("", *TIME_FORMATS):
        found = readings([text], form)
        for time in (whole_of(found) if counted else dates_of(found)) or ():
            written = pattern.format(time)
            if written == text:
                return time
            if suffix_of(written) == suffix_of(text):
                alike.append(time)
    if alike:
        return alike[0]
    fix = "Write times as those before them are written."
    raise DataError(name, text, "cannot be read as a time", fix)


def backwards(times: Sequence[str]) -> tuple[int, str] | None:
    """Where distinct times of one series go backwards in every form in which they can be read.

    Returns:
        Which observation stands out of order in the first of these forms, and what is wrong; or
        None, also where times cannot be read at all.
    """
    found = [r for r in (readings(times, form) for form in (None, "", *TIME_FORMATS)) if r]
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
        if form == "":
            return [dt.datetime.fromisoformat(t).replace(tzinfo=None) for t in times]
        if form in YEAR_MONTH:
            pairs = [tuple(int(part) for part in t.split(form[2])) for t in times]
            return pairs if all(len(p) == 2 and 1 <= p[1] <= 12 for p in pairs) else None
        return [dt.datetime.strptime(t, form) for t in times]  # noqa: DTZ007
    except ValueError:
        return None


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
