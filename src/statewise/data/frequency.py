"""A time axis: which time follows which.

Times are an array of datetime64[us], or of int64. Many series lie in one such array, one after
the other: ``offsets`` (series + 1) say where each begins and ends.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least, one_of
from statewise.base.records import settle
from statewise.errors import DataError, SettingError

__all__ = ["FURTHEST", "TIME", "Frequency", "Written", "as_times", "show"]

TIME = np.dtype("datetime64[us]")
Unit = Literal["integer", "microsecond", "business day", "month"]
Anchor = Literal["", "start", "end"]
Ints = NDArray[np.int64]
Written = Callable[[Any], str]

FURTHEST = 2**53  # of a whole number: sums and differences of such are exact
MONDAY = 3  # the first day of 1970 was three days after one
DAY = 86_400_000_000  # microseconds
FIXED = {"W": 7 * DAY, "D": DAY, "h": DAY // 24, "min": DAY // 1440, "s": 10**6, "ms": 1000,
         "us": 1}  # fmt: skip
LONGEST = {  # of a step: the years from 1 to 9999
    "integer": 2 * FURTHEST,
    "microsecond": 9999 * 366 * DAY,
    "business day": 9999 * 366,
    "month": 9999 * 12,
}
MONTHS = {"Y": 12, "Q": 3, "M": 1}
YEAR, LONGEST_SEASON = 12, 7 * 1440  # months; the minutes of a week
HORIZONS = {1: 18, 3: 8, 12: 6}  # by months, and below by the name: those of the M4 competition
ANCHORS: dict[str, Anchor] = {"S": "start", "E": "end", "": ""}
WORDS = "'MS', 'ME', 'QS', 'YS', 'W', 'D', 'B', 'h', '15min', or '1' for whole numbers"
SAID: dict[str, dict[int, str]] = {
    "integer": {1: "whole number"},
    "microsecond": {7 * DAY: "week", DAY: "day", DAY // 24: "hour", DAY // 1440: "minute",
                    10**6: "second", 1000: "millisecond", 1: "microsecond"},
    "business day": {1: "business day"},
    "month": {12: "year", 3: "quarter", 1: "month"},
}  # fmt: skip
ALIAS = re.compile(
    r"(?P<count>\d*)(?:(?P<fixed>us|ms|min|[DhsB])|(?P<week>W)(?:-[A-Z]{3})?"
    r"|(?P<months>M(?=[SE]?$)|[QY])(?P<anchor>[SE]?)(?:-[A-Z]{3})?)?"
)


def show(time: Any) -> str:
    """A time for messages: a date without a clock if it is midnight."""
    return re.sub(r"([T ]00:00:00)?([.]0+)?$", "", str(time))


@dataclass(frozen=True)
class Frequency:
    """How far one time is from the next.

    Args:
        unit: what is counted: whole numbers, microseconds, business days or months.
        step: how many of them lie between two times.
        anchor: of months: each time stands at the month's first or last day, or, if empty, on any
            one day up to the 28th.

    Raises:
        SettingError: the unit or anchor is unknown, or the step below one or beyond 9999 years.

    Example:
        >>> monthly = Frequency.parse("ME")
        >>> monthly.after(np.datetime64("2024-01-31"), 2).astype("M8[D]").tolist()
        [datetime.date(2024, 2, 29), datetime.date(2024, 3, 31)]
    """

    unit: Unit
    step: int = 1
    anchor: Anchor = ""

    def __post_init__(self) -> None:
        one_of("unit", self.unit, ("integer", "microsecond", "business day", "month"))
        one_of("anchor", self.anchor, ("", "start", "end") if self.unit == "month" else ("",))
        settle(self, step=at_least("step", self.step, 1))
        if self.step > LONGEST[self.unit]:
            fix = f"Use at most {LONGEST[self.unit]}."
            raise SettingError("step", self.step, f"is too many {self.unit}s", fix)

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """The frequency that pandas calls ``text``; raises SettingError if it is none.

        "M", "Q" and "Y" leave open where in the month a time stands. The anchor of "W-SUN" or
        "QS-OCT" is ignored: the times show which weekdays or months they are.

        Example:
            >>> Frequency.parse("15min")
            Frequency(unit='microsecond', step=900000000, anchor='')
        """
        found = ALIAS.fullmatch(text)
        count = int(found["count"] or 1) if found and text else 0
        if found is None or not 0 < count < 10**9:
            raise SettingError("freq", text, "is not a known frequency", f"Use one of {WORDS}.")
        if found["fixed"] == "B":
            return cls("business day", count)
        if fixed := found["fixed"] or found["week"]:
            return cls("microsecond", count * FIXED[fixed])
        if found["months"]:
            return cls("month", count * MONTHS[found["months"]], ANCHORS[found["anchor"]])
        return cls("integer", count)

    def anchored(self, times: ArrayLike) -> "Frequency":
        """The same frequency, with the anchor that all of the times have if it is of months.

        Example:
            >>> str(Frequency.parse("M").anchored(np.array(["2024-02-29"], "M8[D]")))
            'ME'
        """
        rows = as_times(times)
        if self.unit != "month" or self.anchor or rows.dtype != TIME:
            return self
        counts, rest = months_of(rows)
        if (rows.astype("M8[D]") == last_day(counts)).all():
            return replace(self, anchor="end")
        return replace(self, anchor="start") if (rest < np.timedelta64(1, "D")).all() else self

    def __str__(self) -> str:
        """As pandas calls it.

        Example:
            >>> str(Frequency("month", 3, "start"))
            'QS'
        """
        sizes = {"month": MONTHS, "microsecond": FIXED}.get(self.unit, {"": 1})
        name, size = next((n, s) for n, s in sizes.items() if self.step % s == 0)
        name += {"business day": "B", "month": self.anchor[:1].upper()}.get(self.unit, "")
        count = self.step // size
        return name if name and count == 1 else f"{count}{name}"

    @property
    def words(self) -> str:
        """What times of this frequency are, to follow "the times are".

        Example:
            >>> [Frequency.parse(name).words for name in ("MS", "B", "15min", "QE", "1")]
            ['months', 'business days', '15 minutes apart', 'ends of quarters', 'whole numbers']
        """
        sizes = SAID[self.unit]
        size = next(size for size in sizes if self.step % size == 0)
        count, said = self.step // size, f"{sizes[size]}s"
        if count > 1:
            return f"{count} {said} apart" + (", at their ends" if self.anchor == "end" else "")
        return f"ends of {said}" if self.anchor == "end" else said

    @property
    def seasons(self) -> tuple[int, ...]:
        """How many steps each usual season has, the shortest first; none where there is none.

        A year of months or of weeks, a week of days, and a day and a week of what is shorter, down
        to minutes.

        Example:
            >>> [Frequency.parse(name).seasons for name in ("MS", "QE", "D", "B", "h", "W", "Y")]
            [(12,), (4,), (7,), (5,), (24, 168), (52,), ()]
        """
        if self.unit == "month":
            found = [YEAR // self.step] if YEAR % self.step == 0 else []
        elif self.unit == "business day":
            found = [5] if self.step == 1 else []
        elif self.unit == "integer":
            found = []
        elif self.step >= DAY:
            found = {DAY: [7], 7 * DAY: [52]}.get(self.step, [])
        else:
            found = [span // self.step for span in (DAY, 7 * DAY) if span % self.step == 0]
        return tuple(each for each in found if 1 < each <= LONGEST_SEASON)

    @property
    def season(self) -> int:
        """How many steps the shortest usual season has; 1 where there is none."""
        return next(iter(self.seasons), 1)

    @property
    def horizon(self) -> int:
        """The horizon that is usual: that of the M4 competition, or of its nearest frequency.

        Example:
            >>> [Frequency.parse(name).horizon for name in ("MS", "QE", "YE", "W", "D", "h")]
            [18, 8, 6, 13, 14, 48]
        """
        if self.unit == "month":
            return HORIZONS.get(self.step, 8)
        if self.unit == "microsecond" and self.step < DAY:
            return min(2 * DAY // self.step, 96)
        return 13 if self == Frequency.parse("W") else 8 if self.unit == "integer" else 14

    def after(self, last: ArrayLike, count: int) -> NDArray[Any]:
        """The next times.

        Args:
            last: one time, or (series,) times.
            count: how many are wanted.

        Returns:
            (count,) or (series, count) times, int64 or datetime64[us].

        Raises:
            DataError: a time is not on an axis of this frequency, or one beyond the year 9999.

        Example:
            >>> Frequency("integer", 10).after(1960, 3).tolist()
            [1970, 1980, 1990]
        """
        steps = np.arange(1, at_least("count", count, 0) + 1)
        return self.later(np.asarray(last)[..., None], steps)

    def later(self, times: ArrayLike, steps: ArrayLike) -> NDArray[Any]:
        """The times that are so many steps after ``times``, broadcast; raises as ``after`` does.

        Example:
            >>> Frequency("integer", 10).later([1960, 1970], 3).tolist()
            [1990, 2000]
        """
        counts, rest = self._split(as_times(times))
        return as_times(self._join(counts + self.step * np.asarray(steps), rest))

    def index(
        self,
        times: ArrayLike,
        offsets: ArrayLike | None = None,
        names: Sequence[str] = (),
        written: Written = show,
    ) -> Ints:
        """How many steps each time lies after the first of its series: 0, 1, 2, ... without gaps.

        Args:
            times: (rows,) times in order.
            offsets: (series + 1,) where each series begins and ends; by default all are one series.
            names: of the series, for messages.
            written: how times are written in messages.

        Returns:
            (rows,) numbers that increase within a series.

        Raises:
            DataError: a time appears twice, is out of order, or lies between two steps.

        Example:
            >>> Frequency.parse("D").index(np.array(["2024-01-01", "2024-01-04"], "M8[D]")).tolist()
            [0, 3]
        """
        rows = as_times(times)
        starts, series = layout(rows, offsets)
        check_order(rows, series, names, written)
        counts, rest = self._split(rows, series, names, written)
        delta, spread = counts - counts[starts][series], rest != rest[starts][series]
        wrong = np.flatnonzero((delta % self.step != 0) | spread)
        if len(wrong):
            i = wrong[0]
            before = written(rows[i - 1])
            problem = f"does not follow {before} in whole steps: the times are {self.words}"
            fix = "Give evenly spaced times, or say what they are: for example freq='D'."
            raise DataError(place(names, series[i]), written(rows[i]), problem, fix)
        return delta // self.step

    def grid(self, first: NDArray[Any], lengths: Ints) -> NDArray[Any]:
        """Every time of each series from its ``first``, (series,), on: as many as ``lengths`` say.

        Example:
            >>> Frequency("integer").grid(np.array([1, 7]), np.array([3, 2])).tolist()
            [1, 2, 3, 7, 8]
        """
        ends = np.cumsum(lengths)
        steps = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        return self.later(np.repeat(first, lengths), steps)

    def _split(
        self,
        times: NDArray[Any],
        series: Ints | None = None,
        names: Sequence[str] = (),
        written: Written = show,
    ) -> tuple[Ints, Ints]:
        """Times as a count of units, and what is left over, in microseconds."""
        dated = times.dtype == TIME
        if dated == (self.unit == "integer"):
            kind = "dates" if dated else "whole numbers"
            problem = f"does not fit times that are {kind}"
            raise DataError("freq", str(self), problem, f"Use one of {WORDS}.")
        if self.unit in {"integer", "microsecond"}:
            return times.astype(np.int64), np.zeros(times.shape, np.int64)
        if self.unit == "month":
            counts, start = months_of(times)
            rest = (times - last_day(counts) if self.anchor == "end" else start).astype(np.int64)
            limits = {"start": (0, DAY), "end": (0, DAY), "": (0, 28 * DAY)}[self.anchor]
            wrong = (rest < limits[0]) | (rest >= limits[1])
            day = {"start": "the first day", "end": "the last day", "": "one of the first 28 days"}
            problem = f"is not {day[self.anchor]} of a month"
        else:
            days = times.astype("M8[D]")
            wrong = ~np.is_busday(days)
            counts = np.busday_count("1970-01-01", days).astype(np.int64)
            rest = (times - days).astype(np.int64)
            problem = "is not a business day"
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            where = place(names, 0 if series is None else int(series[i]))
            fix = (
                f"Say what the times are, which were taken for {self.words}: for example freq='D'."
            )
            raise DataError(where, written(times.ravel()[i]), problem, fix)
        return counts, rest

    def _join(self, counts: Ints, rest: Ints) -> NDArray[Any]:
        """The times that ``_split`` takes apart."""
        if self.unit == "integer":
            return counts
        if self.unit == "microsecond":
            return counts.astype(TIME)
        left = rest.astype("m8[us]")
        if self.unit == "month":
            days = last_day(counts) if self.anchor == "end" else counts.astype("M8[M]")
        else:
            days = np.busday_offset(np.datetime64("1970-01-01"), counts)
        return np.asarray(days.astype(TIME) + left)


def months_of(times: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Months since 1970, and the time since the month began."""
    months = times.astype("M8[M]")
    return months.astype(np.int64), times - months.astype(TIME)


