"""What is done after an epoch: keep the best, slow down, stop."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine.layout import Floats
from statewise.model.network import ReduceOnPlateau, Training

__all__ = ["EpochMonitor"]


class EpochMonitor:
    """The best epoch of each lane of a pack, and for how long nothing was better.

    ``now`` are the arrays (..., width) that training changes, those of weights and of state.
    """

    def __init__(self, training: Training, now: Sequence[NDArray[Any]]) -> None:
        width = now[0].shape[-1]
        self.training = training
        self.best = np.full(width, np.inf)
        self.best_epoch = np.ones(width, np.int32)
        self.stopped = np.zeros(width, np.bool_)
        self.waited = np.zeros(width, np.int64)  # epochs without improvement
        self.plateau = np.full(width, np.inf)  # the best that the schedule has seen
        self.on_plateau = np.zeros(width, np.int64)
        self.now = tuple(now)
        self.kept = tuple(array.copy() for array in now)

    def look(self, epoch: int, loss: NDArray[np.float32], lr_scale: Floats) -> None:
        """Take in the loss of an epoch, counted from zero; ``lr_scale`` multiplies the rates."""
        schedule, early = self.training.schedule, self.training.early_stopping
        if isinstance(schedule, ReduceOnPlateau):
            better = loss < self.plateau
            self.plateau = np.where(better, loss, self.plateau)
            self.on_plateau = np.where(better, 0, self.on_plateau + 1)
            due = self.on_plateau >= schedule.patience
            lr_scale[due] = np.maximum(lr_scale[due] * schedule.factor, schedule.lowest)
            self.on_plateau[due] = 0
        if early is None:
            return
        better = (loss < self.best * (1.0 - early.improvement)) & ~self.stopped
        better |= np.isfinite(loss) & np.isinf(self.best)
        self.best = np.where(better, loss, self.best)
        self.best_epoch = np.where(better, epoch + 1, self.best_epoch).astype(np.int32)
        for kept, array in zip(self.kept, self.now, strict=True):
            kept[..., better] = array[..., better]
        self.waited = np.where(better, 0, self.waited + 1)
        self.stopped |= self.waited >= early.patience

    def restore(self) -> None:
        """Put the best weights and state back, together."""
        for array, kept in zip(self.now, self.kept, strict=True):
            array[...] = kept
