"""Is the default ever worse than a naive forecast? Made and real series, ten cutoffs each.

At each cutoff ``Forecaster(horizon=h)`` is fitted to what comes before it, and its forecast is set
beside the naive and the seasonal naive ones. An error is the mean absolute one, in units of the
mean absolute change of its series; a kind's is the mean over series and cutoffs, and it is
divided by that of the best naive forecast of the kind, of any season. The default is not to be
worse by more than two percent.

``python benchmarks/guard.py [--kind NAME] [--fast] [--alone]``
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import machine, table
from numpy.typing import NDArray
from panels import MADE, Panel, made, real

from statewise import Forecaster

Array = NDArray[np.float64]
ALLOWED = 1.02


@dataclass(frozen=True)
class Row:
    """What one kind gave, in errors over those of the best naive forecast.

    Attributes:
        combination, network: of the kind; the network's is None where none was trained.
        best: that of the best single forecast, and its name.
        worst: of the combination for a single series, over that series' own best naive forecast.
        naive: which naive forecast is the best of the kind.
        seconds: a fit with its forecast.
    """

    series: int
    cutoffs: int
    combination: float
    network: float | None
    best: tuple[float, str]
    worst: float
    naive: str
    seconds: float


def measure(panel: Panel, cutoffs: int, alone: bool) -> Row:
    """Fit and forecast at each cutoff, and compare."""
    ids = panel.frame["unique_id"].unique()
    series = [panel.frame[panel.frame["unique_id"] == name] for name in ids]
    groups = series if alone else [panel.frame]
    length = min(map(len, series))
    step = max(1, min(panel.horizon, length // 30))
    held = [panel.horizon + step * i for i in range(cutoffs)]
    begin = time.perf_counter()
    found = [pd.concat([errors(group, panel.horizon, back) for group in groups]) for back in held]
    seconds = (time.perf_counter() - begin) / (len(groups) * len(held))
    unit = panel.frame.groupby("unique_id", sort=False)["y"].agg(lambda y: y.diff().abs().mean())
    each = pd.concat(found).groupby(level=0, sort=False).mean().div(unit.replace(0, 1), axis=0)
    means = each.mean()
    naive = [name for name in each if name == "naive" or name.startswith("seasonal naive")]
    over = means / means[naive].min()
    single = over.drop("mean")
    return Row(
        len(ids),
        cutoffs,
        float(over["mean"]),
        float(over["network"]) if "network" in over else None,
        (float(single.min()), str(single.idxmin())),
        float((each["mean"] / each[naive].min(axis=1)).max()),
        str(means[naive].idxmin()),
        seconds,
    )


def errors(frame: pd.DataFrame, horizon: int, back: int) -> pd.DataFrame:
    """The mean absolute error of every forecast of each series without the last ``back`` rows.

    Returns:
        A row a series, a column a forecast; the combination's is called ``mean``.
    """
    rows = frame.groupby("unique_id", sort=False)
    left = rows.cumcount(ascending=False)
    after = frame[(left < back) & (left >= back - horizon)]
    model = Forecaster(horizon=horizon).fit(frame[left >= back])
    found = model.predict(kinds=True).drop(columns="ds")
    ids = after["unique_id"].to_numpy()
    found = found.drop(columns="unique_id", errors="ignore")
    apart = found.sub(after["y"].to_numpy(), axis=0).abs()
    return apart.groupby(ids, sort=False).mean()


def main() -> None:
    """Measure every kind, print a row for each; exit code 1 means that one is too much worse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", action="append", help="by name, or all that begin like it")
    parser.add_argument("--fast", action="store_true", help="three cutoffs, four made series")
    parser.add_argument("--alone", action="store_true", help="fit every series by itself")
    parser.add_argument("--seed", type=int, default=1, help="of the made series")
    parser.add_argument("--json", type=Path, help="keep what was found")
    options = parser.parse_args()
    cutoffs, series = (3, 4) if options.fast else (10, 10)
    panels = {kind: made(kind, options.seed, series) for kind in MADE} | real()
    wanted = tuple(options.kind or [""])
    kinds = [kind for kind in panels if kind.startswith(wanted)]
    if not kinds:
        parser.error(f"known: {'; '.join(panels)}")
    found = {}
    for kind in kinds:
        found[kind] = measure(panels[kind], cutoffs, options.alone)
        print(kind, "{0.combination:.3f} {0.seconds:.2f} s".format(found[kind]), file=sys.stderr)
    fitted = "every series by itself" if options.alone else "the series of a kind together"
    print(f"On {machine()}; {cutoffs} cutoffs, {fitted}, seed {options.seed}.\n")
    heads = ["mean absolute error over the best naive", "series", "**combination**", "network"]
    heads += ["best single forecast", "worst series", "best naive", "seconds a fit"]
    print(table(heads, [cells(kind, row) for kind, row in found.items()]))
    worse = [kind for kind, row in found.items() if row.combination > ALLOWED]
    print(f"\nWorse by more than 2 %: {', '.join(worse) or 'none'}, of {len(found)}.")
    if options.json:
        document = {kind: asdict(row) for kind, row in found.items()}
        options.json.write_text(json.dumps(document, indent=1), encoding="utf-8")
    sys.exit(bool(worse))


def cells(kind: str, row: Row) -> list[str]:
    """One kind's row of the table."""
    return [
        kind,
        str(row.series),
        f"{row.combination:.3f}",
        "" if row.network is None else f"{row.network:.3f}",
        "{:.3f} {}".format(*row.best),
        f"{row.worst:.3f}",
        row.naive,
        f"{row.seconds:.2f}",
    ]


if __name__ == "__main__":
    main()
