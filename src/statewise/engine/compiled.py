"""The kernels, compiled once a process for each lane width and gate activation."""

import functools

import numpy as np

from statewise.engine.blocks import each_for, memory_for, tape_for
from statewise.engine.caching import built
from statewise.engine.lanes import build
from statewise.engine.layout import Carried, Data, Kernels, MaskedKernels, OptimizerConstants, Shape
from statewise.engine.weights import zeros

__all__ = ["kernels"]


@functools.cache
def kernels(width: int, hard: bool, differ: bool) -> Kernels:
    """The kernels for one lane width and gate activation, compiled or read from the disk cache.

    ``differ`` says whether they are for lanes that differ.
    """
    return built(
        lambda cache: build(width, hard, differ, cache), lambda found: run_smallest(found, width)
    )


def run_smallest(found: Kernels, width: int) -> None:
    """Run the smallest job there is, with arguments of the types that every job has."""
    one = np.float32(1.0)
    shape, rule = Shape(1, 1, 1, 1, 1), OptimizerConstants(True, one, one, one, one, one)
    memory, tape = memory_for(zeros(14, width), shape, 1), tape_for(shape, width)
    carried = Carried(zeros(1, 1, width), zeros(1, 1, width))
    flag, start = np.zeros(1, np.uint8), np.zeros(width, np.int64)
    order = np.zeros((1, 1, width), np.int32)
    data = Data(zeros(1, 1, 1), zeros(1, 1), flag, flag, start, order)
    each = each_for(1, width) if isinstance(found, MaskedKernels) else None
    losses, stop = zeros(1, width), np.zeros(1, np.uint8)
    found.train(shape, data, memory, carried, tape, each, rule, 0, zeros(1, 1), losses, stop)
    if isinstance(found, MaskedKernels):
        found.evaluate(shape, data, memory, carried, tape, each, rule, 0, losses)
    else:
        x = zeros(1, 1, 1, 1, width)
        packs = Carried(carried.h[None], carried.c[None])
        found.advance(shape, memory.weights[None], x, packs, tape, 0, zeros(1, 1, 1, width))
