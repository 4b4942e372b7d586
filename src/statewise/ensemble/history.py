"""What one series has shown, and what networks see of it: windows of values and of columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statewise.ensemble.trained import Columns
from statewise.model.framing import FittedFraming, Framing
from statewise.model.framing.fitted import Which

__all__ = ["SEEN", "History", "padded", "samples_of", "scales_of", "seen_of", "windows_of"]

Floats = NDArray[np.float64]
SEEN = 3  # values of its own that the shortest window shows; before them stands the first one


@dataclass(frozen=True, eq=False)
class History:
    """What one series has shown to its networks.

    Attributes:
        name: of the series.
        z: (observations,) as networks see them.
        x: (observations, columns) on the same rows.
    """

    name: str
    z: Floats
    x: Floats

    def latest(self, count: int) -> "History":
        """The latest so many observations, or all."""
        first = max(len(self.z) - count, 0)
        return History(self.name, self.z[first:], self.x[first:])


def seen_of(framing: Framing) -> int:
    """How many values of its own the first window of a padded series shows."""
    return min(SEEN, framing.memory)


def padded(framing: Framing, history: History, observations: int | None = None) -> History:
    """A history with its first value before it, so that its third observation ends a window.

    Args:
        framing: of the windows.
        history: as it was observed.
        observations: how many of it are to be trained on; by default all.
    """
    known = len(history.z) if observations is None else observations
    more = max(framing.memory - seen_of(framing), framing.shortest - known, 0)
    z = np.concatenate([np.repeat(history.z[:1], more), history.z])
    return History(history.name, z, np.concatenate([np.repeat(history.x[:1], more, 0), history.x]))


def scales_of(x: Floats) -> tuple[Floats, Floats]:
    """The centre and the spread (columns,) of columns (rows, columns)."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread < 1e-12 * np.maximum(np.abs(centre), 1.0)] = 1.0  # a column that does not vary
    return centre, spread


def samples_of(
    framing: FittedFraming, columns: Columns, history: History, which: Which = slice(None)
) -> tuple[Floats, Floats]:
    """A series' training samples: inputs (samples, steps, features), targets (samples, outputs).

    ``which`` of them are taken, counted among those that the framing gives.
    """
    inputs, targets = framing.samples(history.z, which)
    if not history.x.shape[1]:
        return inputs, targets
    plan = framing.framing
    rows = columns.apply(history.x[None, plan.memory - plan.steps :])
    windows = np.arange(len(history.z) - plan.memory - plan.outputs + 1)
    kept = windows[-(plan.samples or 0) :][which]
    looked_at = columns.looked_at(rows, plan.steps, plan.outputs, kept)[0]
    return np.concatenate([inputs, looked_at], axis=2), targets


def windows_of(framing: FittedFraming, columns: Columns, history: History) -> Floats:
    """The windows of a series before each observation of it, which a carried state runs over.

    They are more than training samples where these have several targets, all of which are known.
    """
    more = framing.framing.outputs - 1  # where a state is carried, no column is looked at ahead
    z, x = (
        np.concatenate([part, np.repeat(part[-1:], more, 0)]) for part in (history.z, history.x)
    )
    return samples_of(framing, columns, History(history.name, z, x))[0]
