"""Where the series of a panel stand in time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.records import as_document, from_document
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import TIME, Frequency, as_times
from statewise.errors import DataError, UnknownSeriesError
from statewise.text import visible

__all__ = ["ForecastOrigin", "unknown_series"]

Ints = NDArray[np.int64]
DAMAGE = AttributeError, LookupError, OSError, OverflowError, TypeError, ValueError


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

    def place(self, name: str) -> int:
        """Where the series of this name is; raises UnknownSeriesError if there is none."""
        found = self.kind.places.get(visible(name))
        if found is None:
            raise unknown_series(name, self.ids)
        return found

    def to_document(self) -> dict[str, Any]:
        """The origin as plain values that JSON can hold."""
        return {
            "last": self.last.astype(np.int64).tolist(),
            "columns": list(self.columns),
            "frequency": as_document(self.frequency),
            "kind": self.kind.to_document(),
        }

    @classmethod
    def from_document(cls, document: Any) -> "ForecastOrigin":
        """The origin that ``to_document`` described; DataError if the document is damaged."""
        try:
            return origin_of(document)
        except DAMAGE as error:
            problem = f"is not what was saved ({type(error).__name__}: {error})"
            fix = "Load a file that is as it was saved."
            raise DataError("origin", document, problem, fix) from None


def origin_of(document: Any) -> ForecastOrigin:
    """The origin of a document that is whole; raises various errors for one that is damaged."""
    json.dumps(document, ensure_ascii=False).encode()  # raises for text that no file can hold
    kind = FrameKind.from_document(document["kind"])
    frequency = from_document(Frequency, "frequency", document["frequency"])
    last, columns = np.array(document["last"], np.int64), tuple(document["columns"])
    taken = [kind.target_column, kind.time.name, *columns]
    taken += [] if kind.id_column is None else [kind.id_column]
    if len(set(taken)) < len(taken) or not all(isinstance(name, str) for name in taken):
        raise ValueError(taken)
    if last.shape != (len(kind.keys),):
        raise ValueError(last)
    last = as_times(last.astype(TIME) if kind.time.dated else last)
    frequency.after(last, 0)  # raises where the times are not on its axis
    try:
        kind.time.write(last, kind.backend)  # so that what is loaded can be written
    except Exception as error:  # noqa: BLE001 - of the library that writes it
        raise ValueError(str(error)) from None
    kind.write_names(np.arange(len(last)))
    return ForecastOrigin(last, columns, frequency, kind)


def unknown_series(name: Any, known: Sequence[str]) -> UnknownSeriesError:
    """The error of a series that is not there."""
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    fix = f"The series are {', '.join(map(repr, known[:3]))}{more}."
    return UnknownSeriesError("series", name, "is not a known series", fix)
