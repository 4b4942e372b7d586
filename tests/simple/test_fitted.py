"""Simple forecasts as state: the same bits however series and observations are cut."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.errors import DataError, SettingError
from statewise.simple import NAMES, Simple, SimpleState, fit_simple
from statewise.simple.adjustment import LONG
from statewise.simple.loops import FITTED

Histories = list[np.ndarray]


def joined(zs: Histories) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(zs), np.cumsum([0, *map(len, zs)])


def walks(lengths: list[int], seed: int = 0) -> Histories:
    rng = np.random.default_rng(seed)
    return [rng.normal(0.1, 1.0, n).cumsum() for n in lengths]


def same(one: SimpleState | Simple, other: SimpleState | Simple) -> bool:
    return one.table.tobytes() == other.table.tobytes()


lengths = st.lists(st.integers(1, 70), min_size=1, max_size=6)


@given(lengths, st.integers(0, 9))
def test_a_series_is_the_same_alone_and_among_others(lengths: list[int], seed: int) -> None:
    zs = walks(lengths, seed)
    simple, state = fit_simple(*joined(zs))
    f = simple.forecast(state, 5)
    for i, z in enumerate(zs):
        alone, its = fit_simple(z, [0, len(z)])
        assert same(alone, simple.take([i]))
        assert same(its, state.take([i]))
        assert alone.forecast(its, 5).tobytes() == f[:, i : i + 1].tobytes()


@given(lengths, st.data())
def test_state_is_the_same_however_observations_are_cut(lengths: list[int], data: Any) -> None:
    zs = walks(lengths)
    simple, whole = fit_simple(*joined(zs))
    assert same(simple.start(*joined(zs)), whole)
    held = data.draw(st.integers(0, min(lengths) - 1))
    state = simple.start(*joined([z[: len(z) - held] for z in zs]))
    for k in range(held, 0, -1):
        before = state.table.tobytes()
        after = simple.observe(state, [z[-k] for z in zs])
        assert state.table.tobytes() == before  # pure
        state = after
    assert same(state, whole)


@given(st.sets(st.integers(0, 5), min_size=1))
def test_some_series_can_go_on_alone(chosen: set[int]) -> None:
    zs = walks([30, 1, 2, 45, 8, 3])
    simple, state = fit_simple(*joined(zs))
    y, some = np.arange(6.0), sorted(chosen)
    part = simple.take(some).observe(state.take(some), y[some])
    together = simple.observe(state, y)
    mixed = state.put(some, part)
    for i in range(6):
        assert same(mixed.take([i]), (together if i in chosen else state).take([i]))
    assert same(state, fit_simple(*joined(zs))[1])


@pytest.mark.parametrize("level", [0.0, 2.5, -1e-200, 1e200])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_a_constant_stays_what_it_is(level: float, n: int) -> None:
    simple, state = fit_simple(np.full(n, level), [0, n])
    f = simple.forecast(state, 30)
    assert np.isfinite(f).all()
    np.testing.assert_allclose(f, level, rtol=1e-6)
    np.testing.assert_allclose(simple.forecast(simple.observe(state, [level]), 3), level, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 9])
def test_short_series_have_finite_forecasts(n: int, scale: float) -> None:
    simple, state = fit_simple(*joined([scale * z for z in walks([n] * 20)]))
    assert np.isfinite(simple.forecast(state, 20)).all()
    shorter = simple.start(*joined([np.array([scale])] * 20))
    assert np.isfinite(simple.forecast(shorter, 20)).all()


def test_the_naive_ones() -> None:
    simple, state = fit_simple([4.0, 9.0, 8.0], [0, 3])
    naive, drift, mean = simple.forecast(state, 2)[:3, 0].tolist()
    assert (naive, drift, mean) == ([8.0, 8.0], [10.0, 12.0], [7.0, 7.0])
    naive, drift, mean = simple.forecast(simple.observe(state, [13.0]), 2)[:3, 0].tolist()
    assert (naive, drift, mean) == ([13.0, 13.0], [16.0, 19.0], [8.5, 8.5])


def test_a_straight_line_goes_on() -> None:
    z = 3.0 + 0.5 * np.arange(40)
    simple, state = fit_simple(z, [0, 40])
    f = dict(zip(NAMES, simple.forecast(state, 6)[:, 0], strict=True))
    expected = 3.0 + 0.5 * np.arange(40, 46)
    np.testing.assert_allclose(f["drift"], expected)
    np.testing.assert_allclose(f["differenced autoregression"], expected, rtol=0.05)
    np.testing.assert_allclose(np.diff(f["Theta"]), 0.25)  # half the slope, as it is meant to


def test_level_is_that_of_smoothing() -> None:
    simple, state = fit_simple(*joined(walks([20, 30])))
    smoothing = simple.forecast(state, 1)[NAMES.index("exponential smoothing"), :, 0]
    assert state.level.tolist() == smoothing.tolist()


def test_arrays_hold_everything() -> None:
    simple, state = fit_simple(*joined(walks([20, 1, 60])))
    for one in (simple, state):
        arrays = one.arrays()
        assert all(len(a) == 3 and a.dtype.str in {"<f8", "<i8"} for a in arrays.values())
        again = type(one).from_arrays(arrays)
        assert same(again, one)
    none = simple.take(np.zeros(0, np.int64))
    assert len(Simple.from_arrays(none.arrays()).table) == 0


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("level", lambda a: a[:1]),
        ("recent", lambda a: a[:, 1:]),
        ("count", lambda a: a.astype(np.float64)),
        ("count", lambda a: a - 100),
        ("total", lambda a: a * np.nan),
    ],
)
def test_arrays_of_a_state_are_checked(name: str, change: Callable[[Any], Any]) -> None:
    arrays = fit_simple(*joined(walks([20, 30])))[1].arrays()
    with pytest.raises(DataError, match=name):
        SimpleState.from_arrays(arrays | {name: change(arrays[name])})


def test_arrays_of_a_fit_are_checked() -> None:
    arrays = fit_simple(*joined(walks([20, 30])))[0].arrays()
    for order in (-1, 25):
        with pytest.raises(DataError, match="is not from 0 to 24"):
            Simple.from_arrays(arrays | {"differenced_order": np.array([0, order])})
    with pytest.raises(DataError, match="are not mean, order"):
        Simple.from_arrays(arrays | {"another": np.zeros(2)})
    with pytest.raises(DataError, match="are not mean, order"):
        Simple.from_arrays({})


@pytest.mark.parametrize(
    ("z", "offsets", "said"),
    [
        ([1.0, 2.0], [0, 1], "do not go from 0 to the end"),
        ([1.0, 2.0], [1, 2], "do not go from 0 to the end"),
        ([1.0, 2.0], [], "do not go from 0 to the end"),
        ([1.0, 2.0], [0, 2, 2], "leaves series 1 without"),
        ([1.0, 2.0], [0, 3, 2], "leaves series 1 without"),
        ([1.0, np.nan], [0, 2], "is not finite"),
    ],
)
def test_histories_are_checked(z: list[float], offsets: list[int], said: str) -> None:
    with pytest.raises(DataError, match=said):
        fit_simple(z, offsets)


def test_observations_are_checked() -> None:
    simple, state = fit_simple(*joined(walks([20, 30])))
    with pytest.raises(DataError, match=r"y\[1\] = inf: is not finite"):
        simple.observe(state, [1.0, np.inf])
    with pytest.raises(DataError, match=r"is not \(2,\)"):
        simple.observe(state, [1.0])
    with pytest.raises(DataError, match="is not the number of fitted series, 2"):
        simple.forecast(state.take([0]), 3)
    with pytest.raises(SettingError, match="horizon"):
        simple.forecast(state, 0)


def test_frozen_arrays_are_read() -> None:
    z = walks([30])[0]
    z.flags.writeable = False
    simple, state = fit_simple(z, [0, 30])
    assert simple.observe(state, z[-1:]).level.shape == (1,)


def test_of_a_long_history_the_latest_observations_are_fitted_to() -> None:
    """Its state runs over all, its line is that of all, and what was first is forgotten."""
    z = walks([LONG + 3000])[0]
    calm = 0.01 * z[:3000]
    changed = np.concatenate([calm - calm[-1] + z[3000], z[3000:]])
    (simple, state), (other, then) = (fit_simple(each, [0, len(each)]) for each in (z, changed))
    latest, _ = fit_simple(z[3000:], [0, LONG])
    line = [f"line_{part}" for part in ("intercept", "slope")]
    for name in FITTED.names or ():
        if not name.startswith(("line", "theta")):
            np.testing.assert_array_equal(simple.table[name], latest.table[name])
            np.testing.assert_array_equal(simple.table[name], other.table[name])
    slope, intercept = np.polyfit(np.arange(len(z)), z, 1)
    found = [float(simple.table[0][name]) for name in line]
    np.testing.assert_allclose(found, [intercept, slope], rtol=1e-9)
    assert state.table["count"].tolist() == [len(z)]
    kinds = [NAMES.index(name) for name in NAMES if name not in ("drift", "historical mean")]
    np.testing.assert_allclose(
        simple.forecast(state, 3)[kinds[:-1]], other.forecast(then, 3)[kinds[:-1]], rtol=1e-9
    )
    assert same(simple.start(z, [0, len(z)]), state)
