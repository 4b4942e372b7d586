"""The kernels: one pack of runs trained, or advanced, for any shape.

A pack is ``width`` runs side by side, one a lane. Every float32 array below ends in that axis, and
``lanes`` retypes it so that one element is the whole vector. The kernels are plain loops: shapes,
dtypes and limits were checked by the caller, and nothing here branches on a lane's value, so what
a lane computes cannot depend on its neighbours, nor on the width.

A run's parameters are one flat vector, unit by unit with the four gates ``i f g o`` adjacent:
for each unit its biases, then the weights of each feature, then those of each unit's output; after
the last unit, for each output its bias and the weights of each unit. That is the order in which
they are read, so weights stream.
"""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from statewise.engine.cells import lstm, lstm_gradient
from statewise.engine.simd import fma, lanes, splat, sqrt

__all__ = [
    "Carried",
    "Data",
    "Kernels",
    "Memory",
    "Rule",
    "Shape",
    "Tape",
    "build",
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


class Data(NamedTuple):
    """The samples of every data set, and which of them each lane sees in which order."""

    x: Floats  # (data sets, samples, steps, features)
    y: Floats  # (data sets, samples, outputs)
    of_lane: Ints  # (width,) the data set of each lane
    order: Ints  # (epochs or 1, samples, width) sample numbers; one epoch's order serves for all


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


class Memory(NamedTuple):
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
    x: Floats  # (gathered samples, steps, features, width)
    y: Floats  # (gathered samples, outputs, width)


class Rule(NamedTuple):
    """The optimizer's constants. ``adam`` false means SGD with ``momentum``."""

    adam: bool
    one_minus_beta_1: np.float32
    one_minus_beta_2: np.float32
    epsilon: np.float32
    momentum: np.float32


class Kernels(NamedTuple):
    """The two compiled entries for one lane width and one gate activation.

    ``train(shape, data, memory, carried, tape, rule, reset_every, rates, losses, stop)`` runs
    ``losses.shape[0]`` epochs. ``reset_every``: zero the state before batches 0, k, 2k, ... of
    every epoch, or never if 0. ``rates``: the optimizer's step size of each batch, float32.
    ``losses`` (epochs, width) receives each epoch's mean squared error. ``stop[0] != 0`` makes it
    return early.

    ``advance(shape, weights, x, carried, tape, reset_every, out)`` forecasts ``x`` (windows, steps,
    features, width) into ``out`` (windows, outputs, width) in order, window n on state row
    ``n % batch``.
    ``reset_every``: zero a row before each of its windows if 1, never if 0.
    """

    train: Callable[..., None]
    advance: Callable[..., None]


def parameter_count(units: int, features: int, outputs: int) -> int:
    """The length of a run's parameter vector."""
    return 4 * units * (1 + features + units) + outputs * (1 + units)


@njit(forceinline=True)
def gate_inputs(w, p, x, n, h, t, features, units):
    """The four gates' inputs of one unit, whose parameters start at ``p``."""
    zi, zf, zg, zo = w[p], w[p + 1], w[p + 2], w[p + 3]
    for k in range(features):
        p += 4
        a = x[n, t, k]
        zi = fma(a, w[p], zi)
        zf = fma(a, w[p + 1], zf)
        zg = fma(a, w[p + 2], zg)
        zo = fma(a, w[p + 3], zo)
    for j in range(units):
        p += 4
        a = h[t, j]
        zi = fma(a, w[p], zi)
        zf = fma(a, w[p + 1], zf)
        zg = fma(a, w[p + 2], zg)
        zo = fma(a, w[p + 3], zo)
    return zi, zf, zg, zo


@njit(forceinline=True)
def add_gate_gradients(gradient, p, x, n, h, t, features, units, dzi, dzf, dzg, dzo):
    """Add one unit's parameter gradients at one step, the mirror of ``gate_inputs``."""
    g = gradient
    g[p] = g[p] + dzi
    g[p + 1] = g[p + 1] + dzf
    g[p + 2] = g[p + 2] + dzg
    g[p + 3] = g[p + 3] + dzo
    for k in range(features):
        p += 4
        a = x[n, t, k]
        g[p] = fma(a, dzi, g[p])
        g[p + 1] = fma(a, dzf, g[p + 1])
        g[p + 2] = fma(a, dzg, g[p + 2])
        g[p + 3] = fma(a, dzo, g[p + 3])
    for j in range(units):
        p += 4
        a = h[t, j]
        g[p] = fma(a, dzi, g[p])
        g[p + 1] = fma(a, dzf, g[p + 1])
        g[p + 2] = fma(a, dzg, g[p + 2])
        g[p + 3] = fma(a, dzo, g[p + 3])


@njit(forceinline=True)
def zero_state(carried, b, units, zero):
    for u in range(units):
        carried.h[b, u] = zero
        carried.c[b, u] = zero


@njit(forceinline=True)
def forward(shape, w, x, n, b, carried, tape, hard):
    """Run sample ``n`` through the recurrent layer from state row ``b``, and leave the state there.

    Every step is written to the tape.
    """
    units, steps, features, _, _ = shape
    row = 4 * (1 + features + units)
    for u in range(units):
        tape.h[0, u] = carried.h[b, u]
        tape.c[0, u] = carried.c[b, u]
    for t in range(steps):
        for u in range(units):
            zi, zf, zg, zo = gate_inputs(w, u * row, x, n, tape.h, t, features, units)
            i, f, g, o, c, s = lstm(zi, zf, zg, zo, tape.c[t, u], hard)
            tape.gates[t, u, 0] = i
            tape.gates[t, u, 1] = f
            tape.gates[t, u, 2] = g
            tape.gates[t, u, 3] = o
            tape.squashed[t, u] = s
            tape.c[t + 1, u] = c
            tape.h[t + 1, u] = o * s
    for u in range(units):
        carried.h[b, u] = tape.h[steps, u]
        carried.c[b, u] = tape.c[steps, u]


@njit(forceinline=True)
def output(shape, w, q, tape):
    """Output ``q`` of the dense layer after the last time step, and where its parameters start."""
    units, steps, features, _, _ = shape
    p = units * 4 * (1 + features + units) + q * (1 + units)
    out = w[p]
    for u in range(units):
        out = fma(tape.h[steps, u], w[p + 1 + u], out)
    return out, p


@njit(forceinline=True)
def backward(shape, w, x, y, n, tape, memory, scale, loss, zero, hard):
    """Add sample ``n``'s gradients to ``memory.gradient``; return ``loss`` plus its squared error.

    Back-propagation through the sample's own time steps; the state it started from is a constant.
    """
    units, steps, features, outputs, _ = shape
    row = 4 * (1 + features + units)
    gradient, dz, dh, dc = memory.gradient, memory.dz, memory.dh, memory.dc
    for u in range(units):
        dh[u] = zero
        dc[u] = zero
    for q in range(outputs):
        out, p = output(shape, w, q, tape)
        error = out - y[n, q]
        loss = fma(error, error, loss)
        d = error * scale
        gradient[p] = gradient[p] + d
        for u in range(units):
            p += 1
            gradient[p] = fma(d, tape.h[steps, u], gradient[p])
            dh[u] = fma(d, w[p], dh[u])
    for t in range(steps - 1, -1, -1):
        for u in range(units):
            i, f = tape.gates[t, u, 0], tape.gates[t, u, 1]
            g, o = tape.gates[t, u, 2], tape.gates[t, u, 3]
            s, c = tape.squashed[t, u], tape.c[t, u]
            dzi, dzf, dzg, dzo, dc[u] = lstm_gradient(i, f, g, o, c, s, dh[u], dc[u], hard)
            add_gate_gradients(
                gradient, u * row, x, n, tape.h, t, features, units, dzi, dzf, dzg, dzo
            )
            dz[u, 0] = dzi
            dz[u, 1] = dzf
            dz[u, 2] = dzg
            dz[u, 3] = dzo
        if t > 0:
            for j in range(units):
                dh[j] = zero
            for u in range(units):
                p = u * row + 4 * (1 + features)
                dzi, dzf, dzg, dzo = dz[u, 0], dz[u, 1], dz[u, 2], dz[u, 3]
                for j in range(units):
                    d = fma(dzi, w[p], dh[j])
                    d = fma(dzf, w[p + 1], d)
                    d = fma(dzg, w[p + 2], d)
                    dh[j] = fma(dzo, w[p + 3], d)
                    p += 4
    return loss


@njit(forceinline=True)
def adam(w, m, v, g, rate, rule):
    for p in range(w.shape[0]):
        slope = g[p]
        first = fma(slope - m[p], rule.one_minus_beta_1, m[p])
        second = fma(fma(slope, slope, -1.0 * v[p]), rule.one_minus_beta_2, v[p])
        m[p] = first
        v[p] = second
        w[p] = w[p] - first * rate / (sqrt(second) + rule.epsilon)


@njit(forceinline=True)
def sgd(w, m, g, rate, rule):
    for p in range(w.shape[0]):
        step = fma(m[p], rule.momentum, g[p] * (-rate))
        m[p] = step
        w[p] = w[p] + step


@njit(forceinline=True)
def gather(data, epoch, first, count, x, y):
    """Copy samples ``first .. first + count`` of each lane's own order, lane-last."""
    _, _, steps, features = data.x.shape
    outputs = data.y.shape[2]
    for n in range(count):
        for lane in range(data.of_lane.shape[0]):
            which = data.of_lane[lane]
            sample = data.order[epoch, first + n, lane]
            for t in range(steps):
                for k in range(features):
                    x[n, t, k, lane] = data.x[which, sample, t, k]
            for q in range(outputs):
                y[n, q, lane] = data.y[which, sample, q]


def source_digest() -> str:
    """A hash of every file that the kernels are compiled from."""
    folder = Path(__file__).parent
    texts = [(folder / name).read_bytes() for name in ("simd.py", "cells.py", "lanes.py")]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


@functools.cache
def build(width: int, hard: bool, cache: bool = True) -> Kernels:
    """The kernels for ``width`` lanes, and hard gates or logistic ones. They compile when called.

    Numba keys its disk cache by a function's own file and its closure; ``digest`` is in the
    closure so that a change in any engine file compiles anew.
    """
    digest = source_digest()

    @njit(nogil=True, cache=cache)
    def train(shape, data, memory, carried, tape, rule, reset_every, rates, losses, stop):
        digest  # noqa: B018
        units, _, _, outputs, batch = shape
        lane = Memory(
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
        state = Carried(lanes(carried.h, width), lanes(carried.c, width))
        of = Tape(
            lanes(tape.h, width),
            lanes(tape.c, width),
            lanes(tape.gates, width),
            lanes(tape.squashed, width),
        )
        loss_of = lanes(losses, width)
        zero = splat(np.float32(0.0), width)
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
                        gather(data, epoch if shuffled else 0, begin, count, memory.x, memory.y)
                if until_reset == 0 and reset_every > 0:
                    until_reset = reset_every
                    for b in range(batch):
                        zero_state(state, b, units, zero)
                until_reset -= 1
                for p in range(lane.gradient.shape[0]):
                    lane.gradient[p] = zero
                scale = np.float32(2.0) / np.float32(rows * outputs)
                for b in range(rows):
                    n = first + b
                    forward(shape, lane.weights, lane.x, n, b, state, of, hard)
                    loss = backward(
                        shape, lane.weights, lane.x, lane.y, n, of, lane, scale, loss, zero, hard
                    )
                if rule.adam:
                    adam(lane.weights, lane.first, lane.second, lane.gradient, rates[done], rule)
                else:
                    sgd(lane.weights, lane.first, lane.gradient, rates[done], rule)
                done += 1
                first += batch
            loss_of[epoch] = loss * (np.float32(1.0) / np.float32(samples * outputs))

    @njit(nogil=True, cache=cache)
    def advance(shape, weights, x, carried, tape, reset_every, out):
        digest  # noqa: B018
        units, _, _, outputs, rows = shape
        w, windows, out_of = lanes(weights, width), lanes(x, width), lanes(out, width)
        state = Carried(lanes(carried.h, width), lanes(carried.c, width))
        of = Tape(
            lanes(tape.h, width),
            lanes(tape.c, width),
            lanes(tape.gates, width),
            lanes(tape.squashed, width),
        )
        zero = splat(np.float32(0.0), width)
        for n in range(x.shape[0]):
            b = n % rows
            if reset_every > 0:
                zero_state(state, b, units, zero)
            forward(shape, w, windows, n, b, state, of, hard)
            for q in range(outputs):
                out_of[n, q], _ = output(shape, w, q, of)

    return Kernels(train, advance)
