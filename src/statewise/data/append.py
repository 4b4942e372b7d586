"""Rows that follow what is known of each series, from a long frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.data.choose import check_column
from statewise.data.columns import as_table, given, numbers_of
from statewise.data.origin import ForecastOrigin, unknown_series
from statewise.data.panel import check_filled, check_values
from statewise.data.time_columns import joined
from statewise.errors import DataError
from statewise.text import visible

__all__ = ["NewRows", "read_future", "read_new_rows"]

ID = "unique_id"
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NewRows:
    """Observations that follow those known: rows by series, then by time.

    Args:
        series: (k,) the places in ``origin.ids`` of the series that have new rows.
        offsets: (k + 1,) where the rows of each begin and end.
        ds: (rows,) datetime64[us] or int64.
        y: (rows,) finite values.
        exogenous: (rows, columns) finite values.
    """

    series: Ints
    offsets: Ints
    ds: NDArray[Any]
    y: Floats
    exogenous: Floats

    @property
    def last(self) -> NDArray[Any]:
        """(k,) the time of the latest observation of each: what ``ForecastOrigin.moved`` takes."""
        return self.ds[self.offsets[1:] - 1]


def read_new_rows(frame: Any, origin: ForecastOrigin) -> NewRows:
    """The observations that follow those known of each series, from a long frame.

    The frame has the id, time, target and exogenous columns of the one that the series were read
    from; further columns are ignored. Rows may come in any order, and of some series only. The
    id column may be left out if there is but one series, and values alone, as a list or a Series
    without times, are those that follow it at once.

    Args:
        frame: of any library.
        origin: where the series stand.

    Raises:
        DataError: a column or a value is missing or cannot be used, a series is not known, or its
            times do not follow without a gap; the message names the series and the time.

    Example:
        >>> from statewise.data.frames import read_frame
        >>> panel = read_frame(pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]}))
        >>> read_new_rows(pd.DataFrame({"ds": [5, 4], "y": [7.0, 6.0]}), panel.origin).y.tolist()
        [6.0, 7.0]
    """
    columns = (origin.kind.target_column, *origin.columns)
    table, codes, ds = rows_of(frame, origin, columns)
    if not len(table):
        raise DataError("frame", table.columns, "has no rows", "Give at least one observation.")
    if codes.min() < 0:
        name = table[origin.kind.id_column or ID][int(codes.argmin())]
        raise unknown_series(name, origin.ids)
    order = np.lexsort((ds, codes)) if len(ds) > 1 else slice(None)
    codes, ds = codes[order], ds[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    offsets = np.append(starts, len(codes))
    series = codes[starts]
    check_follows(origin, series, offsets, ds)
    found = [numbers_of(table[column], f"column {column!r}")[order] for column in columns]
    values = np.stack(found, axis=1)
    check_usable(values, columns, ds, codes, origin)
    return NewRows(series, offsets, ds, values[:, 0].copy(), values[:, 1:])


def read_future(frame: Any, origin: ForecastOrigin, horizon: int) -> Floats:
    """The exogenous columns over the times that follow each series, from a long frame.

    The frame has the id, time and exogenous columns of the one that the series were read from; rows
    may come in any order, and those of other series or times are ignored.

    Args:
        frame: of any library.
        origin: where the series stand that are forecast.
        horizon: how many times follow.

    Returns:
        (series, horizon, columns) finite values.

    Raises:
        DataError: a column is missing, or a value, or there are two of one; the message names it.

    Example:
        >>> from statewise.data.frames import read_frame
        >>> panel = read_frame(pd.DataFrame({"ds": [1, 2, 3], "y": [1, 2, 4], "x": [0, 0, 1]}))
        >>> read_future(pd.DataFrame({"ds": [5, 4], "x": [7, 8]}), panel.origin, 2).tolist()
        [[[8.0], [7.0]]]
    """
    table, codes, ds = rows_of(frame, origin, origin.columns)
    after = origin.after(horizon)
    hits = ds[:, None] == after[codes]
    kept = hits.any(axis=1) & (codes >= 0)
    where = codes[kept], hits[kept].argmax(axis=1)
    count = np.zeros(after.shape, np.int64)
    np.add.at(count, where, 1)
    for wrong, problem in ((count == 0, "is missing from the frame"), (count > 1, "appears twice")):
        if wrong.any():
            series, step = np.argwhere(wrong)[0]
            place = f"series {origin.ids[series]!r}"
            fix = f"Give one row for each of the {horizon} times that follow a series."
            time = origin.kind.time.show(after[series, step])
            raise DataError(place, time, problem, fix)
    values = np.empty((*after.shape, len(origin.columns)))
    for at, column in enumerate(origin.columns):
        values[(*where, at)] = numbers_of(table[column], f"exogenous column {column!r}")[kept]
    check_usable(values[where], origin.columns, after[where], where[0], origin)
    return values


def rows_of(
    frame: Any, origin: ForecastOrigin, columns: tuple[str, ...]
) -> tuple["nw.DataFrame[Any]", Ints, NDArray[Any]]:
    """A frame with the series of each row, -1 for one that is not known, and its time."""
    kind = origin.kind
    found = given(frame, kind.time.name, kind.target_column)
    table = as_table(found.frame)
    if found.bare and len(origin) == 1:
        codes, ds = np.zeros(len(table), np.int64), origin.after(len(table))[0]
        return table.rename({str(found.target): kind.target_column}), codes, ds
    if kind.time.parts and kind.time.name not in table.columns:
        table = table.with_columns(joined(table, kind.time.parts, kind.time.name))
    names = table.columns
    for column in (kind.time.name, *columns):
        check_column(names, "column", column)
    id_column = kind.id_column or ID
    if id_column not in names and len(origin) == 1:
        codes = np.zeros(len(table), np.int64)
    else:
        check_column(names, "id_column", id_column)
        rows, unique = pd.factorize(table[id_column].to_numpy())
        places = [kind.places.get(visible(str(name)), -1) for name in unique]
        codes = np.array([*places, -1], np.int64)[rows]
    return table, codes, kind.time.read(table[kind.time.name])


def check_follows(origin: ForecastOrigin, series: Ints, offsets: Ints, ds: NDArray[Any]) -> None:
    """Raise DataError unless the times of each series, in order, follow where it stands."""
    last = origin.last[series]
    expected = origin.frequency.grid(origin.frequency.after(last, 1)[:, 0], np.diff(offsets))
    wrong = np.flatnonzero(ds != expected)
    if not len(wrong):
        return
    row = wrong[0]
    at = int(np.searchsorted(offsets, row, side="right")) - 1
    before, shown = ds[row - 1] if row > offsets[at] else last[at], origin.kind.time.show
    where, time = f"series {origin.ids[series[at]]!r}", shown(ds[row])
    if ds[row] <= last[at]:
        problem = f"is not after {shown(last[at])}, the latest time that is known"
        if (ds <= np.repeat(last, np.diff(offsets))).all():
            problem += ", and no other row here is new"
        raise DataError(where, time, problem, "Give the times that come after it.")
    if ds[row] == before:
        raise DataError(where, time, "appears twice", "Keep one observation a time.")
    try:
        origin.frequency.index(np.array([before, ds[row]]), written=shown)
    except DataError as error:
        fix = f"Give times that are {origin.frequency.words}."
        raise DataError(where, time, error.problem, fix) from None
    problem = f"is missing: the times are {origin.frequency.words}, and {time} was given"
    raise DataError(where, shown(expected[row]), problem, "Give every time that follows, in turn.")


def check_usable(
    values: Floats, labels: Sequence[str], ds: NDArray[Any], codes: Ints, origin: ForecastOrigin
) -> None:
    """Raise DataError if a value is missing, infinite or too large."""
    rows = values, labels, ds, codes, origin.ids, origin.kind.time.show
    check_values(*rows)
    check_filled(*rows, fix="Fill it in.")
