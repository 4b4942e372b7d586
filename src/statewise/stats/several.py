"""Two arms on several series or cutoffs: a conclusion beyond the one at hand.

The series is the unit. A thousand restarts on three series are three observations of how the arms
differ between series. So the restarts of a series are averaged first, or resampled within it.

The scores of all series must be on one scale, or the widest series decides alone: divide them by
the score of a naive forecast of that series, or take logarithms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from statewise.base.checks import at_least
from statewise.errors import DataError
from statewise.stats.comparison import Floats, without_nan
from statewise.stats.paired import Paired, compare, signed_rank

__all__ = ["AcrossSeries", "bootstrap_series", "compare_series", "means_of"]

BATCH = 2_000_000  # differences that the bootstrap holds at once


@dataclass(frozen=True)
class AcrossSeries:
    """The comparison of a first arm with a second one over series.

    Attributes:
        paired: of the series' means, paired by series: ``paired.n`` is a number of series, the
            interval is Student's over series, and ``paired.left_out`` counts series in which no
            pair of restarts is left; the arm that diverged less often is the better one there.
        p_wilcoxon: of ``signed_rank`` of the series' mean differences.
        restarts_left_out: pairs of restarts in which a run diverged; they are in no mean.
    """

    paired: Paired
    p_wilcoxon: float | None
    restarts_left_out: int


def compare_series(
    first: Floats, second: Floats, margin: float, level: float = 0.95
) -> AcrossSeries:
    """Compare the scores of two arms, (series, repeats) each, over the series.

    Restarts are shared within a series. Raises DataError if the shapes differ, are not of two
    dimensions, or a score is NaN.

    Example:
        >>> first = np.array([[1.0, 1.2], [0.8, 0.9], [1.1, 1.3]])
        >>> result = compare_series(first, first + np.array([[0.1], [0.3], [0.2]]), margin=0.05)
        >>> result.paired.n, round(result.paired.difference, 3), result.p_wilcoxon
        (3, -0.2, 0.25)
    """
    first, second = _tables(first, second)
    both = np.isfinite(first) & np.isfinite(second)
    a, b = means_of(first, both), means_of(second, both)
    some = both.any(axis=1)
    d = a[some] - b[some]
    # Where no pair is left, the arm that diverged less often wins the series.
    lost = [(~np.isfinite(scores)).sum(axis=1) for scores in (first, second)]
    a = np.where(~some & (lost[0] < lost[1]), 0.0, a)
    b = np.where(~some & (lost[1] < lost[0]), 0.0, b)
    paired = compare(a, b, margin, level)
    return AcrossSeries(paired, signed_rank(d), int(both.size - both.sum()))


def bootstrap_series(
    first: Floats,
    second: Floats,
    level: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
    *,
    shared: bool = True,
) -> tuple[float, float] | None:
    """The interval of the mean difference over series from a two-stage bootstrap.

    Series are drawn with replacement, then pairs of restarts within each series drawn (Davison and
    Hinkley 1997, section 3.8); where restarts are not ``shared``, those of each arm by themselves.
    The percentiles are the expanded ones of Hesterberg (2015): plain percentiles are too narrow by
    the factor that sets Student's interval apart from the normal one, which matters with few
    series. The second stage counts the variation of restarts once more than it is there; the
    interval is a little wide where that is large beside the one between series.

    Arguments and errors are those of ``compare_series``; None with fewer than two series.

    Example:
        >>> first = np.array([[1.0, 1.2], [0.8, 0.9], [1.1, 1.3]])
        >>> low, high = bootstrap_series(first, first + np.array([[0.1], [0.3], [0.2]]))
        >>> round(low, 2), round(high, 2)
        (-0.3, -0.1)
    """
    first, second = _tables(first, second)
    resamples = at_least("resamples", resamples, 1)
    a, b = np.isfinite(first), np.isfinite(second)
    # What is drawn by itself: the differences of pairs, or the scores of either arm.
    parts = (
        [(np.where(a & b, first, 0.0) - np.where(a & b, second, 0.0), a & b)]
        if shared
        else [(first, a), (-second, b)]
    )
    some = np.logical_and.reduce([counted.any(axis=1) for _, counted in parts])
    series = int(some.sum())
    if series < 2:
        return None
    stages = [_Stage(values[some], counted[some]) for values, counted in parts]
    rng = np.random.default_rng(seed)
    drawn: list[Floats] = []
    batch = max(1, BATCH // (series * first.shape[1]))
    for start in range(0, resamples, batch):
        picked = rng.integers(series, size=(min(batch, resamples - start), series))
        drawn.append(np.add.reduce([s.means(picked, rng) for s in stages]).mean(axis=1))
    expanded = np.sqrt(series / (series - 1)) * special.stdtrit(series - 1, 0.5 - level / 2.0)
    tail = float(special.ndtr(expanded))
    low, high = np.quantile(np.concatenate(drawn), [tail, 1.0 - tail])
    return float(low), float(high)


class _Stage:
    """Values of which restarts are drawn within series; those that count stand first."""

    def __init__(self, values: Floats, counted: NDArray[np.bool_]) -> None:
        order = np.argsort(~counted, axis=1, kind="stable")
        self.values = np.take_along_axis(np.where(counted, values, 0.0), order, axis=1)
        self.counts = counted.sum(axis=1)

    def means(self, picked: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """The means of restarts drawn anew in each of the ``picked`` series, of any shape."""
        n, repeats = self.counts[picked][..., None], self.values.shape[1]
        columns = (rng.random((*picked.shape, repeats)) * n).astype(np.int64)
        drawn = self.values[picked[..., None], columns]
        total = np.sum(drawn, axis=-1, where=np.arange(repeats) < n)
        means: Floats = total / n[..., 0]
        return means


def _tables(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or first.shape != second.shape or not first.size:
        problem = "are not two tables of one shape, a row for each series"
        fix = "Give arrays of shape (series, repeats) with shared restarts."
        raise DataError("first, second", (first.shape, second.shape), problem, fix)
    return without_nan("first", first), without_nan("second", second)


def means_of(scores: Floats, counted: NDArray[np.bool_]) -> Floats:
    """The mean of each row over what is counted; infinity where nothing is."""
    n = counted.sum(axis=1)
    total = np.where(counted, scores, 0.0).sum(axis=1)
    means = np.full(len(n), np.inf)
    np.divide(total, n, out=means, where=n > 0)
    return means
