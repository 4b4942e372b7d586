"""One block of runs: laid out in lanes, handed to a kernel, read back."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.cells import Cell
from statewise.engine.epoch_monitor import EpochMonitor
from statewise.engine.initial import Seed, sample_orders
from statewise.engine.layout import (
    Block,
    Carried,
    Floats,
    Ints,
    Kernels,
    MaskedKernels,
    OptimizerConstants,
    PerLane,
    Run,
    Shape,
    Tape,
)
from statewise.engine.samples import Samples
from statewise.engine.weights import packed, unpacked, zeros
from statewise.model.network import SGD, Adam, Network, Training

__all__ = [
    "BlockResult",
    "FitPlan",
    "Stopped",
    "diverged_epochs",
    "divergence_limit",
    "lanes_may_differ",
    "train_block",
]

Orders = Iterator[tuple[int, int, Ints]]


class Stopped(Exception):  # noqa: N818
    """Training was told to stop before it was done; there is no result."""


GATHERED = 1 << 18  # numbers a block gathers at once: 1 MiB, which stays in the second-level cache
ORDERED = 1 << 20  # samples a block goes through in one stretch; their numbers take 4 MiB


@dataclass(frozen=True)
class FitPlan:
    """What every block of one ``fit`` shares."""

    cell: Cell
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
    stop: NDArray[np.uint8]  # (1,) set to one to end every block early

    @property
    def watches(self) -> bool:
        """Whether something is looked at after every epoch."""
        return self.training.watches or self.validation is not None

    def lanes_differ(self, data: NDArray[np.int32]) -> bool:
        """Whether a block with these data sets needs the kernels that let lanes differ."""
        uneven = self.samples.uneven or len(np.unique(self.samples.count[data])) > 1
        return lanes_may_differ(self.network, self.training, uneven or self.validation is not None)


def lanes_may_differ(network: Network, training: Training, uneven: bool) -> bool:
    """Whether training needs the kernels that let lanes differ, given if samples are uneven."""
    return network.initial_state == "learned" or training.watches or uneven


class BlockResult(NamedTuple):
    """What training left: a row a run, padding dropped."""

    flat: Floats  # (runs, parameters)
    state: Carried  # (runs, batch, units) each
    loss: Floats  # (runs, epochs), or (runs, 0) if not kept
    validation: Floats  # the same of the validation loss; (runs, 0) without validation
    best_epoch: NDArray[np.int32]  # (runs,) that the weights are of, counted from one
    diverged_epoch: NDArray[np.int32]  # (runs,) counted from one; zero if it did not


def constants_of(network: Network, training: Training) -> OptimizerConstants:
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


def tape_for(cell: Cell, shape: Shape, width: int) -> Tape:
    """A tape for one sample."""
    units, steps = shape.units, shape.steps
    rows, states = steps + 1, cell.states
    # In one piece: a forecast allocates little else.
    room = zeros(states * rows + cell.kept * steps, units, width)
    return Tape(
        states=tuple(room[k * rows : (k + 1) * rows] for k in range(states)),
        kept=room[states * rows :].reshape(steps, units, cell.kept, width),
    )


def block_for(
    cell: Cell, shape: Shape, constants: OptimizerConstants, weights: Floats, gathered: int
) -> Block:
    """Room to train ``weights`` (parameters, width), with so many places gathered at once."""
    (_, width), units = weights.shape, shape.units
    run = Run(
        shape=shape,
        weights=weights,
        x=zeros(gathered, shape.steps, shape.features, width),
        carried=tuple(zeros(shape.batch, units, width) for _ in range(cell.states)),
        tape=tape_for(cell, shape, width),
    )
    return Block(
        run=run,
        optimizer=constants,
        first=zeros(*weights.shape),
        second=zeros(*weights.shape),
        gradient=zeros(*weights.shape),
        dz=zeros(units, cell.gates, width),
        slopes=tuple(zeros(units, width) for _ in range(cell.states)),
        y=zeros(gathered, shape.outputs, width),
    )


def per_lane_for(gathered: int, width: int) -> PerLane:
    """Room for what differs between lanes; they begin with no step taken and the first table."""
    return PerLane(
        valid=zeros(gathered, width),
        series_start=zeros(gathered, width),
        loss_mask=zeros(gathered, width),
        samples=zeros(1, width),
        errors=zeros(1, width),
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
    plan: FitPlan,
    flat: Floats,
    of_run: NDArray[np.int32],
    repeats: Sequence[int],
    add: Callable[[int], None],
) -> BlockResult:
    """Train up to ``width`` runs: ``flat`` (runs, parameters), ``of_run`` their data sets.

    ``add`` is called with the epochs of runs that are done, as they are.
    """
    runs, epochs, samples, shape = len(flat), plan.training.epochs, plan.samples, plan.shape
    data = of_run[np.minimum(np.arange(width), runs - 1)]
    places = samples.places(data)
    gathered = gathered_at_once(shape, int(places.max()), width)
    constants = constants_of(plan.network, plan.training)
    block = block_for(plan.cell, shape, constants, packed(flat, width)[0], gathered)
    weights, carried = block.run.weights, block.run.carried
    per_lane = per_lane_for(gathered, width) if plan.lanes_differ(data) else None
    batches = -(-places // shape.batch)
    rates = rates_for(plan.training, batches, per_lane)
    validator = None
    if plan.validation is not None:
        validator = Validator(kernels, plan, plan.validation, data, block)
    monitor = EpochMonitor(plan.training, (weights, *carried)) if plan.watches else None
    loss = zeros(epochs, width)
    validation = zeros(epochs if validator is not None else 0, width)
    errors = samples.errors(data) * shape.outputs
    for begin, end, order in orders(plan, data, repeats):
        if monitor is not None:
            order[:, :, monitor.stopped] = -1
        kernels.train(
            block,
            per_lane,
            samples.in_lanes(data, order),
            plan.reset_every,
            rates if per_lane is not None else rates[:, begin * batches[0] : end * batches[0]],
            loss[begin:end],
            plan.stop,
        )
        if plan.stop[0] != 0:
            raise Stopped
        add(runs * (end - begin))
        if per_lane is not None:
            loss[begin:end] *= np.float32(1.0) / errors.astype(np.float32)
        if monitor is None or per_lane is None:
            continue
        seen = loss[begin]
        if validator is not None:
            seen = validation[begin]
            seen[...] = validator.loss()
        loss[begin, monitor.stopped] = np.nan
        validation[begin : begin + 1, monitor.stopped] = np.nan
        monitor.look(begin, seen, per_lane.lr_scale)
        if monitor.stopped.all():
            loss[end:], validation[end:] = np.nan, np.nan
            add(runs * (epochs - end))
            break
    best = np.full(width, epochs, np.int32)
    if monitor is not None and plan.training.early_stopping is not None:
        monitor.restore()
        best = monitor.best_epoch
        loss[best - 1, np.arange(width)] += np.where(np.isfinite(monitor.best), 0.0, np.inf)
    trained = unpacked(weights[None], runs)
    whole = np.asarray(np.isfinite(trained).all(axis=1))
    return BlockResult(
        flat=trained,
        state=tuple(unpacked(part[None], runs) for part in carried),
        loss=unpacked((loss if plan.keep_loss else loss[:0])[None], runs),
        validation=unpacked((validation if plan.keep_loss else validation[:0])[None], runs),
        best_epoch=best[:runs],
        diverged_epoch=diverged_epochs(loss[:, :runs], plan.limit[of_run], best[:runs], whole),
    )


def divergence_limit(training: Training, samples: Samples) -> NDArray[np.float64]:
    """The loss of each data set beyond which a run has diverged."""
    square = [
        np.mean(np.square(samples.y[first : first + count], dtype=np.float64))
        for first, count in zip(samples.start, samples.count, strict=True)
    ]
    return np.asarray(training.divergence * np.maximum(square, 1.0))


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


def rates_for(training: Training, batches: NDArray[np.int64], per_lane: PerLane | None) -> Floats:
    """The tables of step sizes that a block's lanes need, (tables, steps); lanes are told which."""
    cosine = training.schedule == "cosine"
    kinds = np.unique(batches) if cosine else batches.max(keepdims=True)
    steps = kinds * training.epochs
    rates = np.zeros((len(kinds), int(steps.max())), np.float32)
    for row, count in zip(rates, steps, strict=True):
        row[:count] = rates_of(training.optimizer, cosine, int(count))
    if per_lane is not None and cosine:
        per_lane.table[:] = np.searchsorted(kinds, batches)
    return rates


