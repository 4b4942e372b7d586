"""What a recurrent cell is: one file of equations that the kernels are compiled with.

A kernel closes over a ``Cell``, and numba takes it for a constant: ``cell.gates`` is a number that
loops are unrolled by, ``cell.forward(...)`` a call that is inlined.
"""

import importlib
from typing import Any, NamedTuple

from numba import types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
)

__all__ = ["Cell"]


class Cell(NamedTuple):
    """A cell's equations for one unit, and the sizes that follow from them.

    A unit's gates each see the features and what every unit put out one step before. The first of
    its states is what it puts out.

    ``forward(z, before, hard)`` takes the inputs of the gates and the states before the step. It
    gives what the tape keeps for the way back, and the states after.

    ``backward(kept, before, slopes, hard)`` takes what was kept, the states before the step, and
    the loss gradients of those after it. It gives the loss gradients of the gates' inputs, and of
    the states before, as far as they act on this unit other than through the gates.

    All of these are tuples of lane values; ``hard`` says which activation gates have.
    """

    name: str  # of the cell itself, in the module of its equations
    gates: int
    state: type[Any]  # a named tuple of arrays
    kept: int  # values of a step, beside its states
    bias: tuple[float, ...]  # of each gate, before training
    forward: Any  # functions that numba compiles, each with forceinline
    backward: Any

    @property
    def states(self) -> int:
        return len(self.state._fields)

    def __reduce__(self) -> Any:
        # Numba hashes what a kernel closes over, pickled, for the kernel's place in the disk cache.
        # Pickled functions are other bytes in every process; a name is not.
        return cell_named, (self.state.__module__, self.name)


def cell_named(module: str, name: str) -> Cell:
    """The cell of that name in a module."""
    cell: Cell = getattr(importlib.import_module(module), name)
    return cell


class CellType(types.Dummy):
    """The numba type of one cell; nothing of it is left when the kernel runs."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        super().__init__(name=f"Cell({cell.state.__module__}.{cell.name})")


register_model(CellType)(models.OpaqueModel)


@typeof_impl.register(Cell)
def cell_type(cell: Cell, _context: Any) -> CellType:
    return CellType(cell)


@infer_getattr
class CellAttributes(AttributeTemplate):
    key = CellType

    def generic_resolve(self, cell: CellType, name: str) -> Any:
        return self.context.resolve_value_type_prefer_literal(getattr(cell.cell, name))


@lower_getattr_generic(CellType)
def lower_attribute(context: Any, builder: Any, cell: CellType, _value: Any, name: str) -> Any:
    value = getattr(cell.cell, name)
    return context.get_constant_generic(
        builder, context.typing_context.resolve_value_type_prefer_literal(value), value
    )
