import importlib
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sktime.base import load
from sktime.forecasting.model_evaluation import evaluate
from sktime.split import ExpandingWindowSplitter
from sktime.utils.estimator_checks import check_estimator

from statewise import StateRegime
from statewise.errors import DataError, ExtraError, SettingError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.interop.sktime import StatewiseForecaster, long_frame

RECIPE = Recipe(lags=3, steps=2, members=2, units=2, epochs=5)
SMALL: dict[str, Any] = {"recipe": RECIPE, "horizon": 3, "threads": 1}
STATEFUL = replace(RECIPE, regime="stateful", steps=1, scope="local")
CARRIED = SMALL | {"recipe": STATEFUL, "combine": False}


def series(count: int = 60, index: str = "month") -> pd.Series:
    t = np.arange(count)
    y = 10 + np.sin(t / 2) + 0.1 * np.random.default_rng(0).normal(size=count)
    times = {
        "month": pd.period_range("2000-01", periods=count, freq="M"),
        "day": pd.date_range("2000-01-01", periods=count, freq="D"),
        "range": pd.RangeIndex(3, count + 3),
    }
    return pd.Series(y, times[index], name="sales")


def panel(*lengths: int) -> pd.DataFrame:
    parts = {f"shop {i}": series(n).iloc[::-1].set_axis(series(n).index) + i
             for i, n in enumerate(lengths)}  # fmt: skip
    return pd.concat(parts, names=["shop", "month"]).to_frame("sales")


def columns(y: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": np.arange(len(y)) % 4.0, 0: 1.0}, index=y.index)


def ours(parameters: dict[str, Any], y: pd.Series) -> Forecaster:
    return Forecaster(**parameters).fit(rows(y))


def rows(y: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"ds": y.index, "y": y.to_numpy()})


@pytest.mark.filterwarnings("ignore:Forecasters' predict_proba requires skpro:UserWarning")
@pytest.mark.filterwarnings("ignore:Sorting by default when concatenating:DeprecationWarning")
def test_sktimes_checks_all_pass() -> None:
    found = check_estimator(StatewiseForecaster, verbose=False)
    assert {name: said for name, said in found.items() if said != "PASSED"} == {}
    assert len(found) > 500


def test_a_parameter_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"no setting of StatewiseForecaster. .*Recipe.epochs=9"):
        StatewiseForecaster(epoch=9)
    with pytest.raises(SettingError, match=r"Did you mean horizon=9\?"):
        StatewiseForecaster(horizn=9)


def test_parameters_are_those_of_the_forecaster() -> None:
    ours = {k: v for k, v in Forecaster().get_params(deep=False).items() if k != "data"}
    assert StatewiseForecaster().get_params() == ours | {"freq": None, "calendar": ()}


def test_the_horizon_is_that_of_the_first_fh() -> None:
    free = {"recipe": RECIPE, "threads": 1}
    model = StatewiseForecaster(**free).fit(series(), fh=[-2, 1, 5])
    assert model.forecaster_.horizon == 5
    assert StatewiseForecaster(**free).fit(series(), fh=[-2]).forecaster_.horizon is None
    assert StatewiseForecaster(**SMALL).fit(series(), fh=[5]).forecaster_.horizon == 3


def test_the_calendar_is_looked_at() -> None:
    model = StatewiseForecaster(**SMALL, calendar=["month"], freq="MS").fit(series())
    assert model.forecaster_.data == Data(known=True, past=(), calendar=["month"], freq="MS")


@pytest.mark.parametrize("index", ["month", "day", "range"])
def test_forecasts_at_the_steps_asked_for_are_the_forecasters(index: str) -> None:
    y = series(index=index)
    found = StatewiseForecaster(**CARRIED).fit(y).predict(fh=[1, 3, 12])
    expected = ours(CARRIED, y).predict(12)
    assert found.tolist() == expected["mean"].iloc[[0, 2, 11]].tolist()
    assert found.index.tolist() == expected["ds"].iloc[[0, 2, 11]].tolist()
    assert found.index.dtype == y.index.dtype
    assert found.name == "sales"


def test_absolute_and_relative_horizons_agree() -> None:
    model = StatewiseForecaster(**SMALL).fit(series()[:50])
    times = series().index[[50, 54]]
    pd.testing.assert_series_equal(model.predict(times), model.predict([1, 5]))


