"""A vector of lanes as one numba value: sixteen floats that read like one.

``Lane(width)`` is a numba type whose machine representation is the LLVM vector
``<width x float>``. Kernels see arrays of lanes: ``lanes(a, width)`` retypes a float32 array of
shape ``(..., width)`` as an array of shape ``(...)`` whose elements are whole vectors, so
``w[u, k]`` loads a register and ``a * b + c`` is mathematics on every lane at once.

Two properties are bought here and relied on everywhere else:

- **Rounding is in the source, not in the compiler.** No fast-math flag is set and a multiply-add is
  fused only where ``fma`` is written. Every operation is then the IEEE one, so a lane's result does
  not depend on the width it was compiled for, on its neighbours, or on the optimiser's mood.
- **NaN passes through.** ``clip`` keeps a NaN, so a diverged lane is seen as diverged.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

__all__ = [
    "add",
    "clip",
    "dot",
    "exp2i",
    "filled",
    "fma",
    "inside_unit",
    "lanes",
    "load_adjacent",
    "load_each",
    "round_even",
    "sqrt",
    "store_tuple",
    "where",
]


class LaneType(types.Type):
    """The numba type of ``width`` float32 lanes."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Lane({width})")


@register_model(LaneType)
class LaneModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LaneType) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(ir.FloatType(), fe_type.width))


class LaneArray(types.Array):
    """A C array of lanes whose indices are never negative, so that none is wrapped around."""

    def __init__(self, lane: LaneType, ndim: int) -> None:
        super().__init__(lane, ndim, "C", aligned=False)


register_model(LaneArray)(models.ArrayModel)


def element_pointer(
    context: Any, builder: Any, array_type: Any, value: Any, index_type: Any, index: Any
) -> Any:
    array = context.make_array(array_type)(context, builder, value=value)
    if isinstance(index_type, types.BaseTuple):
        indices = zip(cgutils.unpack_tuple(builder, index), index_type.types, strict=True)
    else:
        indices = zip([index], [index_type], strict=True)
    whole = [context.cast(builder, one, ty, types.intp) for one, ty in indices]
    return cgutils.get_item_pointer(
        context, builder, array_type, array, whole, wraparound=False, boundscheck=False
    )


def pointers(
    context: Any, builder: Any, arrays: Any, value: Any, index_type: Any, index: Any, count: int
) -> list[Any]:
    """Where the elements at one index of several arrays lie, or ``count`` from there in one."""
    if isinstance(arrays, types.UniTuple):
        return [
            element_pointer(context, builder, arrays.dtype, array, index_type, index)
            for array in cgutils.unpack_tuple(builder, value)
        ]
    first = element_pointer(context, builder, arrays, value, index_type, index)
    return [builder.gep(first, [ir.Constant(ir.IntType(32), k)]) for k in range(count)]


