"""The frequency that the times of series have, found out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.fill import HOW_TO_FILL
from statewise.data.frequency import (
    DAY,
    MONDAY,
    TIME,
    WORDS,
    Anchor,
    Frequency,
    Written,
    as_times,
    last_day,
    layout,
    months_of,
    place,
    show,
)
from statewise.errors import DataError

__all__ = ["check_gaps", "infer"]

Ints = NDArray[np.int64]


def infer(
    times: ArrayLike, offsets: ArrayLike | None = None, names: Sequence[str] = ()
) -> Frequency:
    """The frequency of one series, or the one that many share.

    A series' frequency is the smallest step in it, in months if its times stand on one day of the
    month or at its end. Series of fewer than three observations do not count.

    Args:
        times: (rows,) times in order, none of them twice.
        offsets: (series + 1,) where each series begins and ends; by default all are one series.
        names: of the series, for messages.

    Raises:
        DataError: no series has three observations, or two differ in frequency.

    Example:
        >>> str(infer(np.array(["2020-01-01", "2020-02-01", "2020-03-01"], "M8[D]")))
        'MS'
    """
    rows = as_times(times)
    starts, series = layout(rows, offsets)
    lengths = np.bincount(series, minlength=len(starts))
    asked = np.flatnonzero(lengths >= 3)
    if not len(asked):
        problem = "cannot be inferred from fewer than three observations of a series"
        raise DataError("freq", None, problem, f"Say what it is, one of {WORDS}.")
    rows, lengths = rows[(lengths >= 3)[series]], lengths[asked]
    found = frequencies(rows, np.cumsum(lengths) - lengths, lengths)
    other = next((i for i, freq in enumerate(found) if freq != found[0]), None)
    if other is not None:
        first, odd = (f"{found[i].words} ({found[i]})" for i in (0, other))
        fix = "Forecast series of one frequency at a time; or say freq= if the times have gaps."
        problem = f"is not what the times of {place(names, asked[0])} are, {first}"
        raise DataError(place(names, asked[other]), odd, problem, fix)
    return found[0]


def frequencies(rows: NDArray[Any], starts: Ints, lengths: Ints) -> list[Frequency]:
    """The frequency of every series, from its smallest step."""
    inner = np.ones(len(rows), bool)
    inner[starts] = False

    def smallest(counts: Ints) -> Ints:
        steps = np.diff(counts, prepend=0)
        steps[~inner] = np.iinfo(np.int64).max
        return np.minimum.reduceat(steps, starts)

    def everywhere(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.logical_and.reduceat(flags, starts)

    def constant(values: NDArray[Any]) -> NDArray[np.bool_]:
        return everywhere(values == np.repeat(values[starts], lengths))

    if rows.dtype != TIME:
        return [Frequency("integer", int(step)) for step in smallest(rows)]
    days = rows.astype("M8[D]")
    clock = constant((rows - days).astype(np.int64))
    counts, start = months_of(rows)
    ended = everywhere(days == last_day(counts)) & clock
    same = constant(start.astype(np.int64)) & everywhere(start < np.timedelta64(28, "D"))
    first = everywhere(start < np.timedelta64(1, "D"))
    months, steps = smallest(counts), smallest(rows.astype(np.int64))
    monthly = (ended | same) & (months >= 1)
    weekend = (days.astype(np.int64) + MONDAY) % 7 >= 5
    spans = rows[starts + lengths - 1] - rows[starts]
    # Days that never fall on a weekend, though a series is longer than a working week.
    business = not weekend.any() and bool((spans >= np.timedelta64(5, "D")).any())
    found: list[Frequency] = []
    for i in range(len(starts)):
        if monthly[i]:
            anchor: Anchor = "end" if ended[i] else "start" if first[i] else ""
            found.append(Frequency("month", int(months[i]), anchor))
        elif business and clock[i] and steps[i] == DAY:
            found.append(Frequency("business day"))
        else:
            found.append(Frequency("microsecond", int(steps[i])))
    return found


def check_gaps(
    frequency: Frequency,
    times: NDArray[Any],
    index: Ints,
    series: Ints,
    names: Sequence[str],
    written: Written = show,
) -> None:
    """Raise DataError that names the first time which is missing within a series."""
    gaps = np.flatnonzero((np.diff(index) > 1) & (series[1:] == series[:-1]))
    if len(gaps):
        missing = written(frequency.after(times[gaps[0]], 1)[0])
        problem = f"is missing: the times are {frequency.words}"
        raise DataError(place(names, series[gaps[0]]), missing, problem, HOW_TO_FILL)