def last_day(counts: Ints) -> NDArray[Any]:
    """The last day of the months since 1970."""
    return (counts + 1).astype("M8[M]").astype("M8[D]") - np.timedelta64(1, "D")


def as_times(times: ArrayLike) -> NDArray[Any]:
    """Times as datetime64[us] or int64; raises DataError for anything else."""
    found = np.asarray(times)
    problem = f"are of type {found.dtype}"
    if found.dtype.kind == "M":
        years = found.astype("M8[Y]").astype(np.int64) + 1970
        if not np.isnat(found).any() and ((years >= 1) & (years <= 9999)).all():
            return found.astype(TIME)
        problem = "are not all known dates of the years 1 to 9999"
    elif found.dtype.kind in "iu":
        if (found <= FURTHEST).all() and (found >= -FURTHEST).all():
            return found.astype(np.int64)
        problem = "are too large"
    raise DataError("ds", str(found), problem, "Give dates as datetime64, or whole numbers.")


def layout(rows: NDArray[Any], offsets: ArrayLike | None) -> tuple[Ints, Ints]:
    """Where each series begins, and the series of each row."""
    bounds = np.array([0, len(rows)]) if offsets is None else np.asarray(offsets, np.int64)
    if not len(rows) or (np.diff(bounds) < 1).any():
        raise DataError("ds", [], "has no times", "Give at least one observation of a series.")
    return bounds[:-1], np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def check_order(
    rows: NDArray[Any], series: Ints, names: Sequence[str], written: Written = show
) -> None:
    """Raise DataError if a time within a series is not after the one before it."""
    wrong = np.flatnonzero((rows[1:] <= rows[:-1]) & (series[1:] == series[:-1]))
    if len(wrong):
        i = wrong[0] + 1
        twice = rows[i] == rows[i - 1]
        problem = "appears twice" if twice else f"stands after the later {written(rows[i - 1])}"
        fix = "Keep one observation a time." if twice else "Sort the observations by time."
        raise DataError(place(names, series[i]), written(rows[i]), problem, fix)


def place(names: Sequence[str], series: int) -> str:
    """A series, for messages, by its name if it has one."""
    return f"series {names[series] if len(names) else 'series-1'!r}"
