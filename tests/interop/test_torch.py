"""Weights and state to PyTorch and back; without PyTorch, against its documented equations."""

from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import State
from statewise.errors import SettingError
from statewise.interop.torch import from_torch, to_torch
from statewise.model.network import Network

RNG = np.random.default_rng(8)
WINDOWS = RNG.uniform(-1, 1, (100, 3, 2)).astype(np.float32)
WEIGHTS = engine.initial_weights(5, range(2), units=4, features=2, outputs=2)


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def test_a_state_dict_is_read_by_its_equations() -> None:
    shapes: dict[str, Any] = {
        "weight_ih_l0": (16, 2),
        "weight_hh_l0": (16, 4),
        "bias_ih_l0": 16,
        "bias_hh_l0": 16,
    }
    lstm = {name: RNG.normal(size=shape) for name, shape in shapes.items()}
    dense = {"weight": RNG.normal(size=(1, 4)), "bias": RNG.normal(size=1)}
    h, c = np.zeros(4), np.zeros(4)
    expected = []
    for window in WINDOWS[:20]:
        for x in window:
            z = lstm["weight_ih_l0"] @ x + lstm["bias_ih_l0"]
            z = z + lstm["weight_hh_l0"] @ h + lstm["bias_hh_l0"]
            i, f, g, o = np.split(z, 4)  # torch.nn.LSTM
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        expected.append(dense["weight"] @ h + dense["bias"])
    network, weights, _ = from_torch(lstm, dense)
    found, state = engine.step(network, weights, WINDOWS[:20])
    np.testing.assert_allclose(found[0], expected, atol=2e-5)
    np.testing.assert_allclose(state.h[0, 0], h, atol=2e-5)


def test_other_modules_are_refused() -> None:
    one = {"weight_ih_l0": np.ones((4, 1)), "weight_hh_l0": np.ones((4, 1))}
    dense = {"weight": np.ones((1, 1))}
    from_torch(one, dense)
    for more in ("weight_ih_l1", "weight_ih_l0_reverse", "weight_hr_l0"):
        with pytest.raises(SettingError, match="one layer, one direction and no projection"):
            from_torch({**one, more: np.ones((4, 1))}, dense)
    with pytest.raises(SettingError, match="has no weight"):
        from_torch(one, {})
    with pytest.raises(SettingError, match=r"gates that torch\.nn\.LSTM does not have"):
        to_torch(Network(4, profile="keras-2"), WEIGHTS)


def test_a_hundred_carried_steps_are_equal_there_and_back() -> None:
    torch = pytest.importorskip("torch")
    state = State(*RNG.uniform(-1, 1, (2, 1, 5, 4)).astype(np.float32))
    network, one = Network(4), WEIGHTS.take(slice(1, 2))
    expected, after = engine.step(network, one, WINDOWS, state)
    model = to_torch(network, WEIGHTS, State(*(np.repeat(s, 2, axis=0) for s in state)), run=1)
    found, carried = [], model.state
    with torch.no_grad():
        for batch in torch.tensor(WINDOWS.reshape(20, 5, 3, 2)):
            out, carried = model.lstm(batch, carried)
            found.append(model.dense(out[:, -1]).numpy())
    np.testing.assert_allclose(np.concatenate(found), expected[0], atol=1e-6)
    _, weights, back = from_torch(model.lstm, model.dense, carried)
    for mine, theirs in zip(weights, one, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert back is not None
    np.testing.assert_allclose(back.h, after.h, atol=1e-6)
    np.testing.assert_allclose(back.c, after.c, atol=1e-6)
