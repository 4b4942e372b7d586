"""The verdict on a hypothesis, in one word and one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from statewise.show.tables import digits_of
from statewise.stats.comparison import Comparison
from statewise.study.design import same_by_construction
from statewise.study.hypotheses import Hypothesis
from statewise.study.observations import UNPAIRED, Observations, observe
from statewise.study.results import StudyResult

__all__ = ["Outcome", "Verdict", "holm", "settle", "verdicts_on"]


class Outcome(StrEnum):
    """The outcome of a hypothesis."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    PRACTICALLY_EQUAL = "practically equal"
    IDENTICAL = "identical"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """A hypothesis with its outcome, the numbers behind it, and the reason in a sentence.

    Attributes:
        hypothesis: what was claimed.
        outcome: supported, contradicted or neither.
        comparison: the numbers behind it; its interval is at one minus the study's alpha.
        small: a difference is shown, and the mean is below the margin: too small to matter.
        test: how the arms were compared: "paired by repeat", "Welch, unpaired" where they share no
            restarts, "paired by cutoff" or "paired by series".
        p_adjusted: the p-value of no difference, by Holm within the hypothesis's family.
        p_within: the p-value of the claim about the margin, by Holm within the family: that the
            difference lies within it, or for "no worse", below it.
        p_over_time: of an arm against a simple forecast on one test part, the p-value of Diebold
            and Mariano's test over the times of that part; None elsewhere, and where they are few.
        reason: why, in a sentence or two.
    """

    hypothesis: Hypothesis
    outcome: Outcome
    small: bool
    comparison: Comparison
    test: str
    p_adjusted: float | None
    p_within: float | None
    p_over_time: float | None
    reason: str

    @property
    def said(self) -> str:
        """The outcome in words."""
        return f"{self.outcome.value}, too small to matter" if self.small else self.outcome.value


def settle(result: StudyResult) -> list[Verdict]:
    """The verdict on every hypothesis of a study, in their order.

    With one series and one cutoff the restarts are compared, in the units of the series: in pairs
    where the arms share them, by Welch's tests where they do not (see ``paired_by_repeat``).
    With several series the series is the unit, and with several cutoffs of one series the cutoff:
    restarts are averaged within it first, relative to the naive forecast's error there, so that the
    conclusion is about series, or cutoffs, like these, and no number of restarts makes it surer
    than they do. Restarts, cutoffs and series are never pooled.

    The rules, in this order:

    1. Every forecast of every pair equal to the bit: identical.
    2. The difference shown to lie within the margin: practically equal, however significant it is;
       a claim of "no worse" is supported where it is shown to lie below the margin.
    3. A difference shown: supported or contradicted as its sign says. A claim about the margin is
       contradicted only where the whole interval lies beyond the margin.
    4. Otherwise undecided.

    Against a simple forecast, which has no restarts, a difference on one test part must be shown
    twice: over the restarts, and over the times of the test part by Diebold and Mariano's test.
    Restarts alone would show that a network happens to do better on these very observations, which
    of two equally good forecasts one always does.

    Runs that diverged are not in the mean. Where there are any, rule 2 does not apply, and rule 3
    needs the sign test over all pairs, in which a run that diverged loses, to show the same; for
    arms that are not paired, Brunner and Munzel's interval over all runs.

    "Shown" is Holm's correction at the study's alpha within each family of hypotheses, over the
    tests of a difference and over the tests against the margin apart.
    """
    study = result.study
    seen = [observe(result, hypothesis) for hypothesis in study.hypotheses]
    equal = [_identical(result, hypothesis) for hypothesis in study.hypotheses]
    return verdicts_on(seen, equal, study.alpha)


def verdicts_on(
    seen: Sequence[Observations], equal: Sequence[str | None], alpha: float
) -> list[Verdict]:
    """The verdicts on what was observed of some hypotheses, by the rules of ``settle``.

    Args:
        seen: what was observed of each.
        equal: of each the reason why its arms are identical, or None where they are not.
        alpha: the error rate of each family of them.
    """
    cases = [Case(observed, observed.compare(1.0 - alpha), alpha) for observed in seen]
    families = [observed.hypothesis.family for observed in seen]
    differ = _by_family(families, [case.observed.p_difference(case.comparison) for case in cases])
    within = _by_family(families, [case.p_against_margin for case in cases])
    verdicts = []
    for case, same, p, p_within in zip(cases, equal, differ, within, strict=True):
        outcome, reason = case.decide(p, p_within) if same is None else (Outcome.IDENTICAL, same)
        small = case.small and outcome in (Outcome.SUPPORTED, Outcome.CONTRADICTED)
        found, observed, times = case.comparison, case.observed, case.observed.over_time
        verdicts.append(
            Verdict(
                observed.hypothesis,
                outcome,
                small,
                found,
                observed.test,
                p,
                p_within,
                None if times is None else times.p_value,
                reason,
            )
        )
    return verdicts


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment (1979) of a family; None stays None and counts as one test.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    filled = np.array([1.0 if p is None else p for p in p_values])
    order = np.argsort(filled, kind="stable")
    # Not statsmodels' multipletests, which collects all garbage first: a tenth of a second a call.
    steps = filled[order] * np.arange(len(filled), 0, -1)
    adjusted = np.empty(len(filled))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [None if p is None else float(a) for p, a in zip(p_values, adjusted, strict=True)]


