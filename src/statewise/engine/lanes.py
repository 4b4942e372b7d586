"""The kernels: one block of runs trained, or advanced, for any shape.

The arrays are those of ``layout``; ``lanes`` retypes them so that one element is the whole vector.
The kernels are plain loops: shapes, dtypes and limits were checked by the caller, and nothing here
branches on a lane's value, so what a lane computes cannot depend on its neighbours, nor on the
width. Where lanes differ, in the number of their samples for example, a lane that has nothing to do
computes like the others and keeps what it had.
"""

import functools
import inspect
from pathlib import Path

import numpy as np
from numba import njit

from statewise.base.caching import compiled, source_digest
from statewise.engine.cells import Cell
from statewise.engine.layout import Kernels, MaskedKernels, Run, UniformKernels
from statewise.engine.passes import (
    add_error,
    backward,
    error_of,
    forward,
    kept,
    output,
    reset_row,
    undo,
)
from statewise.engine.simd import filled, fma, lanes, sqrt, where

__all__ = ["FOLDER", "build"]

FOLDER = Path(__file__).parent  # every file that the kernels are compiled from, and some more


@njit(forceinline=True)
def adam(block, rate, mask):
    w, m, v, constants = block.run.weights, block.first, block.second, block.optimizer
    for p in range(w.shape[0]):
        slope = block.gradient[p]
        first = fma(slope - m[p], constants.one_minus_beta_1, m[p])
        second = fma(fma(slope, slope, -1.0 * v[p]), constants.one_minus_beta_2, v[p])
        w[p] = kept(mask, w[p] - first * rate / (sqrt(second) + constants.epsilon), w[p])
        m[p] = kept(mask, first, m[p])
        v[p] = kept(mask, second, v[p])


@njit(forceinline=True)
def sgd(block, rate, mask):
    w, m = block.run.weights, block.first
    for p in range(w.shape[0]):
        step = fma(m[p], block.optimizer.momentum, block.gradient[p] * (-1.0 * rate))
        m[p] = kept(mask, step, m[p])
        w[p] = kept(mask, w[p] + step, w[p])


@njit(forceinline=True)
def update(block, rate, mask):
    """One optimizer step in the lanes of ``mask``, or in all where it is None."""
    if block.optimizer.adam:
        adam(block, rate, mask)
    else:
        sgd(block, rate, mask)


@njit(forceinline=True)
def gather(block, per_lane, data, epoch, first, count):
    """Copy places ``first .. first + count`` of each lane's own order, lane-last.

    The sample of an empty place is the data set's first, and nothing comes of it.
    """
    _, steps, features = data.x.shape
    x, y = block.run.x, block.y
    for n in range(count):
        for lane in range(data.start.shape[0]):
            place = data.order[epoch, first + n, lane]
            sample = data.start[lane] + max(place, 0)
            for t in range(steps):
                for k in range(features):
                    x[n, t, k, lane] = data.x[sample, t, k]
            for q in range(data.y.shape[1]):
                y[n, q, lane] = data.y[sample, q]
            if per_lane is not None:
                there = place >= 0
                starts = there and data.series_start[sample] != 0
                per_lane.valid[n, lane] = 1.0 if there else 0.0
                per_lane.series_start[n, lane] = 1.0 if starts else 0.0
                counts = there and data.loss_mask[sample] != 0
                per_lane.loss_mask[n, lane] = 1.0 if counts else 0.0


@njit(forceinline=True)
def prepare(per_lane, rates, first, count):
    """Count the samples and errors of a batch in each lane, and find its step size."""
    for lane in range(per_lane.errors.shape[1]):
        samples, errors = np.float32(0.0), np.float32(0.0)
        for b in range(count):
            samples += per_lane.valid[first + b, lane]
            errors += per_lane.loss_mask[first + b, lane]
        per_lane.samples[0, lane] = samples
        per_lane.errors[0, lane] = errors
        if errors > 0.0:
            rate = rates[per_lane.table[lane], per_lane.done[lane]]
            per_lane.rate[0, lane] = rate * per_lane.lr_scale[lane]
            per_lane.done[lane] += 1