def test_update_without_parameters_advances_the_state_as_the_forecaster_does() -> None:
    y = series()
    model = StatewiseForecaster(**CARRIED).fit(y[:40], fh=[1, 2])
    twin = ours(CARRIED, y[:40])
    for begin, end in ((40, 41), (41, 47), (47, 60)):
        before = model.predict()
        model.update(y[begin:end], update_params=False)
        twin.update(rows(y[begin:end]))
        assert model.predict().tolist() == twin.predict(2)["mean"].tolist()
        assert model.predict().tolist() != before.tolist()
        c = model.forecaster_.state["y"].c
        np.testing.assert_array_equal(c, twin.state["y"].c, strict=True)


def test_the_state_carries_what_the_window_does_not_show() -> None:
    y = series()
    other = y.copy()
    other.iloc[45:50] += 1.0  # outside of the last window, inside of what state has seen
    models = [
        StatewiseForecaster(**CARRIED).fit(y[:40]).update(each[40:], update_params=False)
        for each in (y, other)
    ]
    assert models[0].predict(1).iloc[0] != models[1].predict(1).iloc[0]


def test_update_with_parameters_fits_again() -> None:
    y = series()
    model = StatewiseForecaster(**CARRIED).fit(y[:40]).update(y[40:], update_params=True)
    again = StatewiseForecaster(**CARRIED).fit(y)
    pd.testing.assert_series_equal(model.predict([1, 2]), again.predict([1, 2]))
    assert (
        model.predict(1).tolist()
        != StatewiseForecaster(**CARRIED)
        .fit(y[:40])
        .update(y[40:], update_params=False)
        .predict(1)
        .tolist()
    )


def test_rows_that_are_known_are_passed_over() -> None:
    y = series()
    once = StatewiseForecaster(**CARRIED).fit(y[:40]).update(y[40:], update_params=False)
    over = StatewiseForecaster(**CARRIED).fit(y[:40])
    over.update(y[20:50], update_params=False).update(y[30:50], update_params=False)
    over.update(y, update_params=False)
    pd.testing.assert_series_equal(once.predict([1, 2]), over.predict([1, 2]))


def test_rows_that_cannot_follow_are_refused_and_nothing_changes() -> None:
    y = series()
    model = StatewiseForecaster(**CARRIED).fit(y[:40], fh=[1, 2])
    before = model.predict()
    with pytest.raises(DataError, match="ends before the latest observation"):
        model.update(y[:30], update_params=False)
    with pytest.raises(DataError, match=r"2003-05.*is missing"):
        model.update(y[41:], update_params=False)
    pd.testing.assert_series_equal(model.predict(), before)
    assert model.cutoff == y.index[39]


def test_exogenous_columns_are_looked_at_and_asked_for() -> None:
    y, X = series(), columns(series())
    alone = SMALL | {"combine": False}
    model = StatewiseForecaster(**alone).fit(y[:40], X)  # rows beyond those of y are not used
    flat = X[40:].assign(y=0.0)
    assert model.predict([1, 3], X=X).tolist() != model.predict([1, 3], X=flat).tolist()
    model.update(y[40:50], X, update_params=False)
    known = Forecaster(**alone, data=Data(known=True))
    expected = known.fit(rows(y[:40]).assign(a=X["y"].to_numpy()[:40], b=1.0))
    expected.update(rows(y[40:50]).assign(a=X["y"].to_numpy()[40:50], b=1.0))
    future = rows(y[50:]).assign(a=X["y"].to_numpy()[50:], b=1.0)
    found = model.predict([1, 3], X=X)
    assert found.tolist() == expected.predict(3, X=future)["mean"].iloc[[0, 2]].tolist()
    with pytest.raises(DataError, match="X = None: is needed"):
        model.predict([1, 3])
    with pytest.raises(DataError, match="X = None: is needed"):
        model.update(y[50:], update_params=True)
    with pytest.raises(DataError, match=r"2004-04.*is missing"):
        model.predict([1, 3], X=X.iloc[50:51])


