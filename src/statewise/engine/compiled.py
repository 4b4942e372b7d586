"""The kernels, compiled once a process for each cell, lane width and gate activation."""

import functools

import numpy as np

from statewise.base.caching import built
from statewise.base.checks import at_least
from statewise.engine.blocks import block_for, lanes_may_differ, per_lane_for
from statewise.engine.cells import Cell
from statewise.engine.cells.lstm import LSTM
from statewise.engine.lanes import build
from statewise.engine.layout import (
    Data,
    Kernels,
    MaskedKernels,
    OptimizerConstants,
    Shape,
    parameter_count,
)
from statewise.engine.threads import available_threads
from statewise.engine.weights import zeros
from statewise.model.network import Network, Training

__all__ = ["NARROW", "WIDE", "kernels", "load", "width_for"]

NARROW, WIDE = 8, 32  # lanes; the wide width trains most runs a second, the narrow one soonest


@functools.cache
def kernels(cell: Cell, width: int, hard: bool, differ: bool) -> Kernels:
    """The kernels for a cell, lane width and gate activation, compiled or read from the disk cache.

    ``differ`` says whether they are for lanes that differ.
    """
    return built(
        lambda: build(cell, width, hard, differ),
        lambda found: run_smallest(cell, found, width),
    )


def run_smallest(cell: Cell, found: Kernels, width: int) -> None:
    """Run the smallest job there is, with arguments of the types that every job has."""
    one, shape = np.float32(1.0), Shape(1, 1, 1, 1, 1)
    weights = zeros(parameter_count(cell, shape), width)
    block = block_for(cell, shape, OptimizerConstants(True, one, one, one, one, one), weights, 1)
    run, losses = block.run, zeros(1, width)
    flag, stop = np.zeros(1, np.uint8), np.zeros(1, np.uint8)
    order = np.zeros((1, 1, width), np.int32)
    data = Data(zeros(1, 1, 1), zeros(1, 1), flag, flag, np.zeros(width, np.int64), order)
    if isinstance(found, MaskedKernels):
        per_lane = per_lane_for(1, width)
        found.train(block, per_lane, data, 0, zeros(1, 1), losses, stop)
        found.evaluate(block, per_lane, data, False, losses)
    else:
        found.train(block, None, data, 0, zeros(1, 1), losses, stop)
        out = zeros(1, 1, 1, width)
        found.advance(shape, weights[None], run.x[None], run.carried, run.tape, False, out)


def load(
    network: Network,
    training: Training,
    runs: int,
    threads: int | None = None,
    *,
    uneven: bool = False,
) -> None:
    """Compile what training ``runs`` runs needs, or read it from the disk cache, ahead of time.

    ``fit`` does it by itself; a caller who measures training does it first. ``uneven`` says that
    the data sets differ in length, or that there is more to their samples than their order.
    """
    threads = available_threads() if threads is None else at_least("threads", threads, 1)
    width = width_for(at_least("runs", runs, 1), threads)
    differ = lanes_may_differ(network, training, uneven)
    kernels(LSTM, width, network.numerics.gate == "hard_sigmoid", differ)


def width_for(runs: int, threads: int) -> int:
    """The lane width that trains so many runs soonest."""
    return NARROW if runs <= NARROW * threads else WIDE
