"""Studies whose driver is killed: in threads, in processes, through Dask; and stores being made.

A driver runs a study into a file and keeps a log, on disk before it goes on, of the runs whose
shards were acknowledged. After it was killed the file must be whole and every run in the log must
be in it exactly once. The next driver resumes the file; when a study is finished, its results must
be those of an uninterrupted study to the bit, its folder must hold what the folder of that one
holds and no more, and a new file is begun.
"""

import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from soak.killing import (
    ORPHANS,
    Blow,
    Process,
    begin,
    last_words,
    marks,
    outlived,
    rehearsed,
    unfinished,
)
from soak.tally import BEFORE, BETWEEN, BEYOND, MIDDLE, Tally
from statewise.data.datasets import shampoo
from statewise.errors import StoreError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    DaskExecutor,
    ProcessExecutor,
    Store,
    Study,
    StudyResult,
    execute,
    open_store,
    read_results,
    run_study,
)
from statewise.study.executors import ShardExecutor, ThreadExecutor
from statewise.study.shards import ShardResult

TRAINING = Training(4000)
ARMS = tuple(
    Arm(name, Model(REGIMES[name], training=TRAINING)) for name in ("stateful-warm", "stateless")
)
STUDY = Study(ARMS, shampoo(), test_size=4, repeats=1000, cutoffs=2)
SHORT = 0.1  # seconds that a shard should take
LATEST = 1.0  # seconds of work before a kill
WRITING = 3e-3  # seconds that a transaction takes, about
BEGUN, ACKNOWLEDGED = b"b", b"a"
EXECUTORS: dict[str, Callable[[], ShardExecutor]] = {
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
    "Dask": DaskExecutor,
}
Runs = Counter[tuple[str, int]]


class Driven:
    """One kind of executor: a file, its folder, and what was counted."""

    def __init__(self, name: str, place: Path) -> None:
        self.name, self.whole, self.tally = name, whole(), Tally(f"study, {name}")
        self.place, self.number = place / name, 0
        self.folder.mkdir(parents=True)
        if rehearsed(self.drive, self.folder)[0] != 0:
            raise RuntimeError(last_words(self.folder))
        self.usual = marks(self.folder).keys()
        self.next_file()

    @property
    def folder(self) -> Path:
        """Where the driver works; its temporary files are there too."""
        return self.place / str(self.number)

    @property
    def path(self) -> Path:
        return self.folder / "study.db"

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.number}.log")

    def next_file(self) -> None:
        self.number += 1
        self.folder.mkdir()
        self.ahead = 0  # runs in the file that are not in its log

    def drive(self, tell: Callable[[bytes], Any]) -> None:
        """Run the study, and log every shard that is acknowledged."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        os.environ["TMPDIR"] = str(scratch)
        tempfile.tempdir = None  # looked up anew
        execute.AIM = SHORT
        with self.log.open("a", encoding="utf-8") as log:
            log.write("\n")  # the last driver may have died in the middle of a line

            def acknowledge(result: ShardResult) -> None:
                log.writelines(
                    json.dumps([part.cell.key, part.repeats.tolist()]) + "\n"
                    for part in result.parts
                )
                log.flush()
                os.fsync(log.fileno())
                tell(ACKNOWLEDGED)

            tell(BEGUN)
            executor = EXECUTORS[self.name]()
            run_study(STUDY, store=self.path, executor=executor, on_shard=acknowledge)

    def round(self, rng: random.Random) -> None:
        """Drive until a kill, and look."""
        before, files = self.logged(), marks(self.folder)
        process = begin(self.drive, self.folder)
        self.await_moment(process, rng)
        was_killed = process.kill()
        if not was_killed:
            if process.status != 0:
                self.wrong(f"the driver ended with {process.status}: {last_words(self.folder)}")
            self.finish()
            return
        torn = unfinished(files, marks(self.folder))
        lived = outlived(process.pid)
        self.tally.outlived = max(self.tally.outlived, lived)
        if lived > ORPHANS:
            self.wrong(f"a process outlived its driver by {ORPHANS:.0f} s")
        acknowledged = self.logged().total() - before.total()
        self.tally.acknowledged += acknowledged
        beyond = self.check()
        place = BETWEEN if acknowledged else BEFORE
        self.tally.hits[MIDDLE if torn else BEYOND if beyond else place] += 1

    def await_moment(self, process: Process, rng: random.Random) -> None:
        """Wait for a moment to kill.

        A fifth comes early, while workers start and the file is made or opened; a fifth at any
        time; the others in a transaction or soon after one.
        """
        way = rng.choice(("early", "any", "writing", "writing", "written"))
        while (word := process.hear()) not in {BEGUN, b""}:
            pass
        if way == "early":
            process.wait(rng.uniform(0.0, 0.1 if self.name == "threads" else 2.0))
            return
        while word not in {ACKNOWLEDGED, b""}:
            word = process.hear()
        process.wait(rng.uniform(0.0, LATEST))
        if way == "any":
            return
        journal = f"{self.path}-journal"
        end = time.monotonic() + 2.0
        while size_of(journal) == 0 and time.monotonic() < end:
            pass
        if way == "writing":
            busy(rng.uniform(0.0, WRITING))
            return
        while size_of(journal) > 0 and time.monotonic() < end:
            pass
        busy(rng.expovariate(1.0 / WRITING))

    def check(self) -> bool:
        """Look whether the file is whole, and every acknowledged run is in it exactly once.

        Returns whether it was killed between a shard's transaction and its line in the log.
        """
        acknowledged = self.logged()
        if not self.path.exists():
            if acknowledged:
                self.wrong("acknowledged runs, but no file")
            return False
        try:
            with Store.read(self.path) as store:
                there = Counter(
                    (key, repeat) for key in store.cells() for repeat in store.repeats(key).tolist()
                )
                damage = store.damage()
        except StoreError as error:
            self.wrong(f"cannot be read after a kill: {error.problem}")
            return False
        for line in damage:
            self.wrong(line)
        for found, problem in (
            (acknowledged - there, "acknowledged runs are not there"),
            (Counter(run for run, times in there.items() if times > 1), "runs are there twice"),
            (Counter(run for run, n in acknowledged.items() if n > 1), "runs were trained twice"),
        ):
            if found:
                self.wrong(problem)
        ahead = (there - acknowledged).total()
        beyond, self.ahead = ahead > self.ahead, ahead
        return beyond

    def logged(self) -> Runs:
        """How often each run was acknowledged."""
        found: Runs = Counter()
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        for line in lines:
            with suppress(json.JSONDecodeError):  # of a line that was not written whole
                key, repeats = json.loads(line)
                found.update((key, repeat) for repeat in repeats)
        return found

    def finish(self) -> None:
        """Finish the study, compare it with an uninterrupted one, and begin a new file."""
        code, _, _ = rehearsed(self.drive, self.folder)
        if code != 0:
            self.wrong(f"could not be finished: {code}, {last_words(self.folder)}")
        else:
            self.check()
            with Store.read(self.path) as store:
                for problem in differences(read_results(STUDY, store), self.whole):
                    self.wrong(problem)
                if sorted(store.counts().values()) != [STUDY.repeats] * 4:
                    self.wrong("another number of runs is there")
            for name in marks(self.folder).keys() - self.usual:
                self.tally.left[name] += 1
            self.tally.compared += 1
        self.next_file()

    def wrong(self, what: str) -> None:
        self.tally.wrong[what] += 1


def size_of(path: str) -> int:
    """The size of a file, 0 if it is not there."""
    try:
        return os.stat(path).st_size  # noqa: PTH116, in a tight loop
    except OSError:
        return 0


def busy(seconds: float) -> None:
    """Wait without sleeping, which is too coarse for a transaction."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def differences(found: StudyResult, whole: StudyResult) -> list[str]:
    """In what the results of two studies differ, to the bit."""
    return [
        f"other {column} of {arm} at {cell}"
        for arm, other in whole.arms.items()
        for cell, one in found.arms[arm].cells.items()
        for column in ("forecasts", "scores", "diverged_epoch", "loss")
        if getattr(one, column).tobytes() != getattr(other.cells[cell], column).tobytes()
    ]


