"""Measure the forecaster through its public face; print a Markdown table.

``python benchmarks/forecaster.py [--rounds 5] [--json FILE]``
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import machine, number, spread, table

import statewise as sw

MONTHS = 120
STATEFUL: dict[str, Any] = {"regime": "stateful-warm", "lags": 1, "units": 1}


def walks(series: int, length: int = MONTHS) -> pd.DataFrame:
    """Monthly random walks."""
    steps = np.random.default_rng(1).normal(0, 1, (series, length))
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"series-{i}" for i in range(series)], length),
            "ds": np.tile(pd.date_range("2010-01", periods=length, freq="MS"), series),
            "y": 100 + steps.cumsum(axis=1).ravel(),
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


def updates(model: sw.Forecaster, name: str, calls: int) -> float:
    """The median of so many updates with the next row of one series, in seconds."""
    taken = []
    for _ in range(calls):
        origin = model.origin_
        ds = origin.frequency.later(origin.last[[origin.place(name)]], 1)
        row = pd.DataFrame({"unique_id": [name], "ds": ds, "y": [100.0]})
        taken.append(seconds(lambda row=row: model.update(row)))  # type: ignore[misc]
    return statistics.median(taken)


def fits(frame: pd.DataFrame, intervals: str | None) -> float:
    model = sw.Forecaster(**STATEFUL, members=10, epochs=200, batch_size=1, intervals=intervals)
    return seconds(lambda: model.fit(frame))


def model_bytes(intervals: str | None) -> tuple[int, int, int]:
    """The size of a file; that of its float32 weights and states; of the observations in them."""
    model = sw.Forecaster(**STATEFUL, members=10, epochs=1, intervals=intervals).fit(walks(1000))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.safetensors")
        size = (Path(folder) / "model.safetensors").stat().st_size
    twin = model.fitted_.calibration
    ensembles = (
        [model.fitted_.ensemble] if twin is None else [model.fitted_.ensemble, twin.ensemble]
    )
    parts = sum(part.size for one in ensembles for part in one.weights)
    runs = sum(one.series * one.members for one in ensembles)
    held = 0 if twin is None else twin.y.size
    return size, 4 * (parts + 2 * runs), 4 * held


def measure(rounds: int) -> dict[str, list[float]]:
    """Every figure, once a round."""
    warm = sw.Forecaster(**STATEFUL, members=10, epochs=2).fit(walks(4))
    warm.predict(1, level=80)
    panel = walks(1000)
    alone = {
        members: sw.Forecaster(**STATEFUL, members=members, epochs=5, intervals=None).fit(walks(1))
        for members in (1, 10)
    }
    many = sw.Forecaster(**STATEFUL, members=1, epochs=2, intervals=None).fit(walks(10_000, 30))
    values = 100 + np.random.default_rng(2).normal(0, 1, 10_000)
    found: dict[str, list[float]] = {}

    def say(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)
        print(f"{name}: {value:.4g}", file=sys.stderr)

    for _ in range(rounds):
        say("fit 1,000 series, seconds", fits(panel, None))
        say("fit 1,000 series and the twin, seconds", fits(panel, "conformal"))
        for members, model in alone.items():
            each(lambda model=model: model.step(100.0), 200)  # type: ignore[misc]
            taken = each(lambda model=model: model.step(100.0), 2000)  # type: ignore[misc]
            said = "member" if members == 1 else "members"
            say(f"step of one series, {members} {said}, µs", 1e6 * taken)
            say(f"step of one series, {members} {said}, µs a member", 1e6 * taken / members)
        taken = each(lambda: many.step(values), 100)
        say("step of 10,000 series, million series-steps a second", 1e-2 / taken)
        say("update of one series of 10,000, ms", 1e3 * updates(many, "series-5000", 20))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.rounds)
    print(f"On {machine()}; rounds: {options.rounds}.\n")
    rows = [[name, spread(values)] for name, values in found.items()]
    print(table(["what", "median (least to greatest)"], rows))
    rows = []
    for intervals in (None, "conformal"):
        size, raw, held = model_bytes(intervals)
        rows.append(
            [
                str(intervals),
                *(number(part / 1000) for part in (size, raw, raw + held)),
                f"{size / raw:.2f}",
                f"{(size - 65_536) / raw:.2f}",
                f"{(size - 65_536) / (raw + held):.2f}",
            ]
        )
    heads = [
        "intervals",
        "file, kB",
        "weights and states, kB",
        "with what the twin has yet to see",
        "times",
        "less 64 KB, times",
        "less 64 KB, times, all",
    ]
    print("\n" + table(heads, rows))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