def test_quantiles_are_the_ends_of_the_forecasters_intervals() -> None:
    y = series()
    model = StatewiseForecaster(**SMALL).fit(y, fh=[1, 3])
    expected = ours(SMALL, y).predict(3, level=[50, 80], quantiles=[0.2]).iloc[[0, 2]]
    low, high = ("sales", 0.8, "lower"), ("sales", 0.8, "upper")
    found = model.predict_interval(coverage=[0.8, 0.5])
    assert found[low].tolist() == expected["lo-80"].tolist()
    assert found[high].tolist() == expected["hi-80"].tolist()
    quantiles = model.predict_quantiles(alpha=[0.9, 0.5, 0.25, 0.2])["sales"]
    assert quantiles.columns.tolist() == [0.9, 0.5, 0.25, 0.2]
    assert quantiles[0.9].tolist() == expected["hi-80"].tolist()
    assert quantiles[0.5].tolist() == expected["mean"].tolist()
    assert quantiles[0.25].tolist() == expected["lo-50"].tolist()
    assert quantiles[0.2].tolist() == expected["q-0.2"].tolist()


def test_without_intervals_there_is_no_capability_of_them() -> None:
    model = StatewiseForecaster(**SMALL, intervals=False)
    assert not model.get_tag("capability:pred_int")
    with pytest.raises(NotImplementedError, match="prediction intervals"):
        model.fit(series(), fh=1).predict_interval()


@pytest.mark.parametrize("parameters", [SMALL, CARRIED])
def test_forecasts_within_the_sample_are_fitted_values(parameters: dict[str, Any]) -> None:
    y = series()
    model = StatewiseForecaster(**parameters).fit(y[:50])
    twin = ours(parameters, y[:50])
    found = model.predict([-49, -48, -1, 0, 1])
    fitted = twin.fitted_values(rows(y[:50]))["fitted"]
    assert np.isnan(found.iloc[0])  # nothing comes before the first observation
    assert found.iloc[1:4].tolist() == fitted.iloc[[0, -2, -1]].tolist()
    assert found.iloc[4] == twin.predict(1)["mean"].iloc[0]
    assert found.index.tolist() == y.index[[0, 1, 48, 49, 50]].tolist()
    # They come from the observations before them, and from none after.
    changed = y[:50].copy()
    changed.iloc[-1] += 1.0
    model._cur_y = changed.to_frame()
    assert model.predict([0]).iloc[0] == found.iloc[3]
    model = StatewiseForecaster(**parameters).fit(y[:50]).update(y[50:], update_params=False)
    fitted = twin.update(rows(y[50:])).fitted_values(rows(y))["fitted"]
    assert model.predict([-9, 0]).tolist() == fitted.iloc[[-10, -1]].tolist()
    assert model.predict_residuals(y).iloc[-1] == y.iloc[-1] - fitted.iloc[-1]
    with pytest.raises(NotImplementedError, match="in-sample"):
        StatewiseForecaster(**SMALL).fit(y).predict_interval([-1, 1])


def test_series_of_a_panel_have_fitted_values() -> None:
    y = panel(60, 50)
    model = StatewiseForecaster(**SMALL).fit(y)
    found = model.predict([-49, -48, 0, 1])
    assert found.index.tolist() == [
        (f"shop {i}", series().index[0] + n + h) for i, n in ((0, 59), (1, 49))
        for h in (-49, -48, 0, 1)
    ]  # fmt: skip
    assert np.isnan(found["sales"]).tolist() == [False] * 4 + [True] + [False] * 3
    late = model.predict(pd.PeriodIndex([series().index[55]], freq="M"))
    fitted = model.forecaster_.fitted_values(long_frame(y.index, y, None))
    assert late["sales"].iloc[0] == fitted["fitted"].iloc[54]
    assert late["sales"].iloc[1] == model.predict([6])["sales"].iloc[1]


