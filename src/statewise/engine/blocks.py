"""One pack of runs: laid out in lanes, handed to a kernel, read back."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.epoch_monitor import EpochMonitor
from statewise.engine.initial import Seed, sample_orders
from statewise.engine.layout import (
    Carried,
    Data,
    Kernels,
    MaskedKernels,
    OptimizerConstants,
    PerLane,
    Shape,
    Tape,
    Workspace,
)
from statewise.engine.samples import Samples
from statewise.engine.weights import Floats, State, zeros
from statewise.model.network import SGD, Adam, Network, Training

__all__ = [
    "BlockResult",
    "FitPlan",
    "Stopped",
    "diverged_epochs",
    "lane_last",
    "runs_first",
    "train_block",
]

Ints = NDArray[np.int32]
Orders = Iterator[tuple[int, int, Ints]]


class Stopped(Exception):  # noqa: N818
    """Training was told to stop before it was done; there is no result."""


GATHERED = 1 << 18  # numbers a pack gathers at once: 1 MiB, which stays in the second-level cache
ORDERED = 1 << 20  # sample numbers a pack draws at once when it shuffles: 4 MiB


@dataclass(frozen=True)
class FitPlan:
    """What every pack of one ``fit`` shares."""

    shape: Shape
    samples: Samples
    validation: Samples | None
    network: Network
    training: Training
    reset_every: int
    resets_validation: bool  # the state is set back before every validation sample
    continues: bool  # validation starts from the state that training left
    shuffle: bool
    seed: Seed
    limit: NDArray[np.float64]  # (data sets,) the loss beyond which a run has diverged
    keep_loss: bool
    stop: NDArray[np.uint8]  # (1,) set to one to end every pack early

    def lanes_differ(self, data: NDArray[np.int32]) -> bool:
        """Whether a pack with these data sets needs the kernels that let lanes differ."""
        return (
            self.shape.learned
            or self.training.watches
            or self.samples.uneven
            or len(np.unique(self.samples.count[data])) > 1
        )


class BlockResult(NamedTuple):
    """What training left: a row a run, padding dropped."""

    flat: Floats  # (runs, parameters)
    state: State  # (runs, batch, units)
    loss: Floats  # (runs, epochs), or (runs, 0) if not kept
    validation: Floats  # the same of the validation loss; (runs, 0) without validation
    best_epoch: NDArray[np.int32]  # (runs,) that the weights are of, counted from one
    diverged_epoch: NDArray[np.int32]  # (runs,) counted from one; zero if it did not


def rule_of(network: Network, training: Training) -> OptimizerConstants:
    """The optimizer's constants as the kernels take them."""
    optimizer, clip = training.optimizer, training.clip_error
    bound = np.float32(np.inf if clip is None else clip)
    if isinstance(optimizer, SGD):
        one = np.float32(1.0)
        return OptimizerConstants(False, one, one, one, np.float32(optimizer.momentum), bound)
    epsilon = network.numerics.adam_epsilon if optimizer.epsilon is None else optimizer.epsilon
    return OptimizerConstants(
        True,
        np.float32(1.0 - optimizer.beta_1),
        np.float32(1.0 - optimizer.beta_2),
        np.float32(epsilon),
        np.float32(0.0),
        bound,
    )


@functools.lru_cache(maxsize=64)
@np.errstate(over="ignore")  # an absurd rate becomes infinite, and the run diverges
def rates_of(optimizer: Adam | SGD, cosine: bool, steps: int) -> Floats:
    """The step size of each optimizer step: the schedule and Adam's bias correction are in it."""
    t = np.arange(1, steps + 1, dtype=np.float64)
    rates = np.full(steps, optimizer.learning_rate, np.float64)
    if isinstance(optimizer, Adam):
        rates *= np.sqrt(1.0 - optimizer.beta_2**t) / (1.0 - optimizer.beta_1**t)
    if cosine:
        rates *= 0.5 * (1.0 + np.cos(np.pi * (t - 1.0) / steps))
    return rates.astype(np.float32)


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
    units, steps = shape.units, shape.steps
    room = zeros(7 * steps + 2, units, width)  # in one piece: a forecast allocates little else
    cut = (steps + 1, 2 * steps + 2, 6 * steps + 2)
    return Tape(
        h=room[: cut[0]],
        c=room[cut[0] : cut[1]],
        gates=room[cut[1] : cut[2]].reshape(steps, units, 4, width),
        squashed=room[cut[2] :],
    )


