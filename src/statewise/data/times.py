"""The times of rows, as they come from a file or a frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.frequency import show
from statewise.data.time_columns import TimeColumn
from statewise.data.time_text import backwards, read_text
from statewise.errors import DataError

__all__ = ["Times"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Times:
    """The times of rows in any order: their values, how they are written, and as what they were.

    Args:
        ds: (rows,) datetime64[us] or int64; text, as objects, where it cannot be read as times.
        column: how to write such times.
        written: (rows,) the text that was read; None where there was none.
        problem: why the text cannot be read, if it cannot.

    Example:
        >>> times = Times.read("ds", ["9.1.2020", "10.1.2020"])
        >>> times.ds.astype("M8[D]").tolist(), times.problem
        ([datetime.date(2020, 1, 9), datetime.date(2020, 1, 10)], None)
    """

    ds: NDArray[Any]
    column: TimeColumn
    written: NDArray[Any] | None = None
    problem: DataError | None = None

    @classmethod
    def read(cls, name: str, texts: Sequence[str]) -> "Times":
        """The times of a column of text, which stays text where it cannot be read."""
        written = np.array(texts, object)
        try:
            ds, pattern = read_text(name, texts)
        except DataError as error:
            return cls(written, TimeColumn(name, "text", pattern="{}"), written, error)
        return cls(ds, TimeColumn(name, "text", pattern=pattern), written)

    def text(self, row: int) -> str:
        """The time of a row as it was written."""
        return show(self.ds[row]) if self.written is None else str(self.written[row])

    def order(self, codes: Ints) -> Ints | slice:
        """The rows by series, of which ``codes`` has one a row, and by time if it can be read."""
        if self.problem is not None:
            return np.argsort(codes, kind="stable")
        later = self.ds[1:] >= self.ds[:-1]
        if ((codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & later)).all():
            return slice(None)
        return np.lexsort((self.ds, codes))

    def check(self, codes: Ints, where: Callable[[int], str], *, ordered: bool = True) -> None:
        """Raise DataError where a time of a series stands again or, ``ordered``, after a later one.

        Times that cannot be read must be in order as some form would read them. ``codes`` has the
        series of each row, and ``where`` names the place of a row.
        """
        rank = np.unique(self.ds, return_inverse=True)[1] if self.problem else self.ds
        by_time, by_series = np.lexsort((rank, codes)), np.argsort(codes, kind="stable")
        if found := first(by_time, codes, rank[by_time][1:] == rank[by_time][:-1]):
            row, before = found
            text, other = self.text(row), self.text(before)
            problem = "appears twice" if text == other else f"is the same time as {other}"
            raise DataError(where(row), text, problem, "Keep one observation a time.")
        fix = "Sort the observations by time, one a time."
        if self.problem is not None:
            for rows in np.split(by_series, np.flatnonzero(np.diff(codes[by_series])) + 1):
                texts = [self.text(row) for row in rows]
                if wrong := backwards(texts):
                    raise DataError(where(rows[wrong[0]]), texts[wrong[0]], wrong[1], fix)
        elif ordered and (
            found := first(by_series, codes, rank[by_series][1:] < rank[by_series][:-1])
        ):
            row, before = found
            problem = f"stands after the later {self.text(before)}"
            raise DataError(where(row), self.text(row), problem, fix)


def first(order: Ints, codes: Ints, wrong: NDArray[np.bool_]) -> tuple[int, int] | None:
    """The first row that is ``wrong``, (rows - 1,), after the one before it in ``order``; and that.

    Rows of the first place of a series, by ``codes``, have none before them.
    """
    at = np.flatnonzero(wrong & (np.diff(codes[order]) == 0))
    if not len(at):
        return None
    place = at[order[at + 1].argmin()]
    return int(order[place + 1]), int(order[place])
