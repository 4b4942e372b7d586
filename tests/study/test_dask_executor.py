"""Through Dask a study gives what it gives in threads, whatever dies on the way."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import distributed
import pytest

from statewise.data.datasets import shampoo
from statewise.errors import ExtraError, SettingError, StudyError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Store, Study, StudyResult, ThreadExecutor, run_study
from statewise.study.dask_executor import AHEAD, DaskExecutor
from statewise.study.shards import Shard, plan, run_shard
from tests.study.test_executors import STUDY, same


@pytest.fixture(scope="module")
def in_threads() -> StudyResult:
    return run_study(STUDY, executor=ThreadExecutor(1))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    made = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    with made:
        yield made


def exactly(path: Path, study: Study) -> None:
    """The store holds every run of the study once, and nothing else."""
    with Store.read(path) as store:
        assert store.damage() == []
        counts = store.counts()
        assert set(counts.values()) == {study.repeats}
        assert len(counts) == len(study.arms) * 2


def test_a_local_cluster_gives_what_threads_give(tmp_path: Path, in_threads: StudyResult) -> None:
    path = tmp_path / "study.db"
    result = run_study(STUDY, executor=DaskExecutor(workers=2), store=path)
    same(in_threads, result)
    assert result.trained_runs == 2 * 2 * 300
    exactly(path, STUDY)


def test_the_workers_of_a_running_scheduler_give_what_threads_give(
    tmp_path: Path, in_threads: StudyResult, cluster: Any
) -> None:
    path = tmp_path / "study.db"
    executor = DaskExecutor(cluster.scheduler_address)
    same(in_threads, run_study(STUDY, executor=executor, store=path))
    exactly(path, STUDY)
    same(in_threads, run_study(STUDY, executor=executor))  # an executor can be used again
    with distributed.Client(cluster, set_as_default=False) as client:
        assert len(client.nthreads()) == 2  # what was there before stays


def test_a_worker_killed_in_the_middle_of_a_shard_loses_nothing(tmp_path: Path) -> None:
    arm = Arm("a", Model(REGIMES["stateless"], training=Training(60_000)))  # a shard takes a second
    study = Study((arm,), shampoo(), test_size=4, repeats=150, cutoffs=2)
    executor = DaskExecutor(workers=2)
    counted: list[int] = []

    def kill() -> None:
        while not getattr(executor, "_waiting", None):
            time.sleep(0.01)
        scheduler = executor._cluster.scheduler
        victim, process = next(iter(executor._client.run(os.getpid).items()))
        while not scheduler.workers[victim].processing:
            time.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        while victim in scheduler.workers:
            time.sleep(0.01)
        counted.append(max(task.suspicious for task in list(scheduler.tasks.values())))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    path = tmp_path / "study.db"
    result = run_study(study, executor=executor, store=path)
    killer.join(10)
    assert counted == [1]  # a shard lay on the worker, and was run again
    assert result.trained_runs == 2 * 150
    exactly(path, study)
    same(result, run_study(study))


def test_shards_are_taken_lazily_and_few_are_in_flight(cluster: Any) -> None:
    taken: list[int] = []
    most = 0
    with Store.in_memory() as store, DaskExecutor(cluster.scheduler_address) as executor:

        def counted() -> Iterator[Shard]:
            for number, shard in enumerate(plan(STUDY, store, lambda _: 10)):
                taken.append(number)
                yield shard

        for number, _ in enumerate(executor.results(counted())):
            most = max(most, len(taken) - number)
        assert number + 1 == len(taken) == 2 * 60
    assert most <= AHEAD * 2


def test_an_error_in_the_driver_ends_workers_in_the_middle_of_a_shard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("statewise.study.dask_executor.run_shard", endless_but_for_quick)
    model = Model(REGIMES["stateless"], training=Training(1))
    arms = (Arm("quick", model), Arm("endless", model, restarts=1))
    study = Study(arms, shampoo(), test_size=4, repeats=64)
    executor = DaskExecutor(workers=2)
    workers: list[int] = []

    def fail(_: object) -> None:
        workers.extend(executor._client.run(os.getpid).values())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(study, executor=executor, on_shard=fail)
    assert len(workers) == 2
    for _ in range(3000):
        if not any(is_alive(worker) for worker in workers):
            return
        time.sleep(0.01)
    pytest.fail(f"workers {workers} outlived the study")


def endless_but_for_quick(shard: Shard, threads: int) -> Any:
    while shard.arms[0].name != "quick":
        time.sleep(0.1)
    return run_shard(shard, threads)


def is_alive(process: int) -> bool:
    """Whether a process is there, and more than an entry that its parent has yet to read."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def test_a_shard_that_keeps_killing_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("statewise.study.dask_executor.DEATHS", 0)
    monkeypatch.setattr("statewise.study.dask_executor.run_shard", deadly)
    with pytest.raises(StudyError, match="gave a shard up 4 times"):
        run_study(STUDY, executor=DaskExecutor(workers=1))


