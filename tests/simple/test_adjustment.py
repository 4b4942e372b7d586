"""Adjustment: there and back, alone and in a stack, and no season where there is only noise."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from statewise.errors import DataError
from statewise.simple.adjustment import LONG, Adjustment, fit_adjustment, seasonal_indices

SEASON = np.array([5.0, -2.0, 1.0, -4.0])
rng = np.random.default_rng(7)
SERIES = {
    "walk": 50 + rng.normal(0, 1, 41).cumsum(),
    "season": 60 + np.tile(SEASON, 9) + rng.normal(0, 0.5, 36),
    "negative": rng.normal(0, 3, 30),
    "zeros": np.where(rng.random(50) < 0.5, 0.0, rng.poisson(4, 50)),
    "short": np.array([3.0, 4.0]),
    "single": np.array([7.0]),
    "constant": np.full(22, 5.0),
    "nought": np.zeros(12),
    "tiny": 1e-12 * np.abs(rng.normal(5, 1, 25)),
    "huge": 1e12 * np.abs(rng.normal(5, 1, 25)),
}


def stacked(parts: Any) -> tuple[Any, Any]:
    parts = list(parts)
    return np.concatenate(parts), np.concatenate([[0], np.cumsum([len(p) for p in parts])])


@pytest.mark.parametrize("transform", ["auto", "log", "asinh", "none"])
@pytest.mark.parametrize("seasons", [(), (4,), (4, 7), (12, 4)])
def test_a_series_is_adjusted_to_the_same_bit_alone_and_in_a_stack(
    transform: Any, seasons: Any
) -> None:
    y, offsets = stacked(SERIES.values())
    options: Any = {"seasons": seasons, "transform": transform, "apart": True}
    whole, z = fit_adjustment(y, offsets, **options)
    for i, part in enumerate(SERIES.values()):
        alone, own = fit_adjustment(part, np.array([0, len(part)]), **options)
        np.testing.assert_array_equal(own, z[offsets[i] : offsets[i + 1]])
        one, at = whole.take(np.array([i])), np.arange(len(part))[None]
        for name, array in alone.arrays().items():
            np.testing.assert_array_equal(array, one.arrays()[name])
        np.testing.assert_array_equal(one.apply(part[None], at)[0], own)  # the fit's own way
        pieces = [
            one.apply(part[None, t : t + 1], at[:, t : t + 1])[0, 0] for t in range(len(part))
        ]
        np.testing.assert_array_equal(pieces, own)
        np.testing.assert_array_equal(
            one.invert(own[None], at), one.invert(own[None, None], at)[:, 0]
        )
    count = min(len(part) for part in SERIES.values())
    rows = np.stack([part[:count] for part in SERIES.values()])
    places = np.tile(np.arange(count), (len(rows), 1))
    together = whole.apply(rows, places)
    for i in range(len(rows)):
        one = whole.take(np.array([i]))
        np.testing.assert_array_equal(one.apply(rows[i : i + 1], places[:1])[0], together[i])
        back = one.invert(together[i : i + 1], places[:1])
        np.testing.assert_array_equal(back[0], whole.invert(together, places)[i])


@pytest.mark.parametrize("transform", ["auto", "log", "asinh", "none"])
@pytest.mark.parametrize("name", SERIES)
def test_the_way_back_is_the_inverse(transform: Any, name: str) -> None:
    y = SERIES[name]
    fitted, z = fit_adjustment(y, np.array([0, len(y)]), seasons=(4, 7), transform=transform)
    back = fitted.invert(z[None], np.arange(len(y))[None])[0]
    np.testing.assert_allclose(back, y, rtol=1e-9, atol=1e-9 * np.abs(y).max())


def test_transforms_are_chosen_series_by_series() -> None:
    y, offsets = stacked(SERIES.values())
    kinds = dict(zip(SERIES, fit_adjustment(y, offsets)[0].kind.tolist(), strict=True))
    asinh = {"negative", "zeros", "nought"}
    assert kinds == {name: 2 if name in asinh else 1 for name in SERIES}
    assert set(fit_adjustment(y, offsets, transform="asinh")[0].kind) == {2}
    assert set(fit_adjustment(y, offsets, transform="none")[0].kind) == {0}
    low = fit_adjustment(y, offsets)[0].low
    assert (low == [-np.inf if name == "negative" else 0.0 for name in SERIES]).all()


def test_scales_are_shared_or_of_each_series_or_given() -> None:
    y, offsets = stacked([SERIES["walk"], SERIES["season"], SERIES["constant"]])
    shared, z = fit_adjustment(y, offsets)
    assert len(set(shared.scale)) == 1
    _, own = fit_adjustment(y, offsets, apart=True)
    changes = [np.abs(np.diff(own[a:b])).mean() for a, b in ((0, 41), (41, 77), (77, 99))]
    np.testing.assert_allclose(changes, [1.0, 1.0, 0.0])
    given, same = fit_adjustment(y, offsets, scale=shared.scale, apart=True)
    np.testing.assert_array_equal(same, z)
    np.testing.assert_array_equal(given.scale, shared.scale)


def test_several_seasons_are_taken_out_and_put_back() -> None:
    at = np.arange(200)
    y = 100 + SEASON[at % 4] + 6 * np.sin(2 * np.pi * at / 25)
    fitted, z = fit_adjustment(y, np.array([0, 200]), seasons=(25, 4), transform="none")
    assert fitted.seasons == (4, 25)
    assert fitted.indices.shape == (1, 29)
    assert np.ptp(z * fitted.scale[0] * fitted.unit[0]) < 0.2 * np.ptp(y)
    ahead = np.arange(200, 260)
    level = np.full((1, 60), z[-1])
    expected = 100 + SEASON[ahead % 4] + 6 * np.sin(2 * np.pi * ahead / 25)
    np.testing.assert_allclose(fitted.invert(level, ahead[None])[0], expected, atol=1.5)
    np.testing.assert_allclose(fitted.invert(level, None)[0], 100, atol=1.5)


def test_noise_is_shrunk_to_nothing_and_a_season_is_kept() -> None:
    generator = np.random.default_rng(1)
    noise = [np.ptp(seasonal_indices(generator.normal(0, 1, 60), 12)) for _ in range(200)]
    assert np.mean(np.array(noise) == 0) > 0.5
    assert np.mean(noise) < 0.4
    whole = np.tile(SEASON, 15) + generator.normal(0, 0.3, 60)
    np.testing.assert_allclose(seasonal_indices(whole, 4), SEASON - SEASON.mean(), atol=0.4)
    trended = np.tile(SEASON, 15) + 3.0 * np.arange(60)
    np.testing.assert_allclose(seasonal_indices(trended, 4), SEASON - SEASON.mean(), atol=1e-9)
    assert not seasonal_indices(np.full(40, 3.0), 4).any()


@given(
    arrays(np.float64, st.integers(10, 60), elements=st.floats(-1e6, 1e6)),
    st.sampled_from([2, 3, 4]),
)
def test_indices_add_up_to_nothing_and_are_never_larger_than_the_series(
    y: Any, season: int
) -> None:
    found = seasonal_indices(y, season)
    assert np.isfinite(found).all()
    assert abs(found.sum()) <= 1e-9 * max(1.0, np.abs(y).max())
    assert np.abs(found).max() <= 2 * np.ptp(y) + 1e-12


def test_a_season_needs_two_and_a_half_of_it() -> None:
    for count, taken in ((29, False), (30, True)):
        y = 50 + 10 * np.sin(2 * np.pi * np.arange(count) / 12)
        assert fit_adjustment(y, np.array([0, count]), seasons=[12])[0].indices.any() == taken


@pytest.mark.parametrize("transform", ["log", "asinh", "none"])
def test_the_slope_is_the_derivative_of_the_way_back(transform: Any) -> None:
    y = np.stack([SERIES["walk"][:30], SERIES["season"][:30]])
    fitted, _ = fit_adjustment(y.ravel(), np.array([0, 30, 60]), transform=transform)
    z = fitted.apply(y, np.tile(np.arange(30), (2, 1)))
    numeric = (fitted.invert(z + 1e-6, None) - fitted.invert(z - 1e-6, None)) / 2e-6
    np.testing.assert_allclose(fitted.slope(y), numeric, rtol=1e-5)


def test_bounds_hold_on_the_way_back() -> None:
    y = SERIES["walk"]
    fitted, _ = fit_adjustment(y, np.array([0, 41]), bounds=(48.0, None))
    assert (fitted.invert(np.linspace(-50, 50, 9)[None], None) >= 48.0).all()
    free, _ = fit_adjustment(y - 50, np.array([0, 41]), bounds=None)
    assert np.isinf([free.low, free.high]).all()
    found = fitted.invert(np.array([[-1e300, 1e300]]), None)
    assert np.isfinite(found).all()


def test_arrays_are_given_and_taken() -> None:
    y, offsets = stacked(SERIES.values())
    fitted, _ = fit_adjustment(y, offsets, seasons=(4, 7))
    again = Adjustment.from_arrays(fitted.seasons, fitted.arrays())
    for name, array in fitted.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
    wrong: list[dict[str, Any]] = [
        {"unit": -fitted.unit}, {"scale": fitted.scale[:2]}, {"kind": fitted.kind + 2},
        {"kind": fitted.kind.astype(float)}, {"indices": fitted.indices + np.inf},
        {"low": fitted.low + np.nan}, {"unit": fitted.unit * np.inf},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(DataError, match="is damaged"):
            Adjustment.from_arrays(fitted.seasons, fitted.arrays() | change)


def test_the_seasons_of_a_long_history_are_those_of_its_latest_observations() -> None:
    """Phases are counted from its first observation all the same."""
    cycles = LONG // 4 + 501
    y = 60 + np.concatenate([np.tile(-SEASON, 500), np.tile(SEASON, cycles - 500)])[1:]
    fitted, _ = fit_adjustment(y, np.array([0, len(y)]), seasons=[4], transform="none")
    np.testing.assert_allclose(fitted.indices[0] * fitted.unit[0], np.roll(SEASON, -1), rtol=1e-6)
