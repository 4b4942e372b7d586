"""The rows of a store: a run as numbers and as bytes, and every row with a checksum of its own.

A checksum is a CRC-32 of all that a row says, in one form. It finds what disks, copies and careless
statements do to a row; it is no seal against somebody who computes a new one.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NONE", "SHIFT", "Cell", "CellRuns", "Columns", "altered", "checksum", "decode", "encode",
    "is_whole", "rows_of", "runs_of", "with_checksum",
]  # fmt: skip

SHIFT = 32  # a run's id is its cell's number, shifted by this, and its repeat
NUMBERS = struct.Struct("<qdq")  # repeat, score, diverged epoch


class Cell(NamedTuple):
    """Where a run belongs.

    Attributes:
        key: a hash of everything its result depends on but the repeat.
        arm, series, cutoff: what people call it.
        restarts: the ``restarts_key`` of its initial weights and sample orders.
    """

    key: str
    arm: str
    series: str
    cutoff: int
    restarts: str


@dataclass(frozen=True)
class CellRuns:
    """Finished runs of one cell, a run along the first axis.

    Attributes:
        cell: where they belong.
        repeats: (runs,) which.
        scores: (runs,) infinite for a run that diverged.
        diverged_epoch: (runs,) zero for a run that did not.
        forecasts: (runs, test_size).
        loss: (runs, epochs), or (runs, 0) if it was not kept.
    """

    cell: Cell
    repeats: NDArray[np.int64]
    scores: NDArray[np.float64]
    diverged_epoch: NDArray[np.int32]
    forecasts: NDArray[np.float64]
    loss: NDArray[np.float32]


class Columns(NamedTuple):
    """What the table ``run`` holds of a cell, column by column, as it was found."""

    repeats: Sequence[Any]
    scores: Sequence[Any]
    diverged_epoch: Sequence[Any]
    forecasts: Sequence[Any]
    loss: Sequence[Any]
    checksums: Sequence[Any]


NONE = Columns((), (), (), (), (), ())


def checksum(*values: Any) -> int:
    """A CRC-32 of values that JSON can hold.

    Raises:
        TypeError: it cannot hold one of them.
    """
    return zlib.crc32(json.dumps(values).encode())


def with_checksum(table: str, *values: Any) -> tuple[Any, ...]:
    """A row of a table other than ``run``, which ends with its checksum."""
    return *values, checksum(table, *values)


def is_whole(table: str, row: Sequence[Any]) -> bool:
    """Whether a row that was found is what ``with_checksum`` made."""
    try:
        return isinstance(row[-1], int) and row[-1] == checksum(table, *row[:-1])
    except TypeError:  # one is bytes
        return False


def rows_of(number: int, cell: Cell, part: CellRuns) -> Iterator[tuple[Any, ...]]:
    """The row of each run in the table ``run``, with the number that its cell has there."""
    repeats: list[int] = part.repeats.tolist()
    numbers = (part.scores.tolist(), part.diverged_epoch.tolist())
    rest = (*numbers, encode(part.forecasts), encode(part.loss))
    ids = [(number << SHIFT) + each for each in repeats]
    return zip(ids, *rest, run_checksums(number, cell, repeats, *rest), strict=True)


def altered(number: int, cell: Cell, columns: Columns) -> list[int]:
    """Which of the runs that were found of a cell are not as they were written."""
    if are_whole(number, cell, columns):
        return []
    single = (Columns(*((value,) for value in row)) for row in zip(*columns, strict=True))
    return [i for i, row in enumerate(single) if not are_whole(number, cell, row)]


def are_whole(number: int, cell: Cell, columns: Columns) -> bool:
    """Whether all runs that were found of a cell are as they were written."""
    try:
        return run_checksums(number, cell, *columns[:-1]) == tuple(columns.checksums)
    except (TypeError, struct.error):  # of another type
        return False


def run_checksums(number: int, cell: Cell, *columns: Sequence[Any]) -> tuple[int, ...]:
    """The checksum of each run, which covers where it belongs: a changed cell is seen from it."""
    *numbers, forecasts, loss = columns
    # The numbers lie between the bytes of the two, so that none can pass to the other unseen.
    rows = map(b"".join, zip(forecasts, map(NUMBERS.pack, *numbers), loss, strict=True))
    return tuple(map(zlib.crc32, rows, repeat(checksum("run", number, *cell))))


def runs_of(cell: Cell, columns: Columns) -> CellRuns:
    """Runs that were found, and found whole.

    Raises:
        ValueError: they have not all the same number of forecasts and losses.
    """
    return CellRuns(
        cell,
        np.array(columns.repeats, np.int64),
        np.array(columns.scores, np.float64),
        np.array(columns.diverged_epoch, np.int32),
        decode(columns.forecasts, np.float64),
        decode(columns.loss, np.float32),
    )


def encode(array: NDArray[Any]) -> list[bytes]:
    """Each row of an array as bytes that say their type: ``<f8``, then the numbers."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    kind = little.dtype.str.encode()
    return [kind + row.tobytes() for row in little]


def decode(blobs: Sequence[bytes], kind: type[np.floating[Any]]) -> NDArray[Any]:
    """The array that ``encode`` wrote, whose numbers are of this type.

    Raises:
        ValueError: they are of another, or not all rows have as many.
    """
    dtype = np.dtype(kind).newbyteorder("<")
    if not blobs:
        return np.zeros((0, 0), kind)
    begin, length = dtype.str.encode(), len(blobs[0])
    if any(len(blob) != length or not blob.startswith(begin) for blob in blobs):
        raise ValueError("rows are of several types or lengths")
    table = np.frombuffer(b"".join(blobs), np.uint8).reshape(len(blobs), length)
    return np.ascontiguousarray(table[:, len(begin) :]).view(dtype).astype(kind, copy=False)