@lower_builtin(operator.getitem, LaneArray, types.Integer)
@lower_builtin(operator.getitem, LaneArray, types.BaseTuple)
def load(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    (array, index), (array_type, index_type) = values, signature.args
    place = element_pointer(context, builder, array_type, array, index_type, index)
    return builder.load(place, align=4)


@lower_builtin(operator.setitem, LaneArray, types.Integer, LaneType)
@lower_builtin(operator.setitem, LaneArray, types.BaseTuple, LaneType)
def store(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    (array, index, value), (array_type, index_type, _) = values, signature.args
    place = element_pointer(context, builder, array_type, array, index_type, index)
    builder.store(value, place, align=4)
    return context.get_dummy_value()


def broadcast(builder: Any, scalar: Any, width: int) -> Any:
    """The LLVM vector with ``scalar`` in every lane."""
    vector_type = ir.VectorType(scalar.type, width)
    undefined = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(first, undefined, zeros)


def as_lane(context: Any, builder: Any, value: Any, from_type: Any, to_type: LaneType) -> Any:
    """``value`` as a vector: unchanged if it is one, else cast to float32 and broadcast."""
    if isinstance(from_type, LaneType):
        return value
    scalar = context.cast(builder, value, from_type, types.float32)
    return broadcast(builder, scalar, to_type.width)


def common_lane(*operands: Any) -> LaneType | None:
    """The lane type of a mixed operand list of lanes and numbers, or None if it has no lane."""
    found = {a for a in operands if isinstance(a, LaneType)}
    if len(found) != 1 or not all(isinstance(a, LaneType | types.Number) for a in operands):
        return None
    return found.pop()


def elementwise(build: Callable[..., Any]) -> Any:
    """An intrinsic over lanes and numbers (numbers are broadcast), from LLVM values to one.

    Operands may be tuples of lanes, of one length: the result is then a tuple.
    """

    def typed(_typing: Any, *args: Any) -> Any:
        counts = {a.count for a in args if isinstance(a, types.UniTuple)}
        parts = [a.dtype if isinstance(a, types.UniTuple) else a for a in args]
        lane = common_lane(*parts)
        if lane is None or len(counts) > 1:
            return None

        def element(context: Any, builder: Any, args: Any, values: Any, k: int) -> Any:
            ones = [
                builder.extract_value(v, k) if isinstance(a, types.UniTuple) else v
                for v, a in zip(values, args, strict=True)
            ]
            vectors = zip(ones, parts, strict=True)
            return build(builder, *(as_lane(context, builder, v, t, lane) for v, t in vectors))

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            found = [
                element(context, builder, signature.args, values, k)
                for k in range(max(counts, default=1))
            ]
            return cgutils.pack_array(builder, found) if counts else found[0]

        return (types.UniTuple(lane, *counts) if counts else lane)(*args), codegen

    return typed


def llvm_call(builder: Any, name: str, *vectors: Any) -> Any:
    """Call the LLVM vector intrinsic ``llvm.<name>`` on operands of one vector type."""
    ty = vectors[0].type
    signature = ir.FunctionType(ty, [ty] * len(vectors))
    function = cgutils.get_or_insert_function(
        builder.module, signature, f"llvm.{name}.v{ty.count}f32"
    )
    return builder.call(function, vectors)


def clipped(builder: Any, x: Any, low: Any, high: Any) -> Any:
    # Compare-and-select with x last keeps NaN and maps to one max and one min instruction.
    x = builder.select(builder.fcmp_ordered(">", low, x), low, x)
    return builder.select(builder.fcmp_ordered("<", high, x), high, x)


def scaled_by_power(builder: Any, x: Any, k: Any) -> Any:
    bits = ir.VectorType(ir.IntType(32), x.type.count)
    bias = ir.Constant(bits, [127] * x.type.count)
    shift = ir.Constant(bits, [23] * x.type.count)
    exponent = builder.shl(builder.add(builder.fptosi(k, bits), bias), shift)
    return builder.fmul(x, builder.bitcast(exponent, x.type))


def selected_inside(builder: Any, x: Any, value: Any) -> Any:
    zero = ir.Constant(x.type, [0.0] * x.type.count)
    one = ir.Constant(x.type, [1.0] * x.type.count)
    above = builder.fcmp_ordered(">", x, zero)
    inside = builder.and_(above, builder.fcmp_ordered("<", x, one))
    return builder.select(inside, value, zero)


def selected(builder: Any, mask: Any, value: Any, other: Any) -> Any:
    zero = ir.Constant(mask.type, [0.0] * mask.type.count)
    return builder.select(builder.fcmp_ordered(">", mask, zero), value, other)


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` with one rounding."""
    return elementwise(lambda ll, x, y, z: llvm_call(ll, "fma", x, y, z))(typingctx, a, b, c)


@intrinsic
def sqrt(typingctx: Any, a: Any) -> Any:
    """The correctly rounded square root."""
    return elementwise(lambda ll, x: llvm_call(ll, "sqrt", x))(typingctx, a)


@intrinsic
def clip(typingctx: Any, x: Any, low: Any, high: Any) -> Any:
    """``x`` limited to ``[low, high]``; NaN stays NaN."""
    return elementwise(clipped)(typingctx, x, low, high)


@intrinsic
def round_even(typingctx: Any, x: Any) -> Any:
    """The nearest whole number, ties to even."""
    return elementwise(lambda ll, v: llvm_call(ll, "roundeven", v))(typingctx, x)


@intrinsic
def exp2i(typingctx: Any, x: Any, k: Any) -> Any:
    """``x * 2**k`` for whole ``k`` in [-127, 127], where -127 gives zero."""
    return elementwise(scaled_by_power)(typingctx, x, k)


@intrinsic
def inside_unit(typingctx: Any, x: Any, value: Any) -> Any:
    """``value`` where 0 < x < 1, zero elsewhere."""
    return elementwise(selected_inside)(typingctx, x, value)


@intrinsic
def where(typingctx: Any, mask: Any, value: Any, other: Any) -> Any:
    """``value`` where ``mask`` is above zero, ``other`` elsewhere."""
    return elementwise(selected)(typingctx, mask, value, other)


@intrinsic
def add(typingctx: Any, a: Any, b: Any) -> Any:
    """``a + b``, which for tuples numba takes to join them."""
    return elementwise(lambda ll, x, y: ll.fadd(x, y))(typingctx, a, b)


@intrinsic
def filled(typingctx: Any, like: Any, value: Any) -> Any:
    """``value`` in every lane, in as many values as ``like`` has."""
    return elementwise(lambda _ll, _like, v: v)(typingctx, like, value)


@intrinsic
def dot(_typing: Any, a: Any, b: Any, start: Any) -> Any:
    """``start`` plus the products of two tuples, one ``fma`` after another."""

    def codegen(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        total = values[2]
        for k in range(a.count):
            x, y = (builder.extract_value(v, k) for v in values[:2])
            total = llvm_call(builder, "fma", x, y, total)
        return total

    return start(a, b, start), codegen


def loaded(arrays: Any, index: Any, lane: LaneType, count: int) -> Any:
    def codegen(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        places = pointers(context, builder, arrays, values[0], index, values[1], count)
        return cgutils.pack_array(builder, [builder.load(place, align=4) for place in places])

    return types.UniTuple(lane, count), codegen


@intrinsic
def load_adjacent(_typing: Any, array: Any, index: Any, count: Any) -> Any:
    """A tuple of ``count`` elements that lie side by side along the last axis."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    found, codegen = loaded(array, index, array.dtype, count.literal_value)
    return found(array, index, count), codegen


@intrinsic
def load_each(_typing: Any, arrays: Any, index: Any) -> Any:
    """A tuple of the elements at one index of several arrays."""
    found, codegen = loaded(arrays, index, arrays.dtype.dtype, arrays.count)
    return found(arrays, index), codegen


@intrinsic
def store_tuple(_typing: Any, arrays: Any, index: Any, values: Any) -> Any:
    """Store a tuple at one index of as many arrays, or side by side in a single one."""

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        places = pointers(context, builder, arrays, args[0], index, args[1], values.count)
        for value, place in zip(cgutils.unpack_tuple(builder, args[2]), places, strict=True):
            builder.store(value, place, align=4)
        return context.get_dummy_value()

    return types.void(arrays, index, values), codegen


def retyped(ty: Any, width: int) -> Any:
    """The type of what ``lanes`` makes of a type."""
    if isinstance(ty, types.BaseTuple):
        parts = [retyped(part, width) for part in ty.types]
        return types.BaseTuple.from_types(parts, getattr(ty, "instance_class", None))
    if isinstance(ty, types.Array) and ty.dtype == types.float32 and ty.ndim > 1:
        return LaneArray(LaneType(width), ty.ndim - 1)
    return ty


def view(context: Any, builder: Any, value: Any, ty: Any, to: Any) -> Any:
    """``value`` as the type that ``retyped`` gives."""
    if isinstance(ty, types.BaseTuple):
        parts = zip(cgutils.unpack_tuple(builder, value), ty.types, to.types, strict=True)
        return context.make_tuple(builder, to, [view(context, builder, *part) for part in parts])
    if not isinstance(to, LaneArray):
        return impl_ret_borrowed(context, builder, ty, value)
    source = context.make_array(ty)(context, builder, value=value)
    result = context.make_array(to)(context, builder)
    width = to.dtype.width
    result.data = builder.bitcast(source.data, result.data.type)
    result.shape = cgutils.pack_array(builder, cgutils.unpack_tuple(builder, source.shape)[:-1])
    strides = cgutils.unpack_tuple(builder, source.strides)[:-1]
    result.strides = cgutils.pack_array(builder, strides)
    result.itemsize = ir.Constant(source.itemsize.type, 4 * width)
    result.nitems = builder.udiv(source.nitems, ir.Constant(source.nitems.type, width))
    # A view that owns nothing: the caller's array outlives the kernel call.
    result.meminfo = cgutils.get_null_value(result.meminfo.type)
    result.parent = cgutils.get_null_value(result.parent.type)
    return result._getvalue()


@intrinsic
def lanes(_typing: Any, value: Any, width: Any) -> Any:
    """A float32 C array of shape ``(..., width)`` as an array of lanes of shape ``(...)``.

    In a tuple, named or not, every such array of two axes or more is retyped, and the rest is kept.
    """
    if not isinstance(width, types.IntegerLiteral):
        return None
    to = retyped(value, width.literal_value)
    if to == value:
        return None

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return view(context, builder, args[0], value, to)

    return to(value, width), codegen


def define_operator(op: Callable[..., Any], build: Callable[..., Any]) -> None:
    """Give ``op`` a meaning for two lanes, or a lane and a number."""

    @infer_global(op)
    class Operator(AbstractTemplate):
        def generic(self, args: Any, _kws: Any) -> Any:
            lane = common_lane(*args)
            return None if lane is None else lane(*args)

    def lower(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pairs = zip(values, signature.args, strict=True)
        lane = signature.return_type
        return build(builder, *(as_lane(context, builder, v, t, lane) for v, t in pairs))

    for operands in (
        (LaneType, LaneType),
        (LaneType, types.Number),
        (types.Number, LaneType),
    ):
        lower_builtin(op, *operands)(lower)


define_operator(operator.add, lambda ll, x, y: ll.fadd(x, y))
define_operator(operator.sub, lambda ll, x, y: ll.fsub(x, y))
define_operator(operator.mul, lambda ll, x, y: ll.fmul(x, y))
define_operator(operator.truediv, lambda ll, x, y: ll.fdiv(x, y))
