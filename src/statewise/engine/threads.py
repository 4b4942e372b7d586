"""Blocks of runs trained side by side."""

import os
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


def in_threads(
    train: Callable[[NDArray[np.intp]], BlockResult],
    blocks: list[NDArray[np.intp]],
    threads: int,
    stop: NDArray[np.uint8],
    on_progress: Callable[[int], Any] | None,
) -> list[BlockResult]:
    """Train every block; results in the order of ``blocks``. An exception stops all of them soon.

    The caller's thread only waits, so that Ctrl-C reaches it at once.
    """
    pool = ThreadPoolExecutor(min(threads, len(blocks)))
    try:
        sizes = {pool.submit(train, runs): len(runs) for runs in blocks}
        finished = 0
        for future in as_completed(sizes):
            future.result()
            finished += sizes[future]
            if on_progress is not None:
                on_progress(finished)
        return [future.result() for future in sizes]
    except BaseException:
        stop[0] = 1
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
