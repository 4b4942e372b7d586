"""What becomes of a hypothesis, in one word and one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from statewise.inference.paired import Paired, compare
from statewise.study.design import Hypothesis, same_by_construction
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

    ``p_adjusted`` and ``p_equivalent_adjusted`` are Holm's within the study's family.
    """

    hypothesis: Hypothesis
    outcome: Outcome
    paired: Paired
    p_adjusted: float | None
    p_equivalent_adjusted: float | None
    reason: str


def settle(result: StudyResult) -> list[Verdict]:
    """The verdict on every hypothesis of a study, in their order.

    The rule, in this order. Every pair equal to the bit: identical. Equivalence within the margin
    shown at the family's alpha: practically equal, however significant the difference. A
    difference shown: supported or contradicted, as its sign says; a claim of equivalence is
    contradicted. Otherwise undecided.
    """
    study = result.study
    pairs = [
        compare(result.arms[h.first].scores, result.arms[h.second].scores, result.margin)
        for h in study.hypotheses
    ]
    differ = holm([p.p_value for p in pairs])
    equal = holm([p.p_equivalent for p in pairs])
    verdicts = []
    for h, paired, p, q in zip(study.hypotheses, pairs, differ, equal, strict=True):
        outcome, reason = _outcome(h, paired, p, q, result.margin, study.alpha)
        if outcome is Outcome.IDENTICAL:
            why = same_by_construction(study, study.arm(h.first), study.arm(h.second))
            reason = f"{reason} {why}" if why else reason
        if paired.left_out:
            reason += (
                f" In {paired.left_out} more pairs a run diverged; they are not in the mean, and "
                "count as lost in the probability."
            )
        verdicts.append(Verdict(h, outcome, paired, p, q, reason))
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


def _outcome(
    hypothesis: Hypothesis,
    paired: Paired,
    p: float | None,
    p_equal: float | None,
    margin: float,
    alpha: float,
) -> tuple[Outcome, str]:
    if paired.identical:
        return Outcome.IDENTICAL, "Every pair of restarts is equal to the bit."
    if paired.difference is None or paired.interval is None or p is None or p_equal is None:
        return Outcome.UNDECIDED, f"{paired.n} pairs are too few for an interval."
    low, high = paired.interval
    shown = f"mean difference of {paired.difference:+.2f} RMSE [{low:+.2f}, {high:+.2f}]"
    if p_equal < alpha:
        return (
            Outcome.PRACTICALLY_EQUAL,
            f"The {shown} lies within the practical margin of {margin:.2f}.",
        )
    if p < alpha:
        side = "lower" if paired.difference < 0.0 else "higher"
        outcome = (
            Outcome.SUPPORTED
            if hypothesis.kind == "better" and paired.difference < 0.0
            else Outcome.CONTRADICTED
        )
        return outcome, (
            f"{hypothesis.first} has the {side} error: the {shown} is not chance "
            f"(p = {p:.2g} after Holm)."
        )
    return Outcome.UNDECIDED, (
        f"The {shown} may be chance (p = {p:.2g} after Holm), and is not surely within "
        f"the practical margin of {margin:.2f}."
    )
