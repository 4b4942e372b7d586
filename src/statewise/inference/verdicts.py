"""What becomes of a hypothesis, in one word and one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from statewise.inference.paired import Paired, compare
from statewise.inference.several import means_of
from statewise.study.design import NAIVE, Hypothesis, same_by_construction
from statewise.study.execute import StudyResult

__all__ = ["Outcome", "Verdict", "holm", "settle", "unit_of"]


class Outcome(StrEnum):
    """What became of a hypothesis. The values read as words."""

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
        outcome: what became of it.
        paired: the comparison behind it; its interval is at one minus the study's alpha.
        p_adjusted: the p-value of no difference, by Holm within the study's family.
        p_within: the p-value of the claim about the margin, by Holm within the family: that the
            difference lies within it, or for "no worse", below it.
        reason: why, in a sentence or two.
    """

    hypothesis: Hypothesis
    outcome: Outcome
    paired: Paired
    p_adjusted: float | None
    p_within: float | None
    reason: str


def settle(result: StudyResult) -> list[Verdict]:
    """The verdict on every hypothesis of a study, in their order.

    With one series and one cutoff the restarts are compared, in pairs, in the units of the series.
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

    Runs that diverged are not in the mean. Where there are any, rule 2 does not apply, and rule 3
    needs the sign test over all pairs, in which a run that diverged loses, to show the same.

    "Shown" is Holm's correction at the study's alpha, over the tests of a difference and over the
    tests against the margin apart.
    """
    study, alpha = result.study, result.study.alpha
    unit = unit_of(result)
    cases = []
    for h in study.hypotheses:
        first, second = _scores(result, h.first), _scores(result, h.second)
        if unit == "restart":
            margin = h.margin_for(result.naive_rmse, study.margin)
            first, second = first[0], second[0]
        else:
            margin = h.margin_for(1.0, study.margin)
            both = np.isfinite(first) & np.isfinite(second)
            first, second = means_of(first, both), means_of(second, both)
        paired = compare(first, second, margin, level=1.0 - alpha)
        cases.append(Case(h, paired, unit, margin, alpha, first, second))
    differ = holm([case.paired.p_value for case in cases])
    within = holm([case.p_against_margin for case in cases])
    verdicts = []
    for case, p, p_within in zip(cases, differ, within, strict=True):
        h = case.hypothesis
        if _identical(result, h):
            why = same_by_construction(study, study.arm(h.first), study.arm(h.second))
            reason = f"Every pair of restarts is equal to the bit. {why or ''}".rstrip()
            outcome = Outcome.IDENTICAL
        else:
            outcome, reason = case.decide(p, p_within)
        verdicts.append(Verdict(h, outcome, case.paired, p, p_within, reason))
    return verdicts


def unit_of(result: StudyResult) -> Literal["restart", "cutoff", "series"]:
    """What varies between the observations that a study's conclusions rest on."""
    if len(result.study.panel.series) > 1:
        return "series"
    return "cutoff" if result.study.cutoffs > 1 else "restart"


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment (1979) of a family; None stays None and counts as one test.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    filled = np.array([1.0 if p is None else p for p in p_values])
    order = np.argsort(filled, kind="stable")
    factors = len(filled) - np.arange(len(filled))
    adjusted = np.empty(len(filled))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(filled[order] * factors))
    return [None if p is None else float(a) for p, a in zip(p_values, adjusted, strict=True)]


def _scores(result: StudyResult, name: str) -> NDArray[np.float64]:
    """The scores of an arm, (units, repeats); relative to the naive error where units are averaged.

    The cutoffs of a series are averaged where the series is the unit.
    """
    scores = result.scores(name)
    unit = unit_of(result)
    if unit == "restart":
        return np.stack(list(scores.values()))
    relative = {cell: scores[cell] / result.naive_scores[cell] for cell in scores}
    if unit == "cutoff":
        return np.stack(list(relative.values()))
    by_series: dict[str, list[NDArray[np.float64]]] = {}
    for (series, _), part in relative.items():
        by_series.setdefault(series, []).append(part)
    return np.stack([np.mean(parts, axis=0) for parts in by_series.values()])


def _identical(result: StudyResult, hypothesis: Hypothesis) -> bool:
    """Whether no run diverged and every forecast is equal; equal scores alone may be chance."""
    names = (hypothesis.first, hypothesis.second)
    if NAIVE in names:
        return False
    first, second = (result.arms[name].cells for name in names)
    return all(
        bool(np.isfinite(first[cell].scores).all())
        and np.array_equal(first[cell].forecasts, second[cell].forecasts)
        for cell in first
    )


