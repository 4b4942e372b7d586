"""Run a study in planned looks, and stop as soon as every hypothesis is decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from statewise.stats.power import Look, looks
from statewise.study.design import Study
from statewise.study.execute import read_results, run_study
from statewise.study.executors import ShardExecutor
from statewise.study.results import StudyResult
from statewise.study.store import Store
from statewise.study.verdicts import Outcome, Verdict, settle

__all__ = ["Decided", "read_decided", "run_until_decided"]


@dataclass(frozen=True)
class Decided:
    """How a study in looks ended.

    Attributes:
        result: with the repeats of the last look that was taken.
        verdicts: at that look, with its share of the error.
        taken: the looks that were taken.
        planned: all looks that there could have been.
    """

    result: StudyResult
    verdicts: list[Verdict]
    taken: list[Look]
    planned: list[Look]

    @property
    def summary(self) -> str:
        """At which look it ended, in a sentence; nothing where a single one was planned."""
        last, of = self.taken[-1], len(self.planned)
        if of == 1:
            return ""
        return (
            f"{'Decided' if is_decided(self.verdicts) else 'Ended undecided'} at look "
            f"{len(self.taken)} of {of}, after {last.repeats} of {self.planned[-1].repeats} "
            f"repeats; each look has an error of {last.alpha:.2%}."
        )


def run_until_decided(
    study: Study,
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
    return _take_looks(
        study,
        lambda part: run_study(part, store=store, executor=make_executor(), on_shard=on_shard),
    )


def read_decided(study: Study, store: Store) -> Decided:
    """How a study in looks ended, from its store alone.

    A study that was decided early is finished with as many repeats as it stopped at. One with a
    single look is finished with all of them.

    Raises:
        StudyError: the runs of a look that must be taken are missing.
    """
    return _take_looks(study, lambda part: read_results(part, store))


def is_decided(verdicts: Sequence[Verdict]) -> bool:
    """Whether there are verdicts, and none of them is "undecided"."""
    return bool(verdicts) and all(v.outcome is not Outcome.UNDECIDED for v in verdicts)


def _take_looks(study: Study, result_of: Callable[[Study], StudyResult]) -> Decided:
    """Settle the study that each planned look sees, until everything is decided."""
    planned = [Look(study.repeats, study.alpha)]  # a single repeat may be enough of many series
    if study.looks > 1:
        planned = looks(study.repeats, study.looks, study.alpha)
    trained, seconds = 0, 0.0
    for look in planned:
        result = result_of(replace(study, repeats=look.repeats, alpha=look.alpha, looks=1))
        trained += result.trained_runs
        seconds += result.train_seconds
        verdicts = settle(result)
        if is_decided(verdicts):
            break
    whole = replace(result, trained_runs=trained, train_seconds=seconds)
    return Decided(whole, verdicts, planned[: planned.index(look) + 1], planned)
