"""Epochs compiled at once, and batches one by one."""

from typing import Any

import numpy as np

from statewise.interop.keras_build import Descent, compile_model
from statewise.interop.keras_loops import BatchLoop, CompiledLoop, epoch_of, rows_filled
from statewise.interop.keras_machine import Machine
from statewise.model.network import SGD
from statewise.model.regime import StateRegime
from tests.interop import models
from tests.interop.models import X, Y, arm_of, fit, keras


def test_one_call_a_batch_and_one_an_epoch_are_the_same_training() -> None:
    regime, weights = StateRegime(2), None
    found = []
    for kind in (BatchLoop, CompiledLoop):
        model = models.lstm((3, 1, 1))
        compile_model(model, Descent(SGD(0.1), None, 0))
        machine = Machine(model, 3)
        weights = weights or machine.values_with(model.get_weights())
        machine.restart(weights)
        order = rows_filled(np.arange(9, dtype=np.int32)[None].repeat(4, axis=0), 3)
        loop = kind(machine)
        losses = loop.train(X, Y, order, epoch_of(regime, 9, 3))
        outputs = loop.advance(X[:9].reshape(3, 3, 1, 1), reset=False)
        found.append((losses, outputs, *machine.state()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_layer_that_xla_does_not_know_is_run_without_it() -> None:
    @keras.saving.register_keras_serializable("tests")
    class Unique(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            import tensorflow as tf

            return x + 0.0 * tf.cast(tf.size(tf.unique(tf.reshape(x, [-1]))[0]), x.dtype)

    def build(shape: Any) -> Any:
        inputs = keras.Input(batch_shape=shape)
        hidden = keras.layers.LSTM(1, stateful=True)(Unique()(inputs))
        return keras.Model(inputs, keras.layers.Dense(1)(hidden))

    arm = arm_of(build)
    fitted = fit(arm, [0])
    assert np.isfinite(fitted.loss).all()
