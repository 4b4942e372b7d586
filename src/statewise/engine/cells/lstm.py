"""The long short-term memory of Hochreiter and Schmidhuber (1997).

With the forget gate of Gers, Schmidhuber and Cummins (2000): gates ``i``, ``f``, ``o``, candidate
``g``, cell state ``c``, output ``h``.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from statewise.engine.activations import gate, gate_slope, tanh
from statewise.engine.cells import Cell
from statewise.engine.simd import filled, fma

__all__ = ["LSTM", "State", "zero_state"]


class State(NamedTuple):
    """The recurrent state of many runs: what goes into a step and comes out of it."""

    h: NDArray[np.float32]  # (runs, rows, units) the layer's output
    c: NDArray[np.float32]  # (runs, rows, units) the cell state


def zero_state(runs: int, units: int, rows: int = 1) -> State:
    """A state of zeros."""
    return State(*(np.zeros((runs, rows, units), np.float32) for _ in State._fields))


@njit(forceinline=True)
def forward(z, before, hard):
    """One step: what its gradient needs, ``i, f, g, o, tanh(c)``, and the state after."""
    i = gate(z[0], hard)
    f = gate(z[1], hard)
    g = tanh(z[2])
    o = gate(z[3], hard)
    c = fma(f, before[1], i * g)
    s = tanh(c)
    return (i, f, g, o, s), (o * s, c)


@njit(forceinline=True)
def backward(kept, before, slopes, hard):
    """The step backward: the gradients of the gates' inputs, and of the state before."""
    i, f, g, o, s = kept
    dh, dc = slopes
    dc = fma(dh * o, fma(-1.0 * s, s, 1.0), dc)
    dzi = dc * g * gate_slope(i, hard)
    dzf = dc * before[1] * gate_slope(f, hard)
    dzg = dc * i * fma(-1.0 * g, g, 1.0)
    dzo = dh * s * gate_slope(o, hard)
    return (dzi, dzf, dzg, dzo), (filled(dh, 0.0), dc * f)  # h acts through the gates alone


LSTM = Cell("LSTM", 4, State, 5, (0.0, 1.0, 0.0, 0.0), forward, backward)
"""Its forget gate begins open, as in Keras."""
