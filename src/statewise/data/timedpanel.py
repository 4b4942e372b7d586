"""A panel for forecasting: series on one even time axis, with exogenous columns."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.documents import Document
from statewise.data.fill import Fill, check_fill, fill_missing
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import TIME, Frequency, as_times, check_gaps, infer, show
from statewise.data.panel import LARGEST, Panel, Series, check_value
from statewise.errors import DataError, UnknownSeriesError

__all__ = [
    "ForecastOrigin",
    "FrameKind",
    "TimedPanel",
    "arrange",
    "check_filled",
    "check_values",
    "unknown_series",
]  # fmt: skip

Floats = NDArray[np.float64]
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
        kind.check_writes(np.array([last.min(), last.max()]))
        return cls(last, columns, frequency, kind)


def unknown_series(name: Any, known: Sequence[str]) -> UnknownSeriesError:
    """The error of a series that is not there."""
    some = ", ".join(repr(other) for other in known[:3])
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    fix = f"The series are {some}{more}."
    return UnknownSeriesError("series", name, "is not a known series", fix)


@dataclass(frozen=True, eq=False)
class TimedPanel:
    """Series on one even time axis, with exogenous columns: rows by series, then by time.

    It promises more than a ``Panel``, whose times are text that need not even be readable: here no
    time is missing and every next one is known.

    Args:
        ids: (series,) names, in the order in which they first came.
        offsets: (series + 1,) where each series begins and ends.
        ds: (rows,) datetime64[us] or int64.
        y: (rows,) finite values.
        exogenous: (rows, columns) finite values.
        columns: what the exogenous columns are called.
        frequency: the step from a time to the next.
        kind: how to give a frame back.

    Example:
        >>> import pandas as pd
        >>> from statewise.data.frames import read_frame
        >>> frame = pd.DataFrame({"ds": ["2020-01", "2020-02", "2020-03"], "y": [1, 2, 4]})
        >>> panel = read_frame(frame)
        >>> str(panel.frequency), panel.y.tolist(), panel.study.only.ds
        ('MS', [1.0, 2.0, 4.0], ('2020-01', '2020-02', '2020-03'))
    """

    ids: tuple[str, ...]
    offsets: Ints
    ds: NDArray[Any]
    y: Floats
    exogenous: Floats
    columns: tuple[str, ...]
    frequency: Frequency
    kind: FrameKind

    def __post_init__(self) -> None:
        for array in (self.offsets, self.ds, self.y, self.exogenous):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        """Whether series, times, values and frequency are the same, of whatever kind of frame."""
        if not isinstance(other, TimedPanel):
            return NotImplemented
        named = (self.ids, self.columns, self.frequency)
        arrays = ("offsets", "ds", "y", "exogenous")
        return named == (other.ids, other.columns, other.frequency) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in arrays
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def lengths(self) -> Ints:
        """(series,) how many observations each has."""
        return np.diff(self.offsets)

    @property
    def origin(self) -> ForecastOrigin:
        """Where the series stand at their ends."""
        return ForecastOrigin(
            self.ds[self.offsets[1:] - 1], self.columns, self.frequency, self.kind
        )

    def until(self, lengths: Ints) -> "TimedPanel":
        """The first ``lengths`` (series,) observations of each series, at least one."""
        place = np.arange(len(self.y)) - np.repeat(self.offsets[:-1], self.lengths)
        kept = place < np.repeat(lengths, self.lengths)
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            ds=self.ds[kept],
            y=self.y[kept],
            exogenous=self.exogenous[kept],
        )

    def after(self, count: int) -> NDArray[Any]:
        """(series, count) the times that follow each series."""
        return self.origin.after(count)

    @cached_property
    def study(self) -> Panel:
        """The series as a ``Panel``, for a study: their times as they were written."""
        unique, place = np.unique(self.ds, return_inverse=True)
        written = self.kind.time.write(unique, self.kind.backend).to_list()
        texts = np.array([show(str(time)) for time in written], object)[place].tolist()
        bounds = zip(self.ids, self.offsets[:-1], self.offsets[1:], strict=True)
        return Panel.of(Series(name, tuple(texts[a:b]), self.y[a:b]) for name, a, b in bounds)


def arrange(
    codes: Ints,
    ds: NDArray[Any],
    values: Floats,
    columns: tuple[str, ...],
    freq: str | int | Frequency | None,
    fill: Fill | None,
    kind: FrameKind,
) -> TimedPanel:
    """A panel from rows in any order.

    Args:
        codes: (rows,) the series of each row.
        ds: (rows,) times.
        values: (rows, 1 + columns) of the target and the exogenous columns.
        columns: the exogenous columns.
        freq: as in ``read_frame``, like ``fill``.
        fill: see there.
        kind: of the frame.
    """
    if fill is not None:
        check_fill(fill)
    later = (codes[1:] > codes[:-1]) | ((codes[1:] == codes[:-1]) & (ds[1:] >= ds[:-1]))
    if not later.all():
        order = np.lexsort((ds, codes))
        codes, ds, values = codes[order], ds[order], values[order]
    names = kind.names
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))])
    labels = (kind.target_column, *columns)
    for column, label in enumerate(labels):
        check_values(values[:, column], label, ds, codes, names)
    if freq is None:
        frequency = infer(ds, offsets, names)
    elif isinstance(freq, Frequency):
        frequency = freq.anchored(ds)
    else:
        frequency = Frequency.parse(str(freq)).anchored(ds)
    index = frequency.index(ds, offsets, names)
    if fill is None:
        check_gaps(frequency, ds, index, codes, names)
    else:
        ds, values, codes, offsets = widen(frequency, ds, values, index, codes, offsets, fill)
    said = () if fill is None else unfilled(fill)
    for column, label in enumerate(labels):
        check_filled(values[:, column], label, ds, codes, names, *said)
    y, exogenous = values[:, 0].copy(), values[:, 1:].copy()
    return TimedPanel(names, offsets, ds, y, exogenous, columns, frequency, kind)


def widen(
    frequency: Frequency,
    ds: NDArray[Any],
    values: Floats,
    index: Ints,
    codes: Ints,
    offsets: Ints,
    fill: Fill,
) -> tuple[NDArray[Any], Floats, Ints, Ints]:
    """Rows with those that are missing put in, and missing values filled in."""
    lengths = index[offsets[1:] - 1] + 1
    wanted = int(lengths.sum())
    if wanted > max(10**6, 100 * len(ds)):
        raise DataError(
            "freq",
            str(frequency),
            f"would fill {len(ds)} rows up to {wanted}",
            "Give the frequency that the times have.",
        )
    wide = np.concatenate([[0], np.cumsum(lengths)])
    if wanted > len(ds):
        full = np.full((wanted, values.shape[1]), np.nan)
        full[wide[codes] + index] = values
        ds, values = frequency.grid(ds[offsets[:-1]], lengths), full
        codes = np.repeat(np.arange(len(lengths)), lengths)
    filled = [fill_missing(values[:, column], wide, fill) for column in range(values.shape[1])]
    return ds, np.stack(filled, axis=1), codes, wide


def check_values(
    values: Floats, label: str, ds: NDArray[Any], codes: Ints, names: Sequence[str]
) -> None:
    """Raise DataError if a value is infinite or too large."""
    wrong = np.flatnonzero(np.abs(values) > LARGEST)
    if len(wrong):
        i = wrong[0]
        where = f"series {names[codes[i]]!r}, column {label!r}"
        check_value(where, float(values[i]), f", at {show(ds[i])}")


def check_filled(
    values: Floats,
    label: str,
    ds: NDArray[Any],
    codes: Ints,
    names: Sequence[str],
    problem: str = "is missing",
    fix: str = "Fill it in, or say how: fill='forward', 'linear', 'zero' or a number.",
) -> None:
    """Raise DataError if a value is missing, still."""
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        i = missing[0]
        where = f"series {names[codes[i]]!r}, column {label!r}"
        raise DataError(where, show(ds[i]), problem, fix)


def unfilled(fill: Fill) -> tuple[str, str]:
    """What is wrong where this way of filling in leaves a value missing, and what to do."""
    known = "before it" if fill == "forward" else "on one side of it"
    problem = f"is missing, and there is nothing {known} to fill it {fill} with"
    return problem, "Cut the series there, or use fill='zero' or a number."