@functools.cache
def build(cell: Cell, width: int, hard: bool, differ: bool) -> Kernels:
    """The kernels of a cell for ``width`` lanes, hard gates or logistic ones.

    They compile when called. The disk cache's key is of a function's own file and its closure;
    ``digest`` is in the closure so that a change in any engine file, or the cell's, compiles anew.
    """
    digest = source_digest(FOLDER, Path(inspect.getfile(cell.forward.py_func)))

    @compiled(nogil=True)
    def train(block, per_lane, data, reset_every, rates, losses, stop):  # noqa: PLR0912
        digest  # noqa: B018  # named, so that it is in the closure
        lane, loss_of = lanes(block, width), lanes(losses, width)
        run, outputs, batch = lane.run, block.run.shape.outputs, block.run.shape.batch
        zero, one = filled(run.weights[0], 0.0), filled(run.weights[0], 1.0)
        samples = data.order.shape[1]
        gathered = block.y.shape[0]  # all samples, or a whole number of batches
        shuffled = data.order.shape[0] > 1
        done = 0
        for epoch in range(losses.shape[0]):
            loss = zero
            first = gathered  # of the batch, among the samples gathered
            until_reset = 0  # batches
            for begin in range(0, samples, batch):
                if stop[0] != 0:
                    return
                rows = min(batch, samples - begin)
                if first >= gathered:
                    first = 0
                    # What was gathered in the first epoch serves for all, unless it is in another
                    # order or overwritten.
                    if epoch == 0 or shuffled or gathered < samples:
                        count = min(gathered, samples - begin)
                        gather(block, per_lane, data, epoch if shuffled else 0, begin, count)
                reset = until_reset == 0 and reset_every > 0
                if reset:
                    until_reset = reset_every
                until_reset -= 1
                for p in range(lane.gradient.shape[0]):
                    lane.gradient[p] = zero
                if per_lane is None:
                    if reset:
                        for b in range(batch):
                            reset_row(cell, run, b, None)
                    scale = np.float32(2.0) / np.float32(rows * outputs)
                    for n in range(first, first + rows):
                        forward(cell, hard, run, n, n - first)
                        loss = backward(cell, hard, lane, n, scale, loss, None, None)
                    update(lane, rates[0, done], None)
                else:
                    prepare(per_lane, rates, first, rows)
                    mask = lanes(per_lane, width)
                    if reset:
                        for b in range(batch):
                            reset_row(cell, run, b, mask.samples[0])
                    errors = mask.errors[0]
                    # A lane without errors divides by one; its update is not kept.
                    scale = np.float32(2.0) / (where(errors, errors, one) * np.float32(outputs))
                    for n in range(first, first + rows):
                        begins = mask.series_start[n]
                        reset_row(cell, run, n - first, begins)
                        forward(cell, hard, run, n, n - first)
                        began = one if reset else begins
                        loss = backward(cell, hard, lane, n, scale, loss, mask.loss_mask, began)
                        undo(run, n - first, mask.valid[n])
                    update(lane, mask.rate[0], errors)
                done += 1
                first += batch
            if per_lane is None:
                loss_of[epoch] = loss * (np.float32(1.0) / np.float32(samples * outputs))
            else:
                loss_of[epoch] = loss

    @compiled(nogil=True)
    def evaluate(block, per_lane, data, reset, losses):
        digest  # noqa: B018
        lane, mask, loss_of = lanes(block, width), lanes(per_lane, width), lanes(losses, width)
        run, shape, gathered = lane.run, block.run.shape, block.y.shape[0]
        loss = filled(run.weights[0], 0.0)
        for begin in range(0, data.order.shape[1], gathered):
            count = min(gathered, data.order.shape[1] - begin)
            gather(block, per_lane, data, 0, begin, count)
            for n in range(count):
                b = (begin + n) % shape.batch
                if reset:
                    reset_row(cell, run, b, None)
                reset_row(cell, run, b, mask.series_start[n])
                forward(cell, hard, run, n, b)
                undo(run, b, mask.valid[n])
                for q in range(shape.outputs):
                    error, _ = error_of(cell, run, lane.y, n, q, mask.loss_mask)
                    loss, _ = add_error(loss, error, block.optimizer.clip)
        loss_of[0] = loss

    @compiled(nogil=True)
    def advance(shape, weights, x, carried, tape, reset, out):
        digest  # noqa: B018
        for k in range(x.shape[0]):
            run = lanes(Run(shape, weights[k], x[k], carried, tape), width)
            out_of = lanes(out[k], width)
            for n in range(x.shape[1]):
                b = k * shape.batch + n % shape.batch
                if reset:
                    reset_row(cell, run, b, None)
                forward(cell, hard, run, n, b)
                for q in range(shape.outputs):
                    out_of[n, q], _ = output(cell, run, q)

    return MaskedKernels(train, evaluate) if differ else UniformKernels(train, advance)
