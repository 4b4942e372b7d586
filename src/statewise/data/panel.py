"""Panel: one or many series, checked once, then never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.records import settle
from statewise.data.fill import HOW_TO_FILL, Fill, check_fill
from statewise.data.frame_kind import FrameKind
from statewise.data.frequency import Frequency, Written, show
from statewise.data.gaps import Rows, evened, holidays_in, unfilled
from statewise.data.infer import check_gaps, infer
from statewise.data.origin import ForecastOrigin
from statewise.data.time_columns import Times
from statewise.errors import DataError
from statewise.text import visible

__all__ = ["LARGEST", "Panel", "Series", "arrange", "check_filled", "check_value", "check_values"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGEST = 1e30  # of a value: squares of it, and sums of those, stay finite


@dataclass(frozen=True, eq=False)
class Series:
    """One series in time order.

    Attributes:
        unique_id: its name.
        ds: its times as written.
        y: (observations,) read-only float64.
        x: (observations, columns) exogenous columns on the same rows; none by default.
    """

    unique_id: str
    ds: tuple[str, ...]
    y: Floats
    x: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        if not self.x.size:
            settle(self, x=np.zeros((len(self.y), 0)))

    def __len__(self) -> int:
        return len(self.y)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        named = (self.unique_id, self.ds) == (other.unique_id, other.ds)
        return named and np.array_equal(self.y, other.y) and np.array_equal(self.x, other.x)

    def __hash__(self) -> int:
        return hash((self.unique_id, self.ds, self.y.tobytes(), self.x.tobytes()))


@dataclass(frozen=True, eq=False)
class Panel:
    """One or many series, perhaps with exogenous columns: rows by series, then by time.

    A study needs no more than the order of observations, so times may have gaps, or be text that
    cannot be read. A forecaster asks for ``checked_frequency`` first.

    Args:
        offsets: (series + 1,) where each series begins and ends.
        ds: (rows,) datetime64[us] or int64; text, as objects, where it cannot be read as times.
        y: (rows,) finite values.
        exogenous: (rows, columns) finite values.
        columns: what the exogenous columns are called.
        spacing: the step from each time to the next, or what is wrong with the times.
        kind: what the series are called, and how to give a frame back.
        written: (rows,) the times as they were written; None where ``kind`` writes them so.
        notes: what was found and done in reading, in sentences without a full stop.

    Example:
        >>> panel = Panel.from_values([266.0, 145.9, 183.1], ds=["2020-01", "2020-02", "2020-03"])
        >>> len(panel.only), str(panel.frequency), panel.only.ds[-1]
        (3, 'MS', '2020-03')
    """

    offsets: Ints
    ds: NDArray[Any]
    y: Floats
    exogenous: Floats
    columns: tuple[str, ...]
    spacing: Frequency | DataError
    kind: FrameKind
    written: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.offsets, self.ds, self.y, self.exogenous):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        """Whether series, times and values are the same, of whatever kind of frame."""
        if not isinstance(other, Panel):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        times = tuple(self.ds.tolist())
        values = (self.offsets.tobytes(), self.y.tobytes(), self.exogenous.tobytes())
        return (self.ids, self.columns, self.frequency, str(self.ds.dtype), times, *values)

    @property
    def ids(self) -> tuple[str, ...]:
        """(series,) names, in the order in which they first came."""
        return self.kind.names

    @property
    def frequency(self) -> Frequency | None:
        """The step from each time to the next, or None where it is not known."""
        return self.spacing if isinstance(self.spacing, Frequency) else None

    def checked_frequency(self) -> Frequency:
        """The step from each time to the next.

        Raises:
            DataError: there is none: a time is missing within a series, or times are uneven, or
                they cannot be read; the message says which.

        Example:
            >>> Panel.from_values([1.0, 2.0, 3.0], ds=[1, 2, 4]).checked_frequency()
            Traceback (most recent call last):
            ...
            statewise.errors.DataError: series 'series-1' = '3': is missing: the times are whole ...
        """
        if isinstance(self.spacing, DataError):
            raise DataError(*self.spacing.args)
        return self.spacing

    @property
    def lengths(self) -> Ints:
        """(series,) how many observations each has."""
        return np.diff(self.offsets)

    @property
    def labels(self) -> NDArray[Any]:
        """(rows,) times as they were written, or as a column of the frame shows them."""
        if self.written is not None:
            return self.written
        unique, place = np.unique(self.ds, return_inverse=True)
        texts = self.kind.time.write(unique, self.kind.backend).to_list()
        return np.array([show(text) for text in texts], object)[place]

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The series one by one, each with its times as written."""
        labels, y, x = self.labels.tolist(), self.y, self.exogenous
        bounds = zip(self.ids, self.offsets[:-1], self.offsets[1:], strict=True)
        return tuple(Series(name, tuple(labels[a:b]), y[a:b], x[a:b]) for name, a, b in bounds)

    @property
    def only(self) -> Series:
        """The one series of the panel; raises DataError if there are more."""
        if len(self) != 1:
            problem, fix = "has more than one series", "Choose one of them."
            raise DataError("panel", list(self.ids), problem, fix)
        return self.series[0]

    @property
    def origin(self) -> ForecastOrigin:
        """Where the series stand at their ends; raises DataError where there is no frequency."""
        last = self.ds[self.offsets[1:] - 1]
        return ForecastOrigin(last, self.columns, self.checked_frequency(), self.kind)

    def after(self, count: int) -> NDArray[Any]:
        """(series, count) the times that follow; raises DataError where there is no frequency."""
        return self.origin.after(count)

    def until(self, lengths: Ints) -> "Panel":
        """The first ``lengths`` (series,) observations of each series, at least one."""
        place = np.arange(len(self.y)) - np.repeat(self.offsets[:-1], self.lengths)
        kept = np.flatnonzero(place < np.repeat(lengths, self.lengths))
        return self._rows(kept, lengths, self.kind)

    def take(self, series: Ints) -> "Panel":
        """The panel of these series, in this order."""
        rows = [np.arange(self.offsets[i], self.offsets[i + 1]) for i in series]
        return self._rows(np.concatenate(rows), self.lengths[series], self.kind.take(series))

    def _rows(self, rows: Ints, lengths: Ints, kind: FrameKind) -> "Panel":
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            ds=self.ds[rows],
            y=self.y[rows],
            exogenous=self.exogenous[rows],
            kind=kind,
            written=None if self.written is None else self.written[rows],
        )

    @classmethod
    def of(cls, series: Iterable[Series], columns: Sequence[str] = ()) -> "Panel":
        """A panel of these series, whose exogenous columns are called so.

        Raises:
            DataError: two series have one name, or there is none.
        """
        found = tuple(series)
        names = tuple(s.unique_id for s in found)
        if not names or len(set(names)) != len(names):
            raise DataError("panel", names, "has series of one name, or none", "Name each apart.")
        codes = np.repeat(np.arange(len(found)), [len(s) for s in found])
        values = np.concatenate([np.column_stack([s.y, s.x]) for s in found])
        times = Times.read("ds", [label for s in found for label in s.ds])
        times.check(codes, lambda i: f"series {names[codes[i]]!r}")
        kind = FrameKind("pandas", "unique_id", "y", names, times.column)
        return arrange(times, codes, values, kind, tuple(columns))

    @classmethod
    def from_values(
        cls, y: ArrayLike, *, unique_id: str = "series-1", ds: Sequence[Any] | None = None
    ) -> "Panel":
        """A panel of one series, from its values in time order.

        Args:
            y: (observations,) numbers.
            unique_id: the name of the series.
            ds: (observations,) times, or 1, 2, 3, ... by default.

        Raises:
            DataError: a value is not finite, or the times are not as many, distinct and in order.

        Example:
            >>> Panel.from_values([266.0, 145.9, 183.1], unique_id="sales").ids
            ('sales',)
        """
        values = np.array(y, np.float64)
        if values.ndim != 1 or len(values) == 0:
            raise DataError("y", values.shape, "is not one row of values", "Give a flat list.")
        texts = [str(t) for t in (range(1, len(values) + 1) if ds is None else ds)]
        if len(texts) != len(values):
            raise DataError("ds", len(texts), f"does not match {len(values)} values", "Give both.")
        for text, value in zip(texts, values, strict=True):
            check_value(unique_id, float(value), f", at {text}")
        return cls.of([Series(unique_id, tuple(texts), values)])


