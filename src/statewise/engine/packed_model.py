"""Trained runs laid out once in lanes, to be advanced again and again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statewise.engine.blocks import tape_for
from statewise.engine.cells import Cell
from statewise.engine.cells.lstm import LSTM, State
from statewise.engine.compiled import NARROW, WIDE, kernels
from statewise.engine.layout import Carried, Floats, Shape, UniformKernels
from statewise.engine.weights import Weights, flatten, packed, unpacked, zeros
from statewise.errors import SettingError
from statewise.model.network import Network

__all__ = ["PackedModel", "checked_state", "lanes_for"]


@dataclass(frozen=True)
class PackedModel:
    """The weights of many runs in lanes; ``advance`` takes a state and gives one back.

    Attributes:
        runs: how many.
        shape: what they share; its ``steps`` and ``batch`` are those of each call.
        weights: (blocks, parameters, width).
        start: the state that every run is set back to, one row.
    """

    cell: Cell
    runs: int
    shape: Shape
    weights: Floats
    start: Carried
    kernels: UniformKernels

    @classmethod
    def of(
        cls,
        network: Network,
        weights: Weights,
        initial: State | None = None,
        cell: Cell = LSTM,
    ) -> "PackedModel":
        """The runs of ``weights``, which start from ``initial``, (runs, 1, units), or from zero."""
        width, runs = lanes_for(weights.runs), weights.runs
        learned = initial is not None
        shape = Shape(weights.units, 1, weights.features, weights.outputs, 1, learned)
        nothing = np.zeros((runs, 1, weights.units), np.float32)
        start = tuple(packed(part, width) for part in initial or [nothing] * cell.states)
        found = kernels(cell, width, network.numerics.gate == "hard_sigmoid", False)
        assert isinstance(found, UniformKernels)
        return cls(cell, runs, shape, packed(flatten(weights, initial), width), start, found)

    @property
    def width(self) -> int:
        return int(self.weights.shape[-1])

    def spread(self, rows: NDArray[np.float32]) -> Floats:
        """An array (runs, ...) in lanes, (blocks, ..., width)."""
        return packed(rows, self.width)

    def pack(self, state: State) -> Carried:
        """The state of each run, (runs, rows, units), in lanes."""
        return tuple(self.spread(part) for part in state)

    def unpack(self, carried: Carried) -> State:
        """The inverse of ``pack``."""
        state: State = self.cell.state(*(unpacked(part, self.runs) for part in carried))
        return state

    def advance(
        self, x: NDArray[np.float32], carried: Carried, *, reset: bool = False
    ) -> tuple[NDArray[np.float32], Carried]:
        """The outputs for windows ``x`` (runs, windows, steps, features), and the state after.

        Window n advances row ``n % rows``; ``reset`` sets a row back before each of its windows.
        """
        windows = self.spread(x)
        blocks, count, steps = windows.shape[:3]
        shape = self.shape._replace(steps=steps, batch=carried[0].shape[1])
        after = tuple([part.copy() for part in carried])
        ends = (-1, *carried[0].shape[2:])
        rows = tuple([part.reshape(ends) for part in after])  # of all blocks, end to end
        out = zeros(blocks, count, shape.outputs, self.width)
        tape = tape_for(self.cell, shape, self.width)
        self.kernels.advance(shape, self.weights, windows, rows, tape, reset, out)
        return unpacked(out, self.runs), after


def lanes_for(runs: int) -> int:
    """The lane width in which so many runs are advanced."""
    return NARROW if runs <= NARROW else WIDE


def checked_state(state: State, runs: int, units: int) -> State:
    """``state`` as float32; raises SettingError if it is not that of these runs."""
    try:
        found = State(*(np.asarray(part, np.float32) for part in state))
    except (TypeError, ValueError):
        kind, fix = type(state).__name__, f"Give State({', '.join(State._fields)})."
        raise SettingError("state", kind, "is not a state", fix) from None
    shapes = [part.shape for part in found]
    rows = shapes[0][1] if len(shapes[0]) == 3 else 0
    if rows < 1 or shapes.count((runs, rows, units)) < len(shapes):
        problem = f"is not ({runs}, rows, {units}) each"
        raise SettingError("state", shapes, problem, "Give the state of these runs.")
    return found
