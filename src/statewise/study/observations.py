"""What a hypothesis compares: the scores of its two arms, on the unit that the study allows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statewise.stats.comparison import Comparison, Floats
from statewise.stats.paired import compare, finite_differences
from statewise.stats.power import pilot_sd, pilot_sd_unpaired
from statewise.stats.several import means_of
from statewise.stats.unpaired import compare_unpaired
from statewise.study.design import Hypothesis, paired_by_repeat
from statewise.study.results import StudyResult, Unit

__all__ = ["UNPAIRED", "Observations", "observe", "observe_cell"]

Tables = tuple[Floats, Floats]
UNPAIRED = "Welch, unpaired"


@dataclass(frozen=True, eq=False)
class Observations:
    """The scores that settle a hypothesis.

    Attributes:
        hypothesis: what was claimed.
        unit: what varies between the observations.
        shared: whether the arms share the initial weights of each repeat.
        margin: the practical margin in the units of the scores.
        tables: (units, repeats) scores of each arm: in the units of the series where restarts are
            compared, (1, repeats); else relative to the naive forecast's, a row a unit.
    """

    hypothesis: Hypothesis
    unit: Unit
    shared: bool
    margin: float
    tables: Tables

    @property
    def test(self) -> str:
        """How the arms are compared, in words."""
        if self.unit != "restart":
            return f"paired by {self.unit}"
        return "paired by repeat" if self.shared else UNPAIRED

    @cached_property
    def values(self) -> Tables:
        """What is compared, (observations,) for each arm; infinite where all runs diverged."""
        first, second = self.tables
        if self.unit == "restart":
            return first[0], second[0]
        counted = [np.isfinite(table) for table in self.tables]
        if self.shared:
            counted = [counted[0] & counted[1]] * 2
        return means_of(first, counted[0]), means_of(second, counted[1])

    def compare(self, level: float) -> Comparison:
        """The comparison that the verdict rests on, with intervals at ``level``."""
        compared = compare_unpaired if self.test == UNPAIRED else compare
        return compared(*self.values, self.margin, level)

    @property
    def differences(self) -> Floats:
        """First minus second in every pair, where they are paired and neither is infinite."""
        return finite_differences(*self.values)

    @property
    def n(self) -> int:
        """The number of finite pairs, or of finite scores of the arm that has fewer."""
        if self.test == UNPAIRED:
            return min(int(np.isfinite(scores).sum()) for scores in self.values)
        return len(self.differences)

    def planning_sd(self) -> float | None:
        """The standard deviation to plan with; None where there are too few scores for one."""
        if self.n < 2:
            return None
        unpaired = self.test == UNPAIRED
        return pilot_sd_unpaired(*self.values) if unpaired else pilot_sd(self.differences)


def observe(result: StudyResult, hypothesis: Hypothesis) -> Observations:
    """What a study observed about one of its hypotheses."""
    if result.unit == "restart":
        return observe_cell(result, hypothesis, next(iter(result.naive_scores)))
    tables = _scores(result, hypothesis.first), _scores(result, hypothesis.second)
    return _observations(result, hypothesis, result.unit, 1.0, tables)


def observe_cell(
    result: StudyResult, hypothesis: Hypothesis, cell: tuple[str, int]
) -> Observations:
    """What was observed on one series from one cutoff: restarts, in the units of the series."""
    first, second = (result.scores(h)[cell][None] for h in (hypothesis.first, hypothesis.second))
    scale = result.naive_scores[cell]
    return _observations(result, hypothesis, "restart", scale, (first, second))


def _observations(
    result: StudyResult, hypothesis: Hypothesis, unit: Unit, scale: float, tables: Tables
) -> Observations:
    shared = paired_by_repeat(result.study, hypothesis.first, hypothesis.second)
    margin = hypothesis.margin_for(scale, result.study.margin)
    return Observations(hypothesis, unit, shared, margin, tables)


def _scores(result: StudyResult, name: str) -> Floats:
    """Relative scores, (units, repeats); cutoffs are averaged where the series is the unit."""
    scores = result.scores(name)
    relative = np.stack([scores[cell] / naive for cell, naive in result.naive_scores.items()])
    if result.unit == "cutoff":
        return relative
    return np.stack(
        [part.mean(axis=0) for part in np.split(relative, len(result.study.panel.series))]
    )