def arrange(
    times: Times,
    codes: Ints,
    values: Floats,
    kind: FrameKind,
    columns: tuple[str, ...] = (),
    freq: str | int | Frequency | None = None,
    fill: Fill | None = None,
    *,
    holidays: bool = False,
    notes: Sequence[str | None] = (),
) -> Panel:
    """A panel from rows in any order.

    Args:
        times: (rows,) in which no series has a time twice.
        codes: (rows,) the series of each row.
        values: (rows, 1 + columns) of the target and the exogenous columns.
        kind: of the frame.
        columns: the exogenous columns; ``freq`` and ``fill`` are those of ``read_frame``.
        holidays: whether a few business days that are missing are filled in, by ``fill`` or with
            the values before.
        notes: what is known of the rows so far.

    Raises:
        DataError: a value is missing, infinite or too large; or gaps are to be filled, and the
            frequency is not known.
        SettingError: freq or fill is not a known one.
    """
    if fill is not None:
        check_fill(fill)
    if not isinstance(freq, Frequency | None):
        freq = Frequency.parse(str(freq))
    order: Any = times.order(codes)
    empty: tuple[str, ...] = ()
    if fill in {"forward", "linear"}:
        order, codes, kind, empty = without_empty(order, codes, values[:, 0], kind)
    ds, codes, values = times.ds[order], codes[order], values[order]
    written = None if times.written is None else times.written[order]
    names, labels = kind.names, (kind.target_column, *columns)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(names)))])
    shown = kind.time.show
    check_values(values, labels, ds, codes, names, shown)
    there = int(np.isfinite(values[:, 0]).sum())
    said = [visible(note) for note in (*notes, times.note, *empty) if note]
    spacing: Frequency | DataError
    closed = 0
    try:
        if times.problem is not None:
            raise times.problem
        spacing = infer(ds, offsets, names) if freq is None else freq.anchored(ds)
        index = spacing.index(ds, offsets, names, shown)
        closed = holidays_in(spacing, index, codes) if holidays else 0
        if fill is None and not closed:
            check_gaps(spacing, ds, index, codes, names, shown)
    except DataError as error:
        if fill is not None:
            raise
        spacing = DataError(*error.args)
    if fill is None or isinstance(spacing, DataError):
        check_filled(values, labels, ds, codes, names, shown)
    way: Fill = "forward" if fill is None else fill
    if not isinstance(spacing, DataError) and (fill is not None or closed):
        if closed:
            said.append(f"{closed} business days have no row and were filled in as holidays: {way}")
        rows = Rows(ds, values, codes, offsets)
        rows, found = evened(spacing, rows, index, way, labels, shown)
        written = written if np.array_equal(rows.ds, ds) else None
        ds, values, codes, offsets = rows
        said += found
        check_filled(values, labels, ds, codes, names, shown, *unfilled(way))
        if filled := len(values) - there - closed:
            said.append(f"{filled} missing values were filled in: {way}")
    y, exogenous = values[:, 0].copy(), values[:, 1:].copy()
    return Panel(offsets, ds, y, exogenous, columns, spacing, kind, written, tuple(said))