def _p(p: float) -> str:
    """A p-value in words; one too small for a float is not zero."""
    return f"p = {p:.2g}" if p > 0.0 else "p < 1e-300"


@dataclass(frozen=True)
class Case:
    """All that a verdict is made from, but the correction for the other hypotheses."""

    hypothesis: Hypothesis
    paired: Paired
    unit: str
    margin: float
    alpha: float
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def p_against_margin(self) -> float | None:
        """The p-value of the claim about the margin."""
        one_sided = self.hypothesis.kind == "no_worse"
        return self.paired.p_no_worse if one_sided else self.paired.p_equivalent

    def decide(self, p: float | None, p_within: float | None) -> tuple[Outcome, str]:
        """The outcome and the reason, from the adjusted p-values, where it is not identical."""
        paired, h = self.paired, self.hypothesis
        lost = self._lost()
        if paired.difference is None or paired.interval is None or p is None:
            noun = "pair" if self.unit == "restart" else self.unit
            plural = noun if noun == "series" or paired.n == 1 else f"{noun}s"
            pairs = f"{plural} {'is' if paired.n == 1 else 'are'}"
            return Outcome.UNDECIDED, f"{paired.n} {pairs} too few for an interval.{lost}"
        low, high = paired.interval
        shown = f"mean difference of {self._amounts(paired.difference, low, high)}"
        if p_within is not None and p_within < self.alpha and not paired.left_out:
            return self._within(shown)
        beyond = low > self.margin or (high < -self.margin and h.kind == "equivalent")
        favours = paired.difference < 0.0
        if p < self.alpha and (h.kind == "better" or beyond):
            if not self._signs_agree(favours):
                return Outcome.UNDECIDED, (
                    f"The {shown} is of runs that did not diverge alone, and over all pairs "
                    f"{h.first} does not win as that says.{lost}"
                )
            supported = h.kind == "better" and favours
            return Outcome.SUPPORTED if supported else Outcome.CONTRADICTED, (
                f"{h.first} has the {'lower' if favours else 'higher'} error: the {shown} is not "
                f"chance ({_p(p)} after Holm).{lost}"
            )
        missing = (
            "may be chance"
            if h.kind == "better" and p >= self.alpha
            else "is shown to be neither within the practical margin nor beyond it"
        )
        return Outcome.UNDECIDED, (
            f"The {shown} {missing} ({_p(p)} after Holm, margin {self._margin()}).{lost}"
        )

    def _within(self, shown: str) -> tuple[Outcome, str]:
        """The outcome where the claim about the margin is shown."""
        level = 1.0 - 2.0 * self.alpha
        narrow = compare(self.first, self.second, self.margin, level).interval
        low, high = narrow if narrow is not None else (np.nan, np.nan)
        interval = f"its {level:.0%} interval {self._amounts(None, low, high)}"
        if self.hypothesis.kind == "no_worse":
            return Outcome.SUPPORTED, (
                f"The {shown} is at most the margin of {self._margin()}: {interval} lies below it."
            )
        return Outcome.PRACTICALLY_EQUAL, (
            f"The {shown} is practically none: {interval} lies within the margin of "
            f"{self._margin()}."
        )

    def _amounts(self, mean: float | None, low: float, high: float) -> str:
        """A mean with its interval: in RMSE, or in percent of the naive forecast's RMSE."""
        if self.unit == "restart":
            shown = "" if mean is None else f"{mean:+.2f} RMSE "
            return f"{shown}[{low:+.2f}, {high:+.2f}]"
        shown = "" if mean is None else f"{mean:+.2%} of the naive RMSE "
        return f"{shown}[{low:+.2%}, {high:+.2%}]"

    def _margin(self) -> str:
        return f"{self.margin:.2f}" if self.unit == "restart" else f"{self.margin:.2%}"

    def _signs_agree(self, favours: bool) -> bool:
        """Whether the sign test over all pairs shows the same side, where any run diverged."""
        if not self.paired.left_out:
            return True
        wins, losses = int((self.first < self.second).sum()), int((self.first > self.second).sum())
        side = wins if favours else losses
        # The probability of so many wins or more of fair coins, on either side.
        return 2.0 * float(special.bdtrc(side - 1, wins + losses, 0.5)) < self.alpha

    def _lost(self) -> str:
        left = self.paired.left_out
        if not left:
            return ""
        first, second = (int(np.isinf(s).sum()) for s in (self.first, self.second))
        h = self.hypothesis
        return (
            f" In {left} of {len(self.first)} pairs a run diverged ({h.first}: {first}, "
            f"{h.second}: {second}); they are not in the mean, and count as lost in the "
            "probability."
        )
