"""Weights and state to Keras and back, compared over a hundred carried steps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import State
from statewise.errors import DataError, SettingError
from statewise.interop.keras import from_keras, to_keras
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime
from tests.interop.models import gru, keras, lstm

RNG = np.random.default_rng(8)
WINDOWS = RNG.uniform(-1, 1, (100, 3, 2)).astype(np.float32)
NETWORKS = [Network(4), Network(4, profile="keras-2")]
WEIGHTS = engine.initial_weights(5, range(3), units=4, features=2, outputs=2)
STATE = State(*(RNG.uniform(-1, 1, (2, 1, 5, 4)).astype(np.float32)))


def called(model: Any, windows: Any) -> Any:
    return keras.ops.convert_to_numpy(model(windows))


def carried(model: Any, windows: Any, rows: int = 1) -> Any:
    return np.concatenate([called(model, part) for part in windows.reshape(-1, rows, 3, 2)])


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.profile)
def test_a_hundred_carried_steps_are_equal(network: Network) -> None:
    expected, state = engine.step(network, WEIGHTS, WINDOWS)
    model = to_keras(network, WEIGHTS, run=2, steps=3, stateful=True)
    np.testing.assert_allclose(carried(model, WINDOWS), expected[2], atol=1e-6)
    found_network, weights, found = from_keras(model)
    assert found_network == network
    for mine, theirs in zip(weights, WEIGHTS.take(slice(2, 3)), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert found is not None
    np.testing.assert_allclose(found.h, state.h[2:], atol=1e-6)
    np.testing.assert_allclose(found.c, state.c[2:], atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.profile)
def test_stateless_models_take_any_batch(network: Network) -> None:
    expected, _ = engine.step(network, WEIGHTS, WINDOWS, reset=True)
    model = to_keras(network, WEIGHTS, run=1, steps=3)
    np.testing.assert_allclose(called(model, WINDOWS), expected[1], atol=1e-6)
    assert from_keras(model)[2] is None


def test_the_batch_size_may_change_on_the_way() -> None:
    network, one = NETWORKS[0], WEIGHTS.take(slice(1))
    expected, _ = engine.step(network, one, WINDOWS, STATE)
    model = to_keras(network, one, STATE, steps=3, stateful=True)
    assert model.input_shape == (5, 3, 2)
    np.testing.assert_allclose(carried(model, WINDOWS, 5), expected[0], atol=1e-6)
    # From five rows in Keras to one in statewise, and back to four that start alike.
    _, weights, state = from_keras(model)
    assert state is not None
    row = State(state.h[:, 2:3], state.c[:, 2:3])
    expected, _ = engine.step(network, weights, WINDOWS[:10], row)
    four = to_keras(network, weights, row, steps=3, stateful=True, batch_size=4)
    found = carried(four, np.repeat(WINDOWS[:10], 4, axis=0), 4).reshape(10, 4, 2)
    np.testing.assert_allclose(found, np.repeat(expected[0][:, None], 4, axis=1), atol=1e-6)
    with pytest.raises(SettingError, match="batch_size = 3: is not the 5 rows"):
        to_keras(network, one, STATE, steps=3, stateful=True, batch_size=3)


def test_a_learned_initial_state_is_where_a_stateful_model_starts() -> None:
    network = Network(3, initial_state="learned")
    x = RNG.uniform(-1, 1, (20, 1, 1))
    fitted = engine.fit(network, Training(20), StateRegime("epoch"), x, x[:, 0], repeats=2)
    start = fitted.initial_state
    expected, _ = engine.step(network, fitted.weights, x, initial_state=start)
    model = to_keras(network, fitted, run=1, stateful=True)
    found = np.concatenate([called(model, one[None]) for one in x.astype(np.float32)])
    np.testing.assert_allclose(found, expected[1], atol=1e-6)
    with pytest.raises(SettingError, match="another initial state was learned"):
        to_keras(network, fitted, run=1)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.profile)
@pytest.mark.parametrize("stateful", [True, False])
def test_saved_loaded_and_back_it_forecasts_the_same(
    network: Network, stateful: bool, tmp_path: Path
) -> None:
    model = to_keras(network, WEIGHTS, run=0, steps=3, stateful=stateful)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    found, weights, _ = from_keras(loaded)
    expected, _ = engine.step(network, WEIGHTS.take(slice(1)), WINDOWS)
    np.testing.assert_array_equal(engine.step(found, weights, WINDOWS)[0], expected)


def test_a_model_of_your_own_comes_in() -> None:
    model = keras.Sequential(
        [
            keras.Input((3, 2)),
            keras.layers.LSTM(4, use_bias=False),
            keras.layers.Dense(2, use_bias=False),
        ]
    )
    network, weights, _ = from_keras(model)
    found = engine.step(network, weights, WINDOWS, reset=True)[0][0]
    np.testing.assert_allclose(found, called(model, WINDOWS), atol=1e-6)


def sequential(*layers: Any) -> Any:
    return keras.Sequential([keras.Input((3, 2)), *layers])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: gru((1, 3, 2)), "has other layers than one LSTM and one Dense"),
        (lambda: sequential(keras.layers.LSTM(2)), "has other layers"),
        (lambda: "model", "is no keras.Model"),
        (
            lambda: sequential(
                keras.layers.LSTM(2, recurrent_activation="hard_sigmoid"), keras.layers.Dense(1)
            ),
            r"relu6\(x \+ 3\) / 6 in Keras 3",
        ),
        (
            lambda: sequential(keras.layers.LSTM(2, activation="relu"), keras.layers.Dense(1)),
            "has activation=",
        ),
        (
            lambda: sequential(keras.layers.LSTM(2, go_backwards=True), keras.layers.Dense(1)),
            "go_backwards=True",
        ),
        (
            lambda: sequential(keras.layers.LSTM(2), keras.layers.Dense(1, activation="relu")),
            "has activation='relu'",
        ),
    ],
)
def test_other_models_stay_in_keras(model: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        from_keras(model())


def test_a_state_needs_a_place_and_numbers_must_be_finite() -> None:
    with pytest.raises(SettingError, match="leaves no place for a state"):
        to_keras(Network(4), WEIGHTS, STATE)
    model = lstm((1, 1, 1))
    model.set_weights([np.full_like(array, np.nan) for array in model.get_weights()])
    with pytest.raises(DataError, match="kernel = nan: is not finite"):
        from_keras(model)
