"""How often a study says that a network beats the best simple forecast where it cannot.

Series are simulated from processes whose best forecast is simple, so that every "supported" is
false: white noise, random walks, first-order autoregressions, a season with noise, a trend with
noise. Of one more kind, a logistic map with noise, no line knows the rule, so there it is right. A
study of one series and one test part, as ``statewise compare`` makes it, is settled on
each; all series of a kind are trained at once, which changes no bit of it.
"""

import argparse
import time
from collections import Counter
from dataclasses import replace

import numpy as np
from common import machine, table

from statewise.auto.like_forecast import like_forecast, minimal_study
from statewise.data.panel import Panel, Series
from statewise.forecasting import Forecaster, Recipe
from statewise.stats.comparison import share_interval
from statewise.study import ArmResult, Outcome, Study, StudyResult, run_study, settle

KINDS = ("white noise", "random walk", "AR(1), 0.7", "season and noise", "trend and noise")
FOUND = "logistic map and noise"
REGIMES = ("stateless", "stateful-warm")


def simulated(kind: str, rng: np.random.Generator, length: int) -> np.ndarray:
    """One series of a kind."""
    noise, t = rng.normal(size=length), np.arange(length)
    if kind == FOUND:
        x = np.empty(length + 50)
        x[0] = rng.uniform(0.2, 0.8)
        for i in range(1, len(x)):
            x[i] = 3.8 * x[i - 1] * (1.0 - x[i - 1])
        return 100.0 * x[50:] + 2.0 * noise
    if kind == "white noise":
        return 100.0 + 10.0 * noise
    if kind == "random walk":
        return 100.0 + noise.cumsum()
    if kind == "AR(1), 0.7":
        y = noise.copy()
        y[0] /= np.sqrt(1.0 - 0.7**2)
        for i in range(1, length):
            y[i] += 0.7 * y[i - 1]
        return 100.0 + y
    if kind == "season and noise":
        return 100.0 + 10.0 * np.sin(2.0 * np.pi * t / 12.0 + rng.uniform(0, 6)) + 3.0 * noise
    return 100.0 + 0.5 * t + 3.0 * noise


def alone(result: StudyResult, series: Series) -> StudyResult:
    """What a study of one of the series would have found."""
    study: Study = replace(result.study, panel=Panel.of([series]))
    arms = {
        name: ArmResult(
            arm.arm, {cell: each for cell, each in arm.cells.items() if cell[0] == series.unique_id}
        )
        for name, arm in result.arms.items()
    }
    return StudyResult(study, arms)


def main() -> None:
    """Simulate, settle, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=500, help="of each kind")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--train", type=int, default=60, help="observations of a training part")
    parser.add_argument("--test", type=int, default=12, help="observations of a test part")
    parser.add_argument("--horizon", type=int, help="of both (a step; a quarter of the test part)")
    parser.add_argument("--kind", choices=(*KINDS, FOUND), action="append", help="which (the five)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, begin, rows = np.random.default_rng(options.seed), time.monotonic(), []
    for kind in options.kind or KINDS:
        panel = Panel.of(
            Series(f"s{i}", tuple(map(str, range(len(y)))), y)
            for i in range(options.studies)
            for y in [simulated(kind, rng, options.train + options.test)]
        )
        how = {"season": 12 if "season" in kind else 1, "horizon": options.horizon}
        for label, make, model in (
            ("minimal", minimal_study, Forecaster(Recipe(epochs=300), **how)),
            ("like forecast", like_forecast, Forecaster(**how)),
        ):
            study = make(model, panel, REGIMES, test_size=options.test, repeats=options.repeats)
            result = run_study(study)
            counts: Counter[str] = Counter()
            for series in panel.series:
                verdicts = settle(alone(result, series))
                simple = [v for v in verdicts if v.hypothesis.second == "simple"]
                naive = [v for v in verdicts if v.hypothesis.second == "naive"]
                for name, some in (("simple", simple), ("naive", naive)):
                    found = [v.outcome for v in some]
                    counts[name] += Outcome.SUPPORTED in found
                    counts[f"{name} against"] += Outcome.CONTRADICTED in found
            n = options.studies
            low, high = share_interval(counts["simple"] / n, n, 0.95)
            rows.append(
                [kind, label, f"{counts['simple'] / n:.1%} [{low:.1%}, {high:.1%}]",
                 f"{counts['simple against'] / n:.1%}", f"{counts['naive'] / n:.1%}"]
            )  # fmt: skip
            print(rows[-1], f"{time.monotonic() - begin:.0f} s", flush=True)
    header = [
        "series",
        "networks",
        '"beats simple" supported',
        "contradicted",
        '"beats naive" supported',
    ]
    print(f"\nOn {machine()}; {options.studies} studies a row, seed {options.seed}.\n")
    print(table(header, rows))


if __name__ == "__main__":
    main()