def deadly(_: Shard, threads: int) -> None:  # noqa: ARG001
    os.kill(os.getpid(), signal.SIGKILL)


SCHEDULER = """
import time
from distributed import LocalCluster
cluster = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, protocol="tcp",
                       host="127.0.0.1", dashboard_address="127.0.0.1:0")
print(cluster.scheduler_address, flush=True)
time.sleep(60)
"""


def test_a_lost_scheduler_is_said_and_the_study_resumed(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    arm = Arm("a", Model(REGIMES["stateless"], training=Training(20_000)))
    study = Study((arm,), shampoo(), test_size=4, repeats=400)
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            executor = DaskExecutor(process.stdout.readline().strip())
            with pytest.raises(StudyError, match=r"was lost.*Resume when it is back"):
                run_study(study, store=path, executor=executor, on_shard=lambda _: process.kill())
        finally:
            process.kill()
    assert run_study(study, store=path).trained_runs < 400


def test_an_error_of_a_shard_is_raised_as_it_is(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("statewise.study.dask_executor.run_shard", wrong)
    with pytest.raises(StudyError, match="x = 1: is wrong"):
        run_study(STUDY, executor=DaskExecutor(cluster.scheduler_address))


def wrong(_: Shard, threads: int) -> None:
    raise StudyError("x", threads, "is wrong", "Mend it.")


def test_where_no_scheduler_answers_it_is_said_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("statewise.study.dask_executor.ANSWER", 0.2)
    threads = set(threading.enumerate())
    said = "does not answer as a scheduler does within 0.2 seconds"
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        silent, closed = (each.getsockname()[1] for each in (listening, deaf))
        for port in (silent, closed):  # one takes a connection and says nothing, one takes none
            with pytest.raises(StudyError, match=rf"tcp://127.0.0.1:{port}.*{said}"):
                run_study(STUDY, executor=DaskExecutor(f"tcp://127.0.0.1:{port}"))
        talking = threading.Thread(target=greet_wrongly, args=[listening])
        talking.start()
        with pytest.raises(StudyError, match=said):
            run_study(STUDY, executor=DaskExecutor(f"tcp://127.0.0.1:{silent}"))
        talking.join()
    assert set(threading.enumerate()) == threads


def greet_wrongly(listening: socket.socket) -> None:
    """Take the connections that wait, and greet them as another server does."""
    listening.settimeout(0.1)
    taken = []
    with suppress(TimeoutError):
        while True:
            taken.append(listening.accept()[0])
            taken[-1].sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
    for each in taken:
        each.close()


def test_settings_are_checked() -> None:
    with pytest.raises(SettingError, match="Give one of the two"):
        DaskExecutor("tcp://127.0.0.1:8786", workers=2)
    with pytest.raises(SettingError, match="workers = 0"):
        DaskExecutor(workers=0)
    with pytest.raises(SettingError, match="is not the address"):
        run_study(STUDY, executor=DaskExecutor("nonsense://x"))


def test_without_dask_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExtraError, match=r"pip install 'statewise\[dask\]'"):
        DaskExecutor()
