"""Ranks of many arms against scikit-posthocs, published values, and by simulation."""

import numpy as np
import pytest
import scikit_posthocs
from scipy import stats

from statewise.errors import DataError
from statewise.stats import rank_arms
from tests.stats.draws import SIMULATIONS, below_band, each_kind, in_band, scores


def test_ranks_and_p_values_are_the_oracles() -> None:
    rng = np.random.default_rng(1)
    table = np.round(rng.normal(0.0, 1.0, (15, 5)) + 0.4 * np.arange(5.0), 1)
    found = rank_arms(table)
    assert found.series == 15
    assert found.average == pytest.approx(np.mean([stats.rankdata(row) for row in table], axis=0))
    assert found.p_value == pytest.approx(stats.friedmanchisquare(*table.T).pvalue)
    oracle = np.asarray(scikit_posthocs.posthoc_nemenyi_friedman(table))
    assert found.p_pairs == pytest.approx(oracle, abs=1e-6)


@pytest.mark.parametrize(
    ("alpha", "arms", "q"),
    [(0.05, 3, 2.343), (0.05, 4, 2.569), (0.05, 10, 3.164), (0.10, 5, 2.459)],
)
def test_the_critical_difference_is_demsars(alpha: float, arms: int, q: float) -> None:
    """Table 5(a) of Demsar (2006)."""
    table = np.random.default_rng(2).normal(size=(14, arms))
    found = rank_arms(table, alpha).critical_difference
    assert found == pytest.approx(q * np.sqrt(arms * (arms + 1) / (6 * 14)), rel=3e-4)


def test_pairs_beyond_the_critical_difference_are_those_with_a_small_p_value() -> None:
    table = np.random.default_rng(3).normal(size=(12, 6)) + 0.5 * np.arange(6.0)
    found = rank_arms(table, 0.05)
    gaps = np.abs(found.average[:, None] - found.average)
    assert np.array_equal(gaps > found.critical_difference, found.p_pairs < 0.05)


def test_ties_and_diverged_arms() -> None:
    same = rank_arms(np.ones((4, 3)))
    assert same.p_value == 1.0
    assert same.average.tolist() == [2.0, 2.0, 2.0]
    table = np.array([[1.0, 2.0, np.inf], [2.0, 1.0, np.inf]])
    assert rank_arms(table).average.tolist() == [1.5, 1.5, 3.0]


@pytest.mark.parametrize("shape", [(5,), (5, 2), (1, 4)])
def test_too_little_to_rank_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="three or more arms"):
        rank_arms(np.ones(shape))


def test_a_score_missing_is_refused() -> None:
    with pytest.raises(DataError, match="full table"):
        rank_arms(np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]]))


@each_kind
def test_both_tests_hold_their_level(kind: str) -> None:
    """Four arms on thirty series of widely different scales.

    Nemenyi's is for the largest gap of any pair, and a little conservative by its use of infinite
    degrees of freedom for discrete ranks.
    """
    rng = np.random.default_rng(4)
    drawn = scores(kind, rng, (SIMULATIONS, 30, 4)) * rng.lognormal(0.0, 2.0, (SIMULATIONS, 30, 1))
    found = [rank_arms(table) for table in drawn]
    friedman = sum(f.p_value <= 0.05 for f in found)
    nemenyi = sum(bool(np.ptp(f.average) > f.critical_difference) for f in found)
    assert in_band(friedman)
    assert below_band(nemenyi)
