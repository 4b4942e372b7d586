"""What the calendar says of a time, as features for a network."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import instance, one_of
from statewise.data.frequency import FIXED, MONDAY, TIME, as_times
from statewise.data.panel import Panel
from statewise.errors import DataError

__all__ = ["CALENDAR", "beside", "calendar", "with_calendar"]

# What turns, and how often it does: the part of the turn that has gone by, from zero to one.
CALENDAR = ("month", "quarter", "day-of-week", "day-of-month", "day-of-year", "week", "hour",
            "minute")  # fmt: skip


def calendar(times: ArrayLike, names: Sequence[str]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Where times stand in the year, month, week, day or hour, as points on a circle.

    Args:
        times: (rows,) datetime64.
        names: some of "month" and "quarter" of the year, "day-of-week", "day-of-month",
            "day-of-year", "week" of the year, "hour" of the day and "minute" of the hour.

    Returns:
        (rows, 2 x names) sines and cosines, and what each column is called.

    Raises:
        DataError: the times are whole numbers.
        SettingError: a name is unknown.

    Example:
        >>> values, columns = calendar(np.array(["2024-01-01", "2024-07-01"], "M8[D]"), ["month"])
        >>> columns, values.round(6).tolist()
        (('month_sin', 'month_cos'), [[0.0, 1.0], [0.0, -1.0]])
    """
    instance("calendar", names, list | tuple, "Give a list of names.")
    for name in names:
        one_of("calendar", name, CALENDAR)
    rows = as_times(times)
    if rows.dtype != TIME:
        problem = "needs dates, and the times are whole numbers"
        raise DataError("calendar", list(names), problem, "Leave it out.")
    values = np.empty((len(rows), len(names), 2))
    for at, name in enumerate(names):
        angle = 2 * np.pi * turn_of(rows, name)
        values[:, at] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return values.reshape(len(rows), 2 * len(names)), tuple(
        f"{name}_{part}" for name in names for part in ("sin", "cos")
    )


def with_calendar(panel: Panel, names: Sequence[str], past: int) -> Panel:
    """A panel with what the calendar says of its times, beside the columns that are known ahead.

    Args:
        panel: of dates, if there are names.
        names: as ``calendar`` takes them.
        past: how many of its columns, the last ones, are not known ahead.

    Raises:
        DataError: the times are whole numbers.
        SettingError: a name is unknown.
    """
    if not names:
        return panel
    dates, added = calendar(panel.kind.time.clock(panel.ds), names)
    known = len(panel.columns) - past
    columns = (*panel.columns[:known], *added, *panel.columns[known:])
    return replace(panel, exogenous=beside(panel.exogenous, dates, past), columns=columns)


def beside(
    exogenous: NDArray[np.float64], dates: NDArray[np.float64], past: int
) -> NDArray[np.float64]:
    """(rows, columns) columns known ahead, dates, and columns known up to now, in this order."""
    known = exogenous.shape[1] - past
    return np.concatenate([exogenous[:, :known], dates, exogenous[:, known:]], axis=1)


def turn_of(rows: NDArray[Any], name: str) -> NDArray[np.float64]:
    """The part of its turn at which each time stands, from zero up to one."""
    days, months, years = (rows.astype(f"M8[{unit}]") for unit in "DMY")
    month = (months - years.astype("M8[M]")).astype(np.int64)
    starts = [(start.astype("M8[D]"), (start + 1).astype("M8[D]")) for start in (months, years)]
    of_month, of_year = ((days - first).astype(np.int64) for first, _ in starts)
    in_month, in_year = ((after - first).astype(np.int64) for first, after in starts)
    minutes = (rows - days).astype(np.int64) // FIXED["min"]
    part, whole = {
        "month": (month, 12),
        "quarter": (month // 3, 4),
        "day-of-week": ((days.astype(np.int64) + MONDAY) % 7, 7),
        "day-of-month": (of_month, in_month),
        "day-of-year": (of_year, in_year),
        "week": (of_year // 7, in_year / 7),
        "hour": (minutes // 60, 24),
        "minute": (minutes % 60, 60),
    }[name]
    return np.asarray(part / whole, np.float64)
