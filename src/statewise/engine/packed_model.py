"""Trained runs laid out once in lanes, to be advanced again and again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statewise.engine.blocks import tape_for
from statewise.engine.compiled import kernels
from statewise.engine.layout import Carried, Shape, UniformKernels
from statewise.engine.weights import Floats, State, Weights, flatten, zeros
from statewise.model.network import Network

__all__ = ["NARROW", "WIDE", "PackedModel", "lanes_for", "packed", "unpacked"]

NARROW, WIDE = 8, 32  # lanes; the wide width trains most runs a second, the narrow one soonest


@dataclass(frozen=True)
class PackedModel:
    """The weights of many runs in lanes; ``advance`` takes a state and gives one back.

    Attributes:
        runs: how many.
        shape: what they share; its ``steps`` and ``batch`` are those of each call.
        weights: (packs, parameters, width).
        start: the state that every run is set back to, one row.
    """

    runs: int
    shape: Shape
    weights: Floats
    start: Carried
    kernels: UniformKernels

    @classmethod
    def of(cls, network: Network, weights: Weights, initial: State | None = None) -> "PackedModel":
        """The runs of ``weights``, which start from ``initial``, (runs, 1, units), or from zero."""
        width = lanes_for(weights.runs)
        learned = initial is not None
        shape = Shape(weights.units, 1, weights.features, weights.outputs, 1, learned)
        flat = packed(flatten(weights, initial), width)
        nothing = np.zeros((weights.runs, 1, weights.units), np.float32)
        h, c = initial if initial is not None else (nothing, nothing)
        found = kernels(width, network.numerics.gate == "hard_sigmoid", False)
        assert isinstance(found, UniformKernels)
        return cls(weights.runs, shape, flat, Carried(packed(h, width), packed(c, width)), found)

    @property
    def width(self) -> int:
        return int(self.weights.shape[-1])

    def spread(self, rows: NDArray[np.float32]) -> Floats:
        """An array (runs, ...) in lanes, (packs, ..., width)."""
        return packed(rows, self.width)

    def pack(self, state: State) -> Carried:
        """The state of each run, (runs, rows, units), in lanes."""
        return Carried(self.spread(state.h), self.spread(state.c))

    def unpack(self, carried: Carried) -> State:
        """The inverse of ``pack``."""
        return State(*(unpacked(part, self.runs) for part in carried))

    def advance(
        self, x: NDArray[np.float32], carried: Carried, *, reset: bool = False
    ) -> tuple[NDArray[np.float32], Carried]:
        """The outputs for windows ``x`` (runs, windows, steps, features), and the state after.

        Window n advances row ``n % rows``; ``reset`` sets a row back before each of its windows.
        """
        windows = self.spread(x)
        packs, count, steps = windows.shape[:3]
        shape = self.shape._replace(steps=steps, batch=carried.h.shape[1])
        after = Carried(carried.h.copy(), carried.c.copy())
        out = zeros(packs, count, shape.outputs, self.width)
        tape = tape_for(shape, self.width)
        self.kernels.advance(shape, self.weights, windows, after, tape, int(reset), out)
        return unpacked(out, self.runs), after


def lanes_for(runs: int) -> int:
    """The lane width in which so many runs are advanced."""
    return NARROW if runs <= NARROW else WIDE


def packed(rows: NDArray[np.float32], width: int) -> Floats:
    """``rows`` (runs, ...) as (packs, ..., width); lanes beyond the last run repeat it."""
    runs, *rest = rows.shape
    packs = -(-runs // width)
    if runs < packs * width:
        filled = np.empty((packs * width, *rest), np.float32)
        filled[:runs], filled[runs:] = rows, rows[-1]
        rows = filled
    result = zeros(packs, *rest, width)
    axes = (0, *range(2, len(rest) + 2), 1)
    result[...] = rows.reshape(packs, width, *rest).transpose(axes)
    return result


def unpacked(array: Floats, runs: int) -> NDArray[np.float32]:
    """The inverse of ``packed``."""
    packs, *rest, width = array.shape
    rows = array.transpose((0, len(rest) + 1, *range(1, len(rest) + 1)))
    return rows.reshape(packs * width, *rest)[:runs].copy()
