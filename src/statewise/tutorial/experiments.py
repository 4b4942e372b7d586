"""The origin experiments, declared as a study like any other.

The experiments and the published numbers are those of J. Brownlee, "Stateful and Stateless LSTM
for Time Series Forecasting with Python" (2017), which ran each ten times on Keras 2.0.
"""

import itertools
import json
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.report.answer import set_up, simple_said
from statewise.report.comparison_tables import verdict_rows
from statewise.scoring.simple_forecasts import SIMPLE
from statewise.show.tables import Row
from statewise.study import (
    Arm,
    Study,
    StudyResult,
    Verdict,
    better,
    equivalent,
    same_by_construction,
    settle,
)
from statewise.study.engines import BUILT_IN, Engine
from statewise.study.results import arm_rows
from statewise.study.summary import Summary, summarise

__all__ = [
    "COMPARISONS",
    "Comparison",
    "Tutorial",
    "conclude",
    "largest_test_size",
    "published",
    "tutorial_study",
]

STATEFUL = "experiment_stateful"  # also reported as noseed_1
STATEFUL_AGAIN = "experiment_stateful2"
STATELESS = "experiment_stateless"
SHUFFLED = "experiment_stateless_shuffle"
STATEFUL_BATCH = "experiment_stateful_batch12"
STATELESS_BATCH = "experiment_stateless_batch12"
RESET_TEST = "experiment_stateful_reset_test"  # noseed_2
NO_RESET = "experiment_stateful_noreset"  # noseed_3
WARM = "experiment_stateful_seed_train"  # seed_1
WARM_RESETS = "experiment_stateful_seed_train_resets"  # seed_2
WARM_NO_RESETS = "experiment_stateful_seed_train_no_resets"  # seed_3


@dataclass(frozen=True)
class Comparison:
    """Experiments that the origin put side by side."""

    key: str
    title: str
    arms: tuple[str, ...]


COMPARISONS = (
    Comparison("a_vs_a", "A against A: the same experiment twice", (STATEFUL, STATEFUL_AGAIN)),
    Comparison(
        "stateful_vs_stateless", "Stateful against stateless", (STATEFUL, STATELESS, SHUFFLED)
    ),
    Comparison("batch", "At the same batch size", (STATEFUL_BATCH, STATELESS_BATCH)),
    Comparison(
        "resets_and_warm_up",
        "When to reset, and whether to warm up",
        (STATEFUL, RESET_TEST, NO_RESET, WARM, WARM_RESETS, WARM_NO_RESETS),
    ),
)

HYPOTHESES = (
    better(STATEFUL, STATELESS, "Stateful beats stateless"),
    better(STATELESS, SHUFFLED, "Stateless without shuffling beats stateless with shuffling"),
    equivalent(
        STATEFUL_BATCH,
        STATELESS_BATCH,
        "Stateful and stateless are near identical at the same batch size",
    ),
    better(STATEFUL, NO_RESET, "Resetting after each training epoch beats never resetting"),
    better(WARM, STATEFUL, "Warming up on the training data beats not doing so"),
    better(STATEFUL, RESET_TEST, "Not resetting between one-step forecasts beats resetting"),
)
"""The six expectations, in the order and the direction in which the origin states them."""


def tutorial_study(
    panel: Panel | None = None,
    *,
    test_size: int = 12,
    repeats: int = 1000,
    profile: str = "keras-3",
    seed: int = 1,
    epochs: int = 1000,
    engine: Engine = BUILT_IN,
) -> Study:
    """The eleven experiments on a series, by default the shampoo sales and their last 12 months.

    Example:
        >>> len(tutorial_study().arms)
        11
    """
    network = Network(units=1, profile=profile)

    def arm(name: str, regime: StateRegime, restarts: int = 0, batch: int | None = None) -> Arm:
        # With a batch it trains on that alone, the samples just before the test set; every test
        # row is then forecast from zero state, as the origin does with one state slot a row.
        framing = Framing(difference=1, lags=1, scale=(-1.0, 1.0), samples=batch)
        model = Model(regime, framing, network, Training(epochs, batch or 1))
        return Arm(name, model, restarts=restarts, engine=engine)

    stateful = REGIMES["stateful"]
    return Study(
        arms=(
            arm(STATEFUL, stateful),
            arm(STATEFUL_AGAIN, stateful, restarts=1),
            arm(STATELESS, REGIMES["stateless"]),
            arm(SHUFFLED, REGIMES["stateless-shuffled"]),
            arm(STATEFUL_BATCH, REGIMES["stateful-reset-forecast"], batch=test_size),
            arm(STATELESS_BATCH, REGIMES["stateless"], batch=test_size),
            arm(RESET_TEST, REGIMES["stateful-reset-forecast"]),
            arm(NO_RESET, REGIMES["continuous"]),
            arm(WARM, REGIMES["stateful-warm"]),
            arm(WARM_RESETS, StateRegime("epoch", warm_up="train", reset_forecast="step")),
            arm(WARM_NO_RESETS, REGIMES["continuous-warm"]),
        ),
        panel=shampoo() if panel is None else panel,
        test_size=test_size,
        repeats=repeats,
        hypotheses=HYPOTHESES,
        margin=0.01,
        seed=seed,
    )


