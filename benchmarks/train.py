"""Time the training engine against its peers on the tutorial's stateful configuration.

Everything is measured in turn, round after round, so that a machine that slows down slows all of
it. A ratio is taken within a round. What cannot be measured is listed with the reason.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from common import cores, machine
from floor import ABSENT, Floor, FloorError
from results import (
    FEW,
    FLOOR,
    MANY,
    Measurement,
    Results,
    few_table,
    many_table,
    statewise_way,
)
from work import EPOCHS, NETWORK, REGIME, TRAINING, samples, work

from statewise import __version__, fit

PEERS = {"keras": "keras_loop.py", "torch": "torch_loop.py", "jax": "jax_scan.py"}
RESTARTS = (1, 10, 100, 1000)  # at once, in the second table
CALLS = 5  # timed calls of one measurement in one round
PATIENCE = 300  # seconds for a peer


class PeerError(Exception):
    """A peer cannot be measured."""


def main() -> int:
    """Measure, print the tables; 1 if something that is installed failed."""
    options = arguments()
    results = Results(versions={"statewise": f"statewise {__version__}"})
    with tempfile.TemporaryDirectory() as folder:
        tasks = tasks_of(options, results, Path(folder))
        for number in range(options.rounds):
            forward = number % 2 == 0  # every other round runs backward
            for name in list(tasks) if forward else reversed(tasks):
                if name not in results.missing:
                    print(f"round {number + 1}/{options.rounds}: {name}", file=sys.stderr)
                    run_task(name, tasks[name], number, results)
    if options.json is not None:
        document = {"machine": machine(), **asdict(results)}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(report(results, options.rounds))
    return int(not all(reason.startswith(ABSENT) for reason in results.missing.values()))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=4096, help="at once, in the first table")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default=",".join(["floor", *PEERS]), help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement here")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    unknown = set(options.peers) - {"floor", *PEERS}
    if unknown or options.rounds < 1 or options.restarts < 16:
        parser.error(f"unknown peers {sorted(unknown)}, no rounds, or fewer than 16 restarts")
    return options


Task = Callable[[int], list[Measurement]]


def tasks_of(options: argparse.Namespace, results: Results, folder: Path) -> dict[str, Task]:
    """What one round measures, by name; each is called with the round's number."""
    floor = None
    if "floor" in options.peers:
        try:
            floor = Floor(folder, EPOCHS)
            results.versions["floor"] = floor.version
        except FloorError as error:
            results.drop("floor", str(error))
    given = json.dumps(work())
    tasks: dict[str, Task] = {
        "many restarts": lambda number: measure_many(number, options.restarts, floor),
        "few restarts": measure_few,
    }
    for name in PEERS:
        if name in options.peers:
            tasks[name] = lambda number, name=name: measure_peer(number, name, given, results)
    return tasks


def run_task(name: str, task: Task, number: int, results: Results) -> None:
    """Add a task's measurements, or the reason why there are none."""
    try:
        results.measurements += task(number)
    except PeerError as error:
        results.drop(name, str(error))


def time_fit(restarts: int, threads: int) -> tuple[float, float]:
    """Milliseconds a restart of one ``fit``, and the cores that it kept busy."""
    x, y = samples()
    wall, processor = time.perf_counter(), time.process_time()
    fitted = fit(
        NETWORK, TRAINING, REGIME, x, y, repeats=restarts, keep_loss=False, threads=threads
    )
    seconds = time.perf_counter() - wall
    if fitted.diverged_epoch.any():
        raise RuntimeError("a restart of statewise diverged")
    return 1000.0 * seconds / restarts, (time.process_time() - processor) / seconds


def measure_many(number: int, restarts: int, floor: Floor | None) -> list[Measurement]:
    """Time statewise and the floor in turn, several times, and take the medians."""
    floor_ms, own = [], {threads: [] for threads in sorted({1, cores()})}
    for threads in own:
        time_fit(restarts, threads)
    for _ in range(CALLS):
        if floor is not None:
            floor_ms.append(floor.ms_a_restart(restarts))
        for threads, timed in own.items():
            timed.append(time_fit(restarts, threads))
    found = [
        Measurement(number, MANY, "statewise", statewise_way(threads), restarts, *middle(timed))
        for threads, timed in own.items()
    ]
    if floor is not None:
        found.append(Measurement(number, MANY, "floor", FLOOR, restarts, median(floor_ms), None))
    return found


def middle(timed: list[tuple[float, float]]) -> tuple[float, float]:
    """The pair whose first number is the median."""
    return sorted(timed)[len(timed) // 2]


def measure_few(number: int) -> list[Measurement]:
    """Time statewise with few restarts at once."""
    found = []
    for restarts in RESTARTS:
        for threads in sorted({1, cores()}):
            time_fit(restarts, threads)
            timed = middle([time_fit(restarts, threads) for _ in range(CALLS)])
            way = statewise_way(threads)
            found.append(Measurement(number, FEW, "statewise", way, restarts, *timed))
    return found


def measure_peer(number: int, name: str, given: str, results: Results) -> list[Measurement]:
    """Run a peer in a process of its own; it checks that it does the work it is given."""
    script = Path(__file__).parent / "peers" / PEERS[name]
    answer = answer_of([sys.executable, str(script)], given)
    results.versions[name] = answer["versions"]
    return [
        Measurement(number, FEW, name, e["way"], e["restarts"], e["ms_a_restart"], e["cores"])
        for e in answer["entries"]
    ]


def answer_of(command: list[str], given: str) -> dict[str, Any]:
    """The JSON line that a peer prints last.

    Raises:
        PeerError: it failed, with the last line of what it said.
    """
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise PeerError(f"took more than {PATIENCE} seconds") from None
    if done.returncode < 0:
        raise PeerError(f"ended by signal {-done.returncode}")
    if done.returncode > 0:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        missing = said.startswith("ModuleNotFoundError")
        raise PeerError(f"{ABSENT}: {said}" if missing else said)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def report(results: Results, rounds: int) -> str:
    """The tables, with what they were measured on."""
    parts = [
        f"On {machine()}; rounds: {rounds}.",
        "; ".join(results.versions.values()) + ".",
        many_table(results),
        few_table(results),
        *(f"Not measured: {name} ({reason})." for name, reason in results.missing.items()),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
