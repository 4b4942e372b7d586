"""Many arms on many series: which are told apart by their ranks."""

from dataclasses import dataclass

import numpy as np

from statewise.base.checks import fraction
from statewise.errors import DataError
from statewise.stats.comparison import Floats

__all__ = ["Ranks", "rank_arms"]


@dataclass(frozen=True, eq=False)
class Ranks:
    """The arms' ranks within each series, and what they tell apart.

    Attributes:
        series: number of series the ranks are averaged over.
        average: (arms,) average ranks; 1 is an arm that is best on every series.
        p_value: Friedman's test (1937) that no arm tends to rank differently.
        critical_difference: two arms whose average ranks differ by more are told apart at
            ``alpha``, the error over all pairs together (Nemenyi 1963).
        p_pairs: (arms, arms) Nemenyi's p-value of every pair, already adjusted for their number.
    """

    series: int
    average: Floats
    p_value: float
    critical_difference: float
    p_pairs: Floats


def rank_arms(scores: Floats, alpha: float = 0.05) -> Ranks:
    """Rank arms within each series; ``scores`` is (series, arms), one average a series and arm.

    Ranks need no common scale. A score of infinity ranks last. The critical difference is
    ``q sqrt(k (k + 1) / (6 N))`` for k arms on N series, with q the studentized range's quantile
    over the square root of two (Demsar 2006, eq. 6). Both tests rest on many series: ten at least.
    Nemenyi's is read only where Friedman's is small, and its pairs depend on which other arms are
    there.

    Raises DataError unless there are three arms and two series or more, without NaN.

    Example:
        >>> found = rank_arms(np.array([[1.0, 2.0, 3.0]] * 10))
        >>> found.average, round(found.critical_difference, 3), round(float(found.p_pairs[0, 2]), 5)
        (array([1., 2., 3.]), 1.048, 2e-05)
    """
    from scipy import stats

    table = np.asarray(scores, np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 3 or np.isnan(table).any():
        problem = "is not a full table of two or more series by three or more arms"
        fix = "Compare two arms with compare_series; leave out series with a score missing."
        raise DataError("scores", table.shape, problem, fix)
    alpha = fraction("alpha", alpha)
    series, arms = table.shape
    average = stats.rankdata(table, axis=1).mean(axis=0)
    tied = bool((table == table[:, :1]).all())
    p_value = 1.0 if tied else float(stats.friedmanchisquare(*table.T).pvalue)
    error = np.sqrt(arms * (arms + 1) / (6.0 * series)) / np.sqrt(2.0)
    gaps = np.abs(average[:, None] - average[None, :])
    return Ranks(
        series=series,
        average=average,
        p_value=p_value,
        critical_difference=float(stats.studentized_range.isf(alpha, arms, np.inf) * error),
        p_pairs=np.minimum(1.0, stats.studentized_range.sf(gaps / error, arms, np.inf)),
    )
