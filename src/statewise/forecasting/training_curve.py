"""How the training of networks went: the error of every epoch, and what it says."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statewise.engine import Fitted
from statewise.errors import SettingError
from statewise.forecasting.core import FittedModel

__all__ = ["Curve", "curve_of"]

Floats = NDArray[np.float64]
RISE = 1.02  # of the validation error over its least: beyond it the networks learn by heart
FALL = 0.98  # of an error over the last tenth of the epochs: below it they still learn


@dataclass(frozen=True, eq=False)
class Curve:
    """The error of every epoch.

    Attributes:
        training: (networks, epochs) root mean squared errors, clipped as the training clips them.
        validation: the same on what was held back, NaN after an early end; or None.
        unit: in which they are.
    """

    training: Floats
    validation: Floats | None
    unit: str

    @cached_property
    def sentence(self) -> str:
        """Whether networks learned too little or too much, so far as it shows."""
        train = np.nanmedian(self.training, axis=0)
        tenth = max(1, len(train) // 10)
        falls = len(train) > 1 and train[-1] < FALL * train[-1 - tenth]
        more = "The training error still falls: more epochs may help."
        if self.validation is None:
            still = more if falls else "The training error has settled."
            return f"{still} Recipe(validation=0.2) shows how it is on unseen samples."
        seen = np.isfinite(self.validation).any(axis=0)
        held = np.nanmedian(self.validation[:, seen], axis=0)
        best = int(held.argmin())
        if held[-1] > RISE * held[best]:
            rise = held[-1] / held[best] - 1.0
            return (
                f"The validation error was least at epoch {best + 1} and rose by {rise:.0%}: "
                "overfitting; take fewer epochs, fewer units, or early_stopping."
            )
        if falls and len(held) > tenth and held[-1] < FALL * held[-1 - tenth]:
            return "Both errors still fall: underfitting; take more epochs."
        return "The validation error has settled near its least: neither over- nor underfitting."


def curve_of(model: FittedModel, training: Fitted | None) -> Curve:
    """The errors of a training.

    They are those of adjusted series, taken back by the slope at the mean of a series: in its own
    units if there is but one, and else in percent of the mean of each.

    Raises:
        SettingError: nothing was trained, or what was is not kept.
    """
    if training is None or training.loss is None:
        fix = "Fit the model in this program, on enough observations."
        raise SettingError("training_", None, "is not there", fix)
    adjustment = model.learned.adjustment
    worth = adjustment.slope(adjustment.unit[:, None])[:, 0]
    if len(worth) == 1:
        factor, unit = float(worth[0]), "in the units of the series"
    else:
        factor, unit = 100.0 * float(np.median(worth / adjustment.unit)), "in percent of the mean"

    def errors(losses: NDArray[np.float32]) -> Floats:
        return np.asarray(np.sqrt(losses.astype(np.float64)) * factor)

    held = training.validation_loss
    return Curve(errors(training.loss), None if held is None else errors(held), unit)
