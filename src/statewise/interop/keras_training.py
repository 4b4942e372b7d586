"""One run of a Keras model, trained under a regime."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.extras import import_keras
from statewise.engine import Stopped
from statewise.engine.epoch_monitor import EpochMonitor
from statewise.engine.initial import Seed, sample_orders
from statewise.interop.keras_loops import EPOCHS, BatchLoop, Loop, epoch_of, rows_filled
from statewise.interop.keras_machine import Arrays, Machine
from statewise.model.network import ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model

__all__ = ["Run", "train_run"]

Floats = NDArray[np.float32]
DataSet = tuple[Floats, Floats]  # (samples, steps, features) and (samples, outputs)


@dataclass(frozen=True)
class Run:
    """What training left of one run."""

    weights: Arrays  # every variable of the model
    state: Arrays  # of each recurrent layer's parts, (rows, units) each
    loss: Floats  # (epochs,)
    validation: Floats  # (epochs,), or (0,) without validation
    best_epoch: int  # that the weights are of, counted from one


def train_run(
    loop: Loop,
    model: Model,
    samples: DataSet,
    held_back: DataSet | None,
    *,
    repeat: int,
    seed: Seed,
    callbacks: Sequence[Any],
    stop: NDArray[np.uint8] | None,
) -> Run:
    """Train a machine that was put to its start.

    Args:
        loop: of the machine.
        model: whose training and regime are followed.
        samples: to train on.
        held_back: to look at after each epoch, if the training holds samples back.
        repeat, seed: the key of the sample orders.
        callbacks: of Keras.
        stop: (1,) set to one by another thread to end the training.

    Raises:
        Stopped: ``stop`` was set.
    """
    machine, (x, y), training = loop.machine, samples, model.training
    epochs, epoch = training.epochs, epoch_of(model.regime, len(x), machine.rows)
    in_time = np.arange(len(x), dtype=np.int32)
    draw = sample_orders(seed, repeat) if model.regime.shuffle else None
    hooks = import_keras().callbacks.CallbackList(
        list(callbacks), model=machine.model, epochs=epochs, steps=len(epoch.reset), verbose=0
    )
    if any(_wants_batches(callback) for callback in callbacks):
        loop = BatchLoop(machine, hooks)
    monitor = _Monitor(training, machine) if training.watches else None
    at_once = EPOCHS if held_back is None and monitor is None and not callbacks else 1
    loss = np.full(epochs, np.nan, np.float32)
    validation = np.full(0 if held_back is None else epochs, np.nan, np.float32)
    share = (epoch.weight > 0.0).sum(axis=1) / len(x)  # of the samples, in each batch
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
        loss[begin:end] = loop.train(x, y, rows_filled(order, machine.rows), epoch) @ share
        logs = {"loss": float(loss[begin])}
        if held_back is not None:
            validation[begin] = logs["val_loss"] = validation_loss(loop, model.regime, held_back)
        if monitor is not None:
            monitor.look(begin, logs.get("val_loss", logs["loss"]))
        hooks.on_epoch_end(begin, logs)
        if machine.model.stop_training or (monitor is not None and monitor.stopped):
            break
    hooks.on_train_end()
    best = end
    if monitor is not None and training.early_stopping is not None:
        best = monitor.restore()
        loss[best - 1] += np.float32(0.0 if monitor.finite else np.inf)
    return Run(machine.values(), machine.state(), loss, validation, best)


def validation_loss(loop: Loop, regime: StateRegime, held_back: DataSet) -> float:
    """The mean error over samples held back, each seen with the state that a forecast would have.

    Weights, generators and the state of training are left as they were.
    """
    machine, (x, y) = loop.machine, held_back
    state, values = machine.state(), machine.values()
    if not regime.carries_in_training:
        machine.set_state(None)
    [batches] = rows_filled(np.arange(len(x), dtype=np.int32)[None], machine.rows)
    found = loop.advance(x[batches], reset=regime.reset_forecast == "step")
    machine.put_back(values, state)
    keras = import_keras()
    errors = keras.losses.get(machine.model.loss)(y, np.concatenate(found)[: len(y)])
    return float(np.mean(keras.ops.convert_to_numpy(errors)))


def _wants_batches(callback: Any) -> bool:
    """Whether a callback looks at every batch, for which epochs cannot be compiled."""
    plain = import_keras().callbacks.Callback
    names = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
    every = any(getattr(type(callback), name) is not getattr(plain, name) for name in names)
    return every and getattr(callback, "save_freq", None) != "epoch"  # of ModelCheckpoint


class _Monitor:
    """The engine's own monitor of epochs, over the single run of a machine."""

    def __init__(self, training: Training, machine: Machine) -> None:
        self.training, self.machine = training, machine
        self.lr_scale = np.ones(1, np.float32)
        self.now = [array[..., None] for array in machine.values() + machine.state()]
        self.epochs = EpochMonitor(training, self.now)

    def look(self, epoch: int, loss: float) -> None:
        """Take in an epoch: its loss, its weights and its state."""
        values = self.machine.values() + self.machine.state()
        for array, value in zip(self.now, values, strict=True):
            array[..., 0] = value
        self.epochs.look(epoch, np.array([loss], np.float32), self.lr_scale)
        if isinstance(self.training.schedule, ReduceOnPlateau):
            rate = self.training.optimizer.learning_rate
            self.machine.optimizer.learning_rate = rate * float(self.lr_scale[0])

    @property
    def stopped(self) -> bool:
        return bool(self.epochs.stopped[0])

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.epochs.best[0]))

    def restore(self) -> int:
        """Put the best weights and state back, and return their epoch."""
        self.epochs.restore()
        best = [array[..., 0] for array in self.now]
        cut = len(best) - len(self.machine.states)
        self.machine.put_back(best[:cut], best[cut:])
        return int(self.epochs.best_epoch[0])
