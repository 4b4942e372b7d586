"""Rows that are missing put in, and values filled in: what makes a gappy panel an even one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.data.fill import Fill, fill_missing
from statewise.data.frequency import Frequency, Written, show
from statewise.errors import DataError

__all__ = ["Rows", "evened", "holidays_in", "unfilled", "widen", "with_ends", "with_nearest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOLIDAYS = 0.1  # which share of the business days of all series may be missing, to be holidays
CLOSED = 10  # business days in a row, at most


class Rows(NamedTuple):
    """Rows by series, then by time: times, (rows, columns) values, series, where each begins."""

    ds: NDArray[Any]
    values: Floats
    codes: Ints
    offsets: Ints


def holidays_in(frequency: Frequency, index: Ints, codes: Ints) -> int:
    """How many business days are missing as holidays are: few, and not many in a row; or 0.

    Args:
        frequency: of the times.
        index: (rows,) how many steps each lies after the first of its series.
        codes: (rows,) the series of each.

    Example:
        >>> business = Frequency("business day")
        >>> holidays_in(business, np.delete(np.arange(20), 7), np.zeros(19, int))
        1
    """
    if frequency != Frequency("business day"):
        return 0
    gaps = np.diff(index)[np.diff(codes) == 0] - 1
    missing = int(gaps.sum())
    few = missing <= HOLIDAYS * (len(index) + missing)
    return missing if few and gaps.max(initial=0) <= CLOSED else 0


def widen(frequency: Frequency, rows: Rows, index: Ints, fill: Fill) -> Rows:
    """Rows with those that are missing put in, and missing values filled in.

    Raises:
        DataError: the frequency is so fine that there would be too many.
    """
    ds, values, codes, offsets = rows
    lengths = index[offsets[1:] - 1] + 1
    wanted = int(lengths.sum())
    if wanted > max(10**6, 100 * len(ds)):
        problem = f"would fill {len(ds)} rows up to {wanted}"
        fix = "Give the frequency that the times have."
        raise DataError("freq", str(frequency), problem, fix)
    wide = np.concatenate([[0], np.cumsum(lengths)])
    if wanted > len(ds):
        full = np.full((wanted, values.shape[1]), np.nan)
        full[wide[codes] + index] = values
        ds, values = frequency.grid(ds[offsets[:-1]], lengths), full
        codes = np.repeat(np.arange(len(lengths)), lengths)
    filled = [fill_missing(values[:, column], wide, fill) for column in range(values.shape[1])]
    return Rows(ds, np.stack(filled, axis=1), codes, wide)


def evened(
    frequency: Frequency,
    rows: Rows,
    index: Ints,
    fill: Fill,
    labels: Sequence[str],
    written: Written = show,
) -> tuple[Rows, list[str]]:
    """Rows without gaps, filled in as far as can be, and notes.

    Args:
        frequency, rows, index, fill: as for ``widen``.
        labels: of the columns of the values, the target's first.
        written: how times are written in messages.
    """
    kept, note = with_ends(widen(frequency, rows, index, fill), labels[0], written)
    notes = [] if note is None else [note]
    if fill == "linear":
        kept, nearest = with_nearest(kept, labels[1:])
        notes += nearest
    return kept, notes


def with_ends(rows: Rows, target: str, written: Written = show) -> tuple[Rows, str | None]:
    """Rows from the first to the last of each series that has a target, and a note if some went.

    A line that is drawn has no ends beyond what is known, and nothing is carried on from before it
    begins: there a series is shorter. One without any value is left as it is.
    """
    known = ~np.isnan(rows.values[:, 0])
    some = np.logical_or.reduceat(known, rows.offsets[:-1])
    kept = known | ~some[rows.codes]
    if kept.all():
        return rows, None
    codes = rows.codes[kept]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(some)))])
    count, first = int((~kept).sum()), written(rows.ds[~kept][0])
    note = f"{count} rows without {target} at the ends of series were left out, {first} first"
    if count == 1:
        note = f"one row without {target} at the end of a series was left out, {first}"
    return Rows(rows.ds[kept], rows.values[kept], codes, offsets), note


def with_nearest(rows: Rows, columns: Sequence[str]) -> tuple[Rows, list[str]]:
    """Rows whose further columns are the nearest known value at the ends of series; and notes.

    A series that has no value of a column takes the mean of the others; a column without any value
    is left as it is.
    """
    values, notes = rows.values.copy(), []
    for at, name in enumerate(columns, start=1):
        column = values[:, at]
        missing = np.isnan(column)
        if missing.all() or not missing.any():
            continue
        mean = float(column[~missing].mean())
        for a, b in pairwise(rows.offsets):
            part, known = column[a:b], np.flatnonzero(~missing[a:b])
            if not len(known):
                part[:] = mean
            elif len(known) < b - a:  # what lies between is filled in already
                part[: known[0]], part[known[-1] + 1 :] = part[known[0]], part[known[-1]]
        count = int(missing.sum())
        notes.append(f"{count} values of {name} at the ends of series are the nearest known ones")
    return rows._replace(values=values), notes


def unfilled(fill: Fill) -> tuple[str, str]:
    """What is wrong where this way of filling in leaves a value missing, and what to do."""
    known = "before it" if fill == "forward" else "on one side of it"
    problem = f"is missing, and there is nothing {known} to fill it {fill} with"
    return problem, "Cut the series there, or use fill='zero' or a number."
