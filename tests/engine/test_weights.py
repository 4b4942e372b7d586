import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.engine.cells.lstm import LSTM, zero_state
from statewise.engine.initial import initial_weights
from statewise.engine.layout import Shape, parameter_count
from statewise.engine.weights import Weights, flatten, unflatten, zeros
from statewise.errors import SettingError


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_flatten_and_unflatten_are_inverse(
    runs: int, units: int, features: int, outputs: int
) -> None:
    weights = initial_weights(1, range(runs), units, features, outputs)
    start = zero_state(runs, units)
    for k, part in enumerate(start):
        part[...] = np.random.default_rng(k).normal(size=part.shape)
    for initial in (None, start):
        flat = flatten(weights, initial)
        shape = Shape(units, 1, features, outputs, 1, initial is not None)
        assert flat.shape == (runs, parameter_count(LSTM, shape))
        back, learned = unflatten(LSTM, flat, shape)
        assert (learned is None) == (initial is None)
        for found, array in zip(
            (*back, *(learned or ())), (*weights, *(initial or ())), strict=True
        ):
            np.testing.assert_array_equal(found, array)


def test_gates_of_a_unit_are_adjacent_in_keras_order() -> None:
    weights = initial_weights(1, [0], units=2, features=1)
    flat = flatten(weights)[0]
    np.testing.assert_array_equal(flat[:4], weights.bias[0, [0, 2, 4, 6]])
    np.testing.assert_array_equal(flat[4:8], weights.kernel[0, 0, [0, 2, 4, 6]])
    assert flat[-3] == weights.dense_bias[0, 0]


def test_check_names_the_array_of_the_wrong_shape() -> None:
    weights = initial_weights(1, [0, 1], units=2, features=1)
    with pytest.raises(SettingError, match=r"weights.bias = \(2, 7\)"):
        Weights(*weights[:2], weights.bias[:, :7], *weights[3:]).check()


def test_take_keeps_the_runs_asked_for() -> None:
    weights = initial_weights(1, range(5), units=2, features=1)
    np.testing.assert_array_equal(weights.take(slice(1, 3)).kernel, weights.kernel[1:3])


def test_zeros_are_aligned_for_vector_loads() -> None:
    assert all(zeros(3, n).ctypes.data % 64 == 0 for n in range(1, 40))
    assert zero_state(2, 3, rows=4).h.shape == (2, 4, 3)
