"""Kill a running study again and again, at random moments, and look for what was lost.

A driver runs a study into a file and keeps a log, on disk before it goes on, of the runs whose
shards were acknowledged. It is killed (SIGKILL) at a random moment. Then the file must be whole and
every run in the log must be in it exactly once. The next driver resumes the file; when a study is
finished, its results must be those of an uninterrupted study to the bit, and a new file is begun.
Threads and processes take turns. Needs /proc to find the workers that outlive their driver.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from common import machine, table

from statewise.data.datasets import shampoo
from statewise.errors import StoreError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
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
STUDY = Study(ARMS, shampoo(), test_size=4, repeats=2500, cutoffs=2)
SHORT = 0.1  # seconds that a shard should take
EARLY = 0.1  # seconds within which every fifth driver is killed, while it makes or opens the file
EXECUTORS: dict[str, type[ThreadExecutor] | type[ProcessExecutor]] = {
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
}


@dataclass
class Tally:
    """What was counted for one executor."""

    kills: int = 0
    before: int = 0  # kills before the driver acknowledged anything
    torn: int = 0  # kills in the middle of a transaction: a journal was left
    beyond: int = 0  # kills between a shard's transaction and its line in the log
    ahead: int = 0  # runs in the present file that are not in its log
    runs: int = 0  # acknowledged runs of drivers that were killed
    finished: int = 0
    orphans: int = 0  # workers that were still there half a second after their driver was killed
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Kill, look, resume; print the summary. The exit code is 1 if anything was wrong."""
    if sys.argv[1:2] == ["--drive"]:
        drive(Path(sys.argv[2]), EXECUTORS[sys.argv[3]]())
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--births", type=int, default=100, help="kills while a file is made")
    parser.add_argument("--latest", type=float, default=1.0, help="seconds of work before a kill")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    unborn = births(options.births, rng)
    whole = run_study(STUDY)
    begin = time.monotonic()
    tallies = {name: Tally() for name in EXECUTORS}
    with tempfile.TemporaryDirectory() as folder:
        number = dict.fromkeys(EXECUTORS, 0)
        while sum(tally.kills for tally in tallies.values()) < options.kills:
            name = min(tallies, key=lambda name: tallies[name].kills)
            path = Path(folder) / f"{name}-{number[name]}.db"
            if one_round(path, name, rng, options.latest, tallies[name], whole):
                number[name] += 1
        for name in EXECUTORS:  # what was left unfinished
            path = Path(folder) / f"{name}-{number[name]}.db"
            finish(path, name, tallies[name], whole)
    print(report(tallies, time.monotonic() - begin, options.seed))
    print(
        f"\n{options.births} kills while a file was made; {sum(unborn.values())} unusable after it."
    )
    print("".join(f"\n- {times}: {problem}" for problem, times in unborn.items()))
    sys.exit(bool(unborn) or any(tally.wrong for tally in tallies.values()))


def births(kills: int, rng: random.Random) -> Counter[str]:
    """Kill while a store is made, and open it again; what was wrong, and how often."""
    wrong: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        open_store(STUDY, Path(folder) / "whole.db").close()
        latest = 1.5 * (time.perf_counter() - begin)
        for number in range(kills):
            path = Path(folder) / f"{number}.db"
            child = os.fork()
            if child == 0:
                with suppress(BaseException):
                    open_store(STUDY, path)
                    time.sleep(60)
                os._exit(1)
            time.sleep(rng.uniform(0.0, latest))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            try:
                with open_store(STUDY, path) as store:
                    wrong.update(store.damage()[:1])
            except StoreError as error:
                wrong[error.problem] += 1
    return wrong


def drive(path: Path, executor: ShardExecutor) -> None:
    """Run the study, and log every shard that is acknowledged."""
    with Path(f"{path}.log").open("a", encoding="utf-8") as log:
        log.write("\n")  # the last driver may have died in the middle of a line

        def acknowledge(result: ShardResult) -> None:
            log.writelines(
                json.dumps([part.cell.key, part.repeats.tolist()]) + "\n" for part in result.parts
            )
            log.flush()
            os.fsync(log.fileno())
            print("acknowledged", flush=True)

        execute.AIM = SHORT
        print("begun", flush=True)
        run_study(STUDY, store=path, executor=executor, on_shard=acknowledge)


def one_round(
    path: Path, name: str, rng: random.Random, latest: float, tally: Tally, whole: StudyResult
) -> bool:
    """Run the study until a random moment; whether it was finished before."""
    before = logged(path)
    errors = Path(f"{path}.err")
    with errors.open("a", encoding="utf-8") as said:
        driver = subprocess.Popen(
            [sys.executable, __file__, "--drive", str(path), name],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        )
    assert driver.stdout is not None
    driver.stdout.readline()
    if rng.random() < 0.2:
        moment = rng.uniform(0.0, EARLY)
    else:
        moment = rng.uniform(0.0, latest)
        driver.stdout.readline()  # a shard was acknowledged, or the study is finished
    with suppress(subprocess.TimeoutExpired):
        driver.wait(moment)
    if driver.poll() is not None:
        driver.stdout.close()
        check(path, tally)
        if driver.returncode != 0:
            last = (errors.read_text(encoding="utf-8").splitlines() or [""])[-1]
            tally.wrong.append(f"{path.name}: the driver ended with {driver.returncode}: {last}")
        finish(path, name, tally, whole)
        return True
    driver.kill()
    driver.wait()
    driver.stdout.close()
    acknowledged = sum(logged(path).values()) - sum(before.values())
    tally.kills += 1
    tally.runs += acknowledged
    tally.before += acknowledged == 0
    journal = Path(f"{path}-journal")
    tally.torn += journal.exists() and journal.stat().st_size > 0
    check(path, tally)
    tally.orphans += end_orphans(driver.pid)
    return False


