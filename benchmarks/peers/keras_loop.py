"""Keras on TensorFlow: one fit an epoch, one call a batch, and compiled loops."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from peer import Entry, Work, answer, read_work, time_epochs, time_runs


def model_of(work: Work) -> tuple[keras.Model, keras.layers.LSTM]:
    """A compiled stateful model with the initial weights of the first restart, and its LSTM."""
    lstm = keras.layers.LSTM(1, stateful=True)
    dense = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), lstm, dense])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss="mse")
    lstm.set_weights([work.kernel[0][None], work.recurrent[0][None], work.bias[0]])
    dense.set_weights([work.dense_kernel[0].reshape(1, 1), work.dense_bias[:1]])
    return model, lstm


def fit_epoch(work: Work) -> Callable[[], float]:
    """An epoch as the tutorial's own: ``fit`` for one epoch, then reset the state."""
    model, lstm = model_of(work)
    x, y = work.x.reshape(-1, 1, 1), work.y.reshape(-1, 1)

    def epoch() -> float:
        history = model.fit(x, y, epochs=1, batch_size=1, shuffle=False, verbose=0)
        lstm.reset_state()
        return float(history.history["loss"][0])

    return epoch


def batch_epoch(work: Work) -> Callable[[], float]:
    """An epoch as a loop of ``train_on_batch``."""
    model, lstm = model_of(work)
    x, y = work.x.reshape(-1, 1, 1, 1), work.y.reshape(-1, 1, 1)

    def epoch() -> float:
        losses = [model.train_on_batch(*sample) for sample in zip(x, y, strict=True)]
        lstm.reset_state()
        return float(np.mean(losses))

    return epoch


def compiled(work: Work, epochs: int) -> tuple[Callable[[], tf.Tensor], list[tf.Variable]]:
    """A function that trains so many epochs in one call and returns their losses.

    It is compiled by XLA. With it come all the variables that it changes.
    """
    model, lstm = model_of(work)
    model.optimizer.build(model.trainable_variables)
    x, y = tf.constant(work.x.reshape(-1, 1, 1, 1)), tf.constant(work.y.reshape(-1, 1, 1))
    samples = len(work.x)

    @tf.function(jit_compile=True)
    def train() -> tf.Tensor:
        losses = tf.TensorArray(tf.float32, size=epochs)
        for epoch in tf.range(epochs):
            total = tf.constant(0.0)
            for n in tf.range(samples):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(model(x[n], training=True) - y[n]))
                model.optimizer.apply(tape.gradient(loss, model.trainable_variables))
                total += loss
            lstm.reset_state()
            losses = losses.write(epoch, total / samples)
        return losses.stack()

    return train, [v.value for v in model.variables + model.optimizer.variables]


def compiled_epoch(work: Work) -> Callable[[], float]:
    """An epoch as one call of a compiled graph."""
    train, _ = compiled(work, epochs=1)
    return lambda: float(train()[0])


def time_compiled_run(way: str, work: Work) -> Entry:
    """Time all epochs as one call of a compiled graph."""
    train, variables = compiled(work, work.epochs)
    initial = [v.numpy() for v in variables]

    def restore() -> None:
        for variable, value in zip(variables, initial, strict=True):
            variable.assign(value)

    return time_runs(way, work, lambda: train().numpy()[None], restore)


def main() -> None:
    """Time each way on the work on standard input."""
    work = read_work()
    an_epoch = {
        "Keras, one `fit` an epoch": fit_epoch,
        "Keras, `train_on_batch`": batch_epoch,
        "Keras layers, one XLA `tf.function` an epoch": compiled_epoch,
    }
    entries = [time_epochs(way, work, make(work)) for way, make in an_epoch.items()]
    entries.append(time_compiled_run("Keras layers, one XLA `tf.function` a run", work))
    answer(f"Keras {keras.__version__}, TensorFlow {tf.__version__}", entries)


if __name__ == "__main__":
    main()
