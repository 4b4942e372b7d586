"""How long the default takes, how much memory, and what a fitted model costs to carry on.

Every part runs in a process of its own, whose peak memory is its own, after a small fit that loads
the kernels. Forecasts with intervals are part of a fit's time, and for one series the words too.

``python benchmarks/scale.py [--part NAME] [--small] [--json FILE]``
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import machine, number, table

from statewise import Forecaster

Figures = dict[str, float]


def monthly(series: int, length: int) -> pd.DataFrame:
    """Seasonal monthly series with a level that wanders."""
    random = np.random.default_rng(1)
    season = 0.2 * np.sin(2 * np.pi * np.arange(length) / 12 + random.uniform(0, 6, (series, 1)))
    level = 0.03 * random.normal(size=(series, length)).cumsum(axis=1)
    noise = 0.05 * random.normal(size=(series, length))
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"series-{i}" for i in range(series)], length),
            "ds": np.tile(pd.date_range("2001-01", periods=length, freq="MS"), series),
            "y": (100 * np.exp(season + level + noise)).ravel(),
        }
    )


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def each(work: Callable[[], Any], calls: int) -> float:
    """The median of so many calls, in seconds."""
    return statistics.median(seconds(work) for _ in range(calls))


def peak() -> float:
    """The most memory that this process has held, in GB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e9 if sys.platform == "darwin" else 1e6)


def updates(model: Forecaster, calls: int) -> float:
    """The median of so many updates with the next row of one series, in seconds."""
    taken = []
    for _ in range(calls):
        origin = model.origin_
        row = pd.DataFrame(
            {
                "unique_id": origin.ids[:1],
                "ds": origin.frequency.later(origin.last[:1], 1),
                "y": [100.0],
            }
        )
        taken.append(seconds(lambda row=row: model.update(row)))  # type: ignore[misc]
    return statistics.median(taken)


def carried_on(model: Forecaster, calls: int) -> Figures:
    """Steps, updates, forecasts and files of a fitted model."""
    values = 100 + np.random.default_rng(2).normal(0, 1, len(model.origin_))
    model.step(values)
    found = {
        "step of every series, µs": 1e6 * each(lambda: model.step(values), calls),
        "update of one series, µs": 1e6 * updates(model, max(3, calls // 10)),
        "forecasts of every series, ms": 1e3 * each(model.predict, 3),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        found["save, s"] = seconds(lambda: model.save(path))
        found["file, MB"] = path.stat().st_size / 1e6
        found["load, s"] = seconds(lambda: Forecaster.load(path))
    return found


def many(series: int, length: int) -> Figures:
    """One fit of many series, and what follows."""
    frame, model = monthly(series, length), Forecaster()
    found = {
        "fit, s": seconds(lambda: model.fit(frame)),
        "forecasts with intervals, s": seconds(lambda: model.predict(level=[80, 95])),
        "peak memory of both, GB": peak(),
    }
    return found | carried_on(model, 20)


def one(length: int) -> Figures:
    """A series by itself, everything included, five times; and what follows."""
    frame = monthly(1, length).drop(columns="unique_id")

    def everything() -> Forecaster:
        model = Forecaster().fit(frame)
        model.predict(level=[80, 95])
        model.explain()
        return model

    found = {
        "fit, forecast, intervals, words, s": each(everything, 5),
        "peak memory, GB": peak(),
    }
    return found | carried_on(everything(), 1000)


# Of each part: what is measured, with which numbers, and with which when it has to be small.
PARTS: dict[str, tuple[Callable[..., Figures], tuple[int, ...], tuple[int, ...]]] = {
    "one series of 36 months": (one, (36,), (36,)),
    "1,428 series of 120 months": (many, (1428, 120), (40, 120)),
    "10,000 series of 100 months": (many, (10_000, 100), (100, 100)),
}


def run(part: str, small: bool) -> Figures:
    """One part, in this process."""
    work, whole, little = PARTS[part]
    Forecaster().fit(monthly(2, 60)).predict(level=80)
    return work(*(little if small else whole))


def main() -> None:
    """Measure each part, and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", help="by name, or all that begin like it")
    parser.add_argument("--small", action="store_true", help="few series, to see that it works")
    parser.add_argument("--json", type=Path, help="keep what was found")
    options = parser.parse_args()
    parts = [part for part in PARTS if part.startswith(tuple(options.part or [""]))]
    if not parts:
        parser.error(f"known: {'; '.join(PARTS)}")
    found = {}
    print(f"On {machine()}{'; few series' if options.small else ''}.")
    for part in parts:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found[part] = pool.submit(run, part, options.small).result()
        rows = [[name, number(value)] for name, value in found[part].items()]
        print("\n" + table([part, ""], rows), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