def check(path: Path, tally: Tally) -> None:
    """The file is whole, and every acknowledged run is in it exactly once."""
    acknowledged = logged(path)
    if not path.exists() or path.stat().st_size == 0:
        if acknowledged:
            tally.wrong.append(f"{path.name}: {len(acknowledged)} acknowledged runs, but no file")
        return
    try:
        there, damage = content(Store.read(path))
    except StoreError as error:
        tally.wrong.append(f"{path.name}: cannot be read after a kill: {error}")
        try:
            there, damage = content(Store.write_to(path))
        except StoreError as worse:
            tally.wrong.append(f"{path.name}: nor be written to: {worse}")
            return
    ahead = len(there - acknowledged)
    tally.beyond += ahead > tally.ahead
    tally.ahead = ahead
    tally.wrong += [f"{path.name}: {line}" for line in damage]
    for found, problem in (
        (acknowledged - there, "acknowledged runs are not there"),
        ([run for run, times in there.items() if times > 1], "runs are there twice"),
        ([run for run, times in acknowledged.items() if times > 1], "runs were trained twice"),
    ):
        if found:
            tally.wrong.append(f"{path.name}: {len(found)} {problem}")


def content(opened: Store) -> tuple[Counter[tuple[str, int]], list[str]]:
    """How often each run is in a store, and what is damaged."""
    with opened as store:
        there = Counter(
            (key, repeat) for key in store.cells() for repeat in store.repeats(key).tolist()
        )
        return there, store.damage()


def logged(path: Path) -> Counter[tuple[str, int]]:
    """How often each run was acknowledged."""
    log = Path(f"{path}.log")
    found: Counter[tuple[str, int]] = Counter()
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
    for line in lines:
        with suppress(json.JSONDecodeError):  # of a line that was not written whole
            key, repeats = json.loads(line)
            found.update((key, repeat) for repeat in repeats)
    return found


def finish(path: Path, name: str, tally: Tally, whole: StudyResult) -> None:
    """Finish the study at ``path`` and compare its results with those of ``whole``."""
    try:
        run_study(STUDY, store=path, executor=EXECUTORS[name]())
        with Store.read(path) as store:
            result = read_results(STUDY, store)
            counts = store.counts()
            tally.wrong += [f"{path.name}: {line}" for line in store.damage()]
    except Exception as error:  # noqa: BLE001
        tally.wrong.append(f"{path.name}: could not be finished: {error}")
        return
    tally.finished += 1
    tally.ahead = 0
    if sorted(counts.values()) != [STUDY.repeats] * 4:
        tally.wrong.append(f"{path.name}: holds {sorted(counts.values())} runs")
    for arm, found in result.arms.items():
        for cell, one in found.cells.items():
            other = whole.arms[arm].cells[cell]
            for column in ("forecasts", "scores", "diverged_epoch", "loss"):
                if getattr(one, column).tobytes() != getattr(other, column).tobytes():
                    tally.wrong.append(f"{path.name}: other {column} of {arm} at {cell}")
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()


def end_orphans(session: int) -> int:
    """Kill what is left of a driver's session; how many there were half a second after it."""
    patience = time.monotonic() + 0.5
    while (left := members(session)) and time.monotonic() < patience:
        time.sleep(0.05)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return len(left)


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its_session = place.read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                found.append(int(place.parent.name))
    return found


def report(tallies: dict[str, Tally], seconds: float, seed: int) -> str:
    """The summary: a table, then whatever was wrong."""
    header = ["", *tallies]
    rows = [
        [label, *(f"{getattr(tally, name):,}" for tally in tallies.values())]
        for label, name in (
            ("kills", "kills"),
            ("before anything was acknowledged", "before"),
            ("in the middle of a transaction", "torn"),
            ("between writing and acknowledging", "beyond"),
            ("acknowledged runs", "runs"),
            ("studies finished, and compared to the bit", "finished"),
            ("processes that outlived their driver by half a second", "orphans"),
        )
    ]
    rows.append(["findings", *(f"{len(tally.wrong)}" for tally in tallies.values())])
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    parts = [
        f"On {machine()}; seed {seed}; {seconds:,.0f} seconds, SQLite {sqlite3.sqlite_version}.",
        table(header, rows),
        "\n".join(f"- {line}" for line in wrong) or "Nothing was lost, nothing was there twice.",
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
