"""Comparisons over series: against scipy.stats, and what they hold where restarts mislead."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from statewise.errors import DataError
from statewise.stats import bootstrap_series, compare, compare_series
from tests.stats.draws import SIMULATIONS, each_kind, in_band, scores


def test_the_series_is_the_unit() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.gamma(2.0, 3.0, (12, 8)), rng.gamma(2.0, 3.0, (12, 8))
    found = compare_series(a, b, margin=1.0)
    assert found.paired == compare(a.mean(axis=1), b.mean(axis=1), margin=1.0)
    assert found.paired.n == 12
    assert found.p_wilcoxon == stats.wilcoxon(a.mean(axis=1), b.mean(axis=1)).pvalue
    assert found.restarts_left_out == 0


def test_diverged_pairs_are_left_out_of_their_series() -> None:
    a = np.array([[1.0, np.inf], [2.0, 4.0], [np.inf, np.inf]])
    b = np.array([[2.0, 1.0], [5.0, 5.0], [1.0, 1.0]])
    found = compare_series(a, b, margin=1.0)
    assert found.restarts_left_out == 3
    assert (found.paired.n, found.paired.left_out) == (2, 1)
    assert found.paired.difference == -1.5
    assert found.paired.probability_better == pytest.approx(2 / 3)
    low, high = bootstrap_series(a, b, resamples=499) or (0.0, 0.0)
    assert -3.0 <= low <= high <= -1.0


def test_equal_arms_and_single_series() -> None:
    a = np.arange(6.0).reshape(3, 2)
    same = compare_series(a, a, margin=1.0)
    assert (same.p_wilcoxon, same.paired.p_value, same.paired.identical) == (1.0, 1.0, True)
    one = compare_series(a[:1], a[:1] + 1.0, margin=1.0)
    assert (one.p_wilcoxon, one.paired.interval) == (None, None)
    assert bootstrap_series(a[:1], a[:1] + 1.0) is None


def test_what_are_not_tables_is_refused() -> None:
    a = np.ones((3, 2))
    with pytest.raises(DataError, match="tables of one shape"):
        compare_series(a, a[:2], margin=1.0)
    with pytest.raises(DataError, match="tables of one shape"):
        bootstrap_series(a[0], a[0])
    with pytest.raises(DataError, match=r"second = \(1, 0\)"):
        compare_series(a, np.array([[1.0, 1.0], [np.nan, 1.0], [1.0, 1.0]]), margin=1.0)


def test_the_two_stage_bootstrap_draws_series_then_restarts() -> None:
    """Against the variance in closed form: between series, and within them over the restarts."""
    rng = np.random.default_rng(2)
    d = rng.normal(0.0, 1.0, (25, 1)) + rng.normal(0.0, 2.0, (25, 6))
    means = d.mean(axis=1)
    variance = means.var() / 25 + (d.var(axis=1) / 6).mean() / 25
    t = np.sqrt(25 / 24) * stats.t.ppf(0.975, 24)
    low, high = bootstrap_series(d, np.zeros_like(d), resamples=20_000) or (0.0, 0.0)
    assert (high - low) / 2.0 == pytest.approx(t * np.sqrt(variance), rel=0.03)
    assert (high + low) / 2.0 == pytest.approx(means.mean(), abs=0.03)
    assert bootstrap_series(d, np.zeros_like(d), resamples=999) == bootstrap_series(
        d, np.zeros_like(d), resamples=999
    )


def test_restarts_that_are_not_shared_are_drawn_by_themselves() -> None:
    """What the restarts of both arms have in common cancels in pairs alone."""
    rng = np.random.default_rng(6)
    a = rng.normal(0.0, 2.0, (25, 6))
    b = a + rng.normal(0.0, 0.1, (25, 6))
    shared = bootstrap_series(a, b, resamples=2000) or (0.0, 0.0)
    low, high = bootstrap_series(a, b, resamples=20_000, shared=False) or (0.0, 0.0)
    means = (a - b).mean(axis=1)
    within = ((a.var(axis=1) + b.var(axis=1)) / 6).mean()
    t = np.sqrt(25 / 24) * stats.t.ppf(0.975, 24)
    assert (high - low) / 2.0 == pytest.approx(t * np.sqrt((means.var() + within) / 25), rel=0.03)
    assert high - low > 5.0 * (shared[1] - shared[0])


def test_unequal_numbers_of_restarts_are_drawn_within_their_series() -> None:
    """Rows of a constant: whatever restarts are drawn, a mean is of the series drawn."""
    a = np.repeat(np.array([[1.0], [1.0], [1.0]]), 5, axis=1)
    a[0, :4] = np.inf
    a[1, ::2] = np.inf
    assert bootstrap_series(a, np.zeros_like(a), resamples=99) == (1.0, 1.0)


def _studies(kind: str, seed: int, series: int) -> NDArray[np.float64]:
    """Differences (studies, series, 8 restarts) of arms that differ on a series, not on average."""
    rng = np.random.default_rng(seed)
    between = scores(kind, rng, (2, SIMULATIONS, series, 1))
    within = scores(kind, rng, (2, SIMULATIONS, series, 8))
    return np.asarray(between[0] - between[1] + within[0] - within[1])


@each_kind
def test_intervals_cover_and_tests_hold_their_level(kind: str) -> None:
    d = _studies(kind, 3, 20)
    zero = np.zeros((20, 8))
    t = wilcoxon = missed = 0
    for i, study in enumerate(d):
        found = compare_series(study, zero, margin=1.0)
        assert found.paired.p_value is not None
        assert found.p_wilcoxon is not None
        t += found.paired.p_value <= 0.05
        wilcoxon += found.p_wilcoxon <= 0.05
        low, high = bootstrap_series(study, zero, resamples=399, seed=i) or (0.0, 0.0)
        missed += not low <= 0.0 <= high
    assert in_band(t)
    assert in_band(wilcoxon)
    assert in_band(missed)


def test_pooled_restarts_would_mislead() -> None:
    """Why the series is the unit: a t-test over all restarts finds what is not there."""
    d = _studies("light", 4, 20).reshape(SIMULATIONS, -1)
    assert np.mean(stats.ttest_1samp(d, 0.0, axis=1).pvalue <= 0.05) > 0.3
