from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.auto import regime_choice
from statewise.auto.regime_choice import CANDIDATES, Tried, choose_regime, concluded
from statewise.data.frames import read_frame
from statewise.errors import SettingError
from statewise.forecasting import Forecaster
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
        (0.5, "is 0.90, +0.40 (0.39 to 0.41): the networks beat it."),
        (0.9, "is 0.90, +0.00 (-0.01 to 0.01): that the networks beat it is not shown."),
        (1.2, "is 0.90, -0.30 (-0.31 to -0.29): it beats the networks."),
    ],
)
def test_whether_networks_beat_the_best_simple_forecast_is_said(error: float, said: str) -> None:
    spread = np.array([-0.01, 0.01, -0.005, 0.005])
    simple = {"naive": np.ones(4), "Theta": np.full(4, 0.9)}
    best = Tried(error + spread, simple, error + spread)
    other = Tried(error + spread + 0.2, simple, error + spread + 0.2)
    choice = concluded({"stateful-warm": other, "stateless-shuffled": best}, many=True)
    assert choice.regime == "stateless-shuffled"
    assert choice.summary.endswith(said)
    assert "is 0.20 more (95% interval 0.20 to 0.20, over series)." in choice.summary
    chance = replace(other, networks=error + 20 * spread)
    choice = concluded({"stateful-warm": chance, "stateless-shuffled": best}, many=True)
    assert "which may be chance." in choice.summary
    assert regime_choice.apart(np.ones(1), np.zeros(1)) == (1.0, -np.inf, np.inf)
