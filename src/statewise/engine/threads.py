"""Blocks of runs trained side by side."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine.blocks import BlockResult

__all__ = ["available_threads", "in_threads"]


def available_threads() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Meter:
    """How much of the work all threads have done together.

    Args:
        whole: all of it, in any unit.
        tell: called with the share that is done, by the thread that did some; None for nobody.
    """

    def __init__(self, whole: int, tell: Callable[[float], Any] | None) -> None:
        self.whole, self.tell, self.done = whole, tell, 0
        self.lock = threading.Lock()

    def add(self, work: int) -> None:
        """Some work was done."""
        if self.tell is not None:
            with self.lock:
                self.done += work
                self.tell(self.done / self.whole)


def in_threads(
    train: Callable[[NDArray[np.intp]], BlockResult],
    blocks: list[NDArray[np.intp]],
    threads: int,
    stop: NDArray[np.uint8],
) -> list[BlockResult]:
    """Train every block; results in the order of ``blocks``. An exception stops all of them soon.

    The caller's thread only waits, so that Ctrl-C reaches it at once.
    """
    pool = ThreadPoolExecutor(min(threads, len(blocks)))
    try:
        futures = [pool.submit(train, runs) for runs in blocks]
        for future in as_completed(futures):
            future.result()
        return [future.result() for future in futures]
    except BaseException:
        stop[0] = 1
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
