"""What paired and unpaired comparisons have in common: coverage, levels, degenerate scores."""

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from statewise.stats import compare, compare_unpaired, resample, resample_unpaired
from statewise.stats.comparison import bootstrap, share_interval
from tests.stats.draws import SIMULATIONS, below_band, each_kind, in_band, scores

COMPARE = {"paired": compare, "unpaired": compare_unpaired}
RESAMPLE = {"paired": resample, "unpaired": resample_unpaired}
each_test = pytest.mark.parametrize("test", COMPARE)


@each_kind
@each_test
def test_intervals_cover_and_tests_hold_their_level(test: str, kind: str) -> None:
    """100 restarts an arm: the skew of the two arms cancels in the difference of their means.

    The interval of pairs' probability is exact, and so covers too often.
    """
    rng = np.random.default_rng(8)
    missed = {"t": 0, "probability": 0}
    rejected = 0
    for a, b in scores(kind, rng, (SIMULATIONS, 2, 100)):
        found = COMPARE[test](a, b, margin=1.0)
        assert found.interval is not None
        assert found.p_value is not None
        missed["t"] += not found.interval[0] <= 0.0 <= found.interval[1]
        low, high = found.probability_interval
        missed["probability"] += not low <= 0.5 <= high
        rejected += found.p_value <= 0.05
    assert in_band(missed["t"])
    assert missed["t"] == rejected
    assert (below_band if test == "paired" else in_band)(missed["probability"])


@each_kind
@each_test
def test_equivalence_and_non_inferiority_hold_their_level_at_the_margin(
    test: str, kind: str
) -> None:
    """The first arm is worse by the margin: as much as rejecting has to be wrong about."""
    rng = np.random.default_rng(11)
    drawn = scores(kind, rng, (SIMULATIONS, 2, 100))
    found = [COMPARE[test](a + 5.0, b, margin=5.0) for a, b in drawn]
    equivalent = sum(f.p_equivalent is not None and f.p_equivalent <= 0.05 for f in found)
    no_worse = sum(f.p_no_worse is not None and f.p_no_worse <= 0.05 for f in found)
    assert in_band(equivalent)
    assert in_band(no_worse)


@each_test
@pytest.mark.parametrize(("kind", "n"), [("skewed", 500), ("light", 100)])
def test_bootstrap_intervals_cover(test: str, kind: str, n: int) -> None:
    """BCa needs more scores where the tail is heavy (see ``Resampled``)."""
    rng = np.random.default_rng(12)
    missed = 0
    for a, b in scores(kind, rng, (SIMULATIONS, 2, n)):
        samples = [a - b] if test == "paired" else [a, b]
        (low, high), method = bootstrap(samples, 0.95, 499, rng)
        assert method == "BCa"
        missed += not low <= 0.0 <= high
    assert in_band(missed)


@pytest.mark.parametrize("sizes", [(12,), (40,), (15, 30)])
def test_the_bootstrap_interval_is_scipys(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(13)
    samples = [rng.lognormal(0.0, 1.0, n) for n in sizes]

    def statistic(*drawn: Any, axis: int) -> Any:
        means = [np.mean(x, axis=axis) for x in drawn]
        return means[0] - means[1] if len(means) == 2 else means[0]

    expected = stats.bootstrap(samples, statistic, n_resamples=50_000, rng=1, batch=1000)
    found, method = bootstrap(samples, 0.95, 50_000, rng)
    assert method == "BCa"
    wide = found[1] - found[0]
    assert found == pytest.approx(tuple(expected.confidence_interval), abs=0.03 * wide)


@each_test
def test_arms_that_do_not_vary_are_certain(test: str) -> None:
    compared, resampled = COMPARE[test], RESAMPLE[test]
    a = np.full(4, 2.0)
    found = compared(a, a + 0.5, margin=1.0)
    assert (found.p_value, found.p_equivalent, found.p_no_worse) == (0.0, 0.0, 0.0)
    assert compared(a, a, margin=1.0).p_value == 1.0
    assert compared(a, a + 2.0, margin=1.0).p_equivalent == 1.0
    assert compared(a + 2.0, a, margin=1.0).p_no_worse == 1.0
    again = resampled(a, a + 0.5)
    assert again is not None
    assert again.p_value == pytest.approx(2 / 70 if test == "unpaired" else 2 / 16)
    assert (again.method, again.interval) == ("percentile", (-0.5, -0.5))
    same = resampled(a, a)
    assert same is not None
    assert (same.method, same.p_value) == ("percentile", 1.0)


@each_test
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_scores_have_no_interval(test: str, n: int) -> None:
    a = np.concatenate([np.full(3, np.inf), np.arange(float(n))])
    found = COMPARE[test](a, a + 1.0, margin=0.1)
    assert (found.interval, found.p_value, found.p_equivalent, found.p_no_worse) == (None,) * 4
    assert found.difference == (None if n == 0 else -1.0)
    assert RESAMPLE[test](a, a + 1.0) is None


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_the_interval_of_a_probability_is_of_the_beta_distributions_quantiles(n: int) -> None:
    for won in np.linspace(0.0, n, 41):  # whole or not: a tie is half a success
        low = special.betaincinv(won, n - won + 1.0, 0.025) if won > 0.0 else 0.0
        high = special.betaincinv(won + 1.0, n - won, 0.975) if won < n else 1.0
        assert share_interval(won / n, n, 0.95) == pytest.approx((low, high), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("n", [10, 100])
def test_the_interval_of_a_probability_never_covers_too_little(n: int) -> None:
    """Summed exactly over all outcomes, for a grid of probabilities."""
    won = np.arange(n + 1)
    low, high = np.transpose([share_interval(k / n, n, 0.95) for k in won])
    for p in np.linspace(0.01, 0.99, 99):
        assert stats.binom.pmf(won, n, p)[(low <= p) & (p <= high)].sum() >= 0.95
