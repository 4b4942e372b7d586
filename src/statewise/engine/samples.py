"""The training samples of one data set or many, checked once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.engine.layout import Data, Floats, Ints
from statewise.errors import DataError, SettingError

__all__ = ["Samples", "checked_floats", "data_of_runs", "samples_of"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Several data sets, their samples end to end. ``samples_of`` makes and checks them."""

    x: Floats  # (samples, steps, features)
    y: Floats  # (samples, outputs)
    start: NDArray[np.int64]  # (data sets,) the first sample of each
    count: NDArray[np.int64]  # (data sets,) samples of each
    series_start: NDArray[np.uint8]  # (samples,) one where a series begins
    loss_mask: NDArray[np.uint8]  # (samples,) zero where an error does not count
    order: Ints | None = None  # (places,) of the only data set, -1 for an empty place

    @property
    def uneven(self) -> bool:
        """Whether there is more to a sample than its place."""
        return self.order is not None or bool(self.series_start.any()) or not self.loss_mask.all()

    def places(self, data: Ints) -> NDArray[np.int64]:
        """How many places the order of each of these data sets has."""
        return self.count[data] if self.order is None else np.full(len(data), len(self.order))

    def errors(self, data: Ints) -> NDArray[np.int64]:
        """How many samples of each of these data sets are scored."""
        bounds = np.concatenate([[0], np.cumsum(self.loss_mask, dtype=np.int64)])
        return np.asarray(bounds[self.start[data] + self.count[data]] - bounds[self.start[data]])

    def in_order(self, data: Ints) -> Ints:
        """The order of time for lanes with these data sets, (1, places, width)."""
        if self.order is not None:
            return np.repeat(self.order[None, :, None], len(data), axis=2)
        place = np.arange(self.places(data).max(), dtype=np.int32)[:, None]
        return np.where(place < self.count[data], place, np.int32(-1))[None].astype(np.int32)

    def in_lanes(self, data: Ints, order: Ints) -> Data:
        """What kernels read: each lane's data set, and the order of its samples."""
        return Data(self.x, self.y, self.series_start, self.loss_mask, self.start[data], order)

    def split(self, held_back: Callable[[int], int]) -> tuple["Samples", "Samples"]:
        """The samples without the last of each data set, and those alone.

        Raises:
            SettingError: a data set is left without samples on one side.
        """
        held = np.array([held_back(int(n)) for n in self.count])
        if self.order is not None or (held < 1).any() or (held >= self.count).any():
            raise SettingError(
                "validation",
                int(held.max()),
                f"of {int(self.count.min())} to {int(self.count.max())} samples leaves none to "
                "train on or none to look at",
                "Hold back at least one sample and leave at least one.",
            )
        kept = self.count - held
        return replace(self, count=kept), replace(self, start=self.start + kept, count=held)


