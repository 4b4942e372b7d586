"""A fitted framing: series to samples, windows to forecasts, one series or many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from statewise.errors import DataError, SettingError
from statewise.model.framing.maps import Scale, difference, power, undifference, unpower

if TYPE_CHECKING:
    from statewise.model.framing import Framing

__all__ = ["FittedFraming", "Which", "stack"]

Floats = NDArray[np.float64]
Which = slice | NDArray[np.int64]
"""Which training samples, in the order of time."""
PARAMETERS = ("exponent", "x_factor", "x_offset", "y_factor", "y_offset")
FARTHEST = 1e30  # of a scaled value; beyond it float32 may end
NOTHING = np.asarray(-0.0)  # minus zero, which leaves every value as it is when added, to the bit


@dataclass(frozen=True, eq=False)
class FittedFraming:
    """A framing whose exponent and scales are known, of one series or of a stack of them.

    The parameters of a stack are arrays over its series (see ``stack``), and every method takes
    arrays whose leading axes broadcast with theirs. A series is framed to the same bit in a stack
    and on its own.

    Example:
        >>> import numpy as np
        >>> from statewise.model.framing import Framing
        >>> y = np.array([[3.0, 5.0, 4.0, 8.0], [7.0, 1.0, 2.0, 5.0]])
        >>> fitted = stack([Framing().fit(series) for series in y])
        >>> fitted.window(y[:, -2:]).shape
        (2, 1, 1)
        >>> members = np.zeros((2, 10, 1))  # outputs of ten networks for each series
        >>> fitted[:, None].invert(members, y[:, None, -2:]).shape
        (2, 10, 1)
    """

    framing: "Framing"
    exponent: Floats
    x_scale: Scale
    y_scale: Scale

    def samples(self, history: ArrayLike, which: Which = slice(None)) -> tuple[Floats, Floats]:
        """The training samples in observations (..., n), or ``which`` of them, scaled.

        Returns:
            Inputs (..., samples, steps, lags) and targets (..., samples, outputs). Each input is
            what ``window`` gives for the observations before its target.
        """
        x, y = self.pairs(np.asarray(history, np.float64), which)
        each = self[..., None]
        return self._steps(each.x_scale.apply(x)), each.y_scale.apply(y)

    def window(self, recent: ArrayLike) -> Floats:
        """The input (..., steps, lags) from which the observations after ``recent`` are forecast.

        Args:
            recent: (..., at least ``framing.memory``) the latest observations, oldest first.

        Raises:
            DataError: there are too few, or one is not positive though the transform needs it.
        """
        window = self._recent(recent)[-1]
        return self._steps(self.x_scale.apply(window - self._base(window)))

    def invert(self, output: ArrayLike, recent: ArrayLike) -> Floats:
        """The forecasts (..., outputs) in the units of the series.

        Args:
            output: (..., outputs) what the network made of ``window(recent)``.
            recent: as for ``window``.

        Raises:
            DataError: as for ``window``.
        """
        *levels, window = self._recent(recent)
        values = self.y_scale.invert(np.asarray(output, np.float64)) + self._base(window)
        for lag, level in zip(reversed(self.framing.differences), reversed(levels), strict=True):
            values = undifference(values, level, lag)
        return values if self.framing.transform == "none" else unpower(values, self.exponent)

    def is_representable(self, values: Floats) -> NDArray[np.bool_]:
        """Which observations (...), one for each series, can be framed, and shown in float32."""
        if self.framing.transform != "none":
            values = np.where(values > 0.0, values, np.nan)
            values = power(values[..., None], self.exponent)[..., 0]
        return np.abs(values * self.x_scale.factor + self.x_scale.offset) < FARTHEST

    def parameters(self) -> dict[str, Floats]:
        """What was fitted, by name: arrays of one shape, a number for each series.

        Example:
            >>> from statewise.model.framing import Framing
            >>> fitted = Framing().fit([3.0, 5.0, 4.0, 8.0])
            >>> again = FittedFraming.from_parameters(fitted.framing, fitted.parameters())
            >>> sorted(again.parameters())
            ['exponent', 'x_factor', 'x_offset', 'y_factor', 'y_offset']
        """
        return dict(zip(PARAMETERS, (self.exponent, *self.x_scale, *self.y_scale), strict=True))

    @classmethod
    def from_parameters(
        cls, framing: "Framing", parameters: Mapping[str, ArrayLike]
    ) -> "FittedFraming":
        """The fitted framing whose ``parameters`` these are.

        Raises:
            DataError: one is missing or unknown or not finite, a factor is zero, or shapes differ.
        """
        if set(parameters) != set(PARAMETERS):
            raise DataError(
                "parameters", sorted(parameters), "are others", f"Give {', '.join(PARAMETERS)}."
            )
        arrays = {name: np.asarray(parameters[name], np.float64) for name in PARAMETERS}
        for name, array in arrays.items():
            positive = "factor" not in name or (array > 0.0).all()
            same = array.shape == arrays["exponent"].shape
            if not (np.isfinite(array).all() and positive and same):
                problem = "is not finite, or a factor not above zero, or not of the others' shape"
                raise DataError(name, array, problem, "Give what parameters() returned.")
        return _of(framing, list(arrays.values()))

    def __getitem__(self, index: Any) -> "FittedFraming":
        """The framing of some of a stack's series, or with further axes: ``fitted[:, None]``."""
        return _of(self.framing, [array[index] for array in self.parameters().values()])

    def pairs(self, history: Floats, which: Which = slice(None)) -> tuple[Floats, Floats]:
        """The training samples before they are scaled, with windows as one row of values.

        Those that are not asked for take no memory.

        Returns:
            Inputs (..., samples, window_length) and targets (..., samples, outputs).
        """
        length, outputs = self.framing.window_length, self.framing.outputs
        changes = self._levels(_known(history, self.framing.memory + outputs))[-1]
        kept = slice(-(self.framing.samples or 0), None)  # from zero, so all, where it is None
        windows = sliding_window_view(changes[..., :-outputs], length, axis=-1)[..., kept, :]
        windows = windows[..., which, :]
        targets = sliding_window_view(changes[..., length:], outputs, axis=-1)[..., kept, :]
        targets = targets[..., which, :]
        base = self._base(windows)
        return windows - base, targets - base

    def _recent(self, recent: ArrayLike) -> list[Floats]:
        """The levels of the observations that a forecast is made from."""
        values = _known(np.asarray(recent, np.float64), self.framing.memory)
        return self._levels(values[..., -self.framing.memory :])

    def _levels(self, values: Floats) -> list[Floats]:
        """The transformed values, and those after each difference."""
        if self.framing.transform != "none":
            self.framing.check(values, "observations")
            values = power(values, self.exponent)
        return list(accumulate(self.framing.differences, difference, initial=values))

    def _base(self, windows: Floats) -> Floats:
        """What windows (..., window_length) and their targets are shown less, (..., 1)."""
        match self.framing.relative:
            case "none":
                return NOTHING
            case "last":
                return windows[..., -1:]
            case "mean":  # added up one by one, in the same order however the array is laid out
                return np.cumsum(windows, axis=-1)[..., -1:] / self.framing.window_length

    def _steps(self, windows: Floats) -> Floats:
        """Windows (..., window_length) as (..., steps, lags)."""
        return np.take(windows, self._places, axis=-1)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """(steps, lags) where the values of each time step stand in a window."""
        return np.add.outer(np.arange(self.framing.steps), np.arange(self.framing.lags))


