"""Are spoilt panels forecast? Two hundred random ones, in which ordinary series lie among wrecks.

A panel has one of nine frequencies and up to eight series, each ordinary or spoilt in one of the
ways of ``WAYS``. ``Forecaster()`` with no settings is fitted, forecasts with intervals, is shown
one more row of every series, and forecasts again. None may be refused; forecasts and bounds are to
be finite, in order, and not negative where the history is not.

``python benchmarks/mutilated.py [--panels 200] [--first 1]``
"""

import argparse
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from common import machine, table
from numpy.typing import NDArray

from statewise import Forecaster

Array = NDArray[np.float64]
Random = np.random.Generator

# Of each frequency: its season, and the greatest length of a series.
FREQUENCIES: dict[str | None, tuple[int, int]] = {
    "15min": (96, 500), "h": (24, 400), "D": (7, 300), "B": (5, 300), "W": (52, 200),
    "MS": (12, 150), "QS": (4, 80), "YS": (1, 40), None: (1, 100),
}  # fmt: skip


def ordinary(random: Random, season: int, length: int) -> Array:
    """A season, a trend, and noise; positive."""
    t = np.arange(length)
    wave = random.uniform(0, 0.4) * np.sin(2 * np.pi * t / max(season, 2))
    return np.asarray(100 * np.exp(wave + 0.002 * t + 0.05 * random.normal(size=length)))


def some(random: Random, y: Array, value: float, share: float) -> Array:
    """A share of the observations, at random, with another value."""
    return np.where(random.random(len(y)) < share, value, y)


def tail(y: Array, value: float, count: int) -> Array:
    """The last observations with another value, but not the first of all."""
    return np.where(np.arange(len(y)) >= max(1, len(y) - count), value, y)


def spike(random: Random, y: Array) -> Array:
    """One observation a million times as large."""
    y = y.copy()
    y[random.integers(len(y))] *= 1e6
    return y


# What is done to an ordinary series; NaN is a missing value, and a row that is left out a gap.
WAYS: dict[str, Callable[[Random, Array], Array]] = {
    "ordinary": lambda _, y: y,
    "one observation": lambda _, y: y[:1],
    "short": lambda random, y: y[: random.integers(2, 6)],
    "constant": lambda _, y: np.full(len(y), 7.0),
    "zero": lambda _, y: np.zeros(len(y)),
    "intermittent": lambda random, y: some(random, y, 0.0, 0.8),
    "ends in zeros": lambda random, y: tail(y, 0.0, random.integers(1, len(y))),
    "constant at the end": lambda random, y: tail(y, float(y[-1]), random.integers(1, len(y))),
    "one value, once": lambda random, y: np.eye(1, len(y), random.integers(len(y)))[0],
    "missing values": lambda random, y: some(random, y, np.nan, 0.3),
    "mostly missing": lambda random, y: some(random, y, np.nan, 0.9),
    "missing at the end": lambda random, y: tail(y, np.nan, random.integers(1, len(y))),
    "gaps": lambda random, y: some(random, y, np.inf, 0.2),
    "tiny": lambda _, y: 1e-12 * y,
    "huge": lambda _, y: 1e15 * y,
    "negative": lambda _, y: -y,
    "around zero": lambda random, y: y - 100 + random.normal(size=len(y)),
    "a random walk": lambda random, y: random.normal(size=len(y)).cumsum(),
    "a spike": spike,
    "a jump": lambda random, y: np.where(np.arange(len(y)) < random.integers(len(y)), y, 1e3 * y),
    "whole numbers": lambda _, y: np.round(y / 50),
    "explosive": lambda _, y: np.exp(np.minimum(0.5 * np.arange(len(y)), 60.0)),
}  # fmt: skip


