import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from statewise.data.datasets import shampoo, sunspots
from statewise.errors import DataError, ExtraError, SettingError
from statewise.scoring.baselines import STATISTICAL, drift, persistence, seasonal_naive, statistical
from statewise.scoring.metrics import rmse

Array = NDArray[np.float64]

rows = partial(arrays, np.float64, elements=st.floats(-1e6, 1e6))


def test_persistence_scores_as_published() -> None:
    y = shampoo().only.y
    assert rmse(y[-12:], persistence(y, 12)) == pytest.approx(136.761, abs=5e-4)


@given(rows((2, 13)), st.integers(1, 13), st.integers(1, 30))
def test_each_seasonal_naive_forecast_is_the_value_one_season_before(
    history: Array, season: int, horizon: int
) -> None:
    forecast = seasonal_naive(history, horizon, season)
    assert forecast.shape == (2, horizon)
    longer = np.concatenate([history, forecast], axis=1)
    np.testing.assert_array_equal(forecast, longer[:, 13 - season : 13 - season + horizon])


@given(rows((2, 13)), st.integers(1, 30))
def test_one_step_of_the_naive_forecast_is_persistence(history: Array, horizon: int) -> None:
    assert seasonal_naive(history[0], horizon)[0] == persistence([*history[0], 0.0], 1)[0]


@given(st.integers(-99, 99), st.integers(-99, 99), st.integers(2, 50), st.integers(1, 30))
def test_drift_goes_on_along_a_line(start: int, slope: int, n: int, horizon: int) -> None:
    line = start + slope * np.arange(n + horizon, dtype=np.float64)
    np.testing.assert_array_equal(drift(line[:n], horizon), line[n:])


@given(rows((2, 13)))
def test_drift_goes_from_the_first_observation_to_the_last(history: Array) -> None:
    forecast = drift(history, 12)
    assert forecast.shape == (2, 12)
    np.testing.assert_allclose(
        forecast[:, -1] - history[:, -1], history[:, -1] - history[:, 0], atol=1e-6
    )


def test_a_history_may_be_too_short() -> None:
    with pytest.raises(DataError, match="fewer observations than a season of 12"):
        seasonal_naive([1.0, 2.0], 1, season=12)
    with pytest.raises(DataError, match="Give at least 2"):
        drift([1.0], 1)


def test_a_trend_goes_on_and_a_season_comes_back() -> None:
    y = (100.0 + 3.0 * np.arange(64.0)) * np.tile([1.0, 1.1, 0.8, 1.3], 16)
    y *= np.random.default_rng(1).normal(1.0, 0.002, 64)
    found = statistical(STATISTICAL, [y[:60], 3.0 * y[:60]], horizon=4, season=4)
    for name in STATISTICAL:
        np.testing.assert_allclose(found[name], [y[60:], 3.0 * y[60:]], rtol=0.02, err_msg=name)
    assert (np.abs(seasonal_naive(y[:60], 4, 4) / y[60:] - 1.0) > 0.03).all()


def test_a_model_gives_what_statsforecast_gives() -> None:
    import pandas as pd
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    y = sunspots().only.y[:60]
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(60), "y": y})
    theirs = StatsForecast([AutoETS(season_length=1)], freq=1).forecast(df=frame, h=5)
    mine = statistical(["AutoETS"], [y], horizon=5)["AutoETS"]
    np.testing.assert_allclose(mine[0], theirs["AutoETS"], rtol=1e-12)


def test_processes_give_the_same_forecasts_in_the_same_order() -> None:
    y = sunspots().only.y
    histories = [y[i : i + 20 + i] for i in range(20)]
    one = statistical(["AutoETS", "DynamicOptimizedTheta"], histories, 3)
    two = statistical(["AutoETS", "DynamicOptimizedTheta"], histories, 3, cores=2)
    assert list(one) == list(two)
    for name, found in one.items():
        np.testing.assert_array_equal(found, two[name])


def test_a_series_that_is_too_short_is_missing_and_said_so() -> None:
    histories = [np.arange(20.0), np.array([1.0, 2.0]), np.arange(20.0)]
    with pytest.warns(UserWarning, match=r"to 1 of 3 series, first to that at position 1 \(tiny"):
        found = statistical(["DynamicOptimizedTheta"], histories, 3)["DynamicOptimizedTheta"]
    assert np.isnan(found).tolist() == [[False] * 3, [True] * 3, [False] * 3]


def test_no_series_and_no_names() -> None:
    assert statistical(["AutoETS"], [], 3)["AutoETS"].shape == (0, 3)
    assert statistical([], [np.arange(9.0)], 3) == {}


def test_bad_settings_are_refused() -> None:
    with pytest.raises(SettingError, match="Use one of 'AutoARIMA', 'AutoETS'"):
        statistical(["Prophet"], [np.arange(9.0)], 3)
    with pytest.raises(DataError, match=r"histories\[1\]"):
        statistical(["AutoETS"], [np.arange(9.0), [1.0, np.nan]], 3)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.delitem(sys.modules, "statsforecast.models", raising=False)
    with pytest.raises(ExtraError, match=r"pip install 'statewise\[baselines\]'"):
        statistical(["AutoETS"], [np.arange(9.0)], 3)


def test_a_script_without_a_main_guard_is_told_about_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from statewise.scoring.baselines import statistical\n"
        "statistical(['AutoETS'], [[1.0, 2.0, 3.0] * 9] * 20, 2, cores=2)\n"
    )
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "cores = 2: started processes that died. Call from under `if __name__" in found.stderr
