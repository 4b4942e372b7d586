"""Time one study in threads, in processes and through Dask: what an executor costs.

A round runs the whole study with each executor into a new file, every other round backward.
Starting the workers is part of the time; so is the import of statewise in each of them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from common import cores, machine, spread, table

from statewise.data.datasets import shampoo
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, ProcessExecutor, Study, StudyResult, ThreadExecutor, run_study
from statewise.study.dask_executor import DaskExecutor
from statewise.study.executors import ShardExecutor

EXECUTORS: dict[str, Callable[[], ShardExecutor]] = {
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
    "dask": DaskExecutor,
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=48_000)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(EXECUTORS), help="executors, by commas")
    options = parser.parse_args()
    names = options.only.split(",")
    training = Training(options.epochs)
    arms = tuple(
        Arm(n, Model(REGIMES[n], training=training)) for n in ("stateful-warm", "stateless")
    )
    study = Study(arms, shampoo(), test_size=12, repeats=options.repeats)
    run_study(Study(arms, shampoo(), test_size=12, repeats=8))  # compile
    seconds: dict[str, list[float]] = {name: [] for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    results: list[StudyResult] = []
    for number in range(options.rounds):
        print(f"round {number + 1}/{options.rounds}", file=sys.stderr)
        for name in names if number % 2 == 0 else names[::-1]:
            result, took = measure(study, EXECUTORS[name]())
            seconds[name].append(took)
            results = [results[0] if results else result, result]
            if not same(*results):
                raise RuntimeError(f"{name} gave other results")
        for name in names:
            ratios[name].append(seconds[name][-1] / seconds[names[0]][-1])
    print(report(options, seconds, ratios))


def measure(study: Study, executor: ShardExecutor) -> tuple[StudyResult, float]:
    """Run the study into a new file; its results and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        result = run_study(study, store=Path(folder) / "study.db", executor=executor)
        return result, time.perf_counter() - begin


def same(a: StudyResult, b: StudyResult) -> bool:
    """Whether two results are equal to the bit."""
    return all(
        result.forecasts.tobytes() == b.arms[name].cells[cell].forecasts.tobytes()
        for name in a.arms
        for cell, result in a.arms[name].cells.items()
    )


def report(
    options: argparse.Namespace, seconds: dict[str, list[float]], ratios: dict[str, list[float]]
) -> str:
    """The table, with what was measured and on what."""
    runs = 2 * options.repeats
    first = next(iter(seconds))
    rows = [
        [name, spread(found), f"{runs / median(found):,.0f}", spread(ratios[name])]
        for name, found in seconds.items()
    ]
    return (
        f"On {machine()}; {runs:,} runs of {options.epochs:,} epochs on shampoo sales with "
        f"{cores()} workers; rounds: {options.rounds}; median (least to greatest).\n\n"
        + table(["", "seconds", "runs a second", f"times {first}"], rows)
    )


if __name__ == "__main__":
    main()
