"""The activations against float64 over a dense sweep, and at the ends."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from statewise.engine.activations import gate, gate_slope, logistic, tanh
from statewise.engine.simd import lanes

WIDTH = 16


@njit
def activate(x_, out_):  # type: ignore[no-untyped-def]
    x, out = lanes(x_, WIDTH), lanes(out_, WIDTH)
    for n in range(x_.shape[0]):
        out[0, n] = tanh(x[n])
        out[1, n] = logistic(x[n])
        out[2, n] = gate(x[n], True)
        out[3, n] = gate_slope(gate(x[n], True), True)
        out[4, n] = gate_slope(logistic(x[n]), False)


def activations(x: NDArray[np.float32]) -> Any:
    out = np.zeros((5, len(x) // WIDTH, WIDTH), np.float32)
    activate(x.reshape(-1, WIDTH), out)
    return out.reshape(5, -1)


def sweep() -> NDArray[np.float32]:
    """Every 61st float32 from 2**-40 to 128, with both signs: 12.9 million values."""
    bits = np.arange(0x2B800000, 0x43000000, 61, dtype=np.uint32)
    half = bits[: len(bits) - len(bits) % WIDTH].view(np.float32)
    return np.concatenate([half, -half])


def ulps(value: NDArray[np.float32], exact: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error in units of the last place of the exact value as a float32."""
    _, exponent = np.frexp(np.abs(exact))
    unit = np.ldexp(1.0, np.maximum(exponent - 24, -149))
    error: NDArray[np.float64] = np.abs(value.astype(np.float64) - exact) / unit
    return error


def test_tanh_and_logistic_are_within_the_stated_ulps() -> None:
    x = sweep()
    out = activations(x)
    wide = x.astype(np.float64)
    assert ulps(out[0], np.tanh(wide)).max() <= 5.5
    inside = np.abs(wide) <= 87.0  # beyond, the logistic function is held at 1.6e-38
    assert ulps(out[1][inside], 1.0 / (1.0 + np.exp(-wide[inside]))).max() <= 3.0
    assert np.abs(out[0]).max() <= 1.0 + 2.0**-23
    assert out[1].min() > 0.0
    assert out[1].max() <= 1.0


def test_activations_at_the_ends() -> None:
    x = np.zeros(WIDTH, np.float32)
    x[:5] = [np.inf, -np.inf, np.nan, 1e30, -0.0]
    t, s, hard, hard_slope, _ = activations(x)
    np.testing.assert_allclose(t[:2], [1.0, -1.0], atol=2.0**-23)
    np.testing.assert_allclose(s[:2], [1.0, 0.0], atol=2e-38)
    np.testing.assert_array_equal(hard[:2], [1.0, 0.0])
    np.testing.assert_array_equal(hard_slope[:2], [0.0, 0.0])
    assert np.isnan([t[2], s[2], hard[2]]).all()
    assert t[4] == 0.0
    assert s[4] == 0.5


def test_hard_gate_and_slopes() -> None:
    x = np.linspace(-4.0, 4.0, 64 * WIDTH, dtype=np.float32)
    _, s, hard, hard_slope, slope = activations(x)
    np.testing.assert_allclose(hard, np.clip(0.2 * x + 0.5, 0, 1), atol=1e-7)
    np.testing.assert_allclose(hard_slope, np.where(np.abs(x) < 2.5, 0.2, 0.0), atol=1e-7)
    np.testing.assert_allclose(slope, s * (1 - s), atol=1e-7)
