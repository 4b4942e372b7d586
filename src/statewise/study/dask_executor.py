"""Shards run through Dask, on this machine or on a cluster.

Dask is not installed with statewise; ``pip install 'statewise[dask]'`` adds it, and it is imported
only when a ``DaskExecutor`` is made.
"""

import asyncio
import logging
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, Self

from statewise.base.checks import at_least
from statewise.base.extras import import_extra
from statewise.engine import available_threads
from statewise.errors import SettingError, StudyError
from statewise.study.executors import RETRIES, Task
from statewise.study.shards import run_shard

__all__ = ["DaskExecutor"]

AHEAD = 3  # shards in flight for each thread of the workers: one trains, the others wait there
DEATHS = 10  # of local workers that one shard survives before Dask gives it up for the first time
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has no other
ANSWER = 5.0  # seconds to wait for the scheduler
PATIENCE = 30.0  # and for its first worker


class DaskExecutor:
    """Processes that Dask looks after: a local cluster, or the workers of a running scheduler.

    A worker that dies loses nothing but time: Dask runs its shards again on another one. Dask
    counts a death against every shard that lay on the worker, also those that only waited there,
    and gives a shard up when it was counted more often than the scheduler's setting
    ``distributed.scheduler.allowed-failures`` (3, unless you raise it where the scheduler runs; the
    local cluster here allows 10). A shard that was given up is submitted anew, up to three times.

    Workers elsewhere need the same version of statewise. Dask sends pickled Python both ways, so
    whoever can reach a scheduler or a worker can run code there: name only schedulers that you
    trust. The local cluster listens on the loopback address alone, but to every user of this
    machine; where that is too many, use processes instead.

    Like every program that starts processes, one with a local cluster needs
    ``if __name__ == "__main__":``.

    Args:
        address: of the scheduler, such as ``tcp://10.0.0.7:8786``; by default a local cluster is
            started, and stopped at the end.
        workers: processes of the local cluster, one thread each; by default one a processor.

    Raises:
        ExtraError: Dask is not installed.
        SettingError: ``workers`` is given with ``address``, or one of them is impossible.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self._dask = import_extra("distributed", "dask")
        if address is not None and workers is not None:
            problem = "is for a local cluster, but the address of a scheduler is given too"
            fix = "Give one of the two; a scheduler knows its workers."
            raise SettingError("workers", workers, problem, fix)
        if workers is not None:
            at_least("workers", workers, 1)
        if address is not None and not re.fullmatch(r"(tcp|tls)://.+:\d+", address):
            problem = "is not the address of a scheduler"
            raise SettingError("address", address, problem, "Give it as tcp://host:port.")
        self.address = address
        self.workers = None if address is not None else workers or available_threads()

    def __enter__(self) -> Self:
        self._cluster: Any = None
        self._waiting: dict[Any, tuple[Any, int]] = {}  # a future -> its shard, submissions
        if self.workers is not None:
            self._cluster = self._local_cluster(self.workers)
        try:
            self._client = self._connect()
        except BaseException:
            self._stop_cluster(at_once=True)
            raise
        return self

    def _local_cluster(self, workers: int) -> Any:
        return self._dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            memory_limit=None,
            silence_logs=logging.CRITICAL,  # a killed worker is not news
            scheduler_kwargs={
                "allowed_failures": DEATHS,
                "dashboard": False,
                "dashboard_address": "127.0.0.1:0",  # a few counters are served in any case
            },
        )

    def _connect(self) -> Any:
        where = self._cluster
        if where is None:
            where = self.address
            self._greet()
        client = self._dask.Client(where, timeout=ANSWER, set_as_default=False)
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except BaseException as error:
            client.close()
            if not isinstance(error, TimeoutError):
                raise
            problem = f"has had no worker for {PATIENCE:.0f} seconds"
            raise self._failed(problem, "Start workers.") from None
        return client

    def _greet(self) -> None:
        """Raise StudyError if no scheduler answers: a client would wait without end for a greeting.

        Nothing is left of the connection, nor of the thread that it has of its own, since a
        notebook's thread has an event loop already.
        """

        async def greet() -> None:
            arguments = self._dask.Security().get_connection_args("client")
            (await self._dask.comm.connect(self.address, timeout=ANSWER, **arguments)).abort()

        try:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, asyncio.wait_for(greet(), ANSWER)).result()
        except Exception as error:  # noqa: BLE001  # what speaks there may be no scheduler
            problem = f"does not answer as a scheduler does within {ANSWER:g} seconds"
            fix = "Start a scheduler there, or check the address."
            if isinstance(error, OSError) and str(error):
                problem += f" ({error})"
            raise self._failed(problem, fix) from None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is not None and self._cluster is None:
                with suppress(Exception):  # the connection may be what failed
                    self._client.cancel(list(self._waiting), force=True)
            self._waiting.clear()
            self._client.close()
        finally:
            self._stop_cluster(at_once=kind is not None)

    def _stop_cluster(self, *, at_once: bool) -> None:
        if self._cluster is None:
            return
        if at_once:  # a worker that is asked to stop finishes its shard first
            for nanny in self._cluster.workers.values():
                nanny.auto_restart = False
                if nanny.pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(nanny.pid, KILL)
        self._cluster.close()

    def results(self, shards: Iterator[Any], task: Task | None = None) -> Iterator[Any]:
        one = partial(task or run_shard, threads=1)
        finished = self._dask.as_completed(loop=self._client.loop)

        def submit(shard: Any, times: int) -> None:
            future = self._client.submit(one, shard, pure=False, retries=RETRIES)
            self._waiting[future] = shard, times
            finished.add(future)

        while True:
            # Workers come and go, so they are counted each time.
            most = AHEAD * max(1, self._threads())
            for shard in islice(shards, max(0, most - len(self._waiting))):
                submit(shard, 1)
            if not self._waiting:
                return
            future = next(finished)
            shard, times = self._waiting[future]
            try:
                result = future.result()
            except self._dask.KilledWorker:
                if times > RETRIES:
                    problem = f"gave a shard up {times} times, since its workers died"
                    fix = "Free some memory or use fewer; finished runs are kept."
                    raise self._failed(problem, fix) from None
                del self._waiting[future]
                submit(shard, times + 1)
            except self._dask.CancelledError:
                raise self._lost() from None
            else:
                del self._waiting[future]
                future.release()
                yield result

    def _threads(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except OSError:
            raise self._lost() from None

    def _lost(self) -> StudyError:
        problem = "the connection to the scheduler was lost, or it dropped the study's shards"
        return self._failed(problem, "Resume when it is back; finished runs are kept.")

    def _failed(self, problem: str, fix: str) -> StudyError:
        return StudyError("address", self.address or "a local cluster", problem, fix)
