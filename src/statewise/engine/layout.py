"""What the kernels read and write, and in which order the numbers lie.

A block is ``width`` runs side by side, one a lane: every float32 array below that a lane has a part
in ends in that axis.

A run's parameters are one flat vector, unit by unit with the gates adjacent: for each unit its
biases, then the weights of each feature, then those of each unit's output; after the last unit, for
each output its bias and the weights of each unit; then, where it is learned, the initial state,
unit by unit. That is the order in which they are read, so weights stream.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.cells import Cell

__all__ = [
    "Block",
    "Carried",
    "Data",
    "Kernels",
    "MaskedKernels",
    "OptimizerConstants",
    "PerLane",
    "Run",
    "Shape",
    "Tape",
    "UniformKernels",
    "parameter_count",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

Carried = tuple[Floats, ...]
"""The state that is carried from one batch to the next: (batch, units, width) for each of a cell's
states."""


class Shape(NamedTuple):
    """The sizes that all runs of a block share."""

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


class Tape(NamedTuple):
    """What one sample leaves behind for its backward pass."""

    states: Carried  # (steps + 1, units, width) each; the first step is where it started from
    kept: Floats  # (steps, units, kept, width) what else the cell's backward step needs


class OptimizerConstants(NamedTuple):
    """The optimizer's constants. ``adam`` false means SGD with ``momentum``."""

    adam: bool
    one_minus_beta_1: np.float32
    one_minus_beta_2: np.float32
    epsilon: np.float32
    momentum: np.float32
    clip: np.float32  # errors beyond it count linearly; infinite for squared errors


class Run(NamedTuple):
    """What running samples forward takes."""

    shape: Shape
    weights: Floats  # (parameters, width)
    x: Floats  # (gathered places, steps, features, width)
    carried: Carried
    tape: Tape


class Block(NamedTuple):
    """What training a block of runs reads and writes, allocated once by the caller.

    Weights, carried state and moments evolve and are kept; the rest is scratch.
    """

    run: Run
    optimizer: OptimizerConstants
    first: Floats  # (parameters, width) Adam's first moment, or the momentum
    second: Floats  # (parameters, width) Adam's second moment
    gradient: Floats  # (parameters, width)
    dz: Floats  # (units, gates, width) gradients of the gates' inputs at one step
    slopes: Carried  # (units, width) each, gradients of the state
    y: Floats  # (gathered places, outputs, width)


class PerLane(NamedTuple):
    """What differs between the lanes of a block, where they are not all alike."""

    valid: Floats  # (gathered places, width) one where the lane has a sample
    series_start: Floats  # (gathered places, width) one where its series begins there
    loss_mask: Floats  # (gathered places, width) one where its error counts
    samples: Floats  # (1, width) the samples in the batch at hand
    errors: Floats  # (1, width) the errors that count in the batch at hand
    rate: Floats  # (1, width) the step size of the batch at hand
    lr_scale: Floats  # (width,) a factor on every rate
    table: Ints  # (width,) which row of the rates
    done: NDArray[np.int64]  # (width,) optimizer steps that the lane has taken


class UniformKernels(NamedTuple):
    """What is compiled for one cell, lane width and gate activation, where all lanes are alike.

    No lane has empty places, series that begin, an initial state to learn or a rate of its own.

    ``train(block, None, data, reset_every, rates, losses, stop)`` runs ``losses.shape[0]`` epochs.
    ``reset_every``: set the state back before batches 0, k, 2k, ... of every epoch, or never if 0.
    ``rates`` (tables, optimizer steps): the step sizes, float32; the first table is taken.
    ``losses`` (epochs, width) receives each epoch's mean error. ``stop[0] != 0`` makes it return
    early.

    ``advance(shape, weights, x, carried, tape, reset, out)`` forecasts ``x`` (blocks, windows,
    steps, features, width) into ``out`` (blocks, windows, outputs, width) in order, with
    ``weights`` (blocks, parameters, width). Window n advances row ``n % batch`` of the block's rows
    of ``carried``, which are end to end, (blocks x batch, units, width). ``reset``: set a row back
    before each of its windows.
    """

    train: Callable[..., None]
    advance: Callable[..., None]


class MaskedKernels(NamedTuple):
    """What is compiled where lanes differ, as their ``PerLane`` says, which ``train`` takes.

    ``losses`` receives sums, not means, since each lane has its own number of errors.

    ``evaluate(block, per_lane, data, reset, losses)`` adds up each lane's error over its order,
    without training, in ``losses`` (1, width).
    """

    train: Callable[..., None]
    evaluate: Callable[..., None]


Kernels = UniformKernels | MaskedKernels


def parameter_count(cell: Cell, shape: Shape) -> int:
    """The length of a run's parameter vector."""
    units = shape.units
    recurrent = cell.gates * units * (1 + shape.features + units)
    return recurrent + shape.outputs * (1 + units) + cell.states * units * shape.learned
