"""Run a study: plan what is missing, run it somewhere, write it down, read it back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.panel import Series
from statewise.errors import StudyError
from statewise.scoring.baselines import persistence
from statewise.scoring.metrics import rmse
from statewise.study.design import NAIVE, Arm, Study
from statewise.study.executors import ShardExecutor, ThreadExecutor
from statewise.study.shards import ShardResult, cells_of, plan, training_of
from statewise.study.specification import differences, digest, to_document
from statewise.study.store import Store

__all__ = ["ArmResult", "CellResult", "StudyResult", "open_store", "read_results", "run_study"]

AIM = 2.0  # seconds that a shard should take
SLOWEST = 10.0  # seconds that no shard should exceed


@dataclass(frozen=True)
class CellResult:
    """What one arm did on one series from one cutoff, a repeat along the first axis.

    Attributes:
        forecasts: (repeats, test_size) in the units of the series.
        scores: (repeats,) test RMSE; infinite for a run that diverged, which so loses to any other.
        diverged_epoch: (repeats,) counted from one; zero for a run that did not diverge.
        loss: (repeats, epochs), or (repeats, 0) where it was not kept.
        restarts: what the initial weights and sample orders derive from, as the store recorded it
            (see ``restarts_key``); None if it did not.
    """

    forecasts: NDArray[np.float64]
    scores: NDArray[np.float64]
    diverged_epoch: NDArray[np.int32]
    loss: NDArray[np.float32]
    restarts: str | None = None


@dataclass(frozen=True)
class ArmResult:
    """What one arm did, cell by cell: by the name of the series and the cutoff."""

    arm: Arm
    cells: dict[tuple[str, int], CellResult]

    @property
    def only(self) -> CellResult:
        """The one cell of a study of one series and one cutoff."""
        [cell] = self.cells.values()
        return cell

    @property
    def scores(self) -> NDArray[np.float64]:
        """The scores of the one cell, (repeats,)."""
        return self.only.scores

    @property
    def forecasts(self) -> NDArray[np.float64]:
        """The forecasts of the one cell, (repeats, test_size)."""
        return self.only.forecasts


@dataclass(frozen=True)
class StudyResult:
    """Every arm's results, with the naive forecast beside them.

    Attributes:
        study: what was declared.
        arms: by name, in the order of the study.
        trained_runs: the trainings done this time; arms that train alike share them.
        train_seconds: time spent training them, and no other.
    """

    study: Study
    arms: dict[str, ArmResult]
    trained_runs: int = 0
    train_seconds: float = field(default=0.0, compare=False)

    @cached_property
    def naive(self) -> dict[tuple[str, int], NDArray[np.float64]]:
        """The naive forecast of each series and cutoff, (test_size,)."""
        return {
            (series.unique_id, cutoff): persistence(self._until(series, cutoff), size)
            for size in [self.study.test_size]
            for series in self.study.panel.series
            for cutoff in self.study.cutoffs_of(series)
        }

    @cached_property
    def actual(self) -> dict[tuple[str, int], NDArray[np.float64]]:
        """The test observations of each series and cutoff, (test_size,)."""
        return {
            (series.unique_id, cutoff): self._until(series, cutoff)[cutoff:]
            for series in self.study.panel.series
            for cutoff in self.study.cutoffs_of(series)
        }

    @cached_property
    def naive_scores(self) -> dict[tuple[str, int], float]:
        """The RMSE of the naive forecast for each series and cutoff."""
        return {cell: float(rmse(self.actual[cell], self.naive[cell])) for cell in self.naive}

    @property
    def naive_forecast(self) -> NDArray[np.float64]:
        """The naive forecast of a study of one series and one cutoff."""
        [forecast] = self.naive.values()
        return forecast

    @property
    def naive_rmse(self) -> float:
        """The RMSE of the naive forecast of a study of one series and one cutoff."""
        [score] = self.naive_scores.values()
        return score

    @property
    def margin(self) -> float:
        """The practical margin in the units of the one series."""
        return self.study.margin * self.naive_rmse

    def scores(self, name: str) -> dict[tuple[str, int], NDArray[np.float64]]:
        """The scores of an arm, or of ``"naive"``, by series and cutoff, (repeats,) each."""
        if name == NAIVE:
            return {c: np.full(self.study.repeats, s) for c, s in self.naive_scores.items()}
        return {cell: result.scores for cell, result in self.arms[name].cells.items()}

    def restarts(self, name: str, cell: tuple[str, int]) -> str | None:
        """What the repeats of an arm derive from in one cell, by series and cutoff.

        The repeats of two arms are pairs, with the same initial weights, where this begins alike up
        to the colon, and share their sample orders too where it is equal. None where the store did
        not record it.
        """
        return self.arms[name].cells[cell].restarts

    def _repr_html_(self) -> str:
        from statewise.report.study_tables import arm_rows
        from statewise.show.notebook import shown

        names = ("arm", "runs", "relative", "skill", "skill_low", "skill_high", "share", "diverged")
        rows = [{name: row[name] for name in names} for row in arm_rows(self)]
        return shown(
            f"Study of {len(self.study.panel.series)} series, {self.study.repeats} repeats",
            rows,
            "relative: mean RMSE over that of the naive forecast; skill: one less it, with its "
            f"{1.0 - self.study.alpha:.0%} interval; share: of the runs that beat the naive "
            "forecast.",
        )

    def _until(self, series: Series, cutoff: int) -> NDArray[np.float64]:
        return series.y[: cutoff + self.study.test_size]


def run_study(
    study: Study,
    *,
    store: str | Path | Store | None = None,
    executor: ShardExecutor | None = None,
    threads: int | None = None,
    on_shard: Callable[[ShardResult], Any] | None = None,
) -> StudyResult:
    """Run what is missing of a study, and read back the whole.

    Arms that differ only in how they forecast (warm-up, forecast resets) train alike: since a run
    is a function of its specification, such trainings are done once and shared.

    Args:
        study: what is to be there at the end.
        store: a file to keep the runs in, made if it is not there, resumed and extended if it is;
            or an open store. By default they are kept in memory.
        executor: where to run; threads of this process by default.
        threads: at most this many, for the default executor; by default one a processor.
        on_shard: called with every shard's result when it is safely written.

    Raises:
        StoreError: the store cannot be used.
        StudyError: the store holds another study; the message shows the differences.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.network import Training
        >>> from statewise.model.regime import StateRegime
        >>> arm = Arm("a", StateRegime(), training=Training(epochs=5))
        >>> result = run_study(Study((arm,), shampoo(), test_size=12, repeats=4))
        >>> result.arms["a"].forecasts.shape, round(result.naive_rmse, 3)
        ((4, 12), 136.761)
    """
    if isinstance(store, Store):
        return _run(study, store, executor or ThreadExecutor(threads), on_shard)
    with open_store(study, store) as opened:
        return _run(study, opened, executor or ThreadExecutor(threads), on_shard)


def open_store(study: Study, path: str | Path | None) -> Store:
    """A store for writing ``study``: in memory, or the file at ``path``, made or resumed.

    Raises:
        StoreError: the file cannot be used.
        StudyError: it holds another study.
    """
    document = to_document(study)
    if path is None:
        store = Store.in_memory()
    elif Path(path).exists():
        store = Store.write_to(path)
    else:
        store = Store.create(path)
    try:
        declare(store, document)
    except BaseException:
        store.close()
        raise
    return store


def declare(store: Store, document: dict[str, Any]) -> None:
    """Write a specification down, unless it is the one in force; refuse one that contradicts it."""
    found = store.specification()
    if found is not None:
        old, hashed = found
        if hashed == digest(document):
            return
        changes = differences(old, document)
        if changes:
            raise StudyError(
                "study",
                str(store.path),
                "was started with another specification:\n  " + "\n  ".join(changes),
                "Run it with what it was started with, or into a new store.",
            )
    store.declare(document, digest(document))


def _run(
    study: Study,
    store: Store,
    executor: ShardExecutor,
    on_shard: Callable[[ShardResult], Any] | None,
) -> StudyResult:
    pace = Pace()
    trained, seconds = 0, 0.0
    with executor:
        shards = plan(study, store, pace.runs_at_once)
        for result in executor.results(shards):
            store.write(result.parts)
            pace.learn(result)
            trained += result.shard.runs
            seconds += result.train_seconds
            if on_shard is not None:
                on_shard(result)
    return read_results(study, store, trained, seconds)


class Pace:
    """How long a run of each training takes, learned from the shards that were run."""

    def __init__(self) -> None:
        self._seconds: dict[Arm, float] = {}

    def runs_at_once(self, arm: Arm) -> int:
        """The number of runs that make a shard of about two seconds."""
        seconds = self._seconds.get(training_of(arm))
        return arm.engine.first_runs if seconds is None else max(1, int(AIM / max(seconds, 1e-7)))

    def learn(self, result: ShardResult) -> None:
        """Learn from a shard; the slowest pace seen counts, so that shards stay short."""
        key = training_of(result.shard.arms[0])
        seconds = result.train_seconds / result.shard.runs
        self._seconds[key] = max(seconds, self._seconds.get(key, 0.0) / 2.0)


def read_results(
    study: Study, store: Store, trained_runs: int = 0, train_seconds: float = 0.0
) -> StudyResult:
    """The results of a study from its store.

    Raises:
        StudyError: runs are missing; the message says how many.
        StoreError: runs are of other restarts than the study says.
    """
    arms = {}
    wanted = np.arange(study.repeats)
    for arm in study.arms:
        cells = {}
        for series, cutoff, cell in cells_of(study, arm):
            repeats, scores, diverged = store.scores(cell.key)
            chosen = repeats < study.repeats
            if not np.array_equal(repeats[chosen], wanted):
                raise StudyError(
                    "study",
                    str(store.path),
                    f"is not finished: {arm.name} on {series.unique_id} has {chosen.sum()} of "
                    f"{study.repeats} repeats",
                    "Resume it first.",
                )
            forecasts, loss = store.curves(cell.key)
            cells[series.unique_id, cutoff] = CellResult(
                forecasts[chosen],
                scores[chosen],
                diverged[chosen],
                loss[chosen],
                store.restarts(cell),
            )
        arms[arm.name] = ArmResult(arm, cells)
    return StudyResult(study, arms, trained_runs, train_seconds)
