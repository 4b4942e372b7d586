"""The weights of many runs as plain arrays, as one vector a run, and in lanes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.engine.cells import Cell
from statewise.engine.cells.lstm import LSTM
from statewise.engine.layout import Carried, Floats, Shape, parameter_count
from statewise.errors import SettingError

__all__ = ["Weights", "flatten", "packed", "unflatten", "unpacked", "zeros"]


class Weights(NamedTuple):
    """The weights of one recurrent layer and one dense layer, a run along the first axis.

    The other axes are those of Keras' layers, whose gates are side by side along the last axis of
    the first three; the gates of an LSTM are ``i, f, c, o``.
    """

    kernel: Floats  # (runs, features, gates * units)
    recurrent: Floats  # (runs, units, gates * units)
    bias: Floats  # (runs, gates * units)
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

    @property
    def gates(self) -> int:
        return int(self.bias.shape[1]) // self.units

    def take(self, runs: NDArray[np.intp] | slice) -> "Weights":
        """The weights of some of the runs."""
        return Weights(*(array[runs] for array in self))

    def check(self, cell: Cell = LSTM) -> "Weights":
        """These weights of ``cell`` as float32; raises SettingError if the shapes disagree."""
        arrays = Weights(*(np.asarray(a, np.float32) for a in self))
        for name, array, axes in zip(self._fields, arrays, (3, 3, 2, 3, 2), strict=True):
            if array.ndim != axes or 0 in array.shape:
                problem = f"does not have {axes} axes, all longer than zero"
                raise SettingError(f"weights.{name}", array.shape, problem, "Reshape it.")
        runs, units, features, outputs = arrays.runs, arrays.units, arrays.features, arrays.outputs
        inputs = cell.gates * units
        expected = {
            "kernel": (runs, features, inputs),
            "recurrent": (runs, units, inputs),
            "bias": (runs, inputs),
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

    def check_for(
        self, runs: int, units: int, features: int, outputs: int, cell: Cell = LSTM
    ) -> "Weights":
        """The same of initial weights, which must be of so many runs and of these sizes."""
        weights = self.check(cell)
        found = (weights.runs, weights.units, weights.features, weights.outputs)
        wanted = (runs, units, features, outputs)
        if found != wanted:
            problem = f"has other (runs, units, features, outputs) than {wanted}"
            fix = "Give initial weights of that shape, one a run."
            raise SettingError("initial", found, problem, fix)
        return weights


def zeros(*shape: int) -> Floats:
    """Float32 zeros that start on a 64-byte boundary, so that no vector load spans two lines."""
    count = math.prod(shape)
    buffer = np.zeros(count + 16, np.float32)
    start = (-buffer.__array_interface__["data"][0] % 64) // 4
    return buffer[start : start + count].reshape(shape)


def packed(rows: NDArray[np.float32], width: int) -> Floats:
    """``rows`` (runs, ...) as (blocks, ..., width); lanes beyond the last run repeat it."""
    runs, *rest = rows.shape
    blocks = -(-runs // width)
    if runs < blocks * width:
        filled = np.empty((blocks * width, *rest), np.float32)
        filled[:runs], filled[runs:] = rows, rows[-1]
        rows = filled
    result = zeros(blocks, *rest, width)
    axes = (0, *range(2, len(rest) + 2), 1)
    result[...] = rows.reshape(blocks, width, *rest).transpose(axes)
    return result


def unpacked(array: Floats, runs: int) -> NDArray[np.float32]:
    """The inverse of ``packed``."""
    blocks, *rest, width = array.shape
    rows = array.transpose((0, len(rest) + 1, *range(1, len(rest) + 1)))
    return rows.reshape(blocks * width, *rest)[:runs].copy()


def flatten(weights: Weights, initial: Carried | None = None) -> Floats:
    """``weights`` as (runs, parameters) in the order that the kernels read.

    ``initial`` (runs, 1, units) each is the initial state that was learned with them, if it was.
    """
    runs, units, gates = weights.runs, weights.units, weights.gates
    recurrent = np.concatenate([weights.bias[:, None], weights.kernel, weights.recurrent], axis=1)
    by_unit = recurrent.reshape(runs, -1, gates, units).transpose(0, 3, 1, 2)
    dense = np.concatenate([weights.dense_bias[:, None], weights.dense_kernel], axis=1)
    parts = [by_unit.reshape(runs, -1), dense.transpose(0, 2, 1).reshape(runs, -1)]
    if initial is not None:
        parts.append(np.stack(initial, axis=-1).reshape(runs, -1))
    return np.concatenate(parts, axis=1)


def unflatten(cell: Cell, flat: Floats, shape: Shape) -> tuple[Weights, Carried | None]:
    """The inverse of ``flatten``."""
    runs, units, features, gates = len(flat), shape.units, shape.features, cell.gates
    end = parameter_count(cell, shape._replace(learned=False))
    dense_at = end - shape.outputs * (1 + units)
    by_unit = flat[:, :dense_at].reshape(runs, units, -1, gates)
    recurrent = by_unit.transpose(0, 2, 3, 1).reshape(runs, -1, gates * units)
    dense = flat[:, dense_at:end].reshape(runs, -1, 1 + units).transpose(0, 2, 1)
    weights = Weights(
        kernel=recurrent[:, 1 : 1 + features].copy(),
        recurrent=recurrent[:, 1 + features :].copy(),
        bias=recurrent[:, 0].copy(),
        dense_kernel=dense[:, 1:].copy(),
        dense_bias=dense[:, 0].copy(),
    )
    if not shape.learned:
        return weights, None
    initial = flat[:, end:].reshape(runs, 1, units, cell.states)
    return weights, tuple(initial[..., k].copy() for k in range(cell.states))
