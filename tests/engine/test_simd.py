"""Lane values against NumPy float32, element by element."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from statewise.engine.simd import (
    add,
    clip,
    dot,
    exp2i,
    filled,
    fma,
    inside_unit,
    lanes,
    load_adjacent,
    load_each,
    round_even,
    sqrt,
    store_tuple,
)

WIDTH = 16
f32 = np.float32


@njit
def every_operation(a_, b_, c_, out_):  # type: ignore[no-untyped-def]
    a, b, c, out = lanes(a_, WIDTH), lanes(b_, WIDTH), lanes(c_, WIDTH), lanes(out_, WIDTH)
    for n in range(a_.shape[0]):
        out[0, n] = a[n] + b[n]
        out[1, n] = a[n] - b[n]
        out[2, n] = a[n] * b[n]
        out[3, n] = a[n] / b[n]
        out[4, n] = fma(a[n], b[n], c[n])
        out[5, n] = sqrt(a[n])
        out[6, n] = clip(a[n], -0.5, 1.5)
        out[7, n] = round_even(a[n])
        out[8, n] = exp2i(a[n], round_even(b[n]))
        out[9, n] = inside_unit(a[n], 0.2)
        out[10, n] = 1.0 - a[n]
        out[11, n] = a[n] * np.float32(3.0)
        out[12, n] = filled(a[n], 7.0)


@pytest.fixture(scope="module")
def operands() -> Any:
    rng = np.random.default_rng(0)
    special = [0.0, -0.0, 0.5, 1.0, 1.5, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-40, 3e38, 1e-30]
    a = rng.normal(0, 10, (5, WIDTH)).astype(f32)
    a.flat[: len(special)] = special
    b = rng.normal(0, 10, (5, WIDTH)).astype(f32)
    c = rng.normal(0, 10, (5, WIDTH)).astype(f32)
    out = np.zeros((13, 5, WIDTH), f32)
    every_operation(a, b, c, out)
    return a, b, c, out


@np.errstate(all="ignore")
def test_each_operation_is_the_correctly_rounded_one(operands: Any) -> None:
    a, b, c, out = operands
    double = a.astype(np.float64) * b.astype(np.float64)  # exact
    np.testing.assert_array_equal(out[0], a + b)
    np.testing.assert_array_equal(out[1], a - b)
    np.testing.assert_array_equal(out[2], a * b)
    np.testing.assert_array_equal(out[3], a / b)
    np.testing.assert_array_equal(out[5], np.sqrt(a))
    np.testing.assert_array_equal(out[7], np.round(a))
    np.testing.assert_array_equal(out[10], f32(1) - a)
    np.testing.assert_array_equal(out[11], a * f32(3))
    np.testing.assert_array_equal(out[12], f32(7))
    fused = (double + c).astype(f32)
    different = ~((out[4] == fused) | (np.isnan(fused) & np.isnan(out[4])))
    # Rounding through float64 rounds twice, which may differ in the last place and no further.
    np.testing.assert_allclose(out[4][different], fused[different], rtol=1e-7)
    assert different.sum() <= 1


def test_multiply_add_is_fused_and_rounds_once() -> None:
    a = np.full((1, WIDTH), 1.0 + 2.0**-12, f32)
    out = np.zeros((13, 1, WIDTH), f32)
    every_operation(a, a, -(a * a), out)
    assert (out[4] == 2.0**-24).all()  # what two roundings would lose


def test_clip_limits_and_keeps_nan(operands: Any) -> None:
    a, _, _, out = operands
    np.testing.assert_array_equal(out[6], np.clip(a, f32(-0.5), f32(1.5)))
    assert np.isnan(out[6]).any()


@np.errstate(all="ignore")
def test_exp2i_scales_by_a_power_of_two(operands: Any) -> None:
    a, b, _, out = operands
    np.testing.assert_array_equal(out[8], a * np.exp2(np.round(b)).astype(f32))


def test_inside_unit_is_strict(operands: Any) -> None:
    a, _, _, out = operands
    np.testing.assert_array_equal(out[9], np.where((a > 0) & (a < 1), f32(0.2), f32(0)))


def test_lanes_rejects_other_element_types() -> None:
    out = np.zeros((13, 1, WIDTH), f32)
    double: Any = np.zeros((1, WIDTH))
    with pytest.raises(Exception, match="lanes"):
        every_operation(double, double, double, out)


@njit
def every_tuple(a_, b_, out_):  # type: ignore[no-untyped-def]
    a, b, out = lanes((a_, b_), WIDTH)[0], lanes((a_, b_), WIDTH), lanes(out_, WIDTH)
    side_by_side = load_adjacent(a, 1, 2)
    both = load_each(b, 0)
    store_tuple(out, 0, add(side_by_side, both))
    store_tuple(out, 2, fma(side_by_side, 2.0, both))
    out[4] = dot(side_by_side, both, a[0])
    store_tuple(b, 0, both[::-1])


def test_tuples_of_lanes_are_taken_value_by_value() -> None:
    a, b = np.random.default_rng(1).integers(-9, 9, (2, 3, WIDTH)).astype(f32)
    first, second, out = a[0].copy(), b[0].copy(), np.zeros((5, WIDTH), f32)
    every_tuple(a, b, out)
    both = np.stack([first, second])
    np.testing.assert_array_equal(out[:2], a[1:] + both)
    np.testing.assert_array_equal(out[2:4], 2.0 * a[1:] + both)
    np.testing.assert_array_equal(out[4], first + a[1] * first + a[2] * second)
    np.testing.assert_array_equal([a[0], b[0]], [second, first])