def orders(plan: FitPlan, data: NDArray[np.int32], repeats: Sequence[int]) -> Orders:
    """The epochs in stretches, each with the order of its places, (epochs or 1, places, width)."""
    epochs, samples = plan.training.epochs, plan.samples
    in_time = samples.in_order(data)
    # One epoch's order would be taken to serve for all, so there are two or more of a shuffle.
    at_once = 1 if plan.watches else max(2, ORDERED // in_time.size)
    if not plan.shuffle:
        for begin in range(0, epochs, at_once):
            yield begin, min(begin + at_once, epochs), in_time
        return
    draws: list[Callable[[Ints], None]] = [sample_orders(plan.seed, r) for r in repeats]
    counts = samples.count[data]
    for begin in range(0, epochs, at_once):
        end = min(begin + at_once, epochs)
        rows = end - begin if plan.watches else max(2, end - begin)
        order = np.full((rows, *in_time.shape[1:]), -1, np.int32)
        for lane, draw in enumerate(draws):
            draw(order[: end - begin, : counts[lane], lane])
        order[:, :, len(draws) :] = order[:, :, len(draws) - 1 : len(draws)]
        yield begin, end, order


class Validator:
    """The validation samples of a block, looked at with a state of their own."""

    def __init__(
        self,
        kernels: Kernels,
        plan: FitPlan,
        held: Samples,
        data: NDArray[np.int32],
        trained: Block,
    ) -> None:
        assert isinstance(kernels, MaskedKernels)
        weights, order = trained.run.weights, held.in_order(data)
        gathered = gathered_at_once(plan.shape, order.shape[1], weights.shape[1])
        # The weights are those that training moves; the state and the room to gather in are not.
        self.block = block_for(plan.cell, plan.shape, trained.optimizer, weights, gathered)
        self.per_lane = per_lane_for(gathered, weights.shape[1])
        self.data = held.in_lanes(data, order)
        self.share = np.float32(1.0) / (held.errors(data) * plan.shape.outputs).astype(np.float32)
        self.kernels, self.plan, self.trained = kernels, plan, trained

    def loss(self) -> NDArray[np.float32]:
        """The mean error of each lane, (width,); the training state is left as it is."""
        carried, shape = self.block.run.carried, self.plan.shape
        start = self.trained.run.carried
        if not self.plan.continues:
            start = tuple(np.zeros_like(part) for part in carried)
            if shape.learned:
                learned = self.block.run.weights[-len(carried) * shape.units :]
                start = tuple(learned[k :: len(carried)] for k in range(len(carried)))
        for own, part in zip(carried, start, strict=True):
            own[...] = part
        total = zeros(1, len(self.share))
        self.kernels.evaluate(
            self.block, self.per_lane, self.data, self.plan.resets_validation, total
        )
        return np.asarray(total[0] * self.share)