def stack(fitted: Sequence[FittedFraming]) -> FittedFraming:
    """Many fitted framings as one, whose parameters have a leading axis over them.

    Raises:
        SettingError: there are none, or they are not of one framing.

    Example:
        >>> from statewise.model.framing import Framing
        >>> one, other = Framing().fit([3.0, 5.0, 4.0, 8.0]), Framing().fit([7.0, 1.0, 2.0, 5.0])
        >>> stack([one, other]).parameters()["x_factor"].shape
        (2,)
    """
    if len({each.framing for each in fitted}) != 1:
        raise SettingError(
            "fitted", len(fitted), "are not framings of one kind", "Stack those of one Framing."
        )
    rows = [each.parameters().values() for each in fitted]
    return _of(fitted[0].framing, [np.array(row) for row in zip(*rows, strict=True)])


def _of(framing: "Framing", parameters: Sequence[Floats]) -> FittedFraming:
    """The fitted framing with these parameters, in the order of their names."""
    exponent, x_factor, x_offset, y_factor, y_offset = (np.asarray(p) for p in parameters)
    return FittedFraming(framing, exponent, Scale(x_factor, x_offset), Scale(y_factor, y_offset))


def _known(values: Floats, least: int) -> Floats:
    """``values`` if there are ``least`` along the last axis; raises DataError otherwise."""
    if values.ndim == 0 or values.shape[-1] < least:
        fix = "Give them along the last axis, oldest first."
        raise DataError("observations", values.shape, f"are too few: {least} are needed", fix)
    return values
