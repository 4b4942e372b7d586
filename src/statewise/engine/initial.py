"""From a seed to initial weights and sample orders, by explicit keys.

A draw is a pure function of ``(seed, purpose, index)``: the index is the repeat, or a block of
repeats. No global random state is read or changed, and which other repeats are drawn does not
matter.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.base.caching import built, compiled
from statewise.base.checks import SEED, at_least
from statewise.engine.cells import Cell
from statewise.engine.cells.lstm import LSTM
from statewise.engine.weights import Weights
from statewise.errors import SettingError

__all__ = ["Seed", "checked", "initial_weights", "orthonormalise", "repeats_of", "sample_orders"]

Seed = int | tuple[int, ...]
"""An int below 2**64, or a tuple of one and further ints below 2**32. Different ones share nothing;
``(s,)`` is ``s``."""

WEIGHTS, ORDERS = 0, 1  # purposes
BLOCK = 4096  # numbers; small networks share a generator, since making one costs 20 microseconds


def generator(seed: Seed, purpose: int, index: int) -> np.random.Generator:
    """The random generator of one purpose and one index."""
    first, *rest = checked(seed)
    # Only the first number is entropy, which NumPy pads with zeros; the others are appended to the
    # key as they are, so that no two seeds run together.
    sequence = np.random.SeedSequence(entropy=first, spawn_key=(purpose, index, *rest))
    return np.random.Generator(np.random.PCG64(sequence))


def checked(seed: Seed) -> tuple[int, ...]:
    """``seed`` as a tuple; raises SettingError if it is not one."""
    parts = seed if isinstance(seed, tuple) else (seed,)
    whole = [at_least("seed", part, 0, SEED) for part in parts]
    if not whole or any(part >= 2**32 for part in whole[1:]):
        raise SettingError(
            "seed", seed, "is too large, or empty", "Use a whole number below 2**64."
        )
    return tuple(whole)


def initial_weights(
    seed: Seed,
    repeats: Sequence[int],
    units: int,
    features: int,
    outputs: int = 1,
    cell: Cell = LSTM,
) -> Weights:
    """The initial weights of the given repeats, distributed as Keras initialises them.

    Kernels are Glorot uniform (limit ``sqrt(6 / (fan_in + fan_out))``, where the fan-out of the
    recurrent layer is all its gates), the recurrent kernel has orthonormal rows, and biases are
    those of the cell: zero, but the forget gate's one. The same repeat has the same weights in
    every arm of one shape.

    Raises:
        SettingError: a number is out of range, or no repeat is named.

    Example:
        >>> initial_weights(1, [0, 1], units=3, features=2).kernel.shape
        (2, 2, 12)
    """
    at_least("units", units, 1)
    at_least("features", features, 1)
    at_least("outputs", outputs, 1)
    inputs = cell.gates * units
    uniforms = features * inputs + units * outputs

    def draw(rng: np.random.Generator, rows: int) -> tuple[NDArray[Any], NDArray[Any]]:
        return rng.uniform(-1.0, 1.0, (rows, uniforms)), rng.standard_normal((rows, units, inputs))

    uniform, normal = _rows_of_blocks(seed, repeats, uniforms + units * inputs, draw)
    orthonormalise(normal)
    runs = len(repeats)
    kernel = np.sqrt(6.0 / (features + inputs)) * uniform[:, : features * inputs]
    dense_kernel = np.sqrt(6.0 / (units + outputs)) * uniform[:, features * inputs :]
    bias = np.tile(np.repeat(np.asarray(cell.bias, np.float32), units), (runs, 1))
    return Weights(
        kernel=kernel.reshape(runs, features, inputs).astype(np.float32),
        recurrent=normal.astype(np.float32),
        bias=bias,
        dense_kernel=dense_kernel.reshape(runs, units, outputs).astype(np.float32),
        dense_bias=np.zeros((runs, outputs), np.float32),
    )


def _rows_of_blocks(
    seed: Seed,
    repeats: Sequence[int],
    size: int,
    draw: Callable[[np.random.Generator, int], tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Row ``r`` of ``draw`` for each repeat, a block of rows a generator.

    The block depends on ``size`` alone, so a repeat's row does not depend on the other repeats.
    """
    block = max(1, BLOCK // size)
    numbers = whole_numbers("repeats", repeats)
    if len(numbers) == 0 or numbers.max() >= 2**32:
        raise SettingError("repeats", repeats, "names no repeat below 2**32", "Use range(10).")
    blocks, which = np.unique(numbers // block, return_inverse=True)
    uniform, normal = zip(
        *(draw(generator(seed, WEIGHTS, int(b)), block) for b in blocks), strict=True
    )
    row = which * block + numbers % block
    return np.concatenate(uniform)[row], np.concatenate(normal)[row]


def whole_numbers(argument: str, values: Iterable[int]) -> NDArray[np.int64]:
    """``values`` as an array; raises SettingError if one is not a whole number from zero."""
    listed = list(values)
    array = np.array(listed) if listed else np.zeros(0, np.int64)
    if array.dtype.kind not in "iu" or (len(array) and array.min() < 0):
        array = np.array([at_least(argument, value, 0) for value in listed])
    return array.astype(np.int64)


def repeats_of(repeats: int | Iterable[int]) -> list[int]:
    """The numbers of the repeats: so many from zero, or the ones that are named."""
    if not isinstance(repeats, Iterable):
        return list(range(at_least("repeats", repeats, 1)))
    named: list[int] = whole_numbers("repeats", repeats).tolist()
    if not named:
        raise SettingError("repeats", repeats, "names no repeat", "Use for example repeats=10.")
    return named


class Loops(NamedTuple):
    """What is compiled here: ``orthonormalise(matrices)`` and ``shuffle(random, order)``."""

    orthonormalise: Callable[[NDArray[np.float64]], None]
    shuffle: Callable[[NDArray[np.uint32], NDArray[np.int32]], None]


@functools.cache
def loops() -> Loops:
    """The loops, compiled or read from the disk cache."""
    return built(build_loops, lambda _: None)


def build_loops() -> Loops:
    """The loops, compiled for the types that are named: an order may be one lane of a pack."""

    @compiled("void(float64[:, :, ::1])", nogil=True)
    def orthonormalise(matrices):
        for r in range(matrices.shape[0]):
            for u in range(matrices.shape[1]):
                for _ in range(2):
                    for v in range(u):
                        dot = 0.0
                        for k in range(matrices.shape[2]):
                            dot += matrices[r, u, k] * matrices[r, v, k]
                        for k in range(matrices.shape[2]):
                            matrices[r, u, k] -= dot * matrices[r, v, k]
                square = 0.0
                for k in range(matrices.shape[2]):
                    square += matrices[r, u, k] * matrices[r, u, k]
                for k in range(matrices.shape[2]):
                    matrices[r, u, k] /= np.sqrt(square)

    @compiled("void(uint32[:, ::1], int32[:, :])", nogil=True)
    def shuffle(random, order):
        for epoch in range(order.shape[0]):
            for n in range(order.shape[1]):
                place = (np.uint64(random[epoch, n]) * np.uint64(n + 1)) >> np.uint64(32)
                order[epoch, n] = order[epoch, place]
                order[epoch, place] = n

    return Loops(orthonormalise, shuffle)


def orthonormalise(matrices: NDArray[np.float64]) -> None:
    """Make the rows of each matrix orthonormal, in place, by modified Gram-Schmidt, twice over.

    Of independent normals this is the Q of a QR decomposition with positive diagonal, as Keras'
    ``Orthogonal`` uses, but with every rounding fixed by the order of the loops: a linear algebra
    library may round differently by thread count or processor.
    """
    loops().orthonormalise(matrices)


def sample_orders(seed: Seed, repeat: int) -> Callable[[NDArray[np.int32]], None]:
    """A function that fills (epochs, samples) with the next epochs' sample orders of one repeat.

    Called for 3 and then 2 epochs it draws what one call for 5 draws. Each order is a Fisher-Yates
    shuffle by uniform 32-bit numbers r: the place of sample n is ``r * (n + 1) >> 32``, whose
    probabilities differ by less than 2**-32.
    """
    rng = generator(seed, ORDERS, repeat)

    def draw(order: NDArray[np.int32]) -> None:
        loops().shuffle(rng.integers(0, 2**32, order.shape, np.uint32), order)

    return draw
