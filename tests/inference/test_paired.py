"""The paired comparison against scipy.stats, and its coverage by simulation."""

import itertools

import numpy as np
import pytest
from scipy import stats

from statewise.errors import DataError, SettingError
from statewise.inference import compare, resample
from statewise.inference.comparison import bootstrap, share_interval
from tests.inference.draws import SIMULATIONS, below_band, each_kind, in_band, scores


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


def test_a_constant_difference_is_certain() -> None:
    a = np.array([1.0, 2.0, 3.0])
    found = compare(a, a + 0.5, margin=1.0)
    assert found.p_value == 0.0
    assert found.p_equivalent == 0.0
    assert found.p_no_worse == 0.0
    assert compare(a, a + 2.0, margin=1.0).p_equivalent == 1.0
    assert compare(a + 2.0, a, margin=1.0).p_no_worse == 1.0


def test_diverged_runs_lose_and_are_left_out_of_the_mean() -> None:
    a = np.array([1.0, np.inf, 2.0, np.inf])
    b = np.array([2.0, 1.0, 4.0, np.inf])
    found = compare(a, b, margin=0.1)
    assert (found.n, found.left_out) == (2, 2)
    assert found.difference == -1.5
    assert found.probability_better == (2 + 0.5) / 4
    kept = resample(a[[0, 2]], b[[0, 2]])
    assert resample(a, b) == kept


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pairs_have_no_interval(n: int) -> None:
    a = np.concatenate([np.full(3, np.inf), np.arange(float(n))])
    found = compare(a, a + 1.0, margin=0.1)
    assert found.interval is None
    assert found.p_value is None
    assert found.p_no_worse is None
    assert found.difference == (None if n == 0 else -1.0)
    assert resample(a, a + 1.0) is None


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


def test_degenerate_differences_fall_back_to_percentiles_and_say_so() -> None:
    a = np.array([1.0, 2.0, 4.0, 8.0])
    found = resample(a, a + 0.5)
    assert found is not None
    assert (found.method, found.interval) == ("percentile", (-0.5, -0.5))
    same = resample(a, a)
    assert same is not None
    assert (same.method, same.p_value) == ("percentile", 1.0)


@pytest.mark.parametrize("n", [10, 100])
def test_the_interval_of_a_probability_never_covers_too_little(n: int) -> None:
    """Summed exactly over all outcomes, for a grid of probabilities."""
    won = np.arange(n + 1)
    low, high = np.transpose([share_interval(k / n, n, 0.95) for k in won])
    for p in np.linspace(0.01, 0.99, 99):
        assert stats.binom.pmf(won, n, p)[(low <= p) & (p <= high)].sum() >= 0.95


@each_kind
def test_intervals_cover_and_tests_hold_their_level(kind: str) -> None:
    """Pairs of exchangeable scores: their differences are symmetric, which t needs with few."""
    rng = np.random.default_rng(8)
    missed = {"t": 0, "probability": 0}
    rejected = 0
    for a, b in scores(kind, rng, (SIMULATIONS, 2, 100)):
        found = compare(a, b, margin=1.0)
        assert found.interval is not None
        assert found.p_value is not None
        missed["t"] += not found.interval[0] <= 0.0 <= found.interval[1]
        low, high = found.probability_interval
        missed["probability"] += not low <= 0.5 <= high
        rejected += found.p_value <= 0.05
    assert in_band(missed["t"])
    assert missed["t"] == rejected
    assert below_band(missed["probability"])


@pytest.mark.parametrize(("kind", "n"), [("skewed", 500), ("light", 100)])
def test_bootstrap_intervals_cover(kind: str, n: int) -> None:
    """BCa needs more pairs where the tail is heavy (see ``Resampled``)."""
    rng = np.random.default_rng(12)
    missed = 0
    for a, b in scores(kind, rng, (SIMULATIONS, 2, n)):
        (low, high), method = bootstrap([a - b], 0.95, 499, rng)
        assert method == "BCa"
        missed += not low <= 0.0 <= high
    assert in_band(missed)


@each_kind
def test_equivalence_and_non_inferiority_hold_their_level_at_the_margin(kind: str) -> None:
    """The first arm is worse by the margin: as much as rejecting has to be wrong about."""
    rng = np.random.default_rng(9)
    drawn = scores(kind, rng, (SIMULATIONS, 2, 100))
    found = [compare(a + 5.0, b, margin=5.0) for a, b in drawn]
    equivalent = sum(f.p_equivalent is not None and f.p_equivalent <= 0.05 for f in found)
    no_worse = sum(f.p_no_worse is not None and f.p_no_worse <= 0.05 for f in found)
    assert in_band(equivalent)
    assert in_band(no_worse)
