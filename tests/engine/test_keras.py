"""Keras on TensorFlow as the outside oracle: the same weights, regime by regime."""

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine.initial import sample_orders
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime

EPOCHS, SAMPLES = 30, 24
REGIMES = {
    "batch": StateRegime("batch"),
    "shuffle": StateRegime("batch", shuffle=True),
    "epoch": StateRegime("epoch"),
    "never": StateRegime("never"),
    "every-2": StateRegime(2),
}
CONFIGURATIONS = list(itertools.product(["keras-2", "keras-3"], [1, 3], [1, 4], [1, 12]))


@pytest.fixture(scope="module")
def keras() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

    assert keras.backend.backend() == "tensorflow"
    return keras


def build(keras: Any, profile: str, units: int, steps: int, batch: int) -> Any:
    def hard_sigmoid(x: Any) -> Any:  # Keras 3's own is another function
        return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)

    gate = hard_sigmoid if profile == "keras-2" else "sigmoid"
    inputs = keras.Input(batch_shape=(batch, steps, 1))
    hidden = keras.layers.LSTM(units, stateful=True, recurrent_activation=gate)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    epsilon = {"keras-2": 1e-8, "keras-3": 1e-7}[profile]
    adam = keras.optimizers.Adam(1e-3, epsilon=epsilon)
    model.compile(loss="mse", optimizer=adam, jit_compile=False)
    return model


def restart(model: Any, weights: list[Any]) -> None:
    model.set_weights(weights)
    model.layers[1].reset_state()
    rate = model.optimizer.learning_rate
    for variable in model.optimizer.variables:
        if variable is not rate:
            variable.assign(np.zeros(variable.shape, variable.dtype))
    assert float(rate.numpy()) == pytest.approx(1e-3)


def train(model: Any, regime: StateRegime, x: Any, y: Any, batch: int) -> list[float]:
    orders = np.zeros((EPOCHS, SAMPLES), np.int32)
    sample_orders(1, 0)(orders)
    losses = []
    for epoch in range(EPOCHS):
        order = orders[epoch] if regime.shuffle else np.arange(SAMPLES)
        total = 0.0
        for k, begin in enumerate(range(0, SAMPLES, batch)):
            every = {"batch": 1, "epoch": 10**9, "never": 0}.get(
                str(regime.reset_training), regime.reset_training
            )
            if every and k % int(every) == 0:
                model.layers[1].reset_state()
            rows = order[begin : begin + batch]
            total += float(model.train_on_batch(x[rows], y[rows])) / (SAMPLES // batch)
            model.reset_metrics()
        losses.append(total)
    return losses


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("profile", "units", "steps", "batch"), CONFIGURATIONS)
def test_thirty_epochs_of_every_regime_match(
    keras: Any, profile: str, units: int, steps: int, batch: int
) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, (SAMPLES, steps, 1)).astype(np.float32)
    y = rng.uniform(-1, 1, (SAMPLES, 1)).astype(np.float32)
    windows = rng.uniform(-1, 1, (3 * batch, steps, 1)).astype(np.float32)
    initial = engine.initial_weights(1, [0], units, 1)
    model = build(keras, profile, units, steps, batch)
    network, training = Network(units, profile), Training(EPOCHS, batch)
    for name, regime in REGIMES.items():
        restart(model, [array[0] for array in initial])
        losses = train(model, regime, x, y, batch)
        fitted = engine.fit(network, training, regime, x, y, initial=initial)
        for found, expected in zip(fitted.weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(found[0], expected, atol=1e-5, err_msg=name)
        assert fitted.loss is not None
        np.testing.assert_allclose(fitted.loss[0], losses, rtol=1e-4, err_msg=name)
        # Three predict calls carry state from one to the next, from where training left it.
        out, state = engine.step(network, fitted.weights, windows, fitted.state)
        expected_out = np.concatenate(
            [model.predict_on_batch(part) for part in np.split(windows, 3)]
        )
        np.testing.assert_allclose(out[0], expected_out, atol=1e-5, err_msg=name)
        h, c = (np.asarray(s) for s in model.layers[1].states)
        np.testing.assert_allclose(state.h[0], h, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(state.c[0], c, atol=1e-5, err_msg=name)


@pytest.mark.filterwarnings("default")
def test_initial_weights_are_distributed_as_keras_draws_them(keras: Any) -> None:
    from scipy import stats

    n, units, features = 2000, 2, 3
    ours = engine.initial_weights(1, range(n), units, features)
    glorot = keras.initializers.GlorotUniform(seed=1)
    orthogonal = keras.initializers.Orthogonal(seed=1)
    kernels, recurrents, denses = [], [], []
    for _ in range(n // 10):
        kernels.append(np.asarray(glorot((features, 4 * units))))
        glorot = keras.initializers.GlorotUniform(seed=glorot.seed + 1)
        recurrents.append(np.asarray(orthogonal((units, 4 * units))))
        orthogonal = keras.initializers.Orthogonal(seed=orthogonal.seed + 1)
        denses.append(np.asarray(glorot((units, 1))))
    for mine, theirs in (
        (ours.kernel, kernels),
        (ours.recurrent[:, 0, 0], [r[0, 0] for r in recurrents]),
        (ours.recurrent[:, 1, 5], [r[1, 5] for r in recurrents]),
        (ours.dense_kernel, denses),
    ):
        assert stats.ks_2samp(np.ravel(mine), np.ravel(theirs)).pvalue > 0.001
    model = build(keras, "keras-3", units, 1, 1)
    np.testing.assert_array_equal(model.get_weights()[2], ours.bias[0])
    np.testing.assert_array_equal(model.get_weights()[4], ours.dense_bias[0])
