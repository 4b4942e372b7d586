import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.data.frames import read_frame
from statewise.errors import SettingError
from statewise.forecasting import Forecaster
from statewise.forecasting.regime_choice import CANDIDATES, Tried, apart, choose_regime, concluded
from statewise.forecasting.settings import Data, Recipe

SMALL = Recipe(members=3, units=2, epochs=5)


def frame(series: int = 1, n: int = 60, kind: str = "season") -> pd.DataFrame:
    rng = np.random.default_rng(2)
    t = np.arange(n)
    parts = []
    for k in range(series):
        noise = rng.normal(0, 1, n)
        y = {"season": (-1.0) ** t * 5 + noise / 5, "flat": 0 * t}[kind]
        parts.append(pd.DataFrame({"unique_id": f"s{k}", "ds": t, "y": 50 + y}))
    return pd.concat(parts)


def model(recipe: Recipe = SMALL, **more: Any) -> Forecaster:
    return Forecaster(recipe, **{"horizon": 4, "season": 1} | more)


def test_the_regime_of_least_error_is_chosen_and_the_model_stays() -> None:
    own = model()
    choice = choose_regime(own, frame())
    assert choice.rows[0]["regime"] == choice.regime
    assert {row["regime"] for row in choice.rows} == set(CANDIDATES)
    errors = [row["relative"] for row in choice.rows]
    assert errors == sorted(errors)
    assert "over restarts on the one series" in choice.summary
    assert own.recipe == SMALL
    assert not hasattr(own, "fitted_")


def test_errors_are_those_of_the_forecasters_own_trials() -> None:
    choice = choose_regime(model(), read_frame(frame(3)))
    assert "over series)" in choice.summary
    for row in choice.rows:
        recipe = replace(SMALL, regime=row["regime"])
        errors = model(recipe).fit(frame(3)).fitted_.combination.errors
        assert row["relative"] == pytest.approx((errors[:, -1] / errors[:, 0]).mean())


def test_series_that_share_networks_leave_out_what_these_refuse() -> None:
    shared = {"stateless-shuffled", "stateful-warm"}
    assert {row["regime"] for row in choose_regime(model(), frame(3)).rows} == shared
    apart = model(replace(SMALL, scope="local"))
    assert {row["regime"] for row in choose_regime(apart, frame(3)).rows} == set(CANDIDATES)
    columns = frame().assign(promo=1.0)
    ahead = model(replace(SMALL, outputs=4), data=Data(known=["promo"]))
    assert [row["regime"] for row in choose_regime(ahead, columns).rows] == ["stateless-shuffled"]
    with pytest.raises(SettingError, match="units"):
        choose_regime(model(Recipe(units=0)), frame())


@pytest.mark.parametrize("data", [frame(kind="flat"), frame(n=6)])
def test_where_nothing_can_be_compared_it_is_said(data: pd.DataFrame) -> None:
    choice = choose_regime(model(), data)
    assert choice.regime == "stateless-shuffled"
    assert choice.rows == []
    assert choice.summary.startswith("Too little to compare regimes on")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.5, "is 0.90, 0.400 more (0.385 to 0.415 more): the networks beat it."),
        (0.9, "is 0.90, 0.000 more (0.015 less to 0.015 more): that the networks beat it is not"),
        (1.2, "is 0.90, 0.300 less (0.315 to 0.285 less): it beats the networks."),
    ],
)
def test_whether_networks_beat_the_best_simple_forecast_is_said(error: float, said: str) -> None:
    spread = np.array([-0.01, 0.01, -0.005, 0.005])
    simple = {"naive": np.ones(4), "Theta": np.full(4, 0.9)}
    best = Tried(error + spread, simple, error + spread)
    other = Tried(error + spread + 0.2, simple, error + spread + 0.2)
    choice = concluded({"stateful-warm": other, "stateless-shuffled": best}, many=True)
    assert choice.regime == "stateless-shuffled"
    assert f"That of the best simple forecast, Theta, {said}" in choice.summary
    naive = {0.5: "0.500 more", 0.9: "0.100 more", 1.2: "0.200 less"}[error]
    assert f"That of the naive forecast is 1.00, {naive} (" in choice.summary
    told = r"is 0\.200? more \(95% interval 0\.200? to 0\.200? more, over series\)\."
    assert re.search(told, choice.summary)
    assert choice.summary.endswith("chosen by these same errors, which flatters both.")
    chance = replace(other, networks=error + 20 * spread)
    choice = concluded({"stateful-warm": chance, "stateless-shuffled": best}, many=True)
    assert "which may be chance." in choice.summary
    assert apart(np.ones(1), np.zeros(1)) == (1.0, -np.inf, np.inf)


def test_a_regime_that_is_auto_is_chosen_before_the_fit_and_kept_with_it() -> None:
    auto = replace(SMALL, regime="auto")
    own = model(auto).fit(frame())
    choice = choose_regime(model(), frame())
    assert own.choice_ == choice
    assert own.recipe == auto
    assert own.fitted_.settings.recipe == replace(SMALL, regime=choice.regime)
    other = model(replace(SMALL, regime=choice.regime)).fit(frame())
    np.testing.assert_array_equal(own.predict()["mean"], other.predict()["mean"])
    assert other.choice_ is None


def test_a_walk_chooses_by_what_its_first_cutoff_knows() -> None:
    auto = model(replace(SMALL, regime="auto"))
    regime = choose_regime(model(), frame(n=52)).regime
    own = model(replace(SMALL, regime=regime))
    one, two = (each.backtest(frame(), 4, 2).forecasts["statewise"] for each in (auto, own))
    np.testing.assert_array_equal(one, two)
    one, two = (each.cross_validation(frame(), 4, 2)["statewise"] for each in (auto, own))
    np.testing.assert_array_equal(one, two)
