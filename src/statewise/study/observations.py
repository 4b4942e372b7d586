"""What a hypothesis compares: the scores of its two arms, on the unit that the study allows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from statewise.stats.accuracy import EqualAccuracy, equal_accuracy
from statewise.stats.comparison import Comparison, Floats
from statewise.stats.paired import compare, finite_differences
from statewise.stats.power import pilot_sd, pilot_sd_unpaired
from statewise.stats.several import means_of
from statewise.stats.unpaired import compare_unpaired
from statewise.study.design import paired_by_repeat
from statewise.study.hypotheses import Hypothesis
from statewise.study.results import StudyResult, Unit

__all__ = ["UNPAIRED", "Observations", "observe", "observe_cell"]

Tables = tuple[Floats, Floats]
UNPAIRED = "Welch, unpaired"
LEAST = 3  # origins of a test part, for it to say anything of others


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
        fixed: whether one of the two is a simple forecast, which has no restarts.
        over_time: of such a one where restarts are compared, and the origins of the test part are
            enough for it: the test of equal expected squared errors over times like these.
        score: what scores in the units of the series are called; "" where nobody knows.
    """

    hypothesis: Hypothesis
    unit: Unit
    shared: bool
    margin: float
    tables: Tables
    fixed: bool = False
    over_time: EqualAccuracy | None = None
    score: str = "RMSE"

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

    def p_difference(self, found: Comparison) -> float | None:
        """The p-value of a difference in everything that the verdict speaks of.

        Of an arm and a simple forecast on one test part it is the larger of two: over restarts,
        which say nothing of other times, and over times. Both must show the difference, and on the
        same side (an intersection-union test, Berger 1982), so that neither is pooled.

        Args:
            found: the comparison, at any level.
        """
        if not (self.fixed and self.unit == "restart") or found.p_value is None:
            return found.p_value
        times = self.over_time
        if times is None or (times.difference < 0.0) != ((found.difference or 0.0) < 0.0):
            return 1.0
        return max(found.p_value, times.p_value)

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
    return _observations(result, hypothesis, "restart", scale, (first, second), cell)


def _observations(
    result: StudyResult,
    hypothesis: Hypothesis,
    unit: Unit,
    scale: float,
    tables: Tables,
    cell: tuple[str, int] | None = None,
) -> Observations:
    study, names = result.study, (hypothesis.first, hypothesis.second)
    shared = paired_by_repeat(study, *names)
    margin = hypothesis.margin_for(scale, study.margin)
    fixed = not all(map(study.is_arm, names))
    times = over_time(result, names, cell) if fixed and cell is not None else None
    return Observations(hypothesis, unit, shared, margin, tables, fixed, times)


def over_time(
    result: StudyResult, names: tuple[str, str], cell: tuple[str, int]
) -> EqualAccuracy | None:
    """The test of equal squared errors over the times of a test part; None where they are few.

    An arm's squared error at a time is the mean over its runs that did not diverge. The errors of
    one origin are related, so their mean is one observation: there are as many as origins.
    """
    losses = []
    for name in names:
        if result.study.is_arm(name):
            found = result.arms[name].cells[cell]
            forecasts = found.forecasts[np.isfinite(found.scores)]
            if not len(forecasts):
                return None
        else:
            forecasts = result.simple[cell].forecast(name)[None]
        losses.append(((forecasts - result.actual[cell]) ** 2).mean(axis=0))
    origins = np.arange(0, len(losses[0]), result.study.horizon)
    sizes = np.diff([*origins, len(losses[0])])
    first, second = (np.add.reduceat(each, origins) / sizes for each in losses)
    if len(origins) < LEAST or not np.isfinite([first, second]).all():
        return None
    return equal_accuracy(first, second)


def _scores(result: StudyResult, name: str) -> Floats:
    """Relative scores, (units, repeats); cutoffs are averaged where the series is the unit."""
    scores = result.scores(name)
    relative = np.stack([scores[cell] / naive for cell, naive in result.naive_scores.items()])
    if result.unit == "cutoff":
        return relative
    return np.stack(
        [part.mean(axis=0) for part in np.split(relative, len(result.study.panel.series))]
    )
