"""Burg's method against statsmodels, and the forecasts against their definition."""

import numpy as np
import pytest
from statsmodels.regression.linear_model import burg as their_burg

from statewise.simple import NAMES, fit_simple
from statewise.simple.autoregression import MOST


def example(n: int, seed: int) -> np.ndarray:
    """An autoregression of order 3."""
    rng, z = np.random.default_rng(seed), np.zeros(n + 3)
    for t in range(3, n + 3):
        z[t] = 0.5 * z[t - 1] - 0.3 * z[t - 2] + 0.4 * z[t - 3] + rng.normal()
    return z[3:] + 10.0


@pytest.mark.parametrize("n", [30, 50, 200])
@pytest.mark.parametrize("differenced", [False, True])
def test_coefficients_are_those_of_statsmodels(n: int, differenced: bool) -> None:
    z = example(n, n)
    p = fit_simple(z, [0, n])[0].table[0]
    x = np.diff(z) if differenced else z - z.mean()
    prefix = "differenced_" if differenced else ""
    order, ours = p[f"{prefix}order"], p[f"{prefix}coefficients"]
    assert order >= 1
    theirs, _ = their_burg(x, order=order, demean=False)
    np.testing.assert_allclose(ours[:order], theirs, rtol=1e-9)
    assert (ours[order:] == 0).all()


def test_the_order_is_that_of_the_least_criterion() -> None:
    z = example(150, 5)
    x, n = z - z.mean(), len(z)
    criteria = {0: n * np.log(np.mean(x**2)) + 2 + 4 / (n - 2)}
    for order in range(1, MOST + 1):
        k = order + 1
        _, variance = their_burg(x, order=order, demean=False)
        criteria[order] = n * np.log(variance) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    assert fit_simple(z, [0, n])[0].table[0]["order"] == min(criteria, key=criteria.__getitem__)


@pytest.mark.parametrize("differenced", [False, True])
def test_forecasts_feed_on_forecasts(differenced: bool) -> None:
    z = example(90, 2)
    simple, state = fit_simple(z, [0, 90])
    p = simple.table[0]
    prefix, mean = ("differenced_", 0.0) if differenced else ("", p["mean"])
    coefficients = p[f"{prefix}coefficients"][: p[f"{prefix}order"]]
    path = list(np.diff(z) if differenced else z - mean)
    for _ in range(40):
        path.append(coefficients @ path[: -len(coefficients) - 1 : -1])
    expected = z[-1] + np.cumsum(path[-40:]) if differenced else mean + np.array(path[-40:])
    name = "differenced autoregression" if differenced else "autoregression"
    f = simple.forecast(state, 40)[NAMES.index(name), 0]
    np.testing.assert_allclose(f, expected, rtol=1e-12)
