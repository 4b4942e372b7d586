"""Which columns of a table are taken, and as what."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from statewise.errors import DataError

__all__ = ["TIMES", "Chosen", "Exogenous", "check_column", "choose", "long_form", "parts_of"]

# What times are called, in any case, in one column or in several; the first of these is taken.
TIMES = (
    ("ds",), ("date", "time"), ("date",), ("datetime",), ("timestamp",), ("time",),
    ("year", "month", "day", "hour"), ("year", "month", "day"), ("year", "month"),
    ("year", "quarter"),
)  # fmt: skip


Exogenous = bool | Literal["numbers"] | Sequence[str]


class Chosen(NamedTuple):
    """The columns that are taken of a table; None where there is no such column.

    Times may be in several columns: the year in one, the month in another.
    """

    id: str | None
    time: tuple[str, ...]
    target: str
    exogenous: tuple[str, ...]

    def without(self, text: Sequence[str]) -> tuple["Chosen", tuple[str, ...]]:
        """The same without further columns that are text, and a note on them."""
        kept = tuple(name for name in self.exogenous if name not in text)
        notes = (f"no numbers, left out: {', '.join(text)}",) if text else ()
        return self._replace(exogenous=kept), notes

    def check(self, header: Sequence[str]) -> None:
        """Raise DataError if one is not a column, or is taken twice."""
        if self.id is not None:
            check_column(header, "id_column", self.id)
        check_column(header, "target_column", self.target)
        for name in self.exogenous:
            check_column(header, "exogenous", name)
        fixed = {self.id, *self.time, self.target}
        if len(set(self.exogenous)) < len(self.exogenous) or fixed & set(self.exogenous):
            fix = "Name each column once."
            raise DataError("exogenous", self.exogenous, "names a column twice", fix)


def choose(
    header: Sequence[str],
    id_column: str | None,
    time_column: str | None,
    target_column: str | None,
    exogenous: Exogenous,
    *,
    frame: str = "pandas.read_csv(FILE)",
) -> Chosen:
    """The columns to take of a table with this header, as ``read_file`` says.

    ``frame`` is what to write for the table in Python, for messages.

    Raises:
        DataError: a column is not there, or it is not plain which one is meant.

    Example:
        >>> choose(["Month", "Sales"], None, None, None, True)
        Chosen(id=None, time=('Month',), target='Sales', exogenous=())
    """
    if id_column is None and "unique_id" in header:
        id_column = "unique_id"
    if target_column is None and "y" in header:
        target_column = "y"
    free = [name for name in header if name != id_column]
    times = parts_of(header, time_column)
    if not times and len(free) > 1:
        times = guessed(free, target_column)
    left = [name for name in free if name not in times]
    for name in times:
        check_column(header, "time_column", name)
    wide = ""
    if id_column is None and times and len(left) > 1:
        wide = f" If each column is a series, take {long_form(frame, times, left)}."
    if target_column is None:
        if len(left) != 1:
            fix = f"Name one with target_column= of {', '.join(left or header)}.{wide}"
            raise DataError("target_column", None, "must be chosen", fix)
        target_column = left[0]
    elif wide and target_column not in header:
        fix = f"The columns are {', '.join(header)}.{wide}"
        raise DataError("target_column", target_column, "is not a column", fix)
    if target_column in times:
        problem, fix = "is the time column too", "Name two different columns."
        raise DataError("target_column", target_column, problem, fix)
    if exogenous is True or exogenous == "numbers":
        exogenous = [name for name in left if name != target_column]
    chosen = Chosen(id_column, times, target_column, tuple(exogenous or ()))
    chosen.check(header)
    return chosen


def parts_of(header: Sequence[str], time_column: str | None) -> tuple[str, ...]:
    """The columns of times that a name stands for: "year,month" for two, if none is called so."""
    if time_column is None:
        return ()
    if time_column in header or "," not in time_column:
        return (time_column,)
    return tuple(part.strip() for part in time_column.split(","))


def guessed(columns: Sequence[str], target: str | None) -> tuple[str, ...]:
    """The columns of times, by their names, or else the first, if that is not the target."""
    names = {name.lower(): name for name in columns if name != target}
    for parts in TIMES:
        if all(part in names for part in parts):
            return tuple(names[part] for part in parts)
    return (columns[0],) if columns[0] != target else ()


def long_form(frame: str, times: Sequence[str], columns: Sequence[str]) -> str:
    """The code that makes a long frame of a wide one, of pandas or polars.

    Where the columns are years, what was taken for times names the series.

    Example:
        >>> long_form("frame", ["Date"], ["north", "south"])
        "frame.melt('Date', var_name='unique_id', value_name='y')"
    """
    kept = repr(times[0] if len(times) == 1 else list(times))
    years = all(name.isdecimal() and len(name) == 4 for name in columns)
    name = "'ds'" if years else "'unique_id'"
    if frame == "polars":
        return f"frame.unpivot(index={kept}, variable_name={name}, value_name='y')"
    return f"{frame}.melt({kept}, var_name={name}, value_name='y')"


def check_column(header: Sequence[str], argument: str, name: str) -> None:
    """Raise DataError that lists the columns if ``name`` is not that of one."""
    if header.count(name) != 1:
        problem = "is not a column" if name not in header else "names more than one column"
        raise DataError(argument, name, problem, f"The columns are {', '.join(header)}.")
