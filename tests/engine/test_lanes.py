"""Gradients against finite differences; training against the slow twin, for every regime."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.base.caching import source_digest
from statewise.engine.cells.lstm import LSTM
from statewise.engine.initial import initial_weights, sample_orders
from statewise.engine.lanes import FOLDER, build
from statewise.engine.layout import Shape, parameter_count
from statewise.model.network import SGD, Adam, Network, Training
from statewise.model.regime import StateRegime
from tests import naive

SHAPES = [  # units, steps, features, outputs, batch
    (1, 1, 1, 1, 1),
    (1, 4, 2, 1, 3),
    (3, 1, 1, 2, 12),
    (3, 5, 2, 1, 4),
    (5, 3, 3, 2, 6),
]
PROFILES = ["keras-2", "keras-3"]


def samples(n: int, steps: int, features: int, outputs: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(5)
    return rng.uniform(-1, 1, (n, steps, features)), rng.uniform(-1, 1, (n, outputs))


def spread(units: int, features: int, outputs: int, runs: int) -> engine.Weights:
    """Initial weights with biases that are not all alike."""
    rng = np.random.default_rng(6)
    weights = initial_weights(3, range(runs), units, features, outputs)
    noise = [rng.normal(0, 0.3, a.shape).astype(np.float32) for a in weights]
    return engine.Weights(*(a + b for a, b in zip(weights, noise, strict=True)))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_gradient_matches_central_differences(shape: Any, profile: str) -> None:
    units, steps, features, outputs, batch = shape
    network = Network(units, profile)
    x, y = samples(batch, steps, features, outputs)
    weights = spread(units, features, outputs, runs=3)
    # One batch of descent at rate one moves every weight by its gradient.
    descent = Training(epochs=1, batch_size=batch, optimizer=SGD(learning_rate=1.0))
    fitted = engine.fit(network, descent, StateRegime(), x, y, repeats=3, initial=weights)
    zero = np.zeros((batch, units))
    for run in range(3):
        parameters = naive.parameters_of(weights, run)
        for name, array in zip(weights._fields, parameters, strict=True):
            moved = getattr(weights, name)[run] - getattr(fitted.weights, name)[run]
            for place in np.ndindex(array.shape):
                kept, h = array[place], 1e-5
                array[place] = kept + h
                above = naive.loss(parameters, x, y, zero, zero, network.numerics.gate)
                array[place] = kept - h
                below = naive.loss(parameters, x, y, zero, zero, network.numerics.gate)
                array[place] = kept
                slope = (above - below) / (2 * h)
                assert moved[place] == pytest.approx(slope, rel=2e-5, abs=2e-6), (name, place)


@pytest.mark.parametrize(
    "regime",
    [
        StateRegime("batch"),
        StateRegime("batch", shuffle=True),
        StateRegime("epoch"),
        StateRegime("never"),
        StateRegime(2),
    ],
    ids=["batch", "shuffle", "epoch", "never", "every-2"],
)
@pytest.mark.parametrize("optimizer", [Adam(), SGD(0.05, momentum=0.9)], ids=["adam", "sgd"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("shape", SHAPES)
def test_training_follows_the_slow_twin(
    shape: Any, profile: str, optimizer: Adam | SGD, regime: StateRegime
) -> None:
    units, steps, features, outputs, batch = shape
    network = Network(units, profile)
    training = Training(epochs=6, batch_size=batch, optimizer=optimizer)
    x, y = samples(24, steps, features, outputs)
    weights = spread(units, features, outputs, runs=2)
    fitted = engine.fit(network, training, regime, x, y, repeats=2, seed=9, initial=weights)
    assert fitted.loss is not None
    for run in range(2):
        orders = np.zeros((training.epochs, 24), np.int32)
        sample_orders(9, run)(orders)
        expected, losses, h, c = naive.train(
            network,
            training,
            regime,
            naive.parameters_of(weights, run),
            x,
            y,
            list(orders) if regime.shuffle else None,
        )
        for found, array in zip(naive.parameters_of(fitted.weights, run), expected, strict=True):
            np.testing.assert_allclose(found, array, atol=1e-5)
        np.testing.assert_allclose(fitted.loss[run], losses, rtol=1e-4)
        np.testing.assert_allclose(fitted.state.h[run], h, atol=1e-5)
        np.testing.assert_allclose(fitted.state.c[run], c, atol=1e-5)


def test_a_last_batch_may_be_smaller() -> None:
    x, y = samples(10, 2, 1, 1)
    training = Training(epochs=4, batch_size=4)
    weights = spread(2, 1, 1, runs=1)
    fitted = engine.fit(Network(2), training, StateRegime(), x, y, initial=weights)
    expected, losses, _, _ = naive.train(
        Network(2), training, StateRegime(), naive.parameters_of(weights, 0), x, y
    )
    for found, array in zip(naive.parameters_of(fitted.weights, 0), expected, strict=True):
        np.testing.assert_allclose(found, array, atol=1e-5)
    assert fitted.loss is not None
    np.testing.assert_allclose(fitted.loss[0], losses, rtol=1e-4)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("optimizer", [Adam(0.01), SGD(0.05, momentum=0.9)], ids=["adam", "sgd"])
def test_clipped_errors_and_schedules_follow_the_slow_twin(
    optimizer: Adam | SGD, schedule: Any
) -> None:
    x, y = samples(12, 3, 2, 2)
    weights = spread(3, 2, 2, runs=1)
    training = Training(6, 4, optimizer, clip_error=0.4, schedule=schedule)
    fitted = engine.fit(Network(3), training, StateRegime("epoch"), x, y, initial=weights)
    parameters, losses, h, _ = naive.train(
        Network(3), training, StateRegime("epoch"), naive.parameters_of(weights, 0), x, y
    )
    for found, expected in zip(fitted.weights, parameters, strict=True):
        np.testing.assert_allclose(found[0], expected, atol=2e-5)
    np.testing.assert_allclose(fitted.state.h[0], h, atol=2e-5)
    assert fitted.loss is not None
    np.testing.assert_allclose(fitted.loss[0], losses, rtol=1e-4)


def test_gradient_of_a_learned_initial_state_matches_central_differences() -> None:
    x, y = samples(5, 3, 2, 1)
    network = Network(3, initial_state="learned")
    weights = spread(3, 2, 1, runs=1)
    parameters = naive.parameters_of(weights, 0)
    descent = Training(epochs=1, batch_size=5, optimizer=SGD(learning_rate=1.0))
    fitted = engine.fit(network, descent, StateRegime(), x, y, initial=weights)
    assert fitted.initial_state is not None

    def loss(h: float, c: float, unit: int) -> float:
        start = np.zeros((2, 5, 3))
        start[:, :, unit] = np.array([h, c])[:, None]
        return naive.loss(parameters, x, y, start[0], start[1], "logistic")

    e = 1e-5
    for unit in range(3):
        slopes = [
            (loss(e, 0, unit) - loss(-e, 0, unit)) / (2 * e),
            (loss(0, e, unit) - loss(0, -e, unit)) / (2 * e),
        ]
        moved = [-part[0, 0, unit] for part in fitted.initial_state]
        np.testing.assert_allclose(moved, slopes, rtol=2e-4, atol=2e-6)


def test_empty_places_follow_the_slow_twin_whose_last_batch_is_smaller() -> None:
    x, y = samples(5, 2, 1, 1)
    weights = spread(2, 1, 1, runs=1)
    training = Training(4, 2, Adam(0.01))
    # Two series side by side, of three samples and of two.
    held = engine.samples_of(x, y, order=[0, 1, 2, 3, 4, -1])
    fitted = engine.fit(Network(2), training, StateRegime("epoch"), held, initial=weights)
    parameters, losses, h, c = naive.train(
        Network(2), training, StateRegime("epoch"), naive.parameters_of(weights, 0), x, y
    )
    for found, expected in zip(fitted.weights, parameters, strict=True):
        np.testing.assert_allclose(found[0], expected, atol=2e-5)
    np.testing.assert_allclose(fitted.state.h[0], h, atol=2e-5)
    np.testing.assert_allclose(fitted.state.c[0], c, atol=2e-5)
    assert fitted.loss is not None
    np.testing.assert_allclose(fitted.loss[0], losses, rtol=1e-4)


def test_forecasts_follow_the_slow_twin() -> None:
    x, _ = samples(12, 3, 2, 2)
    weights = spread(4, 2, 2, runs=3)
    start = engine.State(*(np.full((3, 4, 4), v, np.float32) for v in (0.3, -0.2)))
    out, state = engine.step(Network(4), weights, x, start)
    for run in range(3):
        h, c = naive.state_of(start, run)
        for begin in range(0, 12, 4):  # four rows at a time, each carrying its own state
            expected, h, c, _ = naive.forward(
                naive.parameters_of(weights, run), x[begin : begin + 4], h, c, "logistic"
            )
            np.testing.assert_allclose(out[run, begin : begin + 4], expected, atol=2e-6)
        np.testing.assert_allclose(state.h[run], h, atol=2e-6)
        np.testing.assert_allclose(state.c[run], c, atol=2e-6)


def test_parameter_count_is_that_of_the_weights() -> None:
    weights = spread(3, 2, 2, runs=1)
    assert parameter_count(LSTM, Shape(3, 1, 2, 2, 1)) == sum(array[0].size for array in weights)


def test_digest_covers_every_file_that_kernels_are_compiled_from(tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.nb?"))
    before = source_digest(folder)
    assert before == source_digest(FOLDER)
    files = sorted(folder.rglob("*.py"))
    assert {"simd.py", "activations.py", "lstm.py", "passes.py", "layout.py", "lanes.py"} <= {
        file.name for file in files
    }
    for file in files:
        text = file.read_bytes()
        file.write_bytes(text + b"#")
        assert source_digest(folder) != before, file.name
        file.write_bytes(text)


def test_kernels_are_built_once() -> None:
    assert build(LSTM, 8, False, True) is build(LSTM, 8, False, True)
