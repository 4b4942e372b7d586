"""Framing: the invertible way from a series to training samples, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from statewise.checks import at_least
from statewise.errors import DataError, SettingError

__all__ = ["FittedFraming", "Framing", "Scale"]

Floats = NDArray[np.float64]
SMALLEST = 1e-30  # a range below it is no range


@dataclass(frozen=True)
class Scale:
    """An affine map, ``value * factor + offset``, and its inverse."""

    factor: float = 1.0
    offset: float = 0.0

    @classmethod
    def min_max(cls, values: Floats, low: float, high: float) -> "Scale":
        """The map that takes the least of ``values`` to ``low`` and the greatest to ``high``."""
        least, greatest = float(values.min()), float(values.max())
        factor = (high - low) / (greatest - least)
        return cls(factor, low - least * factor)

    def apply(self, values: Floats) -> Floats:
        return values * self.factor + self.offset

    def invert(self, values: Floats) -> Floats:
        return (values - self.offset) / self.factor


@dataclass(frozen=True)
class Framing:
    """How a series becomes samples: difference, then windows of lagged values, then scale.

    A sample's input is a window of ``steps`` time steps, each of which shows the network ``lags``
    consecutive values, oldest first; its target is the value that follows.

    Args:
        difference: 1 to model the change from one observation to the next, 0 the values themselves.
        lags: values shown at each time step (features).
        steps: time steps of a window (T). The state runs over them within a sample.
        scale: the range that inputs and target are each scaled to, each by its own minimum and
            maximum in the training samples; None leaves them as they are.
        samples: train on the last so many samples only; None takes all.

    Raises:
        SettingError: a number is out of range.

    Example:
        >>> framing = Framing().fit([3.0, 5.0, 4.0, 8.0])
        >>> x, y = framing.samples([3.0, 5.0, 4.0, 8.0])
        >>> x.shape, y.ravel().tolist()
        ((2, 1, 1), [-1.0, 1.0])
    """

    difference: int = 1
    lags: int = 1
    steps: int = 1
    scale: tuple[float, float] | None = (-1.0, 1.0)
    samples: int | None = None

    def __post_init__(self) -> None:
        if self.difference not in (0, 1):
            raise SettingError("difference", self.difference, "is not 0 or 1", "Use 1 or 0.")
        at_least("lags", self.lags, 1)
        at_least("steps", self.steps, 1)
        if self.samples is not None:
            at_least("samples", self.samples, 2)
        if self.scale is not None:
            try:
                low, high = (float(bound) for bound in self.scale)
            except (TypeError, ValueError):
                low = high = np.nan
            if not (np.isfinite([low, high]).all() and low < high):
                raise SettingError(
                    "scale", self.scale, "is not a finite range", "Use for example (-1, 1)."
                )
            object.__setattr__(self, "scale", (low, high))

    @property
    def window_length(self) -> int:
        """The number of (differenced) values that one input shows."""
        return self.steps + self.lags - 1

    @property
    def shortest(self) -> int:
        """The least number of observations that can be framed and scaled: two samples of them."""
        return self.difference + self.window_length + 2

    def fit(self, history: ArrayLike, *, name: str = "series") -> "FittedFraming":
        """Learn the scales from ``history`` (observations,), the training part of a series.

        Raises:
            DataError: ``history`` is too short, or constant where it would be scaled.
        """
        values = checked(history, name)
        if len(values) < max(
            self.shortest, self.difference + self.window_length + (self.samples or 2)
        ):
            raise DataError(
                name,
                len(values),
                f"observations are too few to train on: lags={self.lags}, steps={self.steps}, "
                f"difference={self.difference}, samples={self.samples} need more",
                "Give a longer series, a smaller test set, or fewer lags and steps.",
            )
        x, y = _pairs(self, values)
        if self.samples is not None:
            x, y = x[-self.samples :], y[-self.samples :]
        if self.scale is None:
            return FittedFraming(self, Scale(), Scale())
        for part in (x, y):
            if part.max() - part.min() < SMALLEST:
                kind = "changes by the same amount every time" if self.difference else "is constant"
                raise DataError(
                    name,
                    float(part.flat[0]),
                    f"the training part {kind}, and scaling it would divide by zero",
                    "Give a series that varies (in Python, scale=None leaves it unscaled).",
                )
        return FittedFraming(self, Scale.min_max(x, *self.scale), Scale.min_max(y, *self.scale))


@dataclass(frozen=True)
class FittedFraming:
    """A framing whose scales are known. Every method takes the observations up to now."""

    framing: Framing
    x_scale: Scale
    y_scale: Scale

    def samples(self, history: ArrayLike) -> tuple[Floats, Floats]:
        """The training samples: inputs (samples, steps, lags) and targets (samples, 1)."""
        x, y = _pairs(self.framing, np.asarray(history, np.float64))
        last = slice(None) if self.framing.samples is None else slice(-self.framing.samples, None)
        return self.x_scale.apply(x[last]), self.y_scale.apply(y[last])

    def window(self, history: ArrayLike) -> Floats:
        """The input from which the next observation is forecast, (1, steps, lags)."""
        values = _differenced(self.framing, np.asarray(history, np.float64))
        last = values[-self.framing.window_length :]
        return self.x_scale.apply(sliding_window_view(last, self.framing.lags)[None])

    def invert(self, output: ArrayLike, history: ArrayLike) -> Floats:
        """The forecast in the units of the series, from the output for ``window(history)``."""
        value = self.y_scale.invert(np.asarray(output, np.float64))
        return value + np.asarray(history, np.float64)[-1] if self.framing.difference else value


def checked(history: ArrayLike, name: str) -> Floats:
    """``history`` as float64; raises DataError if it is not one row of finite numbers."""
    values = np.asarray(history, np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError(
            name, values.shape, "is not one row of finite numbers", "Give a flat list without gaps."
        )
    return values


def _differenced(framing: Framing, values: Floats) -> Floats:
    return np.diff(values) if framing.difference else values


def _pairs(framing: Framing, values: Floats) -> tuple[Floats, Floats]:
    """All windows of a series with the values that follow them, unscaled."""
    changes = _differenced(framing, values)
    length = framing.window_length
    windows = sliding_window_view(changes[:-1], length)  # (samples, window_length)
    return sliding_window_view(windows, framing.lags, axis=1), changes[length:, None]
