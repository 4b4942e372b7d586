import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import boxcox_normmax

from statewise.model.framing.maps import Scale, difference, fit_power, power, undifference, unpower


@given(st.lists(st.floats(1e-3, 1e3), min_size=1), st.floats(-1.0, 2.0))
@example([2.0], 5e-324)
@example([2.0, 700.0], -1e-12)
def test_a_power_is_undone(values: list[float], exponent: float) -> None:
    x, p = np.array(values), np.asarray(exponent)
    np.testing.assert_allclose(unpower(power(x, p), p), x, rtol=1e-8)


@pytest.mark.parametrize("exponent", [-1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
def test_a_power_is_box_and_coxs(exponent: float) -> None:
    x = np.array([0.2, 1.0, 7.0])
    expected = (x**exponent - 1) / exponent if exponent else np.log(x)
    np.testing.assert_allclose(power(x, np.asarray(exponent)), expected, rtol=1e-12, atol=1e-15)


def test_a_logarithm_takes_the_smallest_and_the_largest_numbers() -> None:
    x, log = np.array([5e-324, 1e-300, 1.0, 1.7e308]), np.asarray(0.0)
    assert np.isfinite(power(x, log)).all()
    np.testing.assert_allclose(unpower(power(x, log), log)[1:], x[1:], rtol=1e-12)


def test_beyond_its_range_a_power_inverts_to_the_limit() -> None:
    beyond = np.array([-9.0, 9.0, np.nan])
    assert unpower(np.array([np.inf]), np.asarray(0.0)) == np.inf
    np.testing.assert_array_equal(unpower(beyond, np.asarray(0.5))[[0, 2]], [0.0, np.nan])
    np.testing.assert_array_equal(unpower(beyond, np.asarray(-0.5))[1:], [np.inf, np.nan])


@pytest.mark.parametrize("seed", range(4))
def test_the_exponent_is_scipys_maximum_of_the_likelihood(seed: int) -> None:
    values = np.random.default_rng(seed).gamma(2.0, size=90) + 0.5
    assert fit_power(values) == pytest.approx(boxcox_normmax(values, method="mle"), abs=1e-4)
    assert fit_power(values * 1e6) == pytest.approx(fit_power(values), abs=1e-4)


@pytest.mark.parametrize(
    "values", [[2.0] * 5, [5e-324, 1.0, 1.7e308], [1.0, 1.0 + 1e-15, 1.0], [1e-300, 3e-300, 9e-300]]
)
def test_extreme_values_have_an_exponent_too(values: list[float]) -> None:
    assert -1.0 <= fit_power(np.array(values)) <= 2.0


@given(
    st.lists(st.integers(-99, 99), min_size=10, max_size=30), st.integers(1, 9), st.integers(1, 20)
)
def test_a_difference_is_undone(values: list[int], lag: int, count: int) -> None:
    x = np.array(values, float)
    known = max(lag, len(x) - count)
    changes = difference(x, lag)[known - lag :]
    np.testing.assert_array_equal(undifference(changes[None], x[:known], lag)[0], x[known:])


def test_a_scale_maps_the_extremes_or_the_moments() -> None:
    values = np.array([3.0, 5.0, 11.0])
    ranged, standard = Scale.fit(values, (0.0, 2.0)), Scale.fit(values, "standard")
    assert ranged is not None
    assert standard is not None
    np.testing.assert_allclose(ranged.apply(values), [0.0, 0.5, 2.0], atol=1e-15)
    assert standard.apply(values).mean() == pytest.approx(0.0, abs=1e-15)
    assert standard.apply(values).std() == pytest.approx(1.0)
    assert Scale.fit(np.full(3, 7.0), "standard") is None
    assert Scale.centred(7.0, (0.0, 1.0)).apply(np.array([7.0, 8.0])).tolist() == [0.5, 1.5]
    assert Scale.centred(7.0, "standard").apply(np.array([7.0])).tolist() == [0.0]
