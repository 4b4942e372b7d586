"""Run a study: train each distinct training once, forecast every arm from it, score."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.baselines import persistence
from statewise.engine import Fitted
from statewise.framing import FittedFraming
from statewise.metrics import rmse
from statewise.study.design import Arm, Study
from statewise.walk import walk_forward

__all__ = ["ArmResult", "StudyResult", "run_study"]


@dataclass(frozen=True)
class ArmResult:
    """What one arm did, a repeat along the first axis.

    Attributes:
        arm: what was run.
        forecasts: (repeats, test_size) in the units of the series.
        scores: (repeats,) test RMSE; infinite for a run that diverged, which so loses to any other.
        diverged_epoch: (repeats,) counted from one; zero for a run that did not diverge.
    """

    arm: Arm
    forecasts: NDArray[np.float64]
    scores: NDArray[np.float64]
    diverged_epoch: NDArray[np.int32]


@dataclass(frozen=True)
class StudyResult:
    """Every arm's result, with the naive forecast beside it.

    Attributes:
        study: what was declared.
        arms: by name, in the order of the study.
        naive_forecast: (test_size,) persistence.
        naive_rmse: its RMSE.
        trained_runs: the trainings done; arms that train alike share them.
        train_seconds: time spent training, and no other.
    """

    study: Study
    arms: dict[str, ArmResult]
    naive_forecast: NDArray[np.float64]
    naive_rmse: float
    trained_runs: int
    train_seconds: float

    @property
    def margin(self) -> float:
        """The practical margin in the units of the series."""
        return self.study.margin * self.naive_rmse


def run_study(
    study: Study,
    *,
    threads: int | None = None,
    on_training: Callable[[str, int], Any] | None = None,
    on_arm: Callable[[str], Any] | None = None,
) -> StudyResult:
    """Run every arm of a study in this process.

    Arms that differ only in how they forecast (warm-up, forecast resets) train alike: since a run
    is a function of its specification, such trainings are done once and shared.

    Args:
        study: what to run.
        threads: at most this many; by default one a processor.
        on_training: called with an arm's name and the runs of its training finished so far.
        on_arm: called with an arm's name when it is scored.

    Example:
        >>> from statewise.datasets import shampoo
        >>> from statewise.network import Training
        >>> from statewise.regime import StateRegime
        >>> arm = Arm("a", StateRegime(), training=Training(epochs=5))
        >>> result = run_study(Study((arm,), shampoo(), test_size=12, repeats=4))
        >>> result.arms["a"].forecasts.shape, round(result.naive_rmse, 3)
        ((4, 12), 136.761)
    """
    series = study.panel.only
    history, actual = series.y[: -study.test_size], series.y[-study.test_size :]
    trainings: dict[Arm, tuple[FittedFraming, Fitted]] = {}
    results: dict[str, ArmResult] = {}
    seconds = 0.0
    for arm in study.arms:
        key = training_of(arm)
        if key not in trainings:
            framing = arm.framing.fit(history, name=series.unique_id)
            x, y = framing.samples(history)
            engine.load(arm.network, study.repeats, threads)
            begin = time.perf_counter()
            fitted = engine.fit(
                arm.network,
                arm.training,
                arm.regime,
                x,
                y,
                repeats=study.repeats,
                seed=(study.seed, arm.restarts),
                keep_loss=False,
                threads=threads,
                on_progress=None if on_training is None else _named(on_training, arm.name),
            )
            seconds += time.perf_counter() - begin
            trainings[key] = framing, fitted
        framing, fitted = trainings[key]
        steps = walk_forward(arm.network, arm.regime, framing, fitted, series.y, study.test_size)
        forecasts = np.stack([forecast.mean for forecast in steps], axis=1)
        scores = rmse(actual, forecasts)
        lost = (fitted.diverged_epoch > 0) | ~np.isfinite(scores)
        results[arm.name] = ArmResult(
            arm, forecasts, np.where(lost, np.inf, scores), fitted.diverged_epoch
        )
        if on_arm is not None:
            on_arm(arm.name)
    naive = persistence(series.y, study.test_size)
    return StudyResult(
        study=study,
        arms=results,
        naive_forecast=naive,
        naive_rmse=float(rmse(actual, naive)),
        trained_runs=study.repeats * len(trainings),
        train_seconds=seconds,
    )


def training_of(arm: Arm) -> Arm:
    """The arm stripped of what training does not depend on: arms with one result train alike."""
    regime = replace(arm.regime, warm_up="none", reset_forecast="step")
    return replace(arm, name="", regime=regime)


def _named(report: Callable[[str, int], Any], name: str) -> Callable[[int], Any]:
    return lambda finished: report(name, finished)
