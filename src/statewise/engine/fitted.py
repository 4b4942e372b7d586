"""What training gives back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine.cells.lstm import State
from statewise.engine.weights import Weights

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """Trained runs, a run along the first axis of every array.

    Attributes:
        weights: after the last epoch.
        state: that training left, (runs, batch_size, units).
        loss: mean squared error of each epoch, (runs, epochs), or None if not kept. It is computed
            while the weights move, as Keras reports it.
        diverged_epoch: (runs,) the first epoch, counted from one, whose loss was not finite or
            beyond the limit of ``Training.divergence``; zero for a run that did not diverge.
        validation_loss: of each epoch, (runs, epochs), with the weights after it; NaN for epochs
            that a run did not come to. None without validation, or if not kept.
        best_epoch: (runs,) counted from one, that the weights and the state are of.
        initial_state: (runs, 1, units) that was learned, or None.
    """

    weights: Weights
    state: State
    loss: NDArray[np.float32] | None
    diverged_epoch: NDArray[np.int32]
    validation_loss: NDArray[np.float32] | None
    best_epoch: NDArray[np.int32]
    initial_state: State | None

    def take(self, runs: slice) -> "Fitted":
        """Some of the runs."""

        def some(part: Any) -> Any:
            return None if part is None else part[runs]

        initial = self.initial_state
        return Fitted(
            self.weights.take(runs),
            type(self.state)(*map(some, self.state)),
            some(self.loss),
            self.diverged_epoch[runs],
            some(self.validation_loss),
            self.best_epoch[runs],
            None if initial is None else type(initial)(*map(some, initial)),
        )

    @classmethod
    def joined(cls, parts: Sequence["Fitted"]) -> "Fitted":
        """The runs of several trainings alike, one after the other."""

        def all_of(values: Iterable[Any]) -> Any:
            known = list(values)
            return None if known[0] is None else np.concatenate(known)

        def each(states: Sequence[Any]) -> Any:
            if states[0] is None:
                return None
            return type(states[0])(*map(np.concatenate, zip(*states, strict=True)))

        return cls(
            each([part.weights for part in parts]),
            each([part.state for part in parts]),
            all_of(part.loss for part in parts),
            all_of(part.diverged_epoch for part in parts),
            all_of(part.validation_loss for part in parts),
            all_of(part.best_epoch for part in parts),
            each([part.initial_state for part in parts]),
        )

    @property
    def best_loss(self) -> NDArray[np.float32] | None:
        """(runs,) the training loss of the epoch that the weights are of, or None if not kept."""
        if self.loss is None:
            return None
        return np.asarray(self.loss[np.arange(self.runs), self.best_epoch - 1])

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.weights.runs