@cache
def whole() -> StudyResult:
    """The results of an uninterrupted study; whoever asks has compiled everything."""
    return run_study(STUDY)


def soak_executor(name: str, kills: int, place: Path, rng: random.Random) -> Tally:
    """Kill drivers of one kind."""
    driven = Driven(name, place)
    while driven.tally.kills < kills:
        driven.round(rng)
    driven.finish()
    return driven.tally


def soak_births(kills: int, place: Path, rng: random.Random) -> Tally:
    """Kill while a store is made; the next one makes it, or opens it, and leaves nothing else."""
    tally = Tally("store being made")

    def make(_: Callable[[bytes], Any]) -> None:
        open_store(STUDY, "study.db").close()

    usual: set[str] = set()
    number = seconds = steps = 0
    while tally.kills < kills:
        folder = place / "births" / str(number)
        folder.mkdir(parents=True)
        if number == 0:
            _, seconds, steps = rehearsed(make, folder)
            usual = set(marks(folder))
        number += 1
        if number == 1:
            continue
        while rng.random() < 0.8 and tally.kills < kills:
            files, blow = marks(folder), Blow.drawn(rng, seconds, steps)
            if not blow.strike(begin(make, folder, blow.die_at)):
                break
            middle = unfinished(files, marks(folder))
            with suppress(StoreError), Store.read(folder / "study.db") as store:
                if store.specification() is not None:
                    tally.hits[BEYOND] += 1
                    continue
            tally.hits[MIDDLE if middle else BEFORE] += 1
        code, _, _ = rehearsed(make, folder)
        if code != 0:
            tally.wrong[f"cannot be made after a kill: {last_words(folder)}"] += 1
            continue
        with Store.read(folder / "study.db") as store:
            tally.wrong.update(store.damage())
            if store.specification() is None:
                tally.wrong["its specification is not there"] += 1
        tally.left.update(marks(folder).keys() - usual)
        tally.compared += 1
    return tally