def _by_family(families: Sequence[str], p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment within each family."""
    adjusted: list[float | None] = [None] * len(p_values)
    for family in dict.fromkeys(families):
        places = [i for i, name in enumerate(families) if name == family]
        for i, p in zip(places, holm([p_values[i] for i in places]), strict=True):
            adjusted[i] = p
    return adjusted


def _identical(result: StudyResult, hypothesis: Hypothesis) -> str | None:
    """Why no run diverged and every forecast is equal, if so; equal scores alone may be chance."""
    names = (hypothesis.first, hypothesis.second)
    if not all(map(result.study.is_arm, names)):
        return None
    arms = [result.arms[name] for name in names]
    first, second = (arm.cells for arm in arms)
    for cell in first:
        finite = bool(np.isfinite(first[cell].scores).all())
        if not finite or not np.array_equal(first[cell].forecasts, second[cell].forecasts):
            return None
    why = same_by_construction(result.study, *(arm.arm for arm in arms))
    return f"Every pair of restarts is equal to the bit. {why or ''}".rstrip()


def _p(p: float) -> str:
    """A p-value in words; one too small for a float is not zero."""
    return f"p = {p:.2g}" if p > 0.0 else "p < 1e-300"


@dataclass(frozen=True)
class Case:
    """All that a verdict is made from, but the correction for the other hypotheses."""

    observed: Observations
    comparison: Comparison
    alpha: float

    @property
    def p_against_margin(self) -> float | None:
        """The p-value of the claim about the margin."""
        one_sided = self.observed.hypothesis.kind == "no_worse"
        return self.comparison.p_no_worse if one_sided else self.comparison.p_equivalent

    def decide(self, p: float | None, p_within: float | None) -> tuple[Outcome, str]:
        """The outcome and the reason, from the adjusted p-values, where it is not identical."""
        found, h = self.comparison, self.observed.hypothesis
        margin, lost = self.observed.margin, self._lost()
        if found.difference is None or found.interval is None or p is None:
            return Outcome.UNDECIDED, f"{self._counted()} too few for an interval.{lost}"
        low, high = found.interval
        shown = f"mean difference of {self._amounts(found.difference, low, high)}"
        if p_within is not None and p_within < self.alpha and not found.left_out:
            return self._within(shown)
        beyond = low > margin or (high < -margin and h.kind == "equivalent")
        favours = found.difference < 0.0
        if p < self.alpha and (h.kind == "better" or beyond):
            if not self._signs_agree(favours):
                return Outcome.UNDECIDED, (
                    f"The {shown} is of runs that did not diverge alone, and over all "
                    f"{'runs' if self._unpaired else 'pairs'} {h.first} does not win as that "
                    f"says.{lost}"
                )
            supported = h.kind == "better" and favours
            small = (
                f" Shown, and too small to matter: it is below the margin of {self._margin()}."
                if self.small
                else ""
            )
            return Outcome.SUPPORTED if supported else Outcome.CONTRADICTED, (
                f"{h.first} has the {'lower' if favours else 'higher'} error: the {shown} is not "
                f"chance ({_p(p)} after Holm).{small}{lost}"
            )
        if self._only_restarts:
            return Outcome.UNDECIDED, f"{self._not_over_time(shown, favours, p)}{lost}"
        missing = (
            "may be chance"
            if h.kind == "better" and p >= self.alpha
            else "is not shown to be within the practical margin, nor beyond it"
        )
        return Outcome.UNDECIDED, (
            f"The {shown} {missing} ({_p(p)} after Holm, margin {self._margin()}).{lost}"
        )

    @property
    def small(self) -> bool:
        """Whether the mean difference is below the margin."""
        found = self.comparison.difference
        return found is not None and abs(found) < self.observed.margin

    @property
    def _only_restarts(self) -> bool:
        """Whether restarts show a difference, and it is the times of the test part that do not."""
        p = self.comparison.p_value
        seen = self.observed
        return seen.fixed and seen.unit == "restart" and p is not None and p < self.alpha

    def _not_over_time(self, shown: str, favours: bool, adjusted: float) -> str:
        """Why restarts are not enough against a simple forecast."""
        h, times = self.observed.hypothesis, self.observed.over_time
        said = (
            f"On this test part {h.first} has the {'lower' if favours else 'higher'} error (the "
            f"{shown} is not chance of restarts)"
        )
        if times is None:
            return (
                f"{said}, but one test part as short as this shows nothing of other times. Give it "
                "more cutoffs, or a longer test part."
            )
        return (
            f"{said}, but over its {times.steps} origins that may be chance (Diebold-Mariano "
            f"{_p(times.p_value)}, {adjusted:.2g} after Holm)."
        )

    @property
    def _unpaired(self) -> bool:
        return self.observed.test == UNPAIRED

    def _counted(self) -> str:
        """How many observations there are, with its verb."""
        first, second = (int(np.isfinite(v).sum()) for v in self.observed.values)
        if self._unpaired:
            return f"{first} and {second} runs are"
        n = int(np.isfinite(np.add(*self.observed.values)).sum())
        noun = "pair" if self.observed.unit == "restart" else self.observed.unit
        plural = noun if noun == "series" or n == 1 else f"{noun}s"
        return f"{n} {plural} {'is' if n == 1 else 'are'}"

    def _within(self, shown: str) -> tuple[Outcome, str]:
        """The outcome where the claim about the margin is shown."""
        level = 1.0 - 2.0 * self.alpha
        low, high = self.observed.compare(level).interval or (np.nan, np.nan)
        interval = f"its {level:.0%} interval {self._amounts(None, low, high)}"
        if self.observed.hypothesis.kind == "no_worse":
            return Outcome.SUPPORTED, (
                f"The {shown} is at most the margin of {self._margin()}: {interval} lies below it."
            )
        return Outcome.PRACTICALLY_EQUAL, (
            f"The {shown} is practically none: {interval} lies within the margin of "
            f"{self._margin()}."
        )

    def _amounts(self, mean: float | None, low: float, high: float) -> str:
        """A mean with its interval: in RMSE, or in percent of the naive forecast's RMSE."""
        scale, digits, unit, noun = self._scale()
        amount = "" if mean is None else f"{scale * mean:+.{digits}f}{unit} {noun}"
        shown = f"{amount.rstrip()} " if amount else ""
        return f"{shown}[{scale * low:+.{digits}f}{unit}, {scale * high:+.{digits}f}{unit}]"

    def _margin(self) -> str:
        scale, digits, unit, _ = self._scale()
        return f"{scale * self.observed.margin:.{digits}f}{unit}"

    def _scale(self) -> tuple[float, int, str, str]:
        """What to multiply amounts with, their digits, their unit, and what they are of.

        Two digits of the margin are shown, and those of the interval where it is narrower.
        """
        restarts = self.observed.unit == "restart"
        scale = 1.0 if restarts else 100.0
        low, high = self.comparison.interval or (0.0, 0.0)
        sizes = [scale * size for size in (self.observed.margin, high - low) if size > 0.0]
        digits = digits_of(min(sizes, default=1.0))
        return (
            (scale, digits, "", self.observed.score)
            if restarts
            else (scale, digits, "%", "of the naive RMSE")
        )

    def _signs_agree(self, favours: bool) -> bool:
        """Whether all runs, those that diverged among them, show the same side."""
        if not self.comparison.left_out:
            return True
        if self._unpaired:
            low, high = self.comparison.probability_interval
            return low > 0.5 if favours else high < 0.5
        first, second = self.observed.values
        wins, losses = int((first < second).sum()), int((first > second).sum())
        side = wins if favours else losses
        # The probability of so many wins or more of fair coins, on either side.
        return 2.0 * float(special.bdtrc(side - 1, wins + losses, 0.5)) < self.alpha

    def _lost(self) -> str:
        left = self.comparison.left_out
        if not left:
            return ""
        values, h = self.observed.values, self.observed.hypothesis
        first, second = (int(np.isinf(v).sum()) for v in values)
        which = (
            f"{left} of {sum(map(len, values))} runs diverged"
            if self._unpaired
            else f"In {left} of {len(values[0])} pairs a run diverged"
        )
        return (
            f" {which} ({h.first}: {first}, {h.second}: {second}); they are not in the mean, and "
            "count as lost in the probability."
        )
