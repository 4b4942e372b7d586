"""The unpaired comparison against scipy.stats, and its coverage by simulation."""

import itertools

import numpy as np
import pytest
from scipy import stats

from statewise.errors import DataError
from statewise.stats import compare_unpaired, resample_unpaired
from tests.stats.draws import SIMULATIONS, center, in_band, scores


def test_interval_and_p_values_are_scipys() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.gamma(2.0, 3.0, 40), rng.gamma(2.0, 1.0, 25)
    found = compare_unpaired(a, b, margin=6.0)
    test = stats.ttest_ind(a, b, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-9)
    assert found.interval == pytest.approx((interval.low, interval.high))
    lower = stats.ttest_ind(a, b - 6.0, equal_var=False, alternative="greater").pvalue
    upper = stats.ttest_ind(a, b + 6.0, equal_var=False, alternative="less").pvalue
    assert found.p_equivalent == pytest.approx(max(lower, upper), rel=1e-9)
    assert found.p_no_worse == pytest.approx(upper, rel=1e-9)
    assert found.effect == pytest.approx(
        (a.mean() - b.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0)
    )
    assert found.probability_better == pytest.approx(np.mean(a[:, None] < b))


def test_the_probabilitys_interval_is_brunner_and_munzels() -> None:
    """It leaves one half out where, and only where, scipy's test rejects. Ties are welcome."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        a = np.round(rng.normal(0.4, 1.0, 20), 1)
        b = np.round(rng.normal(0.0, 2.0, 30), 1)
        p = stats.brunnermunzel(a, b).pvalue
        for level in (1.0 - p * 1.001, 1.0 - p * 0.999):
            low, high = compare_unpaired(a, b, 1.0, level).probability_interval
            assert (low <= 0.5 <= high) == (level > 1.0 - p)


def test_arms_that_do_not_overlap_have_a_wide_interval_of_the_probability() -> None:
    found = compare_unpaired(np.arange(20.0), np.arange(30.0) + 100.0, 1.0)
    assert found.probability_better == 1.0
    exact = stats.binomtest(20, 20).proportion_ci(0.95, method="exact")
    assert found.probability_interval == pytest.approx((exact.low, 1.0))


def test_an_arm_that_does_not_vary_is_a_number() -> None:
    """A baseline without restarts, say: Welch's test is then Student's of the other arm."""
    rng = np.random.default_rng(5)
    a, b = rng.normal(100.0, 3.0, 20), np.full(20, 100.1)
    found = compare_unpaired(a, b, margin=1.0)
    assert found.p_value == pytest.approx(stats.ttest_1samp(a, 100.1).pvalue)
    assert resample_unpaired(a, b, resamples=199) is not None


def test_diverged_runs_lose_and_are_left_out_of_the_mean() -> None:
    a, b = np.array([1.0, 3.0, np.inf]), np.array([2.0, 4.0, 6.0, np.inf])
    found = compare_unpaired(a, b, margin=0.1)
    assert (found.n_first, found.n_second, found.left_out) == (2, 3, 2)
    assert found.difference == -2.0
    assert found.probability_better == pytest.approx((4 + 3 + 0.5) / 12)
    assert resample_unpaired(a, b) == resample_unpaired(a[:2], b[:3])


def test_too_few_scores_have_no_interval() -> None:
    one, few = np.array([1.0, np.inf]), np.array([2.0, 3.0])
    found = compare_unpaired(one, few, margin=0.1)
    assert (found.interval, found.p_value, found.p_no_worse) == (None, None, None)
    assert found.difference == -1.5
    assert resample_unpaired(one, few) is None
    assert compare_unpaired(one[1:], few, margin=0.1).difference is None
    assert compare_unpaired(one[:1], few, margin=0.1).probability_interval == pytest.approx(
        (0.025, 1.0)
    )
    with pytest.raises(DataError, match="second"):
        compare_unpaired(one, np.array([]), margin=0.1)


def test_few_scores_are_dealt_in_every_way() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(0.0, 1.0, 5), rng.normal(1.0, 2.0, 6)
    every = np.concatenate([a, b])
    values = []
    for picked in itertools.combinations(range(11), 5):
        mine = np.isin(np.arange(11), picked)
        values.append(stats.ttest_ind(every[mine], every[~mine], equal_var=False).statistic)
    t = stats.ttest_ind(a, b, equal_var=False).statistic
    below, above = np.mean(np.array(values) <= t + 1e-9), np.mean(np.array(values) >= t - 1e-9)
    found = resample_unpaired(a, b)
    assert found is not None
    assert found.p_value == pytest.approx(min(1.0, 2.0 * min(below, above)))


def test_the_bootstrap_interval_is_near_welchs_for_many_scores() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(0.0, 1.0, 2000), rng.normal(0.1, 3.0, 1000)
    found, welch = resample_unpaired(a, b), compare_unpaired(a, b, 1.0).interval
    assert found is not None
    assert welch is not None
    assert found.method == "BCa"
    assert found.interval == pytest.approx(welch, abs=0.01)
    again = resample_unpaired(a, b)
    assert again == found


def test_unequal_variances_and_sizes_do_not_mislead() -> None:
    """Where the pooled t-test rejects three times too often."""
    rng = np.random.default_rng(9)
    a = scores("light", rng, (SIMULATIONS, 120)) - center("light")
    b = 4.0 * (scores("light", rng, (SIMULATIONS, 30)) - center("light"))
    found = [compare_unpaired(x, y, margin=1.0) for x, y in zip(a, b, strict=True)]
    rejected = sum(f.p_value is not None and f.p_value <= 0.05 for f in found)
    pooled = stats.ttest_ind(a, b, axis=1).pvalue
    assert in_band(rejected)
    assert np.mean(pooled <= 0.05) > 0.15