def samples_of(
    x: ArrayLike | Sequence[ArrayLike],
    y: ArrayLike | Sequence[ArrayLike],
    *,
    order: ArrayLike | None = None,
    series_start: ArrayLike | None = None,
    loss_mask: ArrayLike | None = None,
) -> Samples:
    """Data sets as the engine reads them.

    Args:
        x: (samples, steps, features), or (data sets, samples, steps, features), or a list of data
            sets of unequal length.
        y: (samples, outputs), or as many data sets of them.
        order: (places,) for one data set: the sample of each place in time order, -1 for none. A
            batch is so many places in turn; with carried state a row of it follows one series.
        series_start: (samples,) where a series begins, and the state with it.
        loss_mask: (samples,) where an error counts; elsewhere only the state is moved on.

    Raises:
        SettingError: a shape is wrong, or two disagree.
        DataError: a value is not finite.

    Example:
        >>> samples_of([np.zeros((3, 1, 1)), np.zeros((2, 1, 1))], [np.zeros((3, 1))] * 1 + [
        ...     np.zeros((2, 1))]).count.tolist()
        [3, 2]
    """
    inputs, counts = end_to_end("x", x, 3, "(samples, steps, features)")
    targets, target_counts = end_to_end("y", y, 2, "(samples, outputs)")
    if counts != target_counts:
        raise SettingError(
            "y",
            target_counts if len(target_counts) > 1 else targets.shape,
            f"does not match x {counts if len(counts) > 1 else inputs.shape}",
            "Give one target a sample.",
        )
    samples, count = len(inputs), np.array(counts)
    places = None
    if order is not None:
        places = np.asarray(order, np.int32)
        if len(counts) != 1 or places.ndim != 1 or places.min() < -1 or places.max() >= samples:
            raise SettingError(
                "order", places.shape, f"does not name samples below {samples}", "Give (places,)."
            )
    flags: list[NDArray[np.uint8]] = []
    for name, given, default in (("series_start", series_start, 0), ("loss_mask", loss_mask, 1)):
        flag = np.full(samples, default) if given is None else np.asarray(given)
        if flag.shape != (samples,):
            raise SettingError(name, flag.shape, f"is not ({samples},)", "Give one a sample.")
        flags.append((flag != 0).astype(np.uint8))
    return Samples(inputs, targets, np.cumsum(count) - count, count, flags[0], flags[1], places)


def end_to_end(
    name: str, values: Any, dimensions: int, axes: str
) -> tuple[NDArray[np.float32], list[int]]:
    """Data sets as one float32 array, and the samples of each."""
    listed = isinstance(values, list | tuple) and isinstance(values[0] if values else 0, np.ndarray)
    if listed and values[0].ndim == dimensions:
        parts = [checked_floats(name, part, dimensions, axes) for part in values]
        if len({part.shape[1:] for part in parts}) > 1:
            shapes = sorted({part.shape[1:] for part in parts})
            raise SettingError(name, shapes, "differ but in their samples", f"Give each {axes}.")
        return np.concatenate(parts), [len(part) for part in parts]
    found = checked_floats(name, values, dimensions + 1, axes)
    return found.reshape(-1, *found.shape[2:]), [found.shape[1]] * found.shape[0]


def checked_floats(name: str, values: Any, dimensions: int, axes: str) -> NDArray[np.float32]:
    """``values`` as a float32 C array; one with an axis less than ``dimensions`` gains the first.

    Raises:
        SettingError: it is no array of real numbers, or has other axes.
        DataError: a value is not finite in float32; the message names the place.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        kind = type(values).__name__
        raise SettingError(name, kind, "is not an array of real numbers", "Give one.")
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    if array.ndim == dimensions - 1:
        array = array[None]
    if array.ndim != dimensions or 0 in array.shape:
        raise SettingError(
            name, np.shape(values), f"is not {axes}", "Reshape it, one row a sample."
        )
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused
        narrowed = np.array(array, np.float32, order="C")
    if not np.isfinite(narrowed).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(narrowed))[0])
        raise DataError(name, float(array[place]), f"is not finite at {place}", "Fill or drop it.")
    return narrowed


def data_of_runs(data: ArrayLike | None, runs: int, data_sets: int) -> Ints:
    """The data set of each run, (runs,); raises SettingError if it is not said or out of range."""
    if data is None and data_sets > 1:
        raise SettingError(
            "data", None, f"does not say which of {data_sets} data sets each run trains on",
            "Give one number a run, for example data=[0, 1].",
        )  # fmt: skip
    of_run = np.zeros(runs, np.int32) if data is None else np.asarray(data)
    whole = of_run.shape == (runs,) and np.issubdtype(of_run.dtype, np.integer)
    if not whole or of_run.min() < 0 or of_run.max() >= data_sets:
        raise SettingError(
            "data",
            data,
            f"is not one data set number below {data_sets} for each of {runs} runs",
            "Give one whole number a run.",
        )
    return of_run.astype(np.int32)
