"""What the kernels read and write, and in which order the numbers lie.

A pack is ``width`` runs side by side, one a lane: every float32 array below that a lane has a part
in ends in that axis.

A run's parameters are one flat vector, unit by unit with the four gates ``i f g o`` adjacent:
for each unit its biases, then the weights of each feature, then those of each unit's output; after
the last unit, for each output its bias and the weights of each unit; then, where it is learned, the
initial ``h`` and ``c`` of each unit. That is the order in which they are read, so weights stream.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Carried",
    "Data",
    "Kernels",
    "MaskedKernels",
    "OptimizerConstants",
    "PerLane",
    "Shape",
    "Tape",
    "UniformKernels",
    "Workspace",
    "parameter_count",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Shape(NamedTuple):
    """The sizes that all runs of a pack share."""

    units: int
    steps: int
    features: int
    outputs: int
    batch: int
    learned: bool = False  # whether the initial state is a parameter, or zero


class Data(NamedTuple):
    """The samples of every data set, end to end, and which of them each lane sees in which order.

    A place in the order may be empty, -1: the lane then waits while others go on.
    """

    x: Floats  # (samples, steps, features)
    y: Floats  # (samples, outputs)
    series_start: NDArray[np.uint8]  # (samples,) one where a series begins, and the state with it
    loss_mask: NDArray[np.uint8]  # (samples,) zero where only the state is moved on
    start: NDArray[np.int64]  # (width,) the first sample of each lane's data set
    order: Ints  # (epochs or 1, places, width) counted from ``start``; one epoch's order may serve


class Carried(NamedTuple):
    """The state that is carried from one batch to the next, a row for each row of a batch."""

    h: Floats  # (batch, units, width)
    c: Floats  # (batch, units, width)


class Tape(NamedTuple):
    """What one sample leaves behind for its backward pass."""

    h: Floats  # (steps + 1, units, width); the first is the state it started from
    c: Floats  # (steps + 1, units, width)
    gates: Floats  # (steps, units, 4, width) i, f, g, o
    squashed: Floats  # (steps, units, width) tanh(c) after the step


class Workspace(NamedTuple):
    """Everything else that a pack's training reads and writes, allocated once by the caller.

    The weights and moments evolve and are kept; the rest is scratch.
    """

    weights: Floats  # (parameters, width)
    first: Floats  # (parameters, width) Adam's first moment, or the momentum
    second: Floats  # (parameters, width) Adam's second moment
    gradient: Floats  # (parameters, width)
    dz: Floats  # (units, 4, width) gradients of the gates' inputs at one step
    dh: Floats  # (units, width)
    dc: Floats  # (units, width)
    x: Floats  # (gathered places, steps, features, width)
    y: Floats  # (gathered places, outputs, width)


class PerLane(NamedTuple):
    """What differs between the lanes of a pack, where they are not all alike."""

    valid: Floats  # (gathered places, width) one where the lane has a sample
    series_start: Floats  # (gathered places, width) one where its series begins there
    loss_mask: Floats  # (gathered places, width) one where its error counts
    here: Floats  # (1, width) the samples in the batch at hand
    rows: Floats  # (1, width) the errors that count in the batch at hand
    rate: Floats  # (1, width) the step size of the batch at hand
    lr_scale: Floats  # (width,) a factor on every rate
    table: Ints  # (width,) which row of the rates
    done: NDArray[np.int64]  # (width,) optimizer steps that the lane has taken


class OptimizerConstants(NamedTuple):
    """The optimizer's constants. ``adam`` false means SGD with ``momentum``."""

    adam: bool
    one_minus_beta_1: np.float32
    one_minus_beta_2: np.float32
    epsilon: np.float32
    momentum: np.float32
    clip: np.float32  # errors beyond it count linearly; infinite for squared errors


class UniformKernels(NamedTuple):
    """What is compiled for one lane width and gate activation, where all lanes are alike.

    No lane has empty places, series that begin, an initial state to learn or a rate of its own.

    ``train(shape, data, memory, carried, tape, None, rule, reset_every, rates, losses, stop)`` runs
    ``losses.shape[0]`` epochs. ``reset_every``: set the state back before batches 0, k, 2k, ... of
    every epoch, or never if 0. ``rates`` (tables, optimizer steps): the step sizes, float32; the
    first table is taken. ``losses`` (epochs, width) receives each epoch's mean error.
    ``stop[0] != 0`` makes it return early.

    ``advance(shape, weights, x, carried, tape, reset_every, out)`` forecasts ``x`` (packs, windows,
    steps, features, width) into ``out`` (packs, windows, outputs, width) in order, window n on
    state row ``n % batch`` of ``carried``, whose arrays have a leading axis of packs, as
    ``weights`` (packs, parameters, width) have. ``reset_every``: set a row back before each of its
    windows if 1, never if 0.
    """

    train: Callable[..., None]
    advance: Callable[..., None]


class MaskedKernels(NamedTuple):
    """The same where lanes differ, as their ``PerLane`` says, which ``train`` takes for None.

    ``losses`` receives sums, not means, since each lane has its own number of errors.

    ``evaluate(shape, data, memory, carried, tape, each, rule, reset_every, losses)`` adds up each
    lane's error over its order, without training, in ``losses`` (1, width).
    """

    train: Callable[..., None]
    evaluate: Callable[..., None]


Kernels = UniformKernels | MaskedKernels


def parameter_count(units: int, features: int, outputs: int, learned: bool = False) -> int:
    """The length of a run's parameter vector."""
    dense = outputs * (1 + units)
    return 4 * units * (1 + features + units) + dense + (2 * units if learned else 0)
