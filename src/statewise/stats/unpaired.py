"""Two arms whose restarts are not shared: how much better one is, and how sure that is."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statewise.base.checks import at_least
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

__all__ = ["Unpaired", "compare_unpaired", "rank_test", "resample_unpaired"]


@dataclass(frozen=True, kw_only=True)
class Unpaired(Comparison):
    """The comparison of two arms with restarts of their own; equal variances are not assumed.

    Attributes:
        n_first, n_second: runs that did not diverge; means, intervals and p-values are of these.
    """

    n_first: int
    n_second: int


def compare_unpaired(first: Floats, second: Floats, margin: float, level: float = 0.95) -> Unpaired:
    """Compare the scores of two arms, (repeats,) each and of any lengths.

    The t-tests and their interval are Welch's (1947). The interval of the probability is Brunner
    and Munzel's (2000). It is too short with fewer than ten runs, and undefined where the arms do
    not overlap; then it is Clopper and Pearson's for as many pairs as the shorter arm has runs,
    which is wide but valid. Raises DataError if an arm is empty or holds NaN.

    Example:
        >>> first, second = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.5, 3.5, 4.5])
        >>> result = compare_unpaired(first, second, margin=5.0)
        >>> result.difference, round(result.p_value, 3), round(result.p_no_worse, 4)
        (-1.0, 0.301, 0.0005)
    """
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    first, second = one_dimensional("first", first), one_dimensional("second", second)
    better, better_interval = _probability(first, second, level)
    a, b = first[np.isfinite(first)], second[np.isfinite(second)]
    mean = float(a.mean() - b.mean()) if len(a) and len(b) else None
    found = Unpaired(
        left_out=len(first) + len(second) - len(a) - len(b),
        difference=mean,
        probability_better=better,
        probability_interval=better_interval,
        n_first=len(a),
        n_second=len(b),
    )
    if mean is None or min(len(a), len(b)) < 2:
        return found
    spread = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0))
    if spread == 0.0:
        return replace(
            found,
            interval=(mean, mean),
            p_value=float(mean == 0.0),
            p_equivalent=upper_tail(margin - abs(mean), 0.0, 1.0),
            p_no_worse=upper_tail(margin - mean, 0.0, 1.0),
        )
    welch = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    low, high = welch.tconfint_diff(alpha=1.0 - level, usevar="unequal")
    return replace(
        found,
        interval=(float(low), float(high)),
        p_value=float(welch.ttest_ind(usevar="unequal")[1]),
        p_equivalent=float(welch.ttost_ind(-margin, margin, usevar="unequal")[0]),
        p_no_worse=float(welch.ttest_ind("smaller", usevar="unequal", value=margin)[1]),
        effect=mean / spread,
    )


def resample_unpaired(
    first: Floats,
    second: Floats,
    level: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Resampled | None:
    """Compare two arms, (repeats,) each and of any lengths, by permutations and the bootstrap.

    Scores are dealt to the arms at random. What is compared is Welch's t and not the mean
    difference, so that the test also holds its level, for many runs, where only the means are equal
    (Janssen 1997). Runs that diverged are left out; None where an arm has fewer than two others.

    Example:
        >>> result = resample_unpaired(np.arange(5.0), np.arange(5.0) + 4.5)
        >>> round(result.p_value, 4), result.method
        (0.0079, 'BCa')
    """
    from scipy import stats

    first, second = one_dimensional("first", first), one_dimensional("second", second)
    resamples = at_least("resamples", resamples, 1)
    a, b = first[np.isfinite(first)], second[np.isfinite(second)]
    if min(len(a), len(b)) < 2:
        return None
    deals, draws = np.random.default_rng(seed).spawn(2)
    varies = bool(a.var() + b.var() > 0.0)
    with np.errstate(divide="ignore"):
        test = stats.permutation_test(
            (a, b),
            _welch_t if varies else _mean_difference,
            permutation_type="independent",
            vectorized=True,
            n_resamples=resamples,
            batch=batch_of(len(a) + len(b)),
            rng=deals,
        )
    interval, method = bootstrap([a, b], level, resamples, draws)
    return Resampled(float(test.pvalue), interval, method, resamples)


def rank_test(first: Floats, second: Floats) -> float | None:
    """The p-value of Brunner and Munzel's test (2000), two-sided.

    It asks whether a score of one arm is as likely to be the lower as the higher one, like
    Wilcoxon's rank sum, without that the arms must vary alike. Infinite scores are the highest.
    None with fewer than two scores, or where the arms do not overlap.

    Example:
        >>> p = rank_test(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.5, 3.5, 4.5]))
        >>> round(p, 3)
        0.298
    """
    from statsmodels.stats.nonparametric import rank_compare_2indep

    if min(len(first), len(second)) < 2:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ranks = rank_compare_2indep(second, first)
        return float(ranks.test_prob_superior().pvalue) if ranks.var_prob > 0.0 else None


def _mean_difference(first: Any, second: Any, axis: int) -> Any:
    return np.mean(first, axis=axis) - np.mean(second, axis=axis)


def _probability(first: Floats, second: Floats, level: float) -> tuple[float, tuple[float, float]]:
    from statsmodels.stats.nonparametric import rank_compare_2indep

    with np.errstate(divide="ignore", invalid="ignore"):
        ranks = rank_compare_2indep(second, first)
    better = float(ranks.prob1)
    fewest = min(len(first), len(second))
    if fewest < 2 or not ranks.var_prob > 0.0:
        return better, share_interval(better, fewest, level)
    low, high = ranks.conf_int(alpha=1.0 - level)
    return better, (max(0.0, float(low)), min(1.0, float(high)))


def _welch_t(first: Any, second: Any, axis: int) -> Any:
    squared = sum(np.var(x, axis=axis, ddof=1) / x.shape[axis] for x in (first, second))
    return _mean_difference(first, second, axis) / np.sqrt(squared)
