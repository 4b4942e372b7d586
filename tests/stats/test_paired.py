"""The paired comparison against scipy.stats, and its coverage by simulation."""

import itertools

import numpy as np
import pytest
from scipy import stats

from statewise.errors import DataError, SettingError
from statewise.stats import compare, resample


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
    assert found.p_no_worse == pytest.approx(upper, rel=1e-12)
    assert found.difference == pytest.approx(np.mean(a - b))
    assert found.effect == pytest.approx(test.statistic / np.sqrt(40))
    assert found.probability_better == np.mean(a < b)
    exact = stats.binomtest(int(np.sum(a < b)), 40).proportion_ci(0.95, method="exact")
    assert found.probability_interval == pytest.approx((exact.low, exact.high))


def test_ties_count_half_and_equal_scores_are_identical() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert compare(a, np.array([1.0, 3.0, 2.0, 5.0]), 0.1).probability_better == 0.625
    same = compare(a, a.copy(), 0.1)
    assert same.identical
    assert (same.p_value, same.probability_better) == (1.0, 0.5)
    assert same.effect is None


def test_diverged_runs_lose_and_are_left_out_of_the_mean() -> None:
    a = np.array([1.0, np.inf, 2.0, np.inf])
    b = np.array([2.0, 1.0, 4.0, np.inf])
    found = compare(a, b, margin=0.1)
    assert (found.n, found.left_out) == (2, 2)
    assert found.difference == -1.5
    assert found.probability_better == (2 + 0.5) / 4
    kept = resample(a[[0, 2]], b[[0, 2]])
    assert resample(a, b) == kept


def test_what_are_not_pairs_of_scores_is_refused() -> None:
    a = np.arange(3.0)
    with pytest.raises(DataError, match=r"another number of repeats.*compare_unpaired"):
        compare(a, np.arange(4.0), 0.1)
    with pytest.raises(DataError, match=r"first = \(3, 1\)"):
        resample(a[:, None], a)
    with pytest.raises(DataError, match=r"second = 1: is the first place where a score is NaN"):
        compare(a, np.array([0.0, np.nan, 1.0]), 0.1)
    with pytest.raises(SettingError, match="resamples"):
        resample(a, a, resamples=0)
    with pytest.raises(DataError, match="at least one score"):
        compare(a[:0], a[:0], 0.1)


def test_few_pairs_are_flipped_in_every_way() -> None:
    d = np.random.default_rng(5).normal(0.6, 1.0, 9)
    means = [np.mean(d * signs) for signs in itertools.product([-1.0, 1.0], repeat=9)]
    expected = np.mean(np.abs(means) >= abs(d.mean()) - 1e-12)
    found = resample(d, np.zeros(9), seed=4)
    assert found is not None
    assert found.p_value == pytest.approx(expected)


def test_many_pairs_are_flipped_at_random_with_the_seed() -> None:
    d = np.random.default_rng(6).normal(0.25, 1.0, 100)
    found = resample(d, np.zeros(100), seed=4)
    assert found is not None
    assert resample(d, np.zeros(100), seed=4) == found
    assert resample(d, np.zeros(100), seed=5) != found
    exact = compare(d, np.zeros(100), 1.0).p_value
    assert exact is not None
    assert found.p_value == pytest.approx(exact, abs=5.0 * np.sqrt(exact / 9999))
    certain = resample(d + 10.0, np.zeros(100), resamples=99)
    assert certain is not None
    assert 1 / 100 <= certain.p_value <= 2 / 100


def test_the_bootstrap_interval_is_efrons() -> None:
    """Against BCa written out: bias from the bootstrap, acceleration from the jackknife."""
    rng = np.random.default_rng(7)
    d = rng.lognormal(0.0, 1.0, 30)
    means = d[rng.integers(30, size=(200_000, 30))].mean(axis=1)
    bias = stats.norm.ppf(np.mean(means < d.mean()))
    left = (d.sum() - d) / 29
    deviation = left.mean() - left
    acceleration = np.sum(deviation**3) / (6.0 * np.sum(deviation**2) ** 1.5)
    z = bias + stats.norm.ppf([0.025, 0.975])
    expected = np.quantile(means, stats.norm.cdf(bias + z / (1.0 - acceleration * z)))
    found = resample(d, np.zeros(30), resamples=50_000)
    assert found is not None
    assert found.method == "BCa"
    assert found.interval == pytest.approx(tuple(expected), rel=0.01)
