"""The backtest: no forecast knows what comes after it, and every score is what it says."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from statewise import REGIMES
from statewise.errors import DataError, SettingError
from statewise.forecasting import Backtest, Forecaster
from statewise.forecasting.learned import simple_names
from tests.forecasting.frames import known, long, small, whole

LEAKY = {
    "standard": {"scale": "standard"},
    "ranges": {"scale": (-1.0, 1.0)},
    "asinh": {"transform": "asinh", "difference": 0, "relative": "none"},
    "differences": {"difference": (1, 12), "lags": 2},
    "seasons": {"season": [4, 12]},
    "columns": {"calendar": ["month"], "known": ["price"]},
    "past": {"past": ["price"]},
    "whole": {"combine": True, "intervals": True, "season": 4},
}


SIMPLE_NAMES = simple_names((12,))


def of(found: Backtest, name: str = "statewise") -> list[Any]:
    return [fold.forecasts[name] for fold in found.folds]


@pytest.mark.parametrize("changes", LEAKY.values(), ids=LEAKY)
@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("walk", ["carried", "re-encoded"])
def test_no_forecast_depends_on_what_comes_after_it(
    changes: dict[str, Any], scope: str, walk: Any
) -> None:
    """What is observed from an origin on, of any series, is changed beyond recognition."""
    model = small(regime="stateful-warm", scope=scope, **changes)
    price = "known" in changes or "past" in changes
    level = [80] if model.intervals else []
    frame = long(price=price)
    options: Any = {"horizon": 2, "walk": walk, "level": level}
    plain = model.backtest(frame, 4, 2, **options)
    ends = frame.groupby("unique_id")["y"].transform("size") - frame.groupby("unique_id").cumcount()
    for after, fold in ((8, 0), (6, 1), (4, 2)):
        odd = frame.assign(y=frame["y"].where(ends > after, 1000 * (1 + ends)))
        if price:  # columns that are known ahead are known to the end of the horizon of an origin
            ahead = 2 if "known" in changes else 0
            odd["price"] = odd["price"].where(ends > after - ahead, -1e3)
        found = model.backtest(odd, 4, 2, **options)
        for i in range(fold + 1):
            np.testing.assert_array_equal(of(found)[i], of(plain)[i])
            for bound in found.folds[i].bounds:
                np.testing.assert_array_equal(
                    found.folds[i].bounds[bound], plain.folds[i].bounds[bound]
                )
        if fold < 2:
            assert (of(found)[fold + 1] != of(plain)[fold + 1]).any(axis=1).all()


@pytest.mark.parametrize("refit", ["each", "first"])
@pytest.mark.parametrize("horizon", [1, 2, None])
def test_a_backtest_is_fitting_predicting_and_updating_by_hand(refit: Any, horizon: Any) -> None:
    model = whole(regime="stateful-warm", known=["price"], season=4)
    frame = long(price=True)
    found = model.backtest(frame, 4, 3, refit=refit, horizon=horizon, level=80)
    sizes = frame.groupby("unique_id")["y"].transform("size")
    place = frame.groupby("unique_id").cumcount()
    at, step = 0, horizon or 4
    fitted = model.clone()
    for cutoff in (12, 8, 4):
        if refit == "each" or cutoff == 12:
            fitted = model.clone().fit(frame[place < sizes - cutoff])
        for begin in range(0, 4, step):
            ahead = min(step, 4 - begin)
            first = sizes - cutoff + begin
            rows = frame[(place >= first) & (place < first + ahead)]
            forecast = fitted.predict(ahead, X=rows.drop(columns="y"), level=80)
            fold = found.folds[at]
            shape = (3, ahead)
            for column, part in (
                ("mean", fold.forecasts["statewise"]),
                ("lo-80", fold.bounds[80][0]),
                ("hi-80", fold.bounds[80][1]),
            ):
                np.testing.assert_array_equal(forecast[column].to_numpy().reshape(shape), part)
            np.testing.assert_array_equal(rows["y"].to_numpy().reshape(shape), fold.actual)
            fitted.update(rows)
            at += 1
    assert at == len(found.folds)


def test_a_backtest_changes_nothing_of_the_model() -> None:
    model = small().fit(long())
    before, frame = known(model), long()
    model.backtest(frame, 4)
    assert known(model) == before
    pd.testing.assert_frame_equal(frame, long())
    assert not hasattr(model.clone(), "fitted_")


@pytest.mark.parametrize("regime", REGIMES)
def test_carried_and_re_encoded_states_differ_where_they_must(regime: str) -> None:
    model = small(regime=regime, steps=2)
    options: Any = {"horizon": 1, "refit": "first"}
    carried, encoded = (
        of(model.backtest(long(), 6, walk=walk, **options)) for walk in ("carried", "re-encoded")
    )
    policy = REGIMES[regime]
    for i, (one, other) in enumerate(zip(carried, encoded, strict=True)):
        fresh = policy.reset_forecast == "step"
        # One that is warmed up on everything known is where the carried one is.
        warm = policy.warm_up == "train" and not policy.continues_into_forecast
        if fresh or warm or (i == 0 and not policy.continues_into_forecast):
            np.testing.assert_array_equal(one, other)
        else:
            assert (one != other).any()


def test_warmed_up_on_some_observations_a_re_encoded_state_is_another() -> None:
    from statewise import StateRegime

    regime = StateRegime("epoch", warm_up=5, reset_forecast="never")
    model = small(regime=regime)
    carried, encoded = (
        of(model.backtest(long(), 3, walk=walk, horizon=1)) for walk in ("carried", "re-encoded")
    )
    np.testing.assert_array_equal(carried[0], encoded[0])
    assert (carried[1] != encoded[1]).all()


def test_weights_are_of_the_first_or_of_each_cutoff() -> None:
    model = small()
    each, first = (model.backtest(long(), 4, 2, refit=refit) for refit in ("each", "first"))
    np.testing.assert_array_equal(of(each)[0], of(first)[0])
    assert (of(each)[1] != of(first)[1]).all()


def test_scores_are_those_computed_by_hand() -> None:
    frame = long()
    found = whole().backtest(frame, 3, 2, level=[50, 80])
    for i, (name, part) in enumerate(frame.groupby("unique_id")):
        y = part["y"].to_numpy()
        n, actual = len(y), y[-6:]
        forecasts = {
            "naive": np.repeat([y[n - 7], y[n - 4]], 3),
            "seasonal naive (12)": y[n - 18 : n - 12],
            "statewise": np.concatenate([f[i] for f in of(found)]),
        }
        scale = np.mean(np.abs(y[12 : n - 6] - y[: n - 18]))
        for method, forecast in forecasts.items():
            error = forecast - actual
            hand = {
                "rmse": np.sqrt(np.mean(error**2)),
                "mae": np.mean(np.abs(error)),
                "mase": np.mean(np.abs(error)) / scale,
                "smape": 200 * np.mean(np.abs(error) / (np.abs(actual) + np.abs(forecast))),
            }
            for metric, value in hand.items():
                assert found.scores[method][metric][i] == pytest.approx(value), (name, metric)
        for level in (50, 80):
            inside = [
                low[i][s] <= fold.actual[i][s] <= high[i][s]
                for fold in found.folds
                for low, high in [fold.bounds[level]]
                for s in range(3)
            ]
            assert found.scores["statewise"][f"coverage-{level}"][i] == np.mean(inside)
    rows = {row["method"]: row for row in found.table}
    for method, row in rows.items():
        for metric, values in found.scores[method].items():
            assert row[metric] == pytest.approx(values.mean())
        skill = 1 - row["mase"] / rows["simple"]["mase"]
        assert row["skill-simple"] == pytest.approx(skill)
    assert rows["naive"]["skill-naive"] == 0.0
    assert rows["naive"]["coverage-50"] is None
    assert "test size 3, cutoffs 2, horizon 3, walk carried" in str(found)


def test_the_simple_forecast_is_the_best_of_each_training_part_and_moves_on() -> None:
    frame, model = long(), whole(season=4)
    found = model.backtest(frame, 4, 2, horizon=2)
    sizes = frame.groupby("unique_id")["y"].transform("size")
    place = frame.groupby("unique_id").cumcount()
    for at, cutoff in ((0, 8), (2, 4)):
        fitted = model.clone().fit(frame[place < sizes - cutoff]).fitted_
        simple = fitted.combination.names.index("network")
        best = fitted.combination.errors[:, :simple].argmin(axis=1)
        for fold in found.folds[at : at + 2]:
            expected = [
                fold.forecasts[fitted.combination.names[kind]][i] for i, kind in enumerate(best)
            ]
            np.testing.assert_array_equal(fold.forecasts["simple"], expected)
    assert sum(found.chosen.values()) == 2 * 3
    assert "simple: the best at inner cutoffs of each training part (" in found.summary
    untried = small().backtest(frame, 4)
    assert untried.chosen == {"naive": 3}
    np.testing.assert_array_equal(of(untried, "simple"), of(untried, "naive"))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_forecasts_come_in_the_kind_of_frame_that_went_in(library: str) -> None:
    frame = long() if library == "pandas" else pl.from_pandas(long())
    found = whole().backtest(frame, 4, 2, level=[80])
    made = found.forecasts
    assert type(made) is type(frame)
    table: Any = made if library == "pandas" else made.to_pandas()
    assert list(table.columns) == [
        "unique_id", "ds", "cutoff", "y", "statewise", "simple", *SIMPLE_NAMES,
        "statewise-lo-80", "statewise-hi-80",
    ]  # fmt: skip
    assert len(table) == 3 * 8
    merged = table.merge(long(), on=["unique_id", "ds"])
    np.testing.assert_array_equal(merged["y_x"], merged["y_y"])
    first = table[table["unique_id"] == "b"]
    assert first["cutoff"].astype(str).unique().tolist() == ["2017-01-01", "2017-05-01"]
    assert (first["cutoff"] < first["ds"]).all()
    assert table["ds"].dtype == table["cutoff"].dtype


def test_one_series_of_an_indexed_frame() -> None:
    series = long()[:40].set_index("ds")["y"]
    table = small().backtest(series, 4).forecasts
    assert table.index.name == "ds"
    assert table.columns[0] == "cutoff"
    assert len(table) == 4


def test_a_season_longer_than_the_history_is_left_out() -> None:
    frame = long(lengths={"a": 16, "b": 16})
    found = small().backtest(frame, 5)
    assert found.season == 1
    assert "seasonal naive (12)" not in found.scores
    with pytest.raises(SettingError, match="season = 12: leaves nothing of 11 observations"):
        small().backtest(frame, 5, season=12)


def test_a_series_that_repeats_itself_has_no_scale_and_spoils_no_mean() -> None:
    frame = long().assign(y=lambda f: f["y"].where(f["unique_id"] != "b", 5.0))
    found = small().backtest(frame, 4)
    assert np.isnan(found.scores["statewise"]["mase"][1])
    for row in found.table:
        assert np.isfinite([row["mase"], row["skill-naive"]]).all()
    mase = found.scores["statewise"]["mase"][[0, 2]]
    assert found.table[0]["mase"] == pytest.approx(mase.mean())


def test_statistical_models_stand_beside_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = small().backtest(long(), 3, beside=["AutoETS"])
    assert np.isfinite(found.scores["AutoETS"]["mase"]).all()
    assert [row["method"] for row in found.table][-1] == "AutoETS"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"test_size": 0}, SettingError, "test_size = 0"),
        ({"test_size": 1, "cutoffs": 0}, SettingError, "cutoffs = 0"),
        ({"test_size": 1, "horizon": 0}, SettingError, "horizon = 0"),
        ({"test_size": 1, "walk": "run"}, SettingError, "walk = 'run'"),
        ({"test_size": 1, "refit": "last"}, SettingError, "refit = 'last'"),
        ({"test_size": 1, "season": 0}, SettingError, "season = 0"),
        ({"test_size": 1, "level": [80]}, SettingError, "needs intervals"),
        ({"test_size": 40}, DataError, "series 'b' = 33: observations leave none"),
        ({"test_size": 10, "cutoffs": 4}, DataError, "series 'b' = 33: observations leave none"),
    ],
)
def test_impossible_backtests_are_refused(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        small().backtest(long(), **arguments)


def test_a_subclass_is_backtested_as_itself() -> None:
    class Mine(Forecaster):
        """One's own."""

    small_mine = Mine(**small().get_params(deep=False))
    np.testing.assert_array_equal(
        of(small_mine.backtest(long(), 3)), of(small().backtest(long(), 3))
    )


def test_what_a_series_shows_before_the_first_cutoff_may_be_short() -> None:
    found = whole().backtest(long(), 30, level=80)
    assert np.isfinite(of(found)[0]).all()
    assert np.isfinite(found.folds[0].bounds[80][0]).all()


def test_a_backtest_is_made_for_its_own_horizon() -> None:
    """Unless one is set: that of each forecast is what the model is fitted for."""
    model = whole(horizon=None)
    for options, horizon in (({}, 4), ({"horizon": 2}, 2)):
        expected = whole(horizon=horizon).backtest(long(), 4, **options)
        for one, other in zip(of(model.backtest(long(), 4, **options)), of(expected), strict=True):
            np.testing.assert_array_equal(one, other)


def test_how_long_it_takes_is_measured_once_for_all_cutoffs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def expected(*given: Any) -> tuple[str, float]:
        asked.append(given)
        return "Training", 0.0

    monkeypatch.setattr("statewise.forecasting.fit.expected", expected)
    small(progress=True).backtest(long(), 2, cutoffs=3)
    assert len(asked) == 1
