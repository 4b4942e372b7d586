"""What every peer shares: the work on standard input, the check of it, the answer."""

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-4  # relative, between a peer's loss and statewise's in the first epochs
WARM_UP, TIMED = 2, 20  # epochs of a peer that is called once an epoch or more often
CALLS = 5  # timed calls of a peer that trains all epochs in one call

Floats = NDArray[np.float32]
Entry = dict[str, Any]  # one line of a peer's answer


class DifferentWorkError(Exception):
    """A peer's losses are not those of the work it was given."""


@dataclass(frozen=True)
class Work:
    """The samples, every restart's initial weights, and the losses they must lead to.

    The gates of the recurrent weights are in the order i, f, c, o.
    """

    epochs: int
    x: Floats  # (samples,)
    y: Floats  # (samples,)
    kernel: Floats  # (restarts, 4)
    recurrent: Floats  # (restarts, 4)
    bias: Floats  # (restarts, 4)
    dense_kernel: Floats  # (restarts,)
    dense_bias: Floats  # (restarts,)
    losses: Floats  # (restarts, first epochs)


def read_work() -> Work:
    """The work that ``python benchmarks/work.py`` wrote, from standard input."""
    given = json.load(sys.stdin)
    arrays = {name: np.asarray(given[name], np.float32) for name in given if name != "epochs"}
    return Work(given["epochs"], **arrays)


def check_same_work(way: str, losses: Floats, work: Work) -> float:
    """The largest relative difference from the expected losses, which must be tiny.

    Args:
        way: what to call this training in an error.
        losses: (restarts, epochs), of the first restarts from the first epoch on.
        work: what should have been trained.

    Raises:
        DifferentWorkError: the losses differ, are not finite, or did not decrease.
    """
    epochs = min(losses.shape[1], work.losses.shape[1])
    expected = work.losses[: len(losses), :epochs]
    difference = float(np.max(np.abs(losses[:, :epochs] / expected - 1.0)))
    if not difference <= TOLERANCE:  # true for NaN too
        raise DifferentWorkError(f"{way}: losses differ from statewise's by {difference:.1e}")
    first, last = float(losses[:, 0].mean()), float(losses[:, -1].mean())
    if not (math.isfinite(last) and last < first):
        raise DifferentWorkError(f"{way}: the loss went from {first} to {last}")
    return difference


def time_epochs(way: str, work: Work, epoch: Callable[[], float]) -> Entry:
    """Train one restart for a few epochs, and extrapolate the time of all from the later ones.

    ``epoch`` trains one epoch and returns its loss.
    """
    losses = [epoch() for _ in range(WARM_UP)]
    clock = Clock()
    losses += [epoch() for _ in range(TIMED)]
    seconds, cores = clock.read()
    return entry(way, work, np.array([losses]), seconds * work.epochs / TIMED, cores, TIMED)


def time_runs(
    way: str, work: Work, run: Callable[[], Floats], restore: Callable[[], None]
) -> Entry:
    """Train all epochs several times over, after a first time that compiles.

    ``run`` returns the losses, (restarts, epochs). ``restore`` makes ready for the next run.
    """
    run()
    timed = []
    for _ in range(CALLS):
        restore()
        clock = Clock()
        losses = run()
        timed.append(clock.read())
    seconds, cores = sorted(timed)[CALLS // 2]
    return entry(way, work, losses, seconds, cores, work.epochs)


class Clock:
    """Seconds, and processor seconds a second, since it was made."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """The seconds, and how many cores were busy on average."""
        seconds = time.perf_counter() - self.wall
        return seconds, (time.process_time() - self.processor) / seconds


def entry(
    way: str, work: Work, losses: Floats, seconds: float, cores: float, timed_epochs: int
) -> Entry:
    """One line of a peer's answer, after the check that it did the work.

    ``seconds`` are those of all restarts for all epochs, measured over ``timed_epochs`` of them.
    """
    return {
        "way": way,
        "restarts": len(losses),
        "ms_a_restart": 1000.0 * seconds / len(losses),
        "cores": cores,
        "timed_epochs": timed_epochs,
        "first_loss": float(losses[0, 0]),
        "last_loss": float(losses[0, -1]),
        "difference": check_same_work(way, losses, work),
    }


def answer(versions: str, entries: Sequence[Entry]) -> None:
    """Print the one JSON line that the driver reads."""
    print(json.dumps({"versions": versions, "entries": list(entries)}))