def largest_test_size(panel: Panel | None = None) -> int:
    """The most observations of a series that can be tested on: the batch pair trains on as many.

    Example:
        >>> largest_test_size()
        17
    """
    series = (shampoo() if panel is None else panel).only
    return (len(series) - 2) // 2


def published() -> dict[str, Summary]:
    """The published statistics of ten repeats, by experiment.

    Example:
        >>> published()["experiment_stateless"].mean
        95.661773
    """
    text = (files("statewise.data.datasets") / "published.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["result"]
    return {row.pop("file").removesuffix(".csv"): Summary(**row, diverged=0) for row in rows}


@dataclass(frozen=True)
class Tutorial:
    """A finished tutorial: the study's result and what it settles.

    Attributes:
        result: every arm's scores and forecasts.
        verdicts: on the six expectations.
        identical: pairs of arms that are the same by construction, each with the reason.
        published: the published statistics, or empty where the series is not the origin's.
    """

    result: StudyResult
    verdicts: list[Verdict]
    identical: list[tuple[str, str, str]]
    published: dict[str, Summary]

    def comparison(self, comparison: Comparison) -> list[Row]:
        """A comparison's table: published, this run's first ten repeats, and all repeats."""
        rows = []
        for name in comparison.arms:
            scores = self.result.arms[name].scores
            sources = {
                "published": self.published.get(name),
                "first 10": summarise(scores[:10]) if len(scores) > 10 else None,
                "all": summarise(scores),
            }
            for source, summary in sources.items():
                if summary is not None:
                    rows.append({"experiment": name, "repeats": source, **summary._asdict()})
        return rows

    def tables(self) -> dict[str, list[Row]]:
        """The tables that the page does not have: results as the origin wrote them, comparisons."""
        study = self.result.study
        series = study.panel.only
        first = len(series) - study.test_size
        tables: dict[str, list[Row]] = {
            name: [{"results": float(s)} for s in arm.scores]
            for name, arm in self.result.arms.items()
        }
        tables["dataset"] = [
            {"ds": ds, "y": float(y), "part": "test" if i >= first else "train"}
            for i, (ds, y) in enumerate(zip(series.ds, series.y, strict=True))
        ]
        for comparison in COMPARISONS:
            tables[f"comparison_{comparison.key}"] = self.comparison(comparison)
        return tables

    def to_json(self, threads: int) -> str:
        """The whole result as one JSON document; what is infinite or undefined is null."""
        result, study = self.result, self.result.study
        series, model = study.panel.only, study.arms[0].model
        rate = result.trained_runs / result.train_seconds if result.trained_runs else None
        document = {
            "series": series.unique_id,
            "observations": len(series),
            "test_size": study.test_size,
            "profile": model.network.profile,
            "engine": study.arms[0].engine.label(model),
            "epochs": model.training.epochs,
            "seed": study.seed,
            "repeats": study.repeats,
            "threads": threads,
            "set_up": set_up(study),
            "persistence_rmse": result.naive_rmse,
            "best_simple": simple_said(result),
            "simple_rmse": {
                name: next(iter(result.simple_scores(name).values())) for name in study.simple_names
            },
            "margin": result.margin,
            "trained_runs": result.trained_runs,
            "train_seconds": result.train_seconds,
            "runs_per_second": rate,
            "experiments": {k: summarise(arm.scores)._asdict() for k, arm in result.arms.items()},
            "arms": arm_rows(result),
            "verdicts": verdict_rows(self.verdicts),
            "identical": [{"first": a, "second": b, "reason": why} for a, b, why in self.identical],
        }
        return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)

    def figures(self) -> dict[str, Any]:
        """The figures that the page does not have: the series, and each comparison."""
        from statewise.tutorial.figures import box_plot, series_plot

        result = self.result
        means = {name: s.mean for name, s in self.published.items() if s.mean is not None}
        bars = {"persistence": result.naive_rmse,
                simple_said(result): next(iter(result.simple_scores(SIMPLE).values()))}  # fmt: skip
        figures = {"dataset": series_plot(result.study.panel.only, result.study.test_size)}
        for comparison in COMPARISONS:
            scores = {name: result.arms[name].scores for name in comparison.arms}
            figures[f"comparison_{comparison.key}"] = box_plot(
                comparison.title, scores, bars, means
            )
        return figures


def conclude(result: StudyResult) -> Tutorial:
    """What a finished tutorial study settles.

    Raises:
        AssertionError: arms that must be equal to the bit are not, which is a defect of statewise.
    """
    identical = []
    for (a, first), (b, second) in itertools.combinations(result.arms.items(), 2):
        reason = same_by_construction(result.study, first.arm, second.arm)
        if reason is not None:
            if not (first.scores == second.scores).all():
                raise AssertionError(f"{a} and {b} must be equal to the bit: {reason}")
            identical.append((a, b, reason))
    origin = result.study.panel == shampoo() and result.study.test_size == 12
    return Tutorial(result, settle(result), identical, published() if origin else {})
