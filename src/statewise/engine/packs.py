"""One pack of runs: laid out in lanes, handed to a kernel, read back."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.initial import Seed, sample_orders
from statewise.engine.lanes import (
    Carried,
    Data,
    Kernels,
    Memory,
    Rule,
    Shape,
    Tape,
    parameter_count,
)
from statewise.engine.weights import Floats, State, zeros
from statewise.network import SGD, Adam, Network

__all__ = ["Job", "PackResult", "Stopped", "advance_pack", "train_pack"]


class Stopped(Exception):  # noqa: N818
    """Training was told to stop before it was done; there is no result."""


GATHERED = 1 << 18  # numbers a pack gathers at once: 1 MiB, which stays in the second-level cache
ORDERED = 1 << 20  # sample numbers a pack draws at once when it shuffles: 4 MiB


@dataclass(frozen=True)
class Job:
    """What every pack of one ``fit`` shares."""

    shape: Shape
    x: Floats  # (data sets, samples, steps, features)
    y: Floats  # (data sets, samples, outputs)
    rule: Rule
    rates: Floats  # (optimizer steps,)
    epochs: int
    reset_every: int
    shuffle: bool
    seed: Seed
    limit: NDArray[np.float64]  # (data sets,) the loss beyond which a run has diverged
    keep_loss: bool
    stop: NDArray[np.uint8]  # (1,) set to one to end every pack early

    @property
    def batches(self) -> int:
        """Optimizer steps an epoch."""
        return -(-int(self.x.shape[1]) // self.shape.batch)


class PackResult(NamedTuple):
    """What training left: a row a run, padding dropped."""

    flat: Floats  # (runs, parameters)
    state: State  # (runs, batch, units)
    loss: Floats  # (runs, epochs), or (runs, 0) if not kept
    diverged_epoch: NDArray[np.int32]  # (runs,) counted from one; zero if it did not


def rule_of(network: Network, optimizer: Adam | SGD) -> Rule:
    """The optimizer's constants as the kernels take them."""
    if isinstance(optimizer, SGD):
        one = np.float32(1.0)
        return Rule(False, one, one, one, np.float32(optimizer.momentum))
    epsilon = network.numerics.adam_epsilon if optimizer.epsilon is None else optimizer.epsilon
    return Rule(
        True,
        np.float32(1.0 - optimizer.beta_1),
        np.float32(1.0 - optimizer.beta_2),
        np.float32(epsilon),
        np.float32(0.0),
    )


@functools.lru_cache(maxsize=4)
@np.errstate(over="ignore")  # an absurd rate becomes infinite, and the run diverges
def rates_of(optimizer: Adam | SGD, steps: int) -> Floats:
    """The step size of each optimizer step: Adam's bias correction is in it."""
    if isinstance(optimizer, SGD):
        return np.full(steps, optimizer.learning_rate, np.float32)
    t = np.arange(1, steps + 1, dtype=np.float64)
    correction = np.sqrt(1.0 - optimizer.beta_2**t) / (1.0 - optimizer.beta_1**t)
    return np.asarray(optimizer.learning_rate * correction, np.float32)


def lane_last(rows: NDArray[np.float32], width: int) -> Floats:
    """``rows`` (runs, ...) as (..., width); lanes beyond the last run repeat it."""
    lane = np.minimum(np.arange(width), len(rows) - 1)
    result = zeros(*rows.shape[1:], width)
    result[...] = np.moveaxis(rows[lane], 0, -1)
    return result


def runs_first(array: Floats, runs: int) -> Floats:
    """The inverse of ``lane_last``."""
    return np.moveaxis(array[..., :runs], -1, 0).copy()


def tape_for(shape: Shape, width: int) -> Tape:
    """A tape for one sample."""
    units, steps, _, _, _ = shape
    return Tape(
        h=zeros(steps + 1, units, width),
        c=zeros(steps + 1, units, width),
        gates=zeros(steps, units, 4, width),
        squashed=zeros(steps, units, width),
    )


def carried_from(state: State, width: int) -> Carried:
    """The state of each run, (runs, rows, units), in lanes."""
    return Carried(lane_last(state.h, width), lane_last(state.c, width))


def state_from(carried: Carried, runs: int) -> State:
    """The inverse of ``carried_from``."""
    return State(runs_first(carried.h, runs), runs_first(carried.c, runs))


def train_pack(
    kernels: Kernels,
    width: int,
    job: Job,
    flat: Floats,
    state: State,
    of_run: NDArray[np.int32],
    repeats: Sequence[int],
) -> PackResult:
    """Train up to ``width`` runs: ``flat`` (runs, parameters), ``of_run`` their data sets."""
    runs = len(flat)
    units, steps, features, outputs, batch = job.shape
    samples = job.x.shape[1]
    parameters = parameter_count(units, features, outputs)
    sample_size = width * (steps * features + outputs)
    gathered = min(samples, batch * max(1, GATHERED // (batch * sample_size)))
    memory = Memory(
        weights=lane_last(flat, width),
        first=zeros(parameters, width),
        second=zeros(parameters, width),
        gradient=zeros(parameters, width),
        dz=zeros(units, 4, width),
        dh=zeros(units, width),
        dc=zeros(units, width),
        x=zeros(gathered, steps, features, width),
        y=zeros(gathered, outputs, width),
    )
    carried, tape = carried_from(state, width), tape_for(job.shape, width)
    lane = np.minimum(np.arange(width), runs - 1)
    of_lane = of_run[lane]
    loss = zeros(job.epochs, width)
    draws = [sample_orders(job.seed, r) for r in repeats] if job.shuffle else []
    at_once = max(2, ORDERED // (samples * width)) if job.shuffle else job.epochs
    order = np.repeat(np.arange(samples, dtype=np.int32)[None, :, None], width, axis=2)
    for begin in range(0, job.epochs, at_once):
        end = min(begin + at_once, job.epochs)
        if job.shuffle:
            # One epoch's order would be taken to serve for all, so there are always two or more.
            order = np.empty((max(2, end - begin), samples, width), np.int32)
            for i, draw in enumerate(draws):
                draw(order[: end - begin, :, i])
            order[:, :, runs:] = order[:, :, runs - 1 : runs]
        kernels.train(
            job.shape,
            Data(job.x, job.y, of_lane, order),
            memory,
            carried,
            tape,
            job.rule,
            job.reset_every,
            job.rates[begin * job.batches : end * job.batches],
            loss[begin:end],
            job.stop,
        )
    if job.stop[0] != 0:
        raise Stopped
    trained = runs_first(memory.weights, runs)
    bad = ~(loss[:, :runs] <= job.limit[of_run])  # true for NaN too
    bad[-1] |= ~np.isfinite(trained).all(axis=1)
    diverged = np.where(bad.any(axis=0), bad.argmax(axis=0) + 1, 0).astype(np.int32)
    kept = runs_first(loss if job.keep_loss else loss[:0], runs)
    return PackResult(trained, state_from(carried, runs), kept, diverged)


def advance_pack(
    kernels: Kernels, width: int, shape: Shape, flat: Floats, x: Floats, state: State, reset: bool
) -> tuple[Floats, State]:
    """Forecast windows ``x`` (runs, windows, steps, features): outputs (runs, windows, outputs)."""
    runs, windows = x.shape[:2]
    carried, tape = carried_from(state, width), tape_for(shape, width)
    out = zeros(windows, shape.outputs, width)
    kernels.advance(
        shape, lane_last(flat, width), lane_last(x, width), carried, tape, int(reset), out
    )
    return runs_first(out, runs), state_from(carried, runs)
