"""Where the series of a panel stand in time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.documents import Document
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import TIME, Frequency, as_times
from statewise.errors import UnknownSeriesError

__all__ = ["ForecastOrigin", "unknown_series"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ForecastOrigin:
    """Where the series of a panel stand: the time of each one's latest observation.

    Args:
        last: (series,) datetime64[us] or int64.
        columns: what the exogenous columns are called.
        frequency: the step from a time to the next.
        kind: how to read and write frames of these series; it has their names.

    Example:
        >>> import pandas as pd
        >>> from statewise.data.frames import read_frame
        >>> origin = read_frame(pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]})).origin
        >>> origin.moved(np.array([0]), np.array([5])).after(2).tolist()
        [[6, 7]]
    """

    last: NDArray[Any]
    columns: tuple[str, ...]
    frequency: Frequency
    kind: FrameKind

    def __post_init__(self) -> None:
        self.last.setflags(write=False)

    def __len__(self) -> int:
        return len(self.last)

    @property
    def ids(self) -> tuple[str, ...]:
        """(series,) names."""
        return self.kind.names

    def after(self, count: int) -> NDArray[Any]:
        """(series, count) the times that follow each series."""
        return self.frequency.after(self.last, count)

    def moved(self, series: Ints, last: NDArray[Any]) -> "ForecastOrigin":
        """The origin after these series have gone on up to ``last``, (series,)."""
        times = self.last.copy()
        times[series] = last
        return replace(self, last=times)

    def take(self, series: Ints) -> "ForecastOrigin":
        """The origin of these series, in this order."""
        return replace(self, last=self.last[series], kind=self.kind.take(series))

    def place(self, name: str) -> int:
        """Where the series of this name is; raises UnknownSeriesError if there is none."""
        found = self.kind.places.get(name)
        if found is None:
            raise unknown_series(name, self.ids)
        return found

    def to_document(self) -> dict[str, Any]:
        """The origin as plain values that JSON can hold."""
        return {
            "last": self.last.astype(np.int64).tolist(),
            "columns": list(self.columns),
            "frequency": asdict(self.frequency),
            "kind": self.kind.to_document(),
        }

    @classmethod
    def from_document(cls, document: Any) -> "ForecastOrigin":
        """The origin that ``to_document`` described; DataError if the document is damaged."""
        found = Document.of("origin", document, ("last", "columns", "frequency", "kind"))
        kind = FrameKind.from_document(found["kind"])
        frequency = Frequency.from_document(found["frequency"])
        numbers = found.numbers("last")
        columns = tuple(found.texts("columns"))
        fixed = (kind.id_column, kind.time.name, kind.target_column)
        if len(set(columns)) < len(columns) or set(columns) & set(fixed):
            raise found.damaged("columns")
        if len(numbers) != len(kind.names):
            raise found.damaged("last")
        if kind.time.dated == (frequency.unit == "integer"):
            raise found.damaged("frequency")
        last = np.array(numbers, np.int64)
        last = as_times(last.astype(TIME) if kind.time.dated else last)
        frequency.after(last, 0)
        try:
            kind.time.write(last, kind.backend)
        except (TypeError, ValueError, OverflowError):
            raise found.damaged("last") from None
        return cls(last, columns, frequency, kind)


def unknown_series(name: Any, known: Sequence[str]) -> UnknownSeriesError:
    """The error of a series that is not there."""
    some = ", ".join(repr(other) for other in known[:3])
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    fix = f"The series are {some}{more}."
    return UnknownSeriesError("series", name, "is not a known series", fix)
