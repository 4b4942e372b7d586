"""Run a study in planned looks, and stop as soon as every hypothesis is decided."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from statewise.stats.power import Look, looks
from statewise.study.execute import run_study
from statewise.study.executors import ShardExecutor
from statewise.study.results import StudyResult
from statewise.study.store import Store
from statewise.study.verdicts import Outcome, Verdict, settle

__all__ = ["Decided", "run_until_decided"]


@dataclass(frozen=True)
class Decided:
    """How a study in looks ended.

    Attributes:
        result: with the repeats of the last look that was taken.
        verdicts: at that look, with its share of the error.
        taken: the looks that were taken.
        planned: how many there could have been.
    """

    result: StudyResult
    verdicts: list[Verdict]
    taken: list[Look]
    planned: int


def run_until_decided(
    study: Any,
    store: Store,
    make_executor: Callable[[], ShardExecutor],
    on_shard: Callable[[Any], Any] | None = None,
) -> Decided:
    """Add restarts in ``study.looks`` steps up to ``study.repeats``, until nothing is undecided.

    The study's alpha is divided evenly among the looks, so that looking often does not make a
    chance finding likelier (Bonferroni over looks). The number of looks is part of the study, and
    declared with it. A study that is resumed takes the same looks again, and ends the same way.

    Args:
        study: with ``looks`` above one, or one for a single look at all repeats.
        store: open for writing, with the study declared.
        make_executor: makes the executor of each look.
        on_shard: as for ``run_study``.
    """
    planned = looks(study.repeats, study.looks, study.alpha)
    taken: list[Look] = []
    trained, seconds = 0, 0.0
    for look in planned:
        part = replace(study, repeats=look.repeats, alpha=look.alpha, looks=1)
        result = run_study(part, store=store, executor=make_executor(), on_shard=on_shard)
        trained += result.trained_runs
        seconds += result.train_seconds
        taken.append(look)
        verdicts = settle(result)
        if all(verdict.outcome is not Outcome.UNDECIDED for verdict in verdicts):
            break
    whole = replace(result, trained_runs=trained, train_seconds=seconds)
    return Decided(whole, verdicts, taken, len(planned))