def memory_for(weights: Floats, shape: Shape, gathered: int) -> Workspace:
    """Room to train ``weights`` (parameters, width), with so many places gathered at once."""
    parameters, width = weights.shape
    return Workspace(
        weights=weights,
        first=zeros(parameters, width),
        second=zeros(parameters, width),
        gradient=zeros(parameters, width),
        dz=zeros(shape.units, 4, width),
        dh=zeros(shape.units, width),
        dc=zeros(shape.units, width),
        x=zeros(gathered, shape.steps, shape.features, width),
        y=zeros(gathered, shape.outputs, width),
    )


def each_for(gathered: int, width: int) -> PerLane:
    """Room for what differs between lanes; they begin with no step taken and the first table."""
    return PerLane(
        valid=zeros(gathered, width),
        series_start=zeros(gathered, width),
        loss_mask=zeros(gathered, width),
        here=zeros(1, width),
        rows=zeros(1, width),
        rate=zeros(1, width),
        lr_scale=np.ones(width, np.float32),
        table=np.zeros(width, np.int32),
        done=np.zeros(width, np.int64),
    )


def gathered_at_once(shape: Shape, places: int, width: int) -> int:
    """How many places are gathered at once: all of them, or a whole number of batches."""
    sample_size = width * (shape.steps * shape.features + shape.outputs)
    return min(places, shape.batch * max(1, GATHERED // (shape.batch * sample_size)))


def train_block(
    kernels: Kernels,
    width: int,
    job: FitPlan,
    flat: Floats,
    state: State,
    of_run: NDArray[np.int32],
    repeats: Sequence[int],
) -> BlockResult:
    """Train up to ``width`` runs: ``flat`` (runs, parameters), ``of_run`` their data sets."""
    runs, epochs, samples, shape = len(flat), job.training.epochs, job.samples, job.shape
    data = of_run[np.minimum(np.arange(width), runs - 1)]
    places = samples.places(data)
    gathered = gathered_at_once(shape, int(places.max()), width)
    memory = memory_for(lane_last(flat, width), shape, gathered)
    carried = Carried(lane_last(state.h, width), lane_last(state.c, width))
    tape, rule = tape_for(shape, width), rule_of(job.network, job.training)
    each = each_for(gathered, width) if job.lanes_differ(data) else None
    batches = -(-places // shape.batch)
    rates = rates_for(job.training, batches, each)
    held = None if job.validation is None else Validator(kernels, job, data, memory, width)
    changing = (memory.weights, *carried)
    watch = EpochMonitor(job.training, changing) if job.training.watches else None
    loss = zeros(epochs, width)
    validation = zeros(epochs if held is not None else 0, width)
    errors = samples.errors(data) * shape.outputs
    for begin, end, order in orders(job, data, repeats):
        if watch is not None:
            order[:, :, watch.stopped] = -1
        kernels.train(
            shape,
            Data(
                samples.x,
                samples.y,
                samples.series_start,
                samples.loss_mask,
                samples.start[data],
                order,
            ),
            memory,
            carried,
            tape,
            each,
            rule,
            job.reset_every,
            rates if each is not None else rates[:, begin * batches[0] : end * batches[0]],
            loss[begin:end],
            job.stop,
        )
        if job.stop[0] != 0:
            raise Stopped
        if each is not None:
            loss[begin:end] *= np.float32(1.0) / errors.astype(np.float32)
        if watch is None or each is None:
            continue
        seen = loss[begin]
        if held is not None:
            seen = validation[begin]
            seen[...] = held.loss(carried, tape, rule)
        loss[begin, watch.stopped] = np.nan
        validation[begin : begin + 1, watch.stopped] = np.nan
        watch.look(begin, seen, each.lr_scale)
        if watch.stopped.all():
            loss[end:], validation[end:] = np.nan, np.nan
            break
    best = np.full(width, epochs, np.int32)
    if watch is not None and job.training.early_stopping is not None:
        watch.restore()
        best = watch.best_epoch
        loss[best - 1, np.arange(width)] += np.where(np.isfinite(watch.best), 0.0, np.inf)
    trained = runs_first(memory.weights, runs)
    diverged = diverged_epochs(
        loss[:, :runs], job.limit[of_run], best[:runs], np.asarray(np.isfinite(trained).all(axis=1))
    )
    return BlockResult(
        flat=trained,
        state=State(runs_first(carried.h, runs), runs_first(carried.c, runs)),
        loss=runs_first(loss if job.keep_loss else loss[:0], runs),
        validation=runs_first(validation if job.keep_loss else validation[:0], runs),
        best_epoch=best[:runs],
        diverged_epoch=diverged,
    )


def diverged_epochs(
    loss: Floats, limit: NDArray[np.float64], best: Ints, whole: NDArray[np.bool_]
) -> Ints:
    """The first epoch, counted from one, at which each run had diverged; zero if it did not.

    ``loss`` (epochs, runs) against the limit of each run, up to the epoch that was kept, whose
    weights are ``whole`` if they are finite.
    """
    epochs, runs = loss.shape
    bad = ~(loss <= limit)  # true for NaN too
    bad &= np.arange(epochs)[:, None] < best  # what came after was not kept
    bad[best - 1, np.arange(runs)] |= ~whole
    return np.where(bad.any(axis=0), bad.argmax(axis=0) + 1, 0).astype(np.int32)


def rates_for(training: Training, batches: NDArray[np.int64], each: PerLane | None) -> Floats:
    """The tables of step sizes that a pack's lanes need, (tables, steps), and which each takes."""
    cosine = training.schedule == "cosine"
    kinds = np.unique(batches) if cosine else batches.max(keepdims=True)
    steps = kinds * training.epochs
    rates = np.zeros((len(kinds), int(steps.max())), np.float32)
    for row, count in zip(rates, steps, strict=True):
        row[:count] = rates_of(training.optimizer, cosine, int(count))
    if each is not None and cosine:
        each.table[:] = np.searchsorted(kinds, batches)
    return rates


def orders(job: FitPlan, data: NDArray[np.int32], repeats: Sequence[int]) -> Orders:
    """The epochs in stretches, each with the order of its places, (epochs or 1, places, width)."""
    epochs, samples = job.training.epochs, job.samples
    in_time = samples.in_order(data)
    at_once = 1 if job.training.watches else epochs
    if not job.shuffle:
        for begin in range(0, epochs, at_once):
            yield begin, min(begin + at_once, epochs), in_time
        return
    draws: list[Callable[[Ints], None]] = [sample_orders(job.seed, r) for r in repeats]
    counts = samples.count[data]
    if not job.training.watches:
        # One epoch's order would be taken to serve for all, so there are always two or more.
        at_once = max(2, ORDERED // in_time.size)
    for begin in range(0, epochs, at_once):
        end = min(begin + at_once, epochs)
        rows = end - begin if job.training.watches else max(2, end - begin)
        order = np.full((rows, *in_time.shape[1:]), -1, np.int32)
        for lane, draw in enumerate(draws):
            draw(order[: end - begin, : counts[lane], lane])
        order[:, :, len(draws) :] = order[:, :, len(draws) - 1 : len(draws)]
        yield begin, end, order


class Validator:
    """The validation samples of a pack, looked at with a state of their own."""

    def __init__(
        self, kernels: Kernels, job: FitPlan, data: NDArray[np.int32], memory: Workspace, width: int
    ) -> None:
        assert isinstance(kernels, MaskedKernels)
        assert job.validation is not None
        held, shape = job.validation, job.shape
        order = held.in_order(data)
        gathered = gathered_at_once(shape, order.shape[1], width)
        room = memory_for(memory.weights, shape, gathered)
        # The weights are those that training moves; only the room to gather in is another.
        self.memory = memory._replace(x=room.x, y=room.y)
        self.each = each_for(gathered, width)
        self.data = Data(held.x, held.y, held.series_start, held.loss_mask, held.start[data], order)
        self.share = np.float32(1.0) / (held.errors(data) * shape.outputs).astype(np.float32)
        self.kernels, self.job, self.width = kernels, job, width

    def loss(self, carried: Carried, tape: Tape, rule: OptimizerConstants) -> NDArray[np.float32]:
        """The mean error of each lane, (width,); the training state is left as it is."""
        own = Carried(carried.h.copy(), carried.c.copy())
        if not self.job.continues:
            own.h[...], own.c[...] = 0.0, 0.0
        total = zeros(1, self.width)
        self.kernels.evaluate(
            self.job.shape,
            self.data,
            self.memory,
            own,
            tape,
            self.each,
            rule,
            int(self.job.resets_validation),
            total,
        )
        return np.asarray(total[0] * self.share)
