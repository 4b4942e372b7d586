"""Plans against closed forms, a published value and simulated studies."""

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from statewise.errors import DataError, SettingError
from statewise.stats import (
    half_widths,
    looks,
    pilot_sd,
    power_of_difference,
    power_of_equivalence,
    power_of_no_worse,
    repeats_for,
    repeats_for_half_width,
)
from tests.stats.draws import SIMULATIONS, each_kind, in_band, scores


def test_half_widths_are_students() -> None:
    d = np.random.default_rng(1).normal(size=17)
    interval = stats.ttest_1samp(d, 0.0).confidence_interval(0.9)
    [width] = half_widths(d.std(ddof=1), [17], level=0.9)
    assert width == pytest.approx((interval.high - interval.low) / 2.0)


@pytest.mark.parametrize("wanted", [0.05, 0.3, 2.0, 9.0])
def test_fewer_repeats_would_be_too_wide(wanted: float) -> None:
    n = repeats_for_half_width(1.0, wanted)
    before, there = half_widths(1.0, [max(2, n - 1), n])
    assert there <= wanted
    assert n == 2 or before > wanted


@pytest.mark.parametrize(("n", "difference"), [(5, 1.0), (34, 0.5), (200, -0.2)])
def test_the_t_tests_power_is_noncentral(n: int, difference: float) -> None:
    t, shift = stats.t.ppf(0.975, n - 1), difference * np.sqrt(n) / 2.0
    expected = stats.nct.sf(t, n - 1, shift) + stats.nct.cdf(-t, n - 1, shift)
    assert power_of_difference(n, 2.0, difference) == pytest.approx(expected, rel=1e-6)


def test_the_t_tests_power_is_what_simulated_studies_find() -> None:
    n = repeats_for(power_of_difference, power=0.9, sd=2.0, difference=0.8)
    assert power_of_difference(n - 1, 2.0, 0.8) < 0.9 <= power_of_difference(n, 2.0, 0.8)
    d = np.random.default_rng(2).normal(0.8, 2.0, (SIMULATIONS, n))
    found = stats.ttest_1samp(d, 0.0, axis=1).pvalue <= 0.05
    assert in_band(int(found.sum()), power_of_difference(n, 2.0, 0.8))


def test_the_power_of_equivalence_is_the_published_one() -> None:
    """PowerTOST's sampleN.TOST(CV = 0.3): 40 subjects in a crossover, 38 degrees of freedom."""
    error = np.sqrt(np.log(1.0 + 0.3**2) * 2.0 / 40)
    found = power_of_equivalence(39, error * np.sqrt(39), np.log(1.25), np.log(0.95))
    assert found == pytest.approx(0.815845, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "sd", "margin", "difference"),
    [(3, 1.0, 2.0, 0.5), (10, 1.0, 1.0, 0.3), (36, 2.0, 1.0, 0.0), (50, 2.0, 0.7, -0.2)],
)
def test_the_power_of_equivalence_is_what_simulated_studies_find(
    n: int, sd: float, margin: float, difference: float
) -> None:
    d = np.random.default_rng(3).normal(difference, sd, (50_000, n))
    half = stats.t.ppf(0.95, n - 1) * d.std(axis=1, ddof=1) / np.sqrt(n)
    shown = int(np.sum(np.abs(d.mean(axis=1)) + half <= margin))
    assert in_band(shown, power_of_equivalence(n, sd, margin, difference), 50_000)


def test_the_power_of_equivalence_at_the_margin_is_alpha() -> None:
    assert power_of_equivalence(100, 1.0, 2.0, 2.0) == pytest.approx(0.05, abs=1e-6)
    n = repeats_for(power_of_equivalence, sd=1.0, margin=0.5, difference=0.2)
    before, there = (power_of_equivalence(k, 1.0, 0.5, 0.2) for k in (n - 1, n))
    assert before < 0.8 <= there


def test_a_pilots_limit_is_exceeded_as_seldom_as_said() -> None:
    pilots = np.random.default_rng(4).normal(0.0, 3.0, (SIMULATIONS, 10))
    limits = np.array([pilot_sd(d, assurance=0.8) for d in pilots])
    assert in_band(int(np.sum(limits < 3.0)), 0.2)
    assert pilot_sd(np.append(pilots[0], np.inf)) == limits[0]


def test_impossible_plans_are_refused() -> None:
    with pytest.raises(DataError, match="pilot"):
        pilot_sd(np.array([1.0, np.inf]))
    for power_of in (power_of_equivalence, power_of_no_worse):
        with pytest.raises(SettingError, match="would not be enough"):
            repeats_for(power_of, sd=1.0, margin=0.5, difference=0.5)
    with pytest.raises(SettingError, match="would not be enough"):
        repeats_for(power_of_difference, sd=1.0, difference=0.0)
    with pytest.raises(SettingError, match="power"):
        repeats_for(power_of_difference, power=1.0, sd=1.0, difference=1.0)
    with pytest.raises(SettingError, match="would not be enough"):
        repeats_for_half_width(1.0, 1e-6)
    with pytest.raises(SettingError, match="above zero"):
        repeats_for_half_width(1.0, 1.0, level=0.0)
    with pytest.raises(SettingError, match="Use 5 or fewer"):
        looks(10, 6)


def test_looks_are_even_and_share_alpha() -> None:
    planned = looks(100, 3)
    assert [look.repeats for look in planned] == [33, 66, 100]
    assert sum(look.alpha for look in planned) == pytest.approx(0.05)
    assert looks(30, 1)[0].alpha == 0.05


def _ever_rejects(d: NDArray[np.float64], plan: Iterable[tuple[int, float]]) -> NDArray[np.bool_]:
    """Which studies (studies, repeats) have a paired t-test that rejects at any look."""
    ever = np.zeros(len(d), np.bool_)
    for repeats, alpha in plan:
        ever |= stats.ttest_1samp(d[:, :repeats], 0.0, axis=1).pvalue <= alpha
    return ever


@each_kind
def test_thirty_peeks_inflate_the_error_and_planned_looks_do_not(kind: str) -> None:
    drawn = scores(kind, np.random.default_rng(5), (2, SIMULATIONS, 300))
    d = drawn[0] - drawn[1]
    peeks = _ever_rejects(d, [(n, 0.05) for n in range(10, 301, 10)])
    thirty = _ever_rejects(d, [(look.repeats, look.alpha) for look in looks(300, 30)])
    five = _ever_rejects(d, [(look.repeats, look.alpha) for look in looks(300, 5)])
    highest = stats.binom.interval(0.99, SIMULATIONS, 0.05)[1] / SIMULATIONS
    assert peeks.mean() > 0.15
    assert thirty.mean() <= highest
    assert five.mean() <= highest
