"""Another cell is one file: here a unit with one state and one gate, against a float64 twin."""

import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from statewise import engine
from statewise.engine.activations import gate, gate_slope, tanh
from statewise.engine.cells import Cell
from statewise.engine.initial import initial_weights
from statewise.engine.packed_model import PackedModel
from statewise.engine.simd import fma
from statewise.model.network import SGD, Network, Training
from statewise.model.regime import StateRegime


class Output(NamedTuple):
    h: NDArray[np.float32]


@njit(forceinline=True)
def forward(z, before, hard):  # type: ignore[no-untyped-def]
    f, g = gate(z[0], hard), tanh(z[1])
    return (f, g), (fma(f, g - before[0], before[0]),)


@njit(forceinline=True)
def backward(kept, before, slopes, hard):  # type: ignore[no-untyped-def]
    (f, g), (dh,) = kept, slopes
    dzf = dh * (g - before[0]) * gate_slope(f, hard)
    return (dzf, dh * f * (1.0 - g * g)), (dh * (1.0 - f),)


MINIMAL = Cell("MINIMAL", 2, Output, 2, (1.0, 0.0), forward, backward)


def outputs(parameters: list[Any], x: Any, h: Any) -> tuple[Any, Any]:
    """The same in NumPy: outputs of windows (rows, steps, features), and the state after."""
    kernel, recurrent, bias, dense_kernel, dense_bias = parameters
    for t in range(x.shape[1]):
        zf, zg = np.split(x[:, t] @ kernel + h @ recurrent + bias, 2, axis=1)
        f = 1.0 / (1.0 + np.exp(-zf))
        h = (1.0 - f) * h + f * np.tanh(zg)
    return h @ dense_kernel + dense_bias, h


def drawn(units: int, steps: int, features: int) -> tuple[engine.Weights, Any, Any]:
    rng = np.random.default_rng(5)
    weights = initial_weights(3, [0, 1], units, features, 2, MINIMAL)
    return weights, rng.uniform(-1, 1, (6, steps, features)), rng.uniform(-1, 1, (6, 2))


@pytest.mark.parametrize("initial_state", ["zeros", "learned"])
@pytest.mark.parametrize(("units", "steps", "features"), [(1, 1, 1), (3, 4, 2)])
def test_every_gradient_of_another_cell_matches_central_differences(
    units: int, steps: int, features: int, initial_state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LSTM", MINIMAL)
    weights, x, y = drawn(units, steps, features)
    descent = Training(epochs=1, batch_size=6, optimizer=SGD(learning_rate=1.0))
    network = Network(units, initial_state=initial_state)
    fitted = engine.fit(network, descent, StateRegime(), x, y, repeats=2, initial=weights)
    for run in range(2):
        start = np.zeros(units)
        parameters = [array[run].astype(np.float64) for array in weights]
        moved = [a[run] - b[run] for a, b in zip(weights, fitted.weights, strict=True)]
        if fitted.initial_state is not None:
            moved.append(-fitted.initial_state[0][run, 0])
        for slope, array in zip(moved, [*parameters, start], strict=False):
            for place in np.ndindex(array.shape):
                losses, kept = [], array[place]
                for step in (1e-5, -1e-5):
                    array[place] = kept + step
                    out, _ = outputs(parameters, x, np.tile(start, (6, 1)))
                    losses.append(np.mean((out - y) ** 2))
                array[place] = kept
                expected = (losses[0] - losses[1]) / 2e-5
                assert slope[place] == pytest.approx(expected, rel=2e-5, abs=2e-6)


def test_forecasts_of_another_cell_follow_its_twin() -> None:
    weights, x, _ = drawn(3, 4, 2)
    model = PackedModel.of(Network(3), weights, cell=MINIMAL)
    out, after = model.advance(np.array([x, x], np.float32), model.start)
    for run in range(2):
        h = np.zeros((1, 3))
        for n in range(6):
            expected, h = outputs([array[run] for array in weights], x[n : n + 1], h)
            np.testing.assert_allclose(out[run, n], expected[0], atol=2e-6)
        np.testing.assert_allclose(model.unpack(after)[0][run], h, atol=2e-6)


def test_a_cell_is_pickled_by_its_name_so_that_compiled_code_is_found_again() -> None:
    assert pickle.loads(pickle.dumps(MINIMAL)) is MINIMAL
    assert len(pickle.dumps(MINIMAL)) < 200