def test_missing_values_are_filled_in_between_others_alone() -> None:
    y = series()
    gappy = y.copy()
    gappy.iloc[[0, 20, 38, 39, 40, 41]] = np.nan
    model = StatewiseForecaster(**CARRIED).fit(gappy[:40], fh=[-39, -38, 0, 1])
    filled = gappy.interpolate(limit_area="inside").dropna()
    twin = ours(CARRIED, filled[: y.index[37]])
    found = model.predict()
    assert np.isnan(found.iloc[:2]).all()
    assert found.iloc[2:].tolist() == twin.predict(3)["mean"].iloc[1:].tolist()
    assert found.index[-1] == y.index[40]
    # What was missing at the end is filled in when the values after it come.
    model.update(gappy[40:42], update_params=False)
    assert model.predict([1]).iloc[0] == twin.predict(5)["mean"].iloc[4]
    model.update(gappy[42:], update_params=False)
    twin.update(rows(filled[y.index[38] :]))
    assert model.predict([1, 2]).tolist() == twin.predict(2)["mean"].tolist()
    none = panel(60, 50)
    none.loc["shop 1"] = np.nan
    with pytest.raises(DataError, match="others none at all"):
        StatewiseForecaster(**SMALL).fit(none)


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_panel_is_one_fit(scope: Any) -> None:
    y = panel(60, 50)
    regime = replace(STATEFUL, regime=StateRegime.named("stateful"), scope=scope)
    model = StatewiseForecaster(**CARRIED | {"recipe": regime}).fit(y)
    found = model.predict([1, 3])
    times = [(f"shop {i}", series().index[0] + n + h) for i, n in ((0, 60), (1, 50))
             for h in (0, 2)]  # fmt: skip
    assert found.index.tolist() == times
    assert found.index.names == ["shop", "month"]
    first, second = (y.loc[shop, "sales"] for shop in ("shop 0", "shop 1"))
    alone = ours(CARRIED, first).predict(3)["mean"].iloc[[0, 2]].tolist()
    assert (found["sales"].iloc[:2].tolist() == alone) == (scope == "local")
    # Absolute times are the same of both: the shorter one is forecast further.
    late = model.predict(pd.PeriodIndex([times[1][1]], freq="M"))
    assert late.index.tolist() == [("shop 0", times[1][1]), ("shop 1", times[1][1])]
    assert late["sales"].iloc[0] == found["sales"].iloc[1]
    # One of them may go on alone.
    more = pd.concat({"shop 1": second.set_axis(second.index + 50)[:4]}, names=y.index.names)
    model.update(more.to_frame(), update_params=False)
    after = model.predict([1, 3])
    assert after["sales"].iloc[:2].tolist() == found["sales"].iloc[:2].tolist()
    assert after.index[2] == ("shop 1", second.index[0] + 54)
    assert model.cutoff == first.index[-1]


def test_columns_are_forecast_each_by_itself() -> None:
    y = pd.DataFrame({"a": series(), "b": series()[::-1].to_numpy()})
    found = StatewiseForecaster(**SMALL).fit(y, fh=[1, 2]).predict()
    assert found["b"].tolist() == ours(SMALL, y["b"]).predict(2)["mean"].tolist()


def test_walks_of_sktime_carry_the_state() -> None:
    y = series()
    cv = ExpandingWindowSplitter(fh=[1], initial_window=50, step_length=5)
    model = StatewiseForecaster(**CARRIED)
    walked = evaluate(model, cv, y, strategy="no-update_params", return_data=True)
    twin, expected = ours(CARRIED, y[:50]), []
    for begin in (50, 55):
        expected.append(twin.predict(1)["mean"].iloc[0])
        twin.update(rows(y[begin : begin + 5]))
    assert [float(each.iloc[0]) for each in walked["y_pred"]] == expected


def test_saved_and_pickled_models_go_on(tmp_path: Path) -> None:
    y = series()
    model = StatewiseForecaster(**CARRIED).fit(y[:50], fh=[1, 2])
    model.save(tmp_path / "model")
    others = [load(tmp_path / "model.zip"), pickle.loads(pickle.dumps(model))]
    model.update(y[50:], update_params=False)
    for other in others:
        other.update(y[50:], update_params=False)
        pd.testing.assert_series_equal(other.predict(), model.predict())
    model.forecaster_.save(tmp_path / "model.safetensors")
    loaded = Forecaster.load(tmp_path / "model.safetensors")
    assert loaded.predict(2)["mean"].tolist() == model.predict().tolist()


def test_without_sktime_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "statewise.interop.sktime")
    monkeypatch.setitem(sys.modules, "sktime.forecasting.base", None)
    with pytest.raises(ExtraError, match=r"pip install 'statewise\[sktime\]'"):
        importlib.import_module("statewise.interop.sktime")
