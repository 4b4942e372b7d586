"""Epochs and steps of a Keras model whose state is reset by hand.

On TensorFlow a whole epoch is one compiled call of the model's own ``train_step``; on other
backends each batch is one ``train_on_batch``. Both take the order of the samples and the batches
before which the state is reset as data, so that one compiled epoch serves every regime.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from statewise.interop.extras import import_keras

__all__ = ["BatchLoop", "Epoch", "Loop", "Machine", "loop_for", "recurrent_layers"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

EPOCHS = 32  # in one compiled call, at most; a shorter one costs no more than its epochs
WINDOWS = 64  # in one compiled call, at most


class Epoch(NamedTuple):
    """How the batches of an epoch go."""

    rows: int  # of a batch
    reset: NDArray[np.bool_]  # (batches,) whether the state is reset before each
    weight: Floats  # (batches, rows) zero where a row of the last batch only fills it up


def recurrent_layers(model: Any) -> list[Any]:
    """Every recurrent layer of a model, those inside other layers too."""
    keras = import_keras()
    return [x for x in model._flatten_layers() if isinstance(x, keras.layers.RNN)]


class Machine:
    """A Keras model with its optimizer, put back to a start again and again.

    Its variables keep their identity, so that what was compiled for it stays.
    """

    def __init__(self, model: Any, rows: int) -> None:
        self.model, self.rows = model, rows
        layers = recurrent_layers(model)
        self.states = [v for layer in layers if layer.stateful for v in layer.states]
        self.optimizer: Any = getattr(model, "optimizer", None)
        if self.optimizer is not None:
            self.optimizer.build(model.trainable_variables)
            self._first_step = values_of(self.optimizer.variables)

    def restart(self, values: list[NDArray[Any]]) -> None:
        """Take the values of all variables; state and optimizer begin anew."""
        assign(self.model.variables, values)
        self.set_state(None)
        if self.optimizer is not None:
            assign(self.optimizer.variables, self._first_step)
        self.model.stop_training = False

    def put_back(self, values: list[NDArray[Any]], state: list[Floats]) -> None:
        """Take back what ``values()`` and ``state()`` gave."""
        assign(self.model.variables, values)
        self.set_state(state)

    def values(self) -> list[NDArray[Any]]:
        """The values of all variables, those of random generators among them."""
        return values_of(self.model.variables)

    def state(self) -> list[Floats]:
        """The state of every layer, (rows, units) each."""
        return values_of(self.states)

    def set_state(self, values: list[Floats] | None) -> None:
        """Set the state of every layer; None is zero."""
        if values is None:
            values = [np.zeros(v.shape, v.dtype) for v in self.states]
        assign(self.states, values)


def values_of(variables: Any) -> list[NDArray[Any]]:
    return [np.array(import_keras().ops.convert_to_numpy(v)) for v in variables]


def assign(variables: Any, values: list[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


class Loop(Protocol):
    """What trains and steps a machine."""

    def train(self, x: Floats, y: Floats, order: Ints, epoch: Epoch) -> Floats:
        """Train epochs in ``order`` (epochs, batches, rows); the loss of each batch."""

    def advance(self, windows: Floats, *, reset: bool) -> Floats:
        """The outputs for ``windows`` (calls, rows, steps, features), state carried between."""


def loop_for(machine: Machine) -> Loop:
    """The fastest loop that the backend has."""
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
    """Epochs and steps compiled by TensorFlow, by XLA where Keras itself would choose it."""

    def __init__(self, machine: Machine) -> None:
        import tensorflow as tf

        self.tf = tf
        self.jit = bool(machine.model.jit_compile)
        self.machine = machine
        self._train: dict[bool, Any] = {}
        self._advance: Any = None

    def train(self, x: Floats, y: Floats, order: Ints, epoch: Epoch) -> Floats:
        filled = bool((epoch.weight != 1.0).any())
        if filled not in self._train:
            self._train[filled] = self._compiled_train(x, y, epoch, filled)
        losses = []
        tf = self.tf
        for part, count in stretches(order, EPOCHS):
            found = self._train[filled](
                tf.constant(x), tf.constant(y), tf.constant(part), tf.constant(epoch.reset),
                tf.constant(epoch.weight), tf.constant(count),
            )  # fmt: skip
            losses.append(found.numpy().reshape(EPOCHS, -1)[:count])
        return np.concatenate(losses)

    def _compiled_train(self, x: Floats, y: Floats, epoch: Epoch, filled: bool) -> Any:
        tf, model, states = self.tf, self.machine.model, self.machine.states
        values, state = self.machine.values(), self.machine.state()
        progress = values_of(self.machine.optimizer.variables)
        model.train_step((x[: epoch.rows], y[: epoch.rows]))  # makes the metrics' variables
        self.machine.put_back(values, state)
        assign(self.machine.optimizer.variables, progress)

        def train(x: Any, y: Any, order: Any, reset: Any, weight: Any, epochs: Any) -> Any:
            batches = order.shape[1]
            losses = tf.TensorArray(tf.float32, size=EPOCHS * batches, element_shape=())
            for n in tf.range(epochs * batches):
                e, k = n // batches, n % batches
                for state in states:
                    state.assign(tf.where(reset[k], tf.zeros_like(state), state))
                for metric in model.metrics:
                    metric.reset_state()
                rows = order[e, k]
                batch = (tf.gather(x, rows), tf.gather(y, rows))
                logs = model.train_step((*batch, weight[k]) if filled else batch)
                losses = losses.write(n, tf.cast(logs["loss"], tf.float32))
            return losses.stack()

        return tf.function(train, jit_compile=self.jit)

    def advance(self, windows: Floats, *, reset: bool) -> Floats:
        tf = self.tf
        if self._advance is None:
            self._advance = self._compiled_advance()
        outputs = []
        for part, count in stretches(windows, WINDOWS):
            found = self._advance(tf.constant(part), tf.constant(reset), tf.constant(count))
            outputs.append(found.numpy()[:count])
        return np.concatenate(outputs)

    def _compiled_advance(self) -> Any:
        tf, model, states = self.tf, self.machine.model, self.machine.states

        def advance(windows: Any, reset: Any, count: Any) -> Any:
            shape = (windows.shape[1], *model.outputs[0].shape[1:])
            outputs = tf.TensorArray(tf.float32, size=WINDOWS, element_shape=shape)
            for n in tf.range(count):
                for state in states:
                    state.assign(tf.where(reset, tf.zeros_like(state), state))
                found = tf.cast(model(windows[n], training=False), tf.float32)
                outputs = outputs.write(n, found)
            return outputs.stack()

        return tf.function(advance, jit_compile=self.jit)


def stretches(array: NDArray[Any], length: int) -> Iterator[tuple[NDArray[Any], np.int32]]:
    """Parts of ``length`` along the first axis, the last one filled up, and how much each holds."""
    for begin in range(0, len(array), length):
        part = array[begin : begin + length]
        count = len(part)
        if count < length:
            part = np.concatenate([part, np.repeat(part[:1], length - count, axis=0)])
        yield np.ascontiguousarray(part), np.int32(count)
