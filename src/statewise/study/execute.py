"""Run a study: plan what is missing, run it somewhere, write it down, read it back."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from statewise.errors import StudyError
from statewise.study.design import Arm, Study
from statewise.study.executors import ShardExecutor, ThreadExecutor
from statewise.study.results import ArmResult, CellResult, StudyResult
from statewise.study.seen import see
from statewise.study.shards import ShardResult, cells_of, plan, training_of
from statewise.study.specification import differences, digest, to_document
from statewise.study.store import Store

__all__ = ["open_store", "read_results", "refuse_changes", "run_study"]

AIM = 2.0  # seconds that a shard should take


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
        >>> from statewise.model.spec import Model
        >>> arm = Arm("a", Model(training=Training(epochs=5)))
        >>> result = run_study(Study((arm,), shampoo(), test_size=12, repeats=4))
        >>> result.arms["a"].forecasts.shape, round(result.naive_rmse, 3)
        ((4, 12), 136.761)
    """
    opened = nullcontext(store) if isinstance(store, Store) else open_store(study, store)
    pace, trained, seconds = Pace(), 0, 0.0
    with opened as there:
        with executor or ThreadExecutor(threads) as running:
            for result in running.results(plan(study, there, pace.runs_at_once)):
                there.write(result.parts)
                pace.learn(result)
                trained += result.shard.runs
                seconds += result.train_seconds
                if on_shard is not None:
                    on_shard(result)
        return read_results(study, there, trained, seconds)


def open_store(study: Study, path: str | Path | None) -> Store:
    """A store for writing ``study``: in memory, or the file at ``path``, made or resumed.

    Raises:
        DataError: a series cannot be framed for an arm.
        StoreError: the file cannot be used.
        StudyError: it holds another study.
    """
    document = to_document(study)
    if new := path is None or not Path(path).exists():
        check_framings(study)
    if path is None:
        store = Store.in_memory()
    elif Path(path).exists():
        store = Store.write_to(path)
    else:
        store = Store.create(path)
    with ExitStack() as undo:
        undo.callback(store.close)
        refuse_changes(study, store)
        found = store.specification()
        if found is None or found[1] != digest(document):
            if not new:
                check_framings(study)
            store.declare(document, digest(document))
        undo.pop_all()
    return store


def check_framings(study: Study) -> None:
    """Raise DataError where a series, as a constant one, cannot be framed for the arms."""
    for framing in {arm.model.framing for arm in study.arms}:
        for series in study.panel.series:
            for cutoff in study.cutoffs_of(series):
                see(framing, series, cutoff, study.adjust, study.past)


def refuse_changes(study: Study, store: Store) -> None:
    """Raise StudyError if the store was begun with a study that ``study`` does not extend."""
    found = store.specification()
    changes = [] if found is None else differences(found[0], to_document(study))
    if changes:
        problem = f"was started with another specification ({'; '.join(changes)})"
        fix = "Run it with what it was started with, or into a new store."
        raise StudyError("study", str(store.path), problem, fix)


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
        StoreError: runs are damaged, or of other restarts than the study says.
    """
    arms = {}
    wanted = np.arange(study.repeats)
    for arm in study.arms:
        cells = {}
        for series, cutoff, cell in cells_of(study, arm):
            found = store.runs(cell)
            chosen = found.repeats < study.repeats
            if not np.array_equal(found.repeats[chosen], wanted):
                problem = (
                    f"is not finished: {arm.name} on {series.unique_id} has {chosen.sum()} of "
                    f"{study.repeats} repeats"
                )
                raise StudyError("study", str(store.path), problem, "Resume it first.")
            cells[series.unique_id, cutoff] = CellResult(
                found.forecasts[chosen],
                found.scores[chosen],
                found.diverged_epoch[chosen],
                found.loss[chosen],
            )
        arms[arm.name] = ArmResult(arm, cells)
    return StudyResult(study, arms, trained_runs, train_seconds)
