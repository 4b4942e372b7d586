"""The kernels: one pack of runs trained, or advanced, for any shape.

The arrays are those of ``layout``; ``lanes`` retypes them so that one element is the whole vector.
The kernels are plain loops: shapes, dtypes and limits were checked by the caller, and nothing here
branches on a lane's value, so what a lane computes cannot depend on its neighbours, nor on the
width. Where lanes differ, in the number of their samples for example, a lane that has nothing to do
computes like the others and keeps what it had.
"""

import functools
import hashlib
from pathlib import Path

import numpy as np
from numba import njit

from statewise.engine.layout import Carried, Kernels, MaskedKernels, Tape, UniformKernels, Workspace
from statewise.engine.passes import (
    add_error,
    backward,
    error_of,
    forward,
    initial_at,
    keep_where_idle,
    output,
    reset_row,
    reset_where,
)
from statewise.engine.simd import fma, lanes, splat, sqrt, where

__all__ = ["build"]


@njit(forceinline=True)
def kept(rows, new, old):
    """``new``, but in a lane that had no error in this batch ``old``."""
    if rows is None:
        return new
    return where(rows, new, old)


@njit(forceinline=True)
def adam(w, m, v, g, rate, rule, rows):
    for p in range(w.shape[0]):
        slope = g[p]
        first = fma(slope - m[p], rule.one_minus_beta_1, m[p])
        second = fma(fma(slope, slope, -1.0 * v[p]), rule.one_minus_beta_2, v[p])
        w[p] = kept(rows, w[p] - first * rate / (sqrt(second) + rule.epsilon), w[p])
        m[p] = kept(rows, first, m[p])
        v[p] = kept(rows, second, v[p])


@njit(forceinline=True)
def sgd(w, m, g, rate, rule, rows):
    for p in range(w.shape[0]):
        step = fma(m[p], rule.momentum, g[p] * (-1.0 * rate))
        m[p] = kept(rows, step, m[p])
        w[p] = kept(rows, w[p] + step, w[p])


@njit(forceinline=True)
def update(memory, rate, rule, rows):
    """One optimizer step; ``rows`` says in which lanes, or None for all."""
    if rule.adam:
        adam(memory.weights, memory.first, memory.second, memory.gradient, rate, rule, rows)
    else:
        sgd(memory.weights, memory.first, memory.gradient, rate, rule, rows)


@njit(forceinline=True)
def gather(data, epoch, first, count, memory, each):
    """Copy places ``first .. first + count`` of each lane's own order, lane-last.

    The sample of an empty place is the data set's first, and nothing comes of it.
    """
    _, steps, features = data.x.shape
    outputs = data.y.shape[1]
    for n in range(count):
        for lane in range(data.start.shape[0]):
            place = data.order[epoch, first + n, lane]
            sample = data.start[lane] + max(place, 0)
            for t in range(steps):
                for k in range(features):
                    memory.x[n, t, k, lane] = data.x[sample, t, k]
            for q in range(outputs):
                memory.y[n, q, lane] = data.y[sample, q]
            if each is not None:
                here = place >= 0
                each.valid[n, lane] = 1.0 if here else 0.0
                each.series_start[n, lane] = 1.0 if here and data.series_start[sample] != 0 else 0.0
                each.loss_mask[n, lane] = 1.0 if here and data.loss_mask[sample] != 0 else 0.0


@njit(forceinline=True)
def prepare(each, rates, first, count):
    """Count the samples and errors of a batch in each lane, and find its step size."""
    for lane in range(each.rows.shape[1]):
        here, rows = np.float32(0.0), np.float32(0.0)
        for b in range(count):
            here += each.valid[first + b, lane]
            rows += each.loss_mask[first + b, lane]
        each.here[0, lane] = here
        each.rows[0, lane] = rows
        if rows > 0.0:
            each.rate[0, lane] = rates[each.table[lane], each.done[lane]] * each.lr_scale[lane]
            each.done[lane] += 1


@njit(inline="always")
def lanes_of_memory(memory, width):
    return Workspace(
        lanes(memory.weights, width),
        lanes(memory.first, width),
        lanes(memory.second, width),
        lanes(memory.gradient, width),
        lanes(memory.dz, width),
        lanes(memory.dh, width),
        lanes(memory.dc, width),
        lanes(memory.x, width),
        lanes(memory.y, width),
    )


@njit(inline="always")
def lanes_of_tape(tape, width):
    return Tape(
        lanes(tape.h, width),
        lanes(tape.c, width),
        lanes(tape.gates, width),
        lanes(tape.squashed, width),
    )


def source_digest() -> str:
    """A hash of every file that the kernels are compiled from."""
    folder = Path(__file__).parent
    texts = [
        (folder / name).read_bytes() for name in ("simd.py", "cells.py", "layout.py", "lanes.py")
    ]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


