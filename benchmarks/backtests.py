"""Backtests of the Forecaster on real panels, beside naive and statistical forecasts.

The last `horizon` observations of every series are forecast once, from the end of the rest.
"""

import argparse
import csv
import sys
import time
from pathlib import Path
from typing import Any

from common import machine, table
from panels import PANELS, RealPanel

from statewise.base.files import Staging
from statewise.forecasting import Backtest, Forecaster

BESIDE = ("AutoETS", "AutoARIMA")
LOCAL: dict[str, Any] = {"intervals": None, "point": "median"}


def models(panel: RealPanel) -> dict[str, Forecaster]:
    """What is compared: each series by itself as it comes, in logarithms, and all together."""
    season, horizon = panel.season, panel.horizon
    lags = max(season, 2)
    together = {"scope": "global", "regime": "stateless-shuffled", "scale": None, "difference": 0}
    together |= {"relative": "last", "transform": "log", "lags": lags, "steps": 4, "members": 8}
    together |= {"outputs": horizon, "units": 32, "batch_size": 64, "clip_error": 0.05}
    together |= {"epochs": 60, "learning_rate": 0.002}
    positive = bool((panel.frame["y"] > 0).all())
    found = {"default": Forecaster(**LOCAL, lags=lags)}
    found["stateful-warm"] = Forecaster("stateful-warm", **LOCAL, lags=lags)
    if positive:
        found["logarithms"] = Forecaster(**LOCAL, lags=lags, transform="log")
        found["global"] = Forecaster(**LOCAL, **together)
    return found


def run(panel: RealPanel, beside: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row a model: its scores and the seconds it took."""
    rows: list[dict[str, Any]] = []
    for i, (name, model) in enumerate(models(panel).items()):
        begin = time.perf_counter()
        found: Backtest = model.backtest(
            panel.frame, panel.horizon, season=panel.season, beside=() if i else beside
        )
        seconds = time.perf_counter() - begin
        for row in found.table:
            if row["method"] == "statewise":
                mine = {"method": name, "seconds": None if i == 0 and beside else seconds}
                rows.insert(i, row | mine)
            elif i == 0:
                rows.append(row | {"seconds": None})
        print(f"  {name}: {seconds:.1f} s", file=sys.stderr)
    return rows


def main() -> None:
    """Run, print a table a panel, and keep the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", default=",".join(PANELS), help="panels, by commas")
    parser.add_argument("--beside", default=",".join(BESIDE), help="models of statsforecast")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the CSV file")
    options = parser.parse_args()
    beside = tuple(name for name in options.beside.split(",") if name)
    print(f"On {machine()}.")
    with Staging(options.out) as staging, staging.path("scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        shown = ("mase", "smape", "skill-naive", "skill-seasonal-naive")
        writer.writerow(["panel", "method", *shown])
        for name in options.panels.split(","):
            panel = PANELS[name]()
            print(f"\n{panel.source}: {panel.frame['unique_id'].nunique():,} series, "
                  f"{panel.horizon} steps ahead\n")  # fmt: skip
            rows = run(panel, beside)
            for row in rows:
                writer.writerow([name, row["method"], *(row.get(key) for key in shown)])
            cells = [
                [row["method"], *("-" if row.get(k) is None else f"{row[k]:.3f}" for k in shown)]
                for row in sorted(rows, key=lambda row: row["mase"])
            ]
            print(table(["", *shown], cells), flush=True)


if __name__ == "__main__":
    main()
