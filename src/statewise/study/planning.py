"""How many more restarts, cutoffs or series a study needs, from those that are there."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from statewise.base.checks import fraction, positive
from statewise.errors import SettingError, StoreError
from statewise.stats.power import (
    power_of_difference,
    power_of_equivalence,
    power_of_no_worse,
    repeats_for,
    repeats_for_half_width,
)
from statewise.study.design import Study
from statewise.study.execute import read_results
from statewise.study.observations import Observations, observe
from statewise.study.results import StudyResult
from statewise.study.shards import cells_of
from statewise.study.store import Store

__all__ = ["Needed", "pilot_of", "plan_hypotheses"]


@dataclass(frozen=True)
class Needed:
    """How many observations one hypothesis needs; their unit is that of ``observed``.

    Attributes:
        observed: the pilot.
        sd: the standard deviation planned with, see ``pilot_sd``; None where there is none.
        alpha: the level of the declared test that ``for_power`` is planned at.
        half_width: the target, in the units of the scores.
        for_half_width: the fewest whose interval is that narrow, at one minus the study's alpha
            (of a look, where several are planned).
        for_power: the fewest with which the declared test decides. Both are None without an ``sd``
            above zero, or where ten million are not enough.
    """

    observed: Observations
    sd: float | None
    alpha: float
    half_width: float
    for_half_width: int | None
    for_power: int | None


def pilot_of(study: Study, store: Store) -> StudyResult:
    """The results of a study's first repeats, as many as every arm has everywhere.

    Raises:
        StoreError: these are fewer than two.
    """
    there = study.repeats
    for arm in study.arms:
        for _, _, cell in cells_of(study, arm):
            repeats = store.repeats(cell.key)
            there = min(there, int((repeats == np.arange(len(repeats))).sum()))
    if there < 2:
        problem = f"has {there} repeats of every arm"
        raise StoreError("store", str(store.path), problem, "Run two or more first.")
    part = replace(study, repeats=there, looks=1, alpha=study.alpha / study.looks)
    return read_results(part, store)


def plan_hypotheses(
    result: StudyResult, half_width: float | None = None, power: float = 0.8
) -> list[Needed]:
    """What each hypothesis of a study needs, from its runs as a pilot.

    The unit is that of the verdicts: where a study has several series, more restarts cannot stand
    in for more series.

    ``half_width`` is the target for the interval of the mean difference, the practical margin by
    default. ``power`` is the probability with which the declared test is to decide: "better", if
    the arms differ by the margin; "equivalent" and "no_worse", if they do not differ. It is planned
    at the strictest level that Holm's correction may ask for, alpha over the size of the family and
    the number of looks. For arms that are not paired the numbers are of each arm, and a little too
    large.
    """
    study = result.study
    if half_width is not None:
        positive("half_width", half_width)
    positive("power", fraction("power", power))
    sizes = Counter(h.family for h in study.hypotheses)
    alpha = study.alpha / study.looks
    return [
        _plan(observe(result, h), alpha, alpha / sizes[h.family], half_width, power)
        for h in study.hypotheses
    ]


def _plan(
    seen: Observations, alpha: float, strictest: float, half_width: float | None, power: float
) -> Needed:
    sd, target = seen.planning_sd() or None, half_width or seen.margin
    test = {
        "better": partial(power_of_difference, difference=seen.margin),
        "equivalent": partial(power_of_equivalence, margin=seen.margin),
        "no_worse": partial(power_of_no_worse, margin=seen.margin),
    }[seen.hypothesis.kind]
    precise = decided = None
    if sd is not None:
        with suppress(SettingError):  # more than anybody plans
            precise = repeats_for_half_width(sd, target, 1.0 - alpha)
        with suppress(SettingError):
            decided = repeats_for(test, power, sd=sd, alpha=strictest)
    return Needed(seen, sd, strictest, target, precise, decided)
