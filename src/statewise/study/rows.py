"""The rows of a store: a run as numbers, as bytes, and as a checksum of both."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAST", "RUNS", "Cell", "CellRuns", "decode", "encode", "is_whole", "rows_of", "runs_of"]

RUNS = """
SELECT run.repeat, score, diverged_epoch, checksum, forecasts, loss
FROM run LEFT JOIN curve ON curve.cell = run.cell AND curve.repeat = run.repeat
WHERE run.cell = ? AND run.repeat >= ? AND run.repeat < ?
"""
LAST = 1 << 40  # beyond any repeat


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


def rows_of(cell: int, part: CellRuns) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The row of each run in the tables ``run`` and ``curve``."""
    numbers = (part.repeats.tolist(), part.scores.tolist(), part.diverged_epoch.tolist())
    curves = (map(encode, part.forecasts), map(encode, part.loss))
    for repeat, score, diverged, f, g in zip(*numbers, *curves, strict=True):
        check = checksum(part.cell.key, repeat, score, diverged, f, g)
        yield (cell, repeat, score, diverged, check), (cell, repeat, f, g)


def runs_of(cell: Cell, row: tuple[Any, ...]) -> CellRuns:
    """A row of ``RUNS`` as a run."""
    repeat, score, diverged, _, forecasts, loss = row
    return CellRuns(
        cell,
        np.array([repeat], np.int64),
        np.array([score], np.float64),
        np.array([diverged], np.int32),
        decode(forecasts)[None],
        decode(loss)[None],
    )


def is_whole(key: str, row: tuple[Any, ...]) -> bool:
    """Whether a row of ``RUNS`` is what was written."""
    repeat, score, diverged, check, forecasts, loss = row
    return bool(
        forecasts is not None and checksum(key, repeat, score, diverged, forecasts, loss) == check
    )


def checksum(
    key: str, repeat: int, score: float, diverged: int, forecasts: bytes, loss: bytes
) -> int:
    """A CRC-32 of a run and of where it belongs."""
    start = zlib.crc32(key.encode() + struct.pack("<qdq", repeat, score, diverged))
    return zlib.crc32(loss, zlib.crc32(forecasts, start))


def encode(array: NDArray[Any]) -> bytes:
    """A row of numbers as bytes that say their type: ``<f8``, then the numbers."""
    little = array.dtype.newbyteorder("<")
    return little.str.encode() + array.astype(little, copy=False).tobytes()


def decode(blob: bytes) -> NDArray[Any]:
    """The array that ``encode`` wrote."""
    return np.frombuffer(blob, np.dtype(blob[:3].decode()), offset=3)
