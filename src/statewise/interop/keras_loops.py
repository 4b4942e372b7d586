"""Epochs and steps of a Keras model whose state is reset by hand.

On TensorFlow a whole epoch is one compiled call of the model's own ``train_step``; on other
backends each batch is one ``train_on_batch``. Both take the order of the samples and the batches
before which the state is reset as data, so that one compiled epoch serves every regime.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from statewise.base.extras import import_keras
from statewise.interop.keras_machine import Machine, assign, values_of
from statewise.model.regime import StateRegime

__all__ = ["EPOCHS", "BatchLoop", "Epoch", "Loop", "epoch_of", "fastest_loop", "rows_filled"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

EPOCHS = 32  # in one compiled call, at most; a shorter one costs no more than its epochs
WINDOWS = 64  # in one compiled call, at most


class Epoch(NamedTuple):
    """What the batches of an epoch are like."""

    reset: NDArray[np.bool_]  # (batches,) whether the state is reset before each
    weight: Floats  # (batches, rows) zero where a row of the last batch only fills it up


def epoch_of(regime: StateRegime, samples: int, rows: int) -> Epoch:
    """The batches of an epoch; the last one is filled up with rows that do not count."""
    batches = -(-samples // rows)
    every = regime.reset_every(batches)
    reset = np.arange(batches) % every == 0 if every else np.zeros(batches, np.bool_)
    weight = np.ones((batches, rows), np.float32)
    left = samples - (batches - 1) * rows
    weight[-1] = np.where(np.arange(rows) < left, rows / left, 0.0)
    return Epoch(reset, weight)


def rows_filled(order: Ints, rows: int) -> Ints:
    """Orders (epochs, samples) as batches, (epochs, batches, rows)."""
    epochs, samples = order.shape
    filled = np.concatenate([order, np.repeat(order[:, -1:], -samples % rows, axis=1)], axis=1)
    return np.ascontiguousarray(filled.reshape(epochs, -1, rows))


class Loop(Protocol):
    """How a machine is trained and stepped."""

    machine: Machine

    def train(self, x: Floats, y: Floats, order: Ints, epoch: Epoch) -> Floats:
        """Train epochs, and return the loss of each batch, (epochs, batches).

        ``order`` (epochs, batches, rows) names the samples in ``x`` and ``y``.
        """

    def advance(self, windows: Floats, *, reset: bool) -> Floats:
        """Return the outputs for ``windows`` (calls, rows, steps, features), one call at a time.

        The state is carried from call to call, or reset before each.
        """


def fastest_loop(machine: Machine) -> Loop:
    """The fastest loop that the backend allows."""
    compiled = import_keras().backend.backend() == "tensorflow"
    return CompiledLoop(machine) if compiled else BatchLoop(machine)


class BatchLoop:
    """One call of Keras a batch, on any backend."""

    def __init__(self, machine: Machine, callbacks: Any = None) -> None:
        self.machine, self.callbacks = machine, callbacks

    def train(self, x: Floats, y: Floats, order: Ints, epoch: Epoch) -> Floats:
        losses = np.zeros(order.shape[:2], np.float32)
        model = self.machine.model
        for e, k in np.ndindex(*losses.shape):
            if epoch.reset[k]:
                self.machine.set_state(None)
            rows = order[e, k]
            weight = epoch.weight[k] if (epoch.weight[k] != 1.0).any() else None
            if self.callbacks is not None:
                self.callbacks.on_train_batch_begin(k)
            model.reset_metrics()
            logs = model.train_on_batch(x[rows], y[rows], weight, return_dict=True)
            losses[e, k] = logs["loss"]
            if self.callbacks is not None:
                self.callbacks.on_train_batch_end(k, {"loss": float(losses[e, k])})
        return losses

    def advance(self, windows: Floats, *, reset: bool) -> Floats:
        outputs = []
        for batch in windows:
            if reset:
                self.machine.set_state(None)
            outputs.append(self.machine.model.predict_on_batch(batch))
        return np.stack(outputs)


class CompiledLoop:
    """Epochs and steps compiled by TensorFlow, and by XLA where the layers allow it."""

    def __init__(self, machine: Machine) -> None:
        import tensorflow as tf

        self.tf, self.machine = tf, machine
        self.jit = all(layer.supports_jit for layer in machine.model._flatten_layers())
        self._compiled: dict[str, Any] = {}

    def train(self, x: Floats, y: Floats, order: Ints, epoch: Epoch) -> Floats:
        filled = bool((epoch.weight != 1.0).any())
        self._make_metrics(x[: order.shape[2]], y[: order.shape[2]])
        losses = []
        for part, count in stretches(order, EPOCHS):
            arguments = (x, y, part, epoch.reset, epoch.weight, count)
            found = self._call(f"train {filled}", lambda: self._train(filled), arguments)
            losses.append(found.reshape(EPOCHS, -1)[:count])
        return np.concatenate(losses)

    def advance(self, windows: Floats, *, reset: bool) -> Floats:
        outputs = []
        for part, count in stretches(windows, WINDOWS):
            found = self._call("advance", self._advance, (part, np.bool_(reset), count))
            outputs.append(found[:count])
        return np.concatenate(outputs)

    def _call(self, name: str, make: Callable[[], Any], arguments: tuple[Any, ...]) -> Floats:
        tf, first = self.tf, name not in self._compiled
        tensors = [tf.constant(argument) for argument in arguments]
        if first:
            self._compiled[name] = tf.function(make(), jit_compile=self.jit)
        try:
            return np.asarray(self._compiled[name](*tensors))
        except tf.errors.OpError:
            if not (first and self.jit):
                raise
        self.jit = False  # a layer has an operation that XLA does not know; nothing was run
        self._compiled[name] = tf.function(make(), jit_compile=False)
        return np.asarray(self._compiled[name](*tensors))

    def _make_metrics(self, x: Floats, y: Floats) -> None:
        """Take a first step outside compiled code, which makes Keras' metrics, and undo it."""
        if "metrics" in self._compiled:
            return
        machine = self.machine
        values, state = machine.values(), machine.state()
        progress = values_of(machine.optimizer.variables)
        self._compiled["metrics"] = machine.model.train_step((x, y))
        machine.put_back(values, state)
        assign(machine.optimizer.variables, progress)

    def _train(self, filled: bool) -> Any:
        tf, model, states = self.tf, self.machine.model, self.machine.states

        def train(x: Any, y: Any, order: Any, reset: Any, weight: Any, epochs: Any) -> Any:
            batches = order.shape[1]
            losses = tf.TensorArray(tf.float32, size=EPOCHS * batches, element_shape=())
            n = tf.constant(0)
            while n < epochs * batches:  # over tf.range, XLA would compile for every length anew
                e, k = n // batches, n % batches
                for state in states:
                    state.assign(tf.where(reset[k], tf.zeros_like(state), state))
                for metric in model.metrics:
                    metric.reset_state()
                rows = order[e, k]
                batch = (tf.gather(x, rows), tf.gather(y, rows))
                logs = model.train_step((*batch, weight[k]) if filled else batch)
                losses = losses.write(n, tf.cast(logs["loss"], tf.float32))
                n += 1
            return losses.stack()

        return train

    def _advance(self) -> Any:
        tf, model, states = self.tf, self.machine.model, self.machine.states

        def advance(windows: Any, reset: Any, count: Any) -> Any:
            shape = (windows.shape[1], *model.outputs[0].shape[1:])
            outputs = tf.TensorArray(tf.float32, size=WINDOWS, element_shape=shape)
            n = tf.constant(0)
            while n < count:
                for state in states:
                    state.assign(tf.where(reset, tf.zeros_like(state), state))
                found = tf.cast(model(windows[n], training=False), tf.float32)
                outputs = outputs.write(n, found)
                n += 1
            return outputs.stack()

        return advance


def stretches(array: NDArray[Any], length: int) -> Iterator[tuple[NDArray[Any], np.int32]]:
    """Parts of ``length`` along the first axis, the last one filled up, each with its own count."""
    for begin in range(0, len(array), length):
        part = array[begin : begin + length]
        count = len(part)
        if count < length:
            part = np.concatenate([part, np.repeat(part[:1], length - count, axis=0)])
        yield np.ascontiguousarray(part), np.int32(count)
