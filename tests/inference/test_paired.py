"""The paired comparison against scipy.stats, and its coverage by simulation."""

import numpy as np
import pytest
from scipy import stats

from statewise.inference import compare


def test_interval_and_p_values_are_scipys() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.gamma(2.0, 3.0, 40), rng.gamma(2.0, 3.0, 40)
    found = compare(a, b, margin=1.0)
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-12)
    assert found.interval == pytest.approx((interval.low, interval.high))
    lower = stats.ttest_rel(a, b - 1.0, alternative="greater").pvalue
    upper = stats.ttest_rel(a, b + 1.0, alternative="less").pvalue
    assert found.p_equivalent == pytest.approx(max(lower, upper), rel=1e-12)
    assert found.difference == pytest.approx(np.mean(a - b))
    assert found.probability_better == np.mean(a < b)


def test_ties_count_half_and_equal_scores_are_identical() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert compare(a, np.array([1.0, 3.0, 2.0, 5.0]), 0.1).probability_better == 0.625
    same = compare(a, a.copy(), 0.1)
    assert same.identical
    assert (same.p_value, same.probability_better) == (1.0, 0.5)


def test_a_constant_difference_is_certain() -> None:
    a = np.array([1.0, 2.0, 3.0])
    found = compare(a, a + 0.5, margin=1.0)
    assert found.p_value == 0.0
    assert found.p_equivalent == 0.0
    assert compare(a, a + 2.0, margin=1.0).p_equivalent == 1.0


def test_diverged_runs_lose_and_are_left_out_of_the_mean() -> None:
    a = np.array([1.0, np.inf, 2.0, np.inf])
    b = np.array([2.0, 1.0, 4.0, np.inf])
    found = compare(a, b, margin=0.1)
    assert (found.n, found.left_out) == (2, 2)
    assert found.difference == -1.5
    assert found.probability_better == (2 + 0.5) / 4


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pairs_have_no_interval(n: int) -> None:
    a = np.concatenate([np.full(3, np.inf), np.arange(float(n))])
    found = compare(a, a + 1.0, margin=0.1)
    assert found.interval is None
    assert found.p_value is None
    assert found.difference == (None if n == 0 else -1.0)


def test_intervals_cover_and_tests_hold_their_level() -> None:
    """2,000 comparisons of an arm with itself, skewed like the stateful arm's scores."""
    rng = np.random.default_rng(8)
    scores = 90.0 + rng.lognormal(2.0, 0.7, (2000, 2, 100))
    found = [compare(a, b, margin=1.0) for a, b in scores]
    rejected = sum(f.p_value is not None and f.p_value < 0.05 for f in found)
    covered = sum(f.interval is not None and f.interval[0] <= 0 <= f.interval[1] for f in found)
    low, high = stats.binom.interval(0.99, 2000, 0.05)
    assert low <= rejected <= high
    assert covered == 2000 - rejected
