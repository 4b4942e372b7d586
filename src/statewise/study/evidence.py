"""What other tests say of the hypotheses that a verdict settles, to stand beside it."""

from dataclasses import dataclass

import numpy as np

from statewise.stats.comparison import Comparison, Resampled
from statewise.stats.paired import resample, signed_rank
from statewise.stats.several import bootstrap_series
from statewise.stats.unpaired import rank_test, resample_unpaired
from statewise.study.observations import UNPAIRED, Observations

__all__ = ["Evidence", "examine"]

MOST, LEAST = 9999, 999  # resamples
DRAWS = 20_000_000  # scores drawn in all resamples together, as far as ``LEAST`` allows


@dataclass(frozen=True)
class Evidence:
    """All that is computed of one hypothesis. No verdict rests on what is not ``comparison``.

    Attributes:
        observed: what was compared.
        comparison: what the verdict rests on.
        resampled: permutation test and bootstrap interval; None with too few scores.
        permutation: which permutations: "sign flips" of pairs, or "dealt anew" to unpaired arms.
        rank_test: "Wilcoxon signed-rank" of pairs, or "Brunner-Munzel" of unpaired arms.
        p_ranks: its two-sided p-value; None where it has none.
        two_stage: bootstrap interval over series and restarts; None where restarts are compared.
    """

    observed: Observations
    comparison: Comparison
    resampled: Resampled | None
    permutation: str
    rank_test: str
    p_ranks: float | None
    two_stage: tuple[float, float] | None


def examine(observed: Observations, level: float = 0.95, seed: int = 0) -> Evidence:
    """Every test of one hypothesis, with intervals at ``level``; none is corrected for the others.

    Resamples are 9999, and fewer of more than 2000 scores, for which the t-test and its interval
    are as good.

    Example:
        >>> from statewise.study import better
        >>> rng = np.random.default_rng(0)
        >>> tables = rng.normal(size=(1, 30)), rng.normal(1.0, size=(1, 30))
        >>> found = examine(Observations(better("a", "b"), "restart", True, 0.1, tables))
        >>> found.permutation, found.rank_test, found.p_ranks < 0.01, found.resampled.method
        ('sign flips', 'Wilcoxon signed-rank', True, 'BCa')
    """
    first, second = observed.values
    unpaired = observed.test == UNPAIRED
    draw = resample_unpaired if unpaired else resample
    two_stage, tables = None, observed.tables
    if observed.unit != "restart":
        count = resamples_of(tables[0].size)
        two_stage = bootstrap_series(*tables, level, count, seed, shared=observed.shared)
    return Evidence(
        observed,
        observed.compare(level),
        draw(first, second, level, resamples_of(len(first) + unpaired * len(second)), seed),
        "dealt anew" if unpaired else "sign flips",
        "Brunner-Munzel" if unpaired else "Wilcoxon signed-rank",
        rank_test(first, second) if unpaired else signed_rank(observed.differences),
        two_stage,
    )


def resamples_of(scores: int) -> int:
    """How many resamples of so many scores are worth their time."""
    return int(np.clip(DRAWS // scores, LEAST, MOST))
