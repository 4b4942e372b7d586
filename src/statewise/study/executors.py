"""Where shards are run: in threads of this process, or in processes of their own.

An executor takes shards lazily, keeps every worker busy, and gives results as they finish, in any
order. A result does not depend on which executor gave it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Protocol, Self

import numpy as np

from statewise.base.checks import at_least
from statewise.base.workers import start_worker
from statewise.engine import available_threads
from statewise.errors import StudyError
from statewise.study.shards import run_shard

__all__ = ["ProcessExecutor", "ShardExecutor", "ThreadExecutor"]

Task = Callable[..., Any]
"""What makes a result of a shard: the function of a study's, or of a forecaster's."""

RETRIES = 3  # times that the shards of a dead worker are tried again


class ShardExecutor(AbstractContextManager[Any, None], Protocol):
    """What a study needs of an executor.

    Its block starts the workers and stops them: soon, and without results, after an exception.
    """

    def results(self, shards: Iterator[Any], task: Task | None = None) -> Iterator[Any]:
        """The result of every shard, as they finish.

        ``task`` makes them, and is importable by name; by default it is that of a study.
        """


class ThreadExecutor:
    """Threads of this process: one shard at a time, its packs spread over the threads.

    The next shard is trained while the last one is written.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = available_threads() if threads is None else at_least("threads", threads, 1)

    def __enter__(self) -> Self:
        self._stop = np.zeros(1, np.uint8)
        self._pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop[0] = kind is not None
        self._pool.shutdown(wait=True, cancel_futures=True)

    def results(self, shards: Iterator[Any], task: Task | None = None) -> Iterator[Any]:
        one = partial(task or run_shard, threads=self.threads, stop=self._stop)
        yield from in_flight(self._pool, one, shards, 2, {})


class ProcessExecutor:
    """Processes of this machine, one thread each.

    A worker that dies loses nothing but time: its shards are run again, up to three times.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = available_threads() if workers is None else at_least("workers", workers, 1)

    def __enter__(self) -> Self:
        self._pool = self._start()
        return self

    def _start(self) -> ProcessPoolExecutor:
        # A fresh interpreter: a fork would copy the locks of threads that do not exist in it.
        context = get_context("spawn")
        return ProcessPoolExecutor(self.workers, context, initializer=start_worker)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def results(self, shards: Iterator[Any], task: Task | None = None) -> Iterator[Any]:
        one = partial(task or run_shard, threads=1)
        waiting: dict[Future[Any], Any] = {}
        failures = 0
        while True:
            again = list(waiting.values())
            waiting.clear()
            source = chain(again, shards)
            try:
                yield from in_flight(self._pool, one, source, 2 * self.workers, waiting)
            except BrokenProcessPool:
                failures += 1
                if failures > RETRIES:
                    problem = f"died {failures} times"
                    fix = "Free some memory or use fewer; finished runs are kept."
                    raise StudyError("workers", self.workers, problem, fix) from None
                self._pool.shutdown(wait=True, cancel_futures=True)
                self._pool = self._start()
            else:
                return


def in_flight(
    pool: Executor,
    task: Callable[[Any], Any],
    shards: Iterator[Any],
    most: int,
    waiting: dict[Future[Any], Any],
) -> Iterator[Any]:
    """Keep ``most`` shards submitted, and yield results as they come.

    ``waiting`` holds the shards that were taken and gave no result yet, also when this fails.
    """
    while True:
        for shard in islice(shards, most - len(waiting)):
            waiting[submitted(pool, task, shard)] = shard
        if not waiting:
            return
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            result = future.result()
            del waiting[future]
            yield result


def submitted(pool: Executor, task: Callable[[Any], Any], shard: Any) -> Future[Any]:
    """A shard's future; one that has failed already if the pool is broken."""
    try:
        return pool.submit(task, shard)
    except BrokenExecutor as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed
