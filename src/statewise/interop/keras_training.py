"""One run of a Keras model: trained under a regime, and walked forward."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.extras import import_keras
from statewise.engine import Stopped
from statewise.engine.epoch_monitor import EpochMonitor
from statewise.engine.initial import Seed, sample_orders
from statewise.interop.keras_loops import EPOCHS, BatchLoop, Epoch, Loop, Machine
from statewise.model.network import SGD, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime

__all__ = ["Held", "Run", "compile_model", "epoch_of", "rows_filled", "train_run"]

Floats = NDArray[np.float32]
Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Run:
    """What training left of one run."""

    weights: Arrays  # every variable of the model
    state: list[Floats]
    loss: Floats  # (epochs,)
    validation: Floats  # (epochs,), or (0,) without validation
    best_epoch: int


def compile_model(model: Any, network: Network, training: Training, steps: int) -> None:
    """Give a model the loss and the optimizer of an arm; ``steps`` is of the whole training."""
    keras = import_keras()
    given, rate = training.optimizer, training.optimizer.learning_rate
    if training.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    if isinstance(given, SGD):
        optimizer = keras.optimizers.SGD(rate, momentum=given.momentum)
    else:
        epsilon = network.numerics.adam_epsilon if given.epsilon is None else given.epsilon
        optimizer = keras.optimizers.Adam(rate, given.beta_1, given.beta_2, epsilon)
    loss = "mse" if training.clip_error is None else clipped_error(training.clip_error)
    model.compile(loss=loss, optimizer=optimizer)


def clipped_error(bound: float) -> Callable[[Any, Any], Any]:
    """The squared error that counts linearly beyond ``bound``: Huber's loss (1964), doubled."""
    ops = import_keras().ops

    def loss(y: Any, found: Any) -> Any:
        size = ops.abs(found - y)
        return ops.mean(
            ops.where(size <= bound, size * size, bound * (2.0 * size - bound)), axis=-1
        )

    return loss


