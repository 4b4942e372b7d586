import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

from statewise.errors import DataError, SettingError
from statewise.scoring.conformal import half_widths

Array = NDArray[np.float64]

rows = partial(arrays, np.float64, elements=st.floats(-1e6, 1e6))
levels = st.sampled_from([1, 50, 66.6, 80, 90, 95, 99, 99.9])


@given(rows(st.tuples(st.just(2), st.integers(1, 30), st.just(3))), levels)
def test_the_width_is_the_residual_of_that_rank(residuals: Array, level: float) -> None:
    found = half_widths(residuals, level)
    n = residuals.shape[1]
    rank = math.ceil((n + 1) * Fraction(str(level)) / 100)
    for series in range(2):
        for step in range(3):
            ordered = sorted(abs(residuals[series, :, step]))
            assert found.width[series, step] == ordered[min(rank, n) - 1]
    reached = level if rank <= n else 100.0 * n / (n + 1)
    np.testing.assert_allclose(found.level, np.full((2, 3), reached), rtol=1e-15)


@pytest.mark.parametrize(("level", "needed"), [(50, 1), (80, 4), (90, 9), (95, 19), (99.9, 999)])
def test_a_level_is_reached_with_so_many_residuals_and_no_fewer(level: float, needed: int) -> None:
    residuals = np.arange(float(needed))[:, None]
    assert half_widths(residuals, level).level == level
    assert half_widths(residuals, level).width == needed - 1.0
    if needed > 1:
        found = half_widths(residuals[1:], level)
        assert found.level == pytest.approx(100.0 * (needed - 1) / needed)
        assert found.level < level
        assert found.width == needed - 1.0


@pytest.mark.parametrize(("n", "level"), [(5, 50), (9, 90), (10, 80), (19, 95), (30, 95), (8, 95)])
def test_the_next_residual_is_covered_as_often_as_promised(n: int, level: int) -> None:
    """In 20,000 draws of exchangeable residuals: in the binomial band of exactly k / (n + 1)."""
    draws = 20_000
    rng = np.random.default_rng([n, level])
    # A common scale in each draw makes the residuals exchangeable, but not independent.
    scale = rng.gamma(1.0, size=(draws, 1, 1))
    residuals = scale * rng.standard_t(3, size=(draws, n + 1, 1))
    found = half_widths(residuals[:, :n], level)
    covered = int(np.sum(np.abs(residuals[:, n]) <= found.width))
    rank = min(math.ceil(Fraction((n + 1) * level, 100)), n)
    low, high = stats.binom.interval(0.9999, draws, rank / (n + 1))
    assert low <= covered <= high
    assert (found.level <= 100.0 * rank / (n + 1) + 1e-9).all()


@pytest.mark.parametrize(("origins", "held"), [(20, 0.90), (40, 0.92)])
def test_overlapping_origins_cost_coverage_as_the_documentation_says(
    origins: int, held: float
) -> None:
    horizon, walks = 12, 4000
    last = origins + horizon - 1  # the residuals of all origins are known by then
    y = np.random.default_rng(1).normal(size=(walks, last + horizon + 1)).cumsum(axis=1)
    steps = np.arange(1, horizon + 1)
    origin = np.arange(origins)[:, None]
    found = half_widths(y[:, origin + steps] - y[:, origin], 95)
    inside = np.abs(y[:, last + steps] - y[:, [last]]) <= found.width
    assert inside.mean() == pytest.approx(held, abs=0.012)
    assert (found.level == 95.0).all()


@given(rows((4, 7, 2)), levels)
def test_signs_order_and_neighbours_do_not_matter(residuals: Array, level: float) -> None:
    found = half_widths(residuals, level)
    np.testing.assert_array_equal(half_widths(-residuals, level).width, found.width)
    np.testing.assert_array_equal(half_widths(residuals[:, ::-1], level).width, found.width)
    for series in range(4):
        alone = half_widths(residuals[series], level)
        np.testing.assert_array_equal(alone.width, found.width[series])
        np.testing.assert_array_equal(alone.level, found.level[series])


@given(rows((6, 2)), levels, st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_missing_residuals_are_left_out(residuals: Array, level: float, places: list[int]) -> None:
    longer = np.insert(residuals, places, np.nan, axis=0)
    found, whole = half_widths(longer, level), half_widths(residuals, level)
    np.testing.assert_array_equal(found.width, whole.width)
    np.testing.assert_array_equal(found.level, whole.level)


@given(rows((9, 2)))
def test_a_higher_level_is_never_narrower(residuals: Array) -> None:
    widths = [half_widths(residuals, level).width for level in (10, 50, 80, 95)]
    assert (np.diff(widths, axis=0) >= 0.0).all()


def test_what_cannot_be_used_is_refused() -> None:
    residuals = np.ones((2, 3, 4))
    residuals[1, :, 2] = np.nan
    with pytest.raises(DataError, match=r"residuals = \(1, 2\): .* without a residual"):
        half_widths(residuals, 80)
    with pytest.raises(DataError, match="residuals"):
        half_widths(np.ones((0, 4)), 80)
    with pytest.raises(DataError, match=r"\(\.\.\., origins, horizon\)"):
        half_widths([1.0, 2.0], 80)
    with pytest.raises(SettingError, match="level = 150"):
        half_widths(np.ones((3, 4)), 150)