def without_empty(
    order: Any, codes: Ints, target: Floats, kind: FrameKind
) -> tuple[Any, Ints, FrameKind, tuple[str, ...]]:
    """Rows in order, and the kind, without series that have no value, if others have; and notes."""
    some = np.bincount(codes, ~np.isnan(target), len(kind.names)) > 0
    if some.all() or not some.any():
        return order, codes, kind, ()
    notes = [f"{kind.names[i]} has no value, and was left out" for i in np.flatnonzero(~some)]
    places = np.cumsum(some) - 1
    rows = np.arange(len(codes))[order]
    return rows[some[codes[rows]]], places[codes], kind.take(np.flatnonzero(some)), tuple(notes)


def check_value(where: str, value: float, place: str) -> None:
    """Raise DataError if ``value`` is not a finite number that can be squared and summed."""
    if not np.isfinite(value):
        problem = f"is not a finite number{place}"
        fix = "Fill in the value, or cut the series so that it has none missing."
        raise DataError(where, value, problem, fix)
    if abs(value) > LARGEST:
        problem = f"is too large to compute with{place}"
        raise DataError(where, value, problem, "Give the series in larger units.")


def check_values(
    values: Floats,
    labels: Sequence[str],
    ds: NDArray[Any],
    codes: Ints,
    names: Sequence[str],
    written: Written,
) -> None:
    """Raise DataError if one of the (rows, columns) values is infinite or too large."""
    for column, row in np.argwhere(np.abs(values.T) > LARGEST)[:1]:
        where = f"series {names[codes[row]]!r}, column {labels[column]!r}"
        check_value(where, float(values[row, column]), f", at {written(ds[row])}")


def check_filled(
    values: Floats,
    labels: Sequence[str],
    ds: NDArray[Any],
    codes: Ints,
    names: Sequence[str],
    written: Written,
    problem: str = "is missing",
    fix: str = HOW_TO_FILL,
) -> None:
    """Raise DataError if one of the (rows, columns) values is missing."""
    for column, row in np.argwhere(np.isnan(values.T))[:1]:
        where = f"series {names[codes[row]]!r}, column {labels[column]!r}"
        raise DataError(where, written(ds[row]), problem, fix)
