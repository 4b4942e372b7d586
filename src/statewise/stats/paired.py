"""Two arms over shared restarts: how much better one is, and how sure that is."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from statewise.base.checks import at_least
from statewise.errors import DataError
from statewise.stats.comparison import (
    Comparison,
    Floats,
    Resampled,
    batch_of,
    bootstrap,
    one_dimensional,
    share_interval,
    upper_tail,
)

__all__ = ["Paired", "compare", "finite_differences", "resample", "signed_rank"]


@dataclass(frozen=True, kw_only=True)
class Paired(Comparison):
    """The paired comparison of a first arm with a second one.

    Attributes:
        n: pairs in which neither run diverged; mean, intervals and p-values are of these.
    """

    n: int


def compare(first: Floats, second: Floats, margin: float, level: float = 0.95) -> Paired:
    """Compare the scores of two arms, (repeats,) each, paired by repeat.

    The restarts are of one series and one cutoff, and say nothing about others. Raises DataError
    if the arms differ in length, are empty, or hold NaN.

    Example:
        >>> result = compare(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.5, 4.0]), margin=0.1)
        >>> round(result.difference, 3), result.probability_better
        (-1.167, 1.0)
        >>> round(result.p_value, 3), round(result.effect, 2)
        (0.02, -4.04)
    """
    first, second = _pairs(first, second)
    better = float(np.mean((first < second) + 0.5 * (first == second)))
    d = finite_differences(first, second)
    n, mean = len(d), float(d.mean()) if len(d) else None
    found = Paired(
        left_out=len(first) - n,
        difference=mean,
        probability_better=better,
        probability_interval=share_interval(better, len(first), level),
        identical=bool(np.array_equal(first, second)),
        n=n,
    )
    if mean is None or n < 2:
        return found
    sd = float(d.std(ddof=1))
    error = sd / np.sqrt(n)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * error
    return replace(
        found,
        interval=(float(mean - half), float(mean + half)),
        p_value=min(1.0, 2.0 * upper_tail(abs(mean), error, n - 1)),
        p_equivalent=upper_tail(margin - abs(mean), error, n - 1),
        p_no_worse=upper_tail(margin - mean, error, n - 1),
        effect=mean / sd if sd > 0.0 else None,
    )


def resample(
    first: Floats,
    second: Floats,
    level: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Resampled | None:
    """Compare two arms, (repeats,) each, paired by repeat, by sign flips and the bootstrap.

    If the arms do not differ, a difference is as likely to have either sign, so the observed mean
    is one of those with random signs (Fisher 1935). Pairs in which a run diverged are left out;
    None where fewer than two remain. Raises DataError like ``compare``.

    Example:
        >>> first = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        >>> result = resample(first, first + np.array([0.5, 1.0, 2.0, 0.3, 0.9, 1.2]))
        >>> result.p_value, result.method
        (0.03125, 'BCa')
    """
    first, second = _pairs(first, second)
    resamples = at_least("resamples", resamples, 1)
    d = finite_differences(first, second)
    if len(d) < 2:
        return None
    flips, draws = np.random.default_rng(seed).spawn(2)
    interval, method = bootstrap([d], level, resamples, draws)
    return Resampled(_flip_signs(d, resamples, flips), interval, method, resamples)


def signed_rank(differences: Floats) -> float | None:
    """The p-value of Wilcoxon's signed-rank test (1945), two-sided.

    It asks whether the differences lie symmetrically about zero, and an outlier weighs little. It
    is None with fewer than two differences.

    Example:
        >>> signed_rank(np.array([0.1, 0.3, 0.2]))
        0.25
    """
    from scipy import stats

    if len(differences) < 2:
        return None
    return float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0


def _flip_signs(d: Floats, resamples: int, rng: np.random.Generator) -> float:
    """The share of sign flips whose mean is as far from zero as that of ``d``, or farther."""
    n = len(d)
    least = abs(d.sum()) - 1e-12 * np.abs(d).sum()
    if 2**n <= resamples:
        flipped = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return float(np.mean(np.abs(d.sum() - 2.0 * (flipped @ d)) >= least))
    count, rows = 0, batch_of(n)
    for start in range(0, resamples, rows):
        words = rng.integers(0, 256, (min(rows, resamples - start), (n + 7) // 8), np.uint8)
        bits = np.unpackbits(words, axis=1)[:, :n]
        count += int((np.abs(d.sum() - 2.0 * (bits @ d)) >= least).sum())
    return (count + 1) / (resamples + 1)


def _pairs(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    first, second = one_dimensional("first", first), one_dimensional("second", second)
    if len(first) != len(second):
        problem = f"has another number of repeats than the first arm's {len(first)}"
        fix = "Give arms with shared restarts, or use compare_unpaired."
        raise DataError("second", len(second), problem, fix)
    return first, second


def finite_differences(first: Floats, second: Floats) -> Floats:
    """First minus second in the pairs in which neither run diverged."""
    both = np.isfinite(first) & np.isfinite(second)
    return first[both] - second[both]