def epoch_of(regime: StateRegime, samples: int, rows: int) -> Epoch:
    """The batches of an epoch; the last one is filled up with rows that do not count."""
    batches = -(-samples // rows)
    every = regime.reset_every(batches)
    reset = np.arange(batches) % every == 0 if every else np.zeros(batches, np.bool_)
    weight = np.ones((batches, rows), np.float32)
    left = samples - (batches - 1) * rows
    weight[-1] = np.where(np.arange(rows) < left, rows / left, 0.0)
    return Epoch(rows, reset, weight)


def rows_filled(order: NDArray[np.int32], rows: int) -> NDArray[np.int32]:
    """Orders (epochs, samples) as batches, (epochs, batches, rows)."""
    epochs, samples = order.shape
    filled = np.concatenate([order, np.repeat(order[:, -1:], -samples % rows, axis=1)], axis=1)
    return np.ascontiguousarray(filled.reshape(epochs, -1, rows))


@dataclass(frozen=True)
class Held:
    """The validation samples of a run, looked at with a state of their own."""

    x: Floats  # (samples, steps, features)
    y: Floats
    rows: int
    reset: bool  # the state is set back before every sample
    continues: bool  # the first starts from the state that training left

    def loss(self, machine: Machine, loop: Loop) -> float:
        """The mean error; weights, training state and generators are left as they were."""
        kept, values = machine.state(), machine.values()
        if not self.continues:
            machine.set_state(None)
        [batches] = rows_filled(np.arange(len(self.x), dtype=np.int32)[None], self.rows)
        found = loop.advance(self.x[batches], reset=self.reset)
        machine.put_back(values, kept)
        keras = import_keras()
        each = keras.losses.get(machine.model.loss)(self.y, np.concatenate(found)[: len(self.y)])
        return float(np.mean(keras.ops.convert_to_numpy(each)))


def train_run(
    machine: Machine,
    loop: Loop,
    training: Training,
    regime: StateRegime,
    x: Floats,
    y: Floats,
    held: Held | None,
    *,
    repeat: int,
    seed: Seed,
    callbacks: Sequence[Any],
    stop: NDArray[np.uint8] | None,
) -> Run:
    """Train a machine that was put to its start.

    Raises:
        Stopped: ``stop`` was set.
    """
    epochs, epoch = training.epochs, epoch_of(regime, len(x), machine.rows)
    in_time = np.arange(len(x), dtype=np.int32)
    draw = sample_orders(seed, repeat) if regime.shuffle else None
    hooks = _hooks(callbacks, machine, epochs, len(epoch.reset))
    if any(_wants_batches(callback) for callback in callbacks):
        loop = BatchLoop(machine, hooks)
    watch = _Monitored(training, machine) if training.watches else None
    at_once = EPOCHS if held is None and watch is None and not callbacks else 1
    loss = np.full(epochs, np.nan, np.float32)
    validation = np.full(epochs if held is not None else 0, np.nan, np.float32)
    share = np.full(len(epoch.reset), epoch.rows) - (epoch.weight == 0.0).sum(axis=1)
    hooks.on_train_begin()
    begin = end = 0
    while end < epochs:
        begin, end = end, min(end + at_once, epochs)
        if stop is not None and stop[0]:
            raise Stopped
        order = np.repeat(in_time[None], end - begin, axis=0)
        if draw is not None:
            draw(order)
        hooks.on_epoch_begin(begin)
        found = loop.train(x, y, rows_filled(order, epoch.rows), epoch)
        loss[begin:end] = found @ (share / len(x))
        logs = {"loss": float(loss[begin])}
        if held is not None:
            validation[begin] = logs["val_loss"] = held.loss(machine, loop)
        if watch is not None:
            watch.look(begin, logs.get("val_loss", logs["loss"]))
        hooks.on_epoch_end(begin, logs)
        if machine.model.stop_training or (watch is not None and watch.stopped):
            break
    hooks.on_train_end()
    best = end
    if watch is not None and training.early_stopping is not None:
        best = watch.restore()
        loss[best - 1] += np.float32(0.0 if watch.finite else np.inf)
    return Run(machine.values(), machine.state(), loss, validation, best)


def _hooks(callbacks: Sequence[Any], machine: Machine, epochs: int, batches: int) -> Any:
    keras = import_keras()
    return keras.callbacks.CallbackList(
        list(callbacks), model=machine.model, epochs=epochs, steps=batches, verbose=0
    )


def _wants_batches(callback: Any) -> bool:
    """Whether a callback looks at every batch, for which epochs cannot be compiled."""
    plain = import_keras().callbacks.Callback
    names = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
    every = any(getattr(type(callback), name) is not getattr(plain, name) for name in names)
    return every and getattr(callback, "save_freq", None) != "epoch"  # of ModelCheckpoint


class _Monitored:
    """The engine's own monitor of a schedule and early stopping, over the one run of a machine."""

    def __init__(self, training: Training, machine: Machine) -> None:
        self.training, self.machine = training, machine
        self.lr_scale = np.ones(1, np.float32)
        self.now = [array[..., None] for array in machine.values() + machine.state()]
        self.monitor = EpochMonitor(training, self.now)

    def look(self, epoch: int, loss: float) -> None:
        """Take in an epoch: its loss, its weights and its state."""
        for array, value in zip(
            self.now, self.machine.values() + self.machine.state(), strict=True
        ):
            array[..., 0] = value
        self.monitor.look(epoch, np.array([loss], np.float32), self.lr_scale)
        if isinstance(self.training.schedule, ReduceOnPlateau):
            rate = self.training.optimizer.learning_rate
            self.machine.optimizer.learning_rate = rate * float(self.lr_scale[0])

    @property
    def stopped(self) -> bool:
        return bool(self.monitor.stopped[0])

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.monitor.best[0]))

    def restore(self) -> int:
        """Put the best weights and state back; returns their epoch."""
        self.monitor.restore()
        best = [array[..., 0] for array in self.now]
        count = len(self.machine.values())
        self.machine.put_back(best[:count], best[count:])
        return int(self.monitor.best_epoch[0])
