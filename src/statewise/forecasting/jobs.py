"""Jobs: the parts of a fit that can be run elsewhere, some series at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Job", "Running", "chunks", "done", "unheard"]

CHUNK = 500  # series of a job


class Running(Protocol):
    """An executor of studies that has been entered."""

    def results(self, shards: Iterator[Any], task: Callable[..., Any]) -> Iterator[Any]:
        """The result of every shard, in any order."""


class Job(NamedTuple):
    """A function and what it is called with."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def unheard(share: float) -> None:
    """Tell nobody what share of the work is done."""


def chunks(series: int) -> list[NDArray[np.intp]]:
    """The places of so many series, some at a time."""
    return [np.arange(i, min(i + CHUNK, series)) for i in range(0, series, CHUNK)]


def done(
    jobs: Sequence[Job],
    running: Running | None,
    tell: Callable[[float], Any] = unheard,
) -> list[Any]:
    """The results of jobs in their order, run here or by an executor.

    ``tell`` is called with the share of them that is done.
    """
    numbered, found = iter(enumerate(jobs)), {}
    results = map(run_job, numbered) if running is None else running.results(numbered, run_job)
    for number, result in results:
        found[number] = result
        tell(len(found) / len(jobs))
    return [found[number] for number in range(len(jobs))]


def run_job(numbered: tuple[int, Job], **_: Any) -> tuple[int, Any]:
    """A numbered job's number and result; executors also name threads, which it does without."""
    number, job = numbered
    return number, job.function(*job.arguments)
