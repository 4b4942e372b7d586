"""Framing: the invertible way from a series to training samples, and back."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least, one_of
from statewise.base.records import settle
from statewise.errors import DataError, SettingError
from statewise.model.framing.fitted import FittedFraming, Which, stack
from statewise.model.framing.maps import Scale, fit_power
from statewise.model.framing.settings import LONGEST, plain_lags, plain_scale, plain_transform

__all__ = ["FittedFraming", "Framing", "stack"]

Floats = NDArray[np.float64]
LARGEST = 1e150  # the square of a greater number is no number


@dataclass(frozen=True)
class Framing:
    """How a series becomes samples: transform, difference, cut windows, make relative, scale.

    A sample's input is a window of ``steps`` time steps, each of which shows the network ``lags``
    consecutive values, oldest first; its target is the ``outputs`` values that follow.

    Args:
        difference: lags of differences, taken in turn: 0 models the values themselves, 1 the change
            from one observation to the next, 12 the change over a year of months, (1, 12) both.
        lags: values shown at each time step (features).
        steps: time steps of a window (T). The state runs over them within a sample.
        scale: the range that the least and the greatest value of the training samples are mapped
            to; "standard" for mean 0 and variance 1; None, or "none", leaves values as they are.
        samples: train on the last so many samples only; None takes all.
        transform: "log", or "box-cox", whose exponent is fitted to each series by maximum
            likelihood between -1 and 2, or a number, the exponent. For positive series.
        relative: "last" or "mean" shows each window less its own last value, or its own mean, and
            the target less the same: a series may change its level.
        target_scale: "apart" scales inputs and targets each by their own values, "same" all alike.
        outputs: values that are forecast at once.

    Raises:
        SettingError: a setting is out of range, or nothing is left of a window of one value.

    Example:
        >>> framing = Framing().fit([3.0, 5.0, 4.0, 8.0])
        >>> x, y = framing.samples([3.0, 5.0, 4.0, 8.0])
        >>> x.shape, y.ravel().tolist()
        ((2, 1, 1), [-1.0, 1.0])
    """

    difference: int | tuple[int, ...] = 1
    lags: int = 1
    steps: int = 1
    scale: tuple[float, float] | Literal["standard", "none"] | None = (-1.0, 1.0)
    samples: int | None = None
    transform: float | Literal["none", "log", "box-cox"] = "none"
    relative: Literal["none", "last", "mean"] = "none"
    target_scale: Literal["apart", "same"] = "apart"
    outputs: int = 1

    def __post_init__(self) -> None:
        settle(
            self,
            difference=plain_lags(self.difference),
            lags=at_least("lags", self.lags, 1, LONGEST),
            steps=at_least("steps", self.steps, 1, LONGEST),
            scale=plain_scale(self.scale),
            samples=None if self.samples is None else at_least("samples", self.samples, 2),
            transform=plain_transform(self.transform),
            relative=one_of("relative", self.relative, ("none", "last", "mean")),
            target_scale=one_of("target_scale", self.target_scale, ("apart", "same")),
            outputs=at_least("outputs", self.outputs, 1, LONGEST),
        )
        if self.steps * self.lags > LONGEST:
            problem = f"of {self.lags} lags are too large a window"
            raise SettingError("steps", self.steps, problem, f"Show at most {LONGEST} values.")
        if self.relative != "none" and self.window_length == 1:
            problem = "leaves nothing of a window of one value"
            raise SettingError("relative", self.relative, problem, "Show more lags or steps.")

    @cached_property
    def differences(self) -> tuple[int, ...]:
        """The lags of the differences, in the order in which they are taken."""
        if isinstance(self.difference, tuple):
            return self.difference
        return (self.difference,) if self.difference else ()

    @property
    def window_length(self) -> int:
        """The number of (differenced) values that one input shows."""
        return self.steps + self.lags - 1

    @cached_property
    def memory(self) -> int:
        """The number of observations that a forecast is made from."""
        return sum(self.differences) + self.window_length

    @property
    def shortest(self) -> int:
        """The least number of observations that can be trained on."""
        return self.memory + self.outputs - 1 + (self.samples or 2)

    def samples_of(self, observations: int) -> int:
        """The number of training samples in so many observations."""
        return self.samples or observations - self.memory - self.outputs + 1

    def check(self, values: Floats, name: str) -> None:
        """Raise DataError if ``values`` cannot be transformed since they are not positive."""
        if self.transform != "none" and (values <= 0.0).any():
            at = np.unravel_index(int(np.argmax(values <= 0.0)), values.shape)
            place = ", ".join(map(str, at))
            problem = f"is not positive, as transform={self.transform!r} needs"
            fix = 'Use transform="none", or add a constant to the series.'
            raise DataError(f"{name}[{place}]", float(values[at]), problem, fix)

    def fit(
        self,
        history: ArrayLike,
        *,
        name: str = "series",
        constant: Literal["refuse", "keep"] = "refuse",
        which: Which = slice(None),
    ) -> "FittedFraming":
        """Learn the exponent and the scales from the training part of a series.

        Args:
            history: (observations,) the training part.
            name: of the series, for errors.
            constant: what to do where there is nothing to scale, since all inputs or all targets
                are equal: "refuse" the series, or "keep" it, moved to the middle of the scale.
            which: of the training samples the scales are learned from; all by default.

        Raises:
            DataError: ``history`` is too short, not positive though the transform needs it, too
                large, or constant where it would be scaled.
        """
        one_of("constant", constant, ("refuse", "keep"))
        values = checked(history, name)
        if len(values) < self.shortest:
            raise DataError(
                name,
                len(values),
                f"observations are too few to train on: lags={self.lags}, steps={self.steps}, "
                f"difference={self.difference}, outputs={self.outputs}, samples={self.samples} "
                f"need {self.shortest}",
                "Give a longer series, a smaller test set, or fewer lags and steps.",
            )
        self.check(values, name)
        unscaled = FittedFraming(self, self._exponent(values), Scale.identity(), Scale.identity())
        with np.errstate(over="ignore", invalid="ignore"):
            x, y = unscaled.pairs(values, which)
        if not (abs(x).max() < LARGEST and abs(y).max() < LARGEST):
            problem = "is a range too large to be framed"
            fix = "Give the series in other units, or transform it less."
            raise DataError(name, (float(values.min()), float(values.max())), problem, fix)
        if self.target_scale == "same":
            x = y = np.concatenate([x.ravel(), y.ravel()])
        x_scale, y_scale = (self._scale(part, name, constant) for part in (x, y))
        return replace(unscaled, x_scale=x_scale, y_scale=y_scale)

    def _exponent(self, values: Floats) -> Floats:
        match self.transform:
            case "box-cox":
                return np.asarray(fit_power(values))
            case str(name):
                return np.asarray({"none": 1.0, "log": 0.0}[name])
            case exponent:
                return np.asarray(exponent)

    def _scale(self, values: Floats, name: str, constant: str) -> Scale:
        if self.scale is None:
            return Scale.identity()
        if (fitted := Scale.fit(values, self.scale)) is not None:
            return fitted
        value = float(values.flat[0])
        if constant == "keep":
            return Scale.centred(value, self.scale)
        kind = "changes by the same amount every time"
        if not self.differences and self.relative == "none":
            kind = "is constant"
        problem = f"the training part {kind}, and scaling it would divide by zero"
        fix = "Give a series that varies (in Python, scale=None leaves it unscaled, "
        raise DataError(name, value, problem, fix + 'constant="keep" only centres it).')


def checked(history: ArrayLike, name: str) -> Floats:
    """``history`` as float64; raises DataError if it is not one row of finite numbers."""
    values = np.asarray(history, np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError(
            name, values.shape, "is not one row of finite numbers", "Give a flat list without gaps."
        )
    return values
