"""Equal accuracy of forecasts: against statsmodels and by simulation."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import diebold_mariano_test

from statewise.errors import DataError, SettingError
from statewise.stats import diebold_mariano
from tests.stats.draws import SIMULATIONS, in_band


def test_one_step_ahead_is_the_paired_t_test_and_statsmodels() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.0, 1.0, 60), rng.normal(0.0, 1.3, 60)
    found = diebold_mariano(a, b)
    t = stats.ttest_rel(a**2, b**2)
    assert (found.statistic, found.p_value) == pytest.approx((t.statistic, t.pvalue))
    oracle = diebold_mariano_test(np.zeros(60), a, b, lags=0, harvey_adj=True)
    assert (found.statistic, found.p_value) == pytest.approx((oracle.statistic, oracle.pvalue))
    assert found.difference == pytest.approx(np.mean(a**2) - np.mean(b**2))
    assert found.steps == 60


@pytest.mark.parametrize("horizon", [2, 5])
def test_further_ahead_is_a_regression_on_a_constant(horizon: int) -> None:
    """With statsmodels' autocorrelation-robust variance of equal weights."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.0, 1.0, 80), rng.normal(0.0, 1.3, 80)
    fit = OLS(a**2 - b**2, np.ones(80)).fit(
        cov_type="HAC", cov_kwds={"maxlags": horizon - 1, "kernel": "uniform"}
    )
    factor = np.sqrt((81 - 2 * horizon + horizon * (horizon - 1) / 80) / 80)
    assert diebold_mariano(a, b, horizon).statistic == pytest.approx(fit.tvalues[0] * factor)


def test_newey_and_west_serve_where_equal_weights_do_not() -> None:
    a = np.sqrt(np.tile([1.0, 3.0], 20) + 0.01 * np.arange(40.0))
    b = np.sqrt(np.full(40, 1.9))
    oracle = diebold_mariano_test(np.zeros(40), a, b, lags=1, horizon=2, harvey_adj=True)
    found = diebold_mariano(a, b, horizon=2)
    assert (found.statistic, found.p_value) == pytest.approx((oracle.statistic, oracle.pvalue))


def test_forecasts_that_differ_by_nothing_or_a_constant_loss() -> None:
    a = np.array([1.0, -1.0, 1.0, -1.0])
    assert diebold_mariano(a, -a).p_value == 1.0
    found = diebold_mariano(a, 2.0 * a)
    assert (found.difference, found.statistic, found.p_value) == (-3.0, -np.inf, 0.0)


def test_what_cannot_be_tested_is_refused() -> None:
    a = np.arange(6.0)
    with pytest.raises(SettingError, match="horizon"):
        diebold_mariano(a, a, horizon=0)
    with pytest.raises(DataError, match="one length above 6"):
        diebold_mariano(a, a, horizon=3)
    with pytest.raises(DataError, match="one length"):
        diebold_mariano(a, a[:5])
    with pytest.raises(DataError, match="diverged"):
        diebold_mariano(a, np.array([1.0, 2.0, np.inf, 1.0, 1.0, 1.0]))


def _errors(seed: int, steps: int, horizon: int) -> NDArray[np.float64]:
    """Errors (2, simulations, steps) of optimal forecasts: moving averages of the horizon."""
    shocks = np.random.default_rng(seed).normal(size=(2, SIMULATIONS, steps + horizon - 1))
    windows = np.lib.stride_tricks.sliding_window_view(shocks, horizon, axis=2)
    return np.asarray(windows.mean(axis=3))


@pytest.mark.parametrize(("horizon", "steps"), [(1, 100), (3, 300)])
def test_it_holds_its_level(horizon: int, steps: int) -> None:
    a, b = _errors(3, steps, horizon)
    found = [diebold_mariano(x, y, horizon).p_value for x, y in zip(a, b, strict=True)]
    assert in_band(sum(p <= 0.05 for p in found))
