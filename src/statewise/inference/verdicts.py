"""What becomes of a hypothesis, in one word and one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

from statewise.inference.paired import Paired, compare
from statewise.study.design import NAIVE, Hypothesis, same_by_construction
from statewise.study.execute import StudyResult

__all__ = ["Outcome", "Verdict", "holm", "settle"]


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
    """The verdict on every hypothesis of a study of one series and cutoff, in their order.

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
    margins = [h.margin_for(result.naive_rmse, study.margin) for h in study.hypotheses]
    scores = [(_scores(result, h.first), _scores(result, h.second)) for h in study.hypotheses]
    pairs = [
        compare(a, b, margin, level=1.0 - alpha)
        for (a, b), margin in zip(scores, margins, strict=True)
    ]
    differ = holm([p.p_value for p in pairs])
    within = holm(
        [
            p.p_no_worse if h.kind == "no_worse" else p.p_equivalent
            for h, p in zip(study.hypotheses, pairs, strict=True)
        ]
    )
    verdicts = []
    for i, h in enumerate(study.hypotheses):
        if _identical(result, h):
            why = same_by_construction(study, study.arm(h.first), study.arm(h.second))
            reason = " ".join(
                ("Every pair of restarts is equal to the bit.", *([why] if why else []))
            )
            outcome = Outcome.IDENTICAL
        else:
            case = Case(h, pairs[i], differ[i], within[i], margins[i], alpha, *scores[i])
            outcome, reason = case.decide()
        verdicts.append(Verdict(h, outcome, pairs[i], differ[i], within[i], reason))
    return verdicts


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
    [scores] = result.scores(name).values()
    return scores


def _identical(result: StudyResult, hypothesis: Hypothesis) -> bool:
    """Whether no run diverged and every forecast is equal; equal scores alone may be chance."""
    names = (hypothesis.first, hypothesis.second)
    if NAIVE in names:
        return False
    first, second = (result.arms[name] for name in names)
    return bool(np.isfinite(first.scores).all()) and np.array_equal(
        first.forecasts, second.forecasts
    )


@dataclass(frozen=True)
class Case:
    """All that a verdict is made from."""

    hypothesis: Hypothesis
    paired: Paired
    p: float | None
    p_within: float | None
    margin: float
    alpha: float
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    def decide(self) -> tuple[Outcome, str]:
        """The outcome and the reason, for a pair that is not identical."""
        paired, h = self.paired, self.hypothesis
        lost = self._lost()
        if paired.difference is None or paired.interval is None or self.p is None:
            pairs = "pair is" if paired.n == 1 else "pairs are"
            return Outcome.UNDECIDED, f"{paired.n} {pairs} too few for an interval.{lost}"
        low, high = paired.interval
        shown = f"mean difference of {paired.difference:+.2f} RMSE [{low:+.2f}, {high:+.2f}]"
        if self.p_within is not None and self.p_within < self.alpha and not paired.left_out:
            return self._within(shown)
        beyond = low > self.margin or (high < -self.margin and h.kind == "equivalent")
        favours = paired.difference < 0.0
        if self.p < self.alpha and (h.kind == "better" or beyond):
            if not self._signs_agree(favours):
                return Outcome.UNDECIDED, (
                    f"The {shown} is of runs that did not diverge alone, and over all pairs "
                    f"{h.first} does not win as that says.{lost}"
                )
            supported = h.kind == "better" and favours
            return Outcome.SUPPORTED if supported else Outcome.CONTRADICTED, (
                f"{h.first} has the {'lower' if favours else 'higher'} error: the {shown} is not "
                f"chance (p = {self.p:.2g} after Holm).{lost}"
            )
        missing = (
            "may be chance"
            if h.kind == "better" and self.p >= self.alpha
            else "is shown to be neither within the practical margin nor beyond it"
        )
        return Outcome.UNDECIDED, (
            f"The {shown} {missing} (p = {self.p:.2g} after Holm, margin {self.margin:.2f}).{lost}"
        )

    def _within(self, shown: str) -> tuple[Outcome, str]:
        """The outcome where the claim about the margin is shown."""
        level = 1.0 - 2.0 * self.alpha
        narrow = compare(self.first, self.second, self.margin, level).interval
        low, high = narrow if narrow is not None else (np.nan, np.nan)
        interval = f"its {level:.0%} interval [{low:+.2f}, {high:+.2f}]"
        if self.hypothesis.kind == "no_worse":
            return Outcome.SUPPORTED, (
                f"The {shown} is at most the margin of {self.margin:.2f}: {interval} lies below it."
            )
        return Outcome.PRACTICALLY_EQUAL, (
            f"The {shown} is practically none: {interval} lies within the margin of "
            f"{self.margin:.2f}."
        )

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