@functools.cache
def build(width: int, hard: bool, differ: bool, cache: bool = True) -> Kernels:
    """The kernels for ``width`` lanes, hard gates or logistic ones. They compile when called.

    Numba keys its disk cache by a function's own file and its closure; ``digest`` is in the
    closure so that a change in any engine file compiles anew.
    """
    digest = source_digest()

    @njit(nogil=True, cache=cache)
    def train(  # noqa: PLR0912
        shape, data, memory, carried, tape, each, rule, reset_every, rates, losses, stop
    ):
        digest  # noqa: B018
        units, outputs, batch = shape.units, shape.outputs, shape.batch
        lane, of = lanes_of_memory(memory, width), lanes_of_tape(tape, width)
        state = Carried(lanes(carried.h, width), lanes(carried.c, width))
        loss_of = lanes(losses, width)
        zero, one = splat(np.float32(0.0), width), splat(np.float32(1.0), width)
        at = initial_at(shape)
        samples = data.order.shape[1]
        gathered = memory.x.shape[0]  # all samples, or a whole number of batches
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
                    if epoch == 0 or shuffled or gathered < samples:
                        count = min(gathered, samples - begin)
                        gather(data, epoch if shuffled else 0, begin, count, memory, each)
                reset = until_reset == 0 and reset_every > 0
                if reset:
                    until_reset = reset_every
                until_reset -= 1
                for p in range(lane.gradient.shape[0]):
                    lane.gradient[p] = zero
                if each is None:
                    if reset:
                        for b in range(batch):
                            reset_row(state, b, units, lane.weights, at, zero)
                    scale = np.float32(2.0) / np.float32(rows * outputs)
                    for n in range(first, first + rows):
                        forward(shape, lane.weights, lane.x, n, n - first, state, of, hard)
                        loss = backward(
                            shape, lane.weights, lane.x, lane.y, n, of, lane, rule.clip, scale,
                            loss, zero, hard, None, None,
                        )  # fmt: skip
                    update(lane, rates[0, done], rule, None)
                else:
                    prepare(each, rates, first, rows)
                    if reset:
                        here = lanes(each.here, width)[0]
                        for b in range(batch):
                            reset_where(here, state, b, units, lane.weights, at, zero)
                    valid, series_start = lanes(each.valid, width), lanes(each.series_start, width)
                    loss_mask, counted = lanes(each.loss_mask, width), lanes(each.rows, width)[0]
                    scale = np.float32(2.0) / (where(counted, counted, one) * np.float32(outputs))
                    for n in range(first, first + rows):
                        b = n - first
                        reset_where(series_start[n], state, b, units, lane.weights, at, zero)
                        forward(shape, lane.weights, lane.x, n, b, state, of, hard)
                        loss = backward(
                            shape, lane.weights, lane.x, lane.y, n, of, lane, rule.clip, scale,
                            loss, zero, hard, loss_mask, one if reset else series_start[n],
                        )  # fmt: skip
                        keep_where_idle(valid[n], state, b, units, of)
                    update(lane, lanes(each.rate, width)[0], rule, counted)
                done += 1
                first += batch
            if each is None:
                loss_of[epoch] = loss * (np.float32(1.0) / np.float32(samples * outputs))
            else:
                loss_of[epoch] = loss

    @njit(nogil=True, cache=cache)
    def evaluate(shape, data, memory, carried, tape, each, rule, reset_every, losses):
        digest  # noqa: B018
        units, outputs, batch = shape.units, shape.outputs, shape.batch
        lane, of = lanes_of_memory(memory, width), lanes_of_tape(tape, width)
        state = Carried(lanes(carried.h, width), lanes(carried.c, width))
        loss_of = lanes(losses, width)
        zero = splat(np.float32(0.0), width)
        loss, at = zero, initial_at(shape)
        loss_mask, series_start = lanes(each.loss_mask, width), lanes(each.series_start, width)
        valid = lanes(each.valid, width)
        for begin in range(0, data.order.shape[1], memory.x.shape[0]):
            count = min(memory.x.shape[0], data.order.shape[1] - begin)
            gather(data, 0, begin, count, memory, each)
            for n in range(count):
                b = (begin + n) % batch
                if reset_every > 0:
                    reset_row(state, b, units, lane.weights, at, zero)
                reset_where(series_start[n], state, b, units, lane.weights, at, zero)
                forward(shape, lane.weights, lane.x, n, b, state, of, hard)
                keep_where_idle(valid[n], state, b, units, of)
                for q in range(outputs):
                    error, _ = error_of(shape, lane.weights, q, lane.y, n, of, loss_mask)
                    loss, _ = add_error(loss, error, rule.clip)
        loss_of[0] = loss

    @njit(nogil=True, cache=cache)
    def advance(shape, weights, x, carried, tape, reset_every, out):
        digest  # noqa: B018
        units, at = shape.units, initial_at(shape)
        of = lanes_of_tape(tape, width)
        zero = splat(np.float32(0.0), width)
        for pack in range(x.shape[0]):
            w, windows = lanes(weights[pack], width), lanes(x[pack], width)
            state = Carried(lanes(carried.h[pack], width), lanes(carried.c[pack], width))
            out_of = lanes(out[pack], width)
            for n in range(x.shape[1]):
                b = n % shape.batch
                if reset_every > 0:
                    reset_row(state, b, units, w, at, zero)
                forward(shape, w, windows, n, b, state, of, hard)
                for q in range(shape.outputs):
                    out_of[n, q], _ = output(shape, w, q, of)

    return MaskedKernels(train, evaluate) if differ else UniformKernels(train, advance)