def panel(seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """A panel, and what was done to each of its series."""
    random = np.random.default_rng(seed)
    freq = random.choice(np.array(list(FREQUENCIES), object))
    season, longest = FREQUENCIES[freq]
    rows, done = [], {}
    for i in range(random.integers(1, 9)):
        way = "ordinary" if random.random() < 0.3 else str(random.choice(list(WAYS)))
        length = int(random.integers(8, longest))
        y = WAYS[way](random, ordinary(random, season, length))
        if not np.isfinite(y).any():
            y[0] = 1.0
        # Series of one frequency, but not of one beginning.
        begin = int(random.integers(0, 20))
        count = begin + len(y)
        times: Any = np.arange(count)
        if freq is not None:
            times = pd.date_range("2001-01-01", periods=count, freq=freq)
        name = f"{i}: {way}"
        one = pd.DataFrame({"unique_id": name, "ds": times[begin:], "y": y})
        # The first and the last row are kept: without them a series is only shorter.
        inner = one.index.isin([0, len(one) - 1])
        one["y"] = np.where(np.isinf(one["y"]) & inner, 5.0, one["y"])
        rows.append(one[~np.isinf(one["y"])])
        done[name] = way
    return pd.concat(rows), done


def faults(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """What is wrong with the forecasts of a panel: the series, and in which way."""
    model = Forecaster().fit(frame)
    least = frame.groupby("unique_id")["y"].min()
    found = []
    for said in ("", ", after one more row"):
        if said:
            origin = model.origin_  # a series ends with its last observation
            later = origin.frequency.later(origin.last, 1)
            model.update(pd.DataFrame({"unique_id": origin.ids, "ds": later, "y": 50.0}))
        made = model.predict(level=[80, 95])
        if "unique_id" not in made:
            made.insert(0, "unique_id", frame["unique_id"].iloc[0])
        numbers = made[["lo-95", "lo-80", "mean", "hi-80", "hi-95"]].to_numpy()
        low = made["unique_id"].map(least).to_numpy()
        wrong = {
            "not finite": ~np.isfinite(numbers).all(axis=1),
            "bounds not in order": (np.diff(numbers, axis=1) < 0).any(axis=1),
            "negative": (low >= 0) & (numbers.min(axis=1) < 0),
        }
        for fault, rows in wrong.items():
            found += [(name, fault + said) for name in made["unique_id"][rows].unique()]
        missing = set(frame["unique_id"]) - set(made["unique_id"])
        found += [(name, f"not forecast{said}") for name in missing]
    return found


def main() -> None:
    """Try every panel, and print what was found; exit code 1 means a refusal or a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="the seed of the first panel")
    options = parser.parse_args()
    tried, refused, wrong, warned = Counter[str](), [], Counter[tuple[str, str]](), Counter[str]()
    begin = time.perf_counter()
    for seed in range(options.first, options.first + options.panels):
        frame, done = panel(seed)
        tried.update(done.values())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found = faults(frame)
            except Exception as error:  # noqa: BLE001 (any is a refusal, and is counted)
                where = traceback.extract_tb(error.__traceback__)[-1]
                refused.append([str(seed), f"{type(error).__name__}: {error}"[:160], where.name])
                print(refused[-1], ", ".join(done), file=sys.stderr)
                continue
        for name, fault in found:
            print(seed, name, fault, file=sys.stderr)
            wrong[done[name], fault] += 1
        warned.update({str(each.message)[:100] for each in caught})
    seconds = time.perf_counter() - begin
    print(f"On {machine()}; {options.panels} panels in {seconds:.0f} s.\n")
    print(f"Refused: {len(refused)}. Series with a fault: {sum(wrong.values())}.\n")
    if refused:
        print(table(["panel", "error", "in"], refused) + "\n")
    rows = [
        [way, str(tried[way]), "; ".join(f"{f} {n}" for (w, f), n in wrong.items() if w == way)]
        for way in WAYS
    ]
    print(table(["series", "tried", "faults"], rows))
    for message, count in warned.items():
        print(f"\nWarned in {count}: {message}")
    sys.exit(bool(refused or wrong))


if __name__ == "__main__":
    main()
