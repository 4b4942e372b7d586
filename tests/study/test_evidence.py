"""All tests of one hypothesis: each is the one it says, on the unit of the verdict."""

import numpy as np
import pytest
from scipy import stats

from statewise.stats import bootstrap_series, compare, compare_unpaired, resample, resample_unpaired
from statewise.study import Observations, better, examine
from statewise.study.evidence import resamples_of
from statewise.study.results import Unit


def observations(unit: Unit, shape: tuple[int, int], *, shared: bool) -> Observations:
    rng = np.random.default_rng(4)
    tables = rng.normal(1.0, 0.2, shape), rng.normal(1.1, 0.3, shape)
    tables[0][0, 3] = np.inf
    return Observations(better("a", "b"), unit, shared, 0.05, tables)


def test_pairs_have_sign_flips_and_signed_ranks() -> None:
    seen = observations("restart", (1, 40), shared=True)
    found = examine(seen, 0.9, seed=3)
    first, second = seen.values
    assert found.comparison == compare(first, second, 0.05, 0.9)
    assert found.resampled == resample(first, second, 0.9, seed=3)
    kept = np.isfinite(first)
    assert found.p_ranks == stats.wilcoxon(first[kept], second[kept]).pvalue
    assert (found.permutation, found.rank_test) == ("sign flips", "Wilcoxon signed-rank")
    assert found.two_stage is None


def test_unpaired_arms_have_permutations_and_ranks_with_every_run() -> None:
    seen = observations("restart", (1, 40), shared=False)
    found = examine(seen, 0.9, seed=3)
    first, second = seen.values
    assert found.comparison == compare_unpaired(first, second, 0.05, 0.9)
    assert found.resampled == resample_unpaired(first, second, 0.9, seed=3)
    highest = np.where(np.isfinite(first), first, 1e9)
    assert found.p_ranks == pytest.approx(stats.brunnermunzel(highest, second).pvalue)
    assert (found.permutation, found.rank_test) == ("dealt anew", "Brunner-Munzel")


@pytest.mark.parametrize("shared", [True, False])
def test_series_are_the_unit_of_every_test(shared: bool) -> None:
    seen = observations("series", (9, 40), shared=shared)
    found = examine(seen, 0.95, seed=3)
    kept = [np.isfinite(table) for table in seen.tables]
    if shared:
        kept = [kept[0] & kept[1]] * 2
    means = [
        np.array([row[k].mean() for row, k in zip(table, which, strict=True)])
        for table, which in zip(seen.tables, kept, strict=True)
    ]
    assert found.p_ranks == pytest.approx(stats.wilcoxon(means[0] - means[1]).pvalue)
    assert found.comparison.difference == pytest.approx((means[0] - means[1]).mean())
    assert found.two_stage == bootstrap_series(*seen.tables, seed=3, shared=shared)


def test_too_few_scores_leave_gaps() -> None:
    for shared in (True, False):
        tables = np.array([[1.0]]), np.array([[2.0]])
        found = examine(Observations(better("a", "b"), "restart", shared, 0.1, tables))
        assert (found.resampled, found.p_ranks, found.comparison.p_value) == (None, None, None)


def test_many_scores_are_resampled_less_often() -> None:
    assert [resamples_of(n) for n in (10, 2000, 10_000, 10**6)] == [9999, 9999, 2000, 999]
