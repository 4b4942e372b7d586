"""Whichever executor runs a study, and whatever dies on the way, the results are the same."""

import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.errors import StudyError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    ProcessExecutor,
    Store,
    Study,
    StudyResult,
    ThreadExecutor,
    read_results,
    run_study,
)
from statewise.study.executors import in_flight
from statewise.study.shards import plan, run_shard

ARMS = tuple(
    Arm(name, Model(REGIMES[name], training=Training(40)))
    for name in ("stateful-warm", "stateless")
)
STUDY = Study(ARMS, shampoo(), test_size=4, repeats=300, cutoffs=2)


def same(a: StudyResult, b: StudyResult) -> None:
    for name in a.arms:
        for cell, result in a.arms[name].cells.items():
            other = b.arms[name].cells[cell]
            np.testing.assert_array_equal(result.scores, other.scores)
            np.testing.assert_array_equal(result.forecasts, other.forecasts)


def test_processes_give_what_threads_give(tmp_path: Path) -> None:
    in_threads = run_study(STUDY, executor=ThreadExecutor(1))
    same(in_threads, run_study(STUDY, threads=2))
    same(in_threads, run_study(STUDY, executor=ProcessExecutor(2), store=tmp_path / "study.db"))


def test_a_study_is_resumed_and_extended(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    small = Study(ARMS[:1], shampoo(), test_size=4, repeats=70, cutoffs=2)
    assert run_study(small, store=path).trained_runs == 140
    assert run_study(small, store=path).trained_runs == 0
    whole = run_study(STUDY, store=path)
    assert whole.trained_runs == 2 * (300 - 70) + 2 * 300
    same(whole, run_study(STUDY))
    with pytest.raises(StudyError, match="repeats: 300 -> 70"):
        run_study(small, store=path)


PROGRAM = """
import sys
from statewise.study import ProcessExecutor, run_study
from tests.study.test_executors import STUDY
executor = ProcessExecutor(2) if sys.argv[2] == "processes" else None
run_study(STUDY, store=sys.argv[1], executor=executor,
          on_shard=lambda shard: print(len(shard.parts), flush=True))
"""


def children(parent: int) -> list[int]:
    """The processes that ``parent`` started, where the system tells."""
    found = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


@pytest.mark.parametrize("where", ["threads", "processes"])
def test_a_killed_study_resumes_to_the_same_bits(where: str, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), where], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(2):
        assert process.stdout.readline()  # acknowledged: these shards are on disk
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert len(workers) >= (2 if where == "processes" else 0)
    for _ in range(100):  # workers end with their driver
        if not any(Path(f"/proc/{worker}/cmdline").exists() for worker in workers):
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"workers {workers} outlived their driver")
    with Store.read(path) as store:
        assert store.damage() == []
        there = sum(store.counts().values())
        assert there >= 2 * 64
        with pytest.raises(StudyError, match=r"is not finished: .*Resume it first"):
            read_results(STUDY, store)
    resumed = run_study(STUDY, store=path)
    assert resumed.trained_runs < 2 * 2 * 300
    same(resumed, run_study(STUDY))


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    killed: list[int] = []
    executor = ProcessExecutor(2)

    def kill_one(_: object) -> None:
        if not killed:
            [victim, *_] = executor._pool._processes.values()
            killed.append(int(victim.pid or 0))
            victim.kill()
            victim.join()

    result = run_study(STUDY, executor=executor, on_shard=kill_one, store=tmp_path / "study.db")
    assert killed
    same(result, run_study(STUDY))


class Broken(Executor):
    def submit(self, *_: Any, **__: Any) -> Any:
        raise BrokenExecutor("no worker is left")


def test_a_broken_pool_loses_no_shard_that_it_was_given() -> None:
    shards = list(plan(STUDY, Store.in_memory(), lambda _: 64))
    waiting: dict[Any, Any] = {}
    left = iter(shards)
    with pytest.raises(BrokenExecutor):
        next(in_flight(Broken(), run_shard, left, 3, waiting))
    assert [id(shard) for shard in (*waiting.values(), *left)] == [id(shard) for shard in shards]


def test_workers_that_keep_dying_are_given_up(tmp_path: Path) -> None:
    executor = ProcessExecutor(1)

    def kill_all(_: object) -> None:
        for victim in list(executor._pool._processes.values()):
            victim.kill()
            victim.join()

    study = Study(ARMS, shampoo(), test_size=4, repeats=2000, cutoffs=2)
    with pytest.raises(StudyError, match="workers = 1: died 4 times"):
        run_study(study, executor=executor, on_shard=kill_all, store=tmp_path / "study.db")
