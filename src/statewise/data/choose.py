"""Which columns of a table are taken, and as what."""

from collections.abc import Sequence
from typing import NamedTuple

from statewise.errors import DataError

__all__ = ["Chosen", "check_column", "choose"]


class Chosen(NamedTuple):
    """The columns that are taken of a table; None where there is no such column."""

    id: str | None
    time: str | None
    target: str
    exogenous: tuple[str, ...]

    def check(self, header: Sequence[str]) -> None:
        """Raise DataError if one is not a column, or is taken twice."""
        fixed = {"id_column": self.id, "time_column": self.time, "target_column": self.target}
        for argument, name in fixed.items():
            if name is not None:
                check_column(header, argument, name)
        for name in self.exogenous:
            check_column(header, "exogenous", name)
        taken = [self.id, self.time, self.target, *self.exogenous]
        if len(set(self.exogenous)) < len(self.exogenous) or set(taken[:3]) & set(taken[3:]):
            fix = "Name each column once."
            raise DataError("exogenous", self.exogenous, "names a column twice", fix)


def choose(
    header: Sequence[str],
    id_column: str | None,
    time_column: str | None,
    target_column: str | None,
    exogenous: bool | Sequence[str],
) -> Chosen:
    """The columns to take of a table with this header, as ``read_file`` says.

    Raises:
        DataError: a column is not there, or it is not plain which one is meant.

    Example:
        >>> choose(["Month", "Sales"], None, None, None, True)
        Chosen(id=None, time='Month', target='Sales', exogenous=())
    """
    if id_column is None and "unique_id" in header:
        id_column = "unique_id"
    if target_column is None and "y" in header:
        target_column = "y"
    free = [name for name in header if name != id_column]
    if time_column is None and len(free) > 1:
        first = "ds" if "ds" in free and target_column != "ds" else free[0]
        time_column = None if first == target_column else first
    left = [name for name in free if name != time_column]
    if target_column is None:
        if len(left) != 1:
            fix = f"Name one of {', '.join(header)}."
            raise DataError("target_column", None, "must be chosen", fix)
        target_column = left[0]
    if time_column == target_column:
        problem, fix = "is the time column too", "Name two different columns."
        raise DataError("target_column", target_column, problem, fix)
    if exogenous is True:
        exogenous = [name for name in left if name != target_column]
    chosen = Chosen(id_column, time_column, target_column, tuple(exogenous or ()))
    chosen.check(header)
    return chosen


def check_column(header: Sequence[str], argument: str, name: str) -> None:
    """Raise DataError that lists the columns if ``name`` is not that of one."""
    if header.count(name) != 1:
        problem = "is not a column" if name not in header else "names more than one column"
        raise DataError(argument, name, problem, f"The columns are {', '.join(header)}.")
