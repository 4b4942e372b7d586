"""One number for how well a model forecasts what follows; scikit-learn searches with it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statewise.errors import DataError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.forecasting.forecaster import Forecaster as Model
from statewise.scoring.metrics import mae, skill

SMALL = Recipe(members=2, units=2, epochs=3, lags=3, steps=1)


def frame(rows: int = 60, series: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    parts = []
    for k in range(series):
        month, price = np.arange(rows), rng.normal(size=rows)
        y = 50 + 8 * np.sin(month / 6 * np.pi) + 5 * price + rng.normal(0, 1, rows)
        ds = pd.date_range("2019-01", periods=rows, freq="MS")
        parts.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "price": price}))
    return pd.concat(parts, ignore_index=True)


def by_hand(model: Model, rest: pd.DataFrame) -> float:
    """The same by predict and update, for one series."""
    model, made, last = model.clone().fit(frame()[:40]), [], []
    for at in range(0, len(rest), 4):
        part = rest[at : at + 4]
        made += model.predict(len(part), X=part.drop(columns="y"))["mean"].tolist()
        last += [model.fitted_.known.tail[0, -1]] * len(part)
        model.update(part)
    return float(skill(mae(rest["y"], made), mae(rest["y"], last)))


def test_the_score_is_the_skill_of_a_walk_and_the_model_stays() -> None:
    data = frame()
    model = Forecaster(SMALL, horizon=4, data=Data(known=["price"])).fit(data[:40])
    before = model.fitted_
    found = model.score(data[40:54], None)
    assert found == pytest.approx(by_hand(model, data[40:54]), rel=1e-12)
    assert model.fitted_ is before
    assert 0.0 < found < 1.0


def test_columns_known_up_to_now_are_not_looked_at_ahead() -> None:
    data = frame()
    model = Forecaster(SMALL, horizon=4, combine=False).fit(data[:40])
    ahead = data[40:44]
    assert model.score(ahead) == model.score(ahead.assign(price=9.0))


def test_series_of_any_number_of_rows_count_alike() -> None:
    data = frame(series=3)
    known = data.groupby("unique_id").head(40)
    rest = data.drop(known.index)
    few = rest[(rest["unique_id"] != "s1") & ((rest["unique_id"] != "s0") | (rest["y"] > 0))]
    few = few.drop(few.index[few["unique_id"] == "s0"][5:])
    model = Forecaster(SMALL, horizon=4, data=Data(past=())).fit(known)
    apart = [model.score(few[few["unique_id"] == name]) for name in ("s0", "s2")]
    assert model.score(few) == pytest.approx(np.mean(apart))


def test_a_series_that_does_not_move_has_no_score() -> None:
    data = frame()[["ds", "y"]].assign(y=7.0)
    assert np.isnan(Forecaster(SMALL, horizon=4).fit(data[:40]).score(data[40:50]))
    with pytest.raises(DataError, match="is not after"):
        Forecaster(SMALL, horizon=4).fit(data[:40]).score(data[30:40])


def test_scikit_learn_searches_over_nested_settings() -> None:
    from sklearn import model_selection as selection

    data = frame()[["ds", "y"]]
    grid = {"recipe__units": [1, 2], "season": [1, 12]}
    search = selection.GridSearchCV(
        Forecaster(SMALL, horizon=4), grid, cv=selection.TimeSeriesSplit(2, test_size=8)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(data, None)
    assert search.best_params_["season"] == 12
    best = search.best_estimator_
    assert best.recipe == Recipe(**{**SMALL.changed(), "units": best.recipe.units})
    by_split = [
        Forecaster(best.recipe, horizon=4, season=12).fit(data[:at]).score(data[at : at + 8])
        for at in (44, 52)
    ]
    assert search.best_score_ == pytest.approx(np.mean(by_split))
    assert len(best.predict()) == 4
