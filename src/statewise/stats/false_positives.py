"""Whether the tests hold their level on an arm's own scores: the arm compared with itself."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from statewise.base.checks import at_least, fraction, positive
from statewise.errors import DataError
from statewise.stats.comparison import Floats, one_dimensional, share_interval
from statewise.stats.paired import compare, resample
from statewise.stats.unpaired import compare_unpaired, resample_unpaired

__all__ = ["FalsePositives", "false_positive_rates"]


@dataclass(frozen=True)
class FalsePositives:
    """How often a test rejected where there was nothing to find.

    Attributes:
        test: what was tested, in words.
        splits: random splits it was applied to.
        rejected: splits with a p-value of at most alpha, or, for the probability that the first arm
            is better, an interval without one half.
        rate: share of splits rejected.
        interval: Clopper and Pearson's 95% interval of the rate, as of independent splits.
    """

    test: str
    splits: int
    rejected: int
    rate: float
    interval: tuple[float, float]


def false_positive_rates(
    scores: Floats,
    margin: float,
    alpha: float = 0.05,
    splits: int = 1000,
    resamples: int = 199,
    seed: int = 0,
) -> list[FalsePositives]:
    """Compare random halves of one arm's scores, (repeats,), by every test at level ``alpha``.

    Each split deals the scores at random into two halves, as if they were two arms. A test of a
    difference that rejects is wrong. For equivalence and non-inferiority the margin is added to the
    first half, so that it is just too much worse and rejecting is wrong too. They reject in fewer
    than ``alpha`` of the splits where the scores vary much beside the margin.

    What this cannot do: random splits of one finite sample are not independent draws from where
    the scores came from. They share every score, and what one half has the other lacks. The rates
    say how the tests fare with values such as these; a tail that the sample does not show is not in
    them. The permutation tests hold their level on random splits by construction. And ``interval``
    counts only the splits, not that another sample of scores would give another rate.

    Runs that diverged are left out. Raises DataError with fewer than eight others.

    Example:
        >>> scores = np.random.default_rng(0).normal(100.0, 3.0, 60)
        >>> rows = false_positive_rates(scores, margin=1.0, splits=20)
        >>> rows[0].test, rows[0].splits, 0.0 <= rows[0].rate <= 0.3
        ('paired t', 20, True)
    """
    values = one_dimensional("scores", scores)
    values = values[np.isfinite(values)]
    half = len(values) // 2
    if half < 4:
        raise DataError(
            "scores", len(values), "are too few that did not diverge", "Give eight or more."
        )
    splits, alpha = at_least("splits", splits, 1), positive("alpha", fraction("alpha", alpha))
    rng = np.random.default_rng(seed)
    rejected: Counter[str] = Counter()
    for _ in range(splits):
        dealt = rng.permutation(values)
        a, b = dealt[:half], dealt[half : 2 * half]
        rejected.update(_rejections(a, b, margin, alpha, resamples, int(rng.integers(2**63))))
    return [
        FalsePositives(test, splits, n, n / splits, share_interval(n / splits, splits, 0.95))
        for test, n in rejected.items()
    ]


def _rejections(
    a: Floats, b: Floats, margin: float, alpha: float, resamples: int, seed: int
) -> dict[str, bool]:
    """Whether each test rejects, by its name; every rejection is an error."""
    level = 1.0 - alpha
    paired, unpaired = compare(a, b, margin, level), compare_unpaired(a, b, margin, level)
    flipped = resample(a, b, level, resamples, seed)
    dealt = resample_unpaired(a, b, level, resamples, seed)
    worse, unpaired_worse = compare(a + margin, b, margin), compare_unpaired(a + margin, b, margin)

    def small(p: float | None) -> bool:
        return p is not None and p <= alpha

    def tells_apart(interval: tuple[float, float]) -> bool:
        return not interval[0] <= 0.5 <= interval[1]

    return {
        "paired t": small(paired.p_value),
        "sign flips": small(flipped.p_value if flipped else None),
        "paired probability": tells_apart(paired.probability_interval),
        "paired equivalence": small(worse.p_equivalent),
        "paired non-inferiority": small(worse.p_no_worse),
        "Welch t": small(unpaired.p_value),
        "permutation": small(dealt.p_value if dealt else None),
        "probability": tells_apart(unpaired.probability_interval),
        "Welch equivalence": small(unpaired_worse.p_equivalent),
        "Welch non-inferiority": small(unpaired_worse.p_no_worse),
    }
