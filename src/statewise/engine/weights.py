"""The weights and state of many runs as plain arrays, and their layout in lanes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.layout import parameter_count
from statewise.errors import SettingError

__all__ = ["State", "Weights", "flatten", "unflatten", "zero_state", "zeros"]

Floats = NDArray[np.float32]


class Weights(NamedTuple):
    """The weights of one LSTM layer and one dense layer, a run along the first axis.

    The other axes, and the gate order ``i, f, c, o`` along the last axis of the first three, are
    those of Keras' ``LSTM`` and ``Dense`` layers.
    """

    kernel: Floats  # (runs, features, 4 * units)
    recurrent: Floats  # (runs, units, 4 * units)
    bias: Floats  # (runs, 4 * units)
    dense_kernel: Floats  # (runs, units, outputs)
    dense_bias: Floats  # (runs, outputs)

    @property
    def runs(self) -> int:
        return int(self.kernel.shape[0])

    @property
    def units(self) -> int:
        return int(self.recurrent.shape[1])

    @property
    def features(self) -> int:
        return int(self.kernel.shape[1])

    @property
    def outputs(self) -> int:
        return int(self.dense_bias.shape[1])

    def take(self, runs: NDArray[np.intp] | slice) -> "Weights":
        """The weights of some of the runs."""
        return Weights(*(array[runs] for array in self))

    def check(self) -> "Weights":
        """The same weights as float32; raises SettingError if the shapes disagree."""
        arrays = Weights(*(np.asarray(a, np.float32) for a in self))
        for name, array, axes in zip(self._fields, arrays, (3, 3, 2, 3, 2), strict=True):
            if array.ndim != axes or 0 in array.shape:
                problem = f"does not have {axes} axes, all longer than zero"
                raise SettingError(f"weights.{name}", array.shape, problem, "Reshape it.")
        runs, units, features, outputs = arrays.runs, arrays.units, arrays.features, arrays.outputs
        expected = {
            "kernel": (runs, features, 4 * units),
            "recurrent": (runs, units, 4 * units),
            "bias": (runs, 4 * units),
            "dense_kernel": (runs, units, outputs),
            "dense_bias": (runs, outputs),
        }
        for name, shape in expected.items():
            found = getattr(arrays, name).shape
            if found != shape:
                raise SettingError(
                    f"weights.{name}", found, "has the wrong shape", f"Give an array of {shape}."
                )
        return arrays


class State(NamedTuple):
    """The recurrent state of many runs: what goes into a step and comes out of it."""

    h: Floats  # (runs, rows, units) the layer's output
    c: Floats  # (runs, rows, units) the cell state


def zero_state(runs: int, units: int, rows: int = 1) -> State:
    """A state of zeros."""
    return State(*(np.zeros((runs, rows, units), np.float32) for _ in range(2)))


def zeros(*shape: int) -> Floats:
    """Float32 zeros that start on a 64-byte boundary, so that no vector load spans two lines."""
    count = math.prod(shape)
    buffer = np.zeros(count + 16, np.float32)
    start = (-buffer.__array_interface__["data"][0] % 64) // 4
    return buffer[start : start + count].reshape(shape)


def flatten(weights: Weights, initial: State | None = None) -> Floats:
    """``weights`` as (runs, parameters) in the order that the kernels read.

    ``initial`` (runs, 1, units) is the initial state that was learned with them, if it was.
    """
    runs, units, features = weights.runs, weights.units, weights.features
    recurrent_part = np.concatenate(
        [weights.bias[:, None, :], weights.kernel, weights.recurrent], axis=1
    )  # (runs, 1 + features + units, 4 * units)
    by_unit = recurrent_part.reshape(runs, 1 + features + units, 4, units).transpose(0, 3, 1, 2)
    dense_part = np.concatenate([weights.dense_bias[:, None, :], weights.dense_kernel], axis=1)
    by_output = dense_part.transpose(0, 2, 1)  # (runs, outputs, 1 + units)
    parts = [by_unit.reshape(runs, -1), by_output.reshape(runs, -1)]
    parts += [part.reshape(runs, units) for part in initial or ()]
    return np.concatenate(parts, axis=1)


def unflatten(
    flat: Floats, units: int, features: int, outputs: int, learned: bool = False
) -> tuple[Weights, State | None]:
    """The inverse of ``flatten``."""
    runs = flat.shape[0]
    dense = 4 * units * (1 + features + units)
    end = parameter_count(units, features, outputs)
    by_unit = flat[:, :dense].reshape(runs, units, 1 + features + units, 4)
    recurrent_part = by_unit.transpose(0, 2, 3, 1).reshape(runs, 1 + features + units, 4 * units)
    dense_part = flat[:, dense:end].reshape(runs, outputs, 1 + units).transpose(0, 2, 1)
    weights = Weights(
        kernel=recurrent_part[:, 1 : 1 + features].copy(),
        recurrent=recurrent_part[:, 1 + features :].copy(),
        bias=recurrent_part[:, 0].copy(),
        dense_kernel=dense_part[:, 1:].copy(),
        dense_bias=dense_part[:, 0].copy(),
    )
    if not learned:
        return weights, None
    h, c = flat[:, end : end + units], flat[:, end + units :]
    return weights, State(h[:, None].copy(), c[:, None].copy())
