from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.auto.regime_choice import CANDIDATES, choose_regime, plan
from statewise.data.datasets import nile
from statewise.data.frames import read_frame
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError
from statewise.forecasting import Forecaster
from statewise.model.network import Training
from statewise.study import Outcome


def panel(series: int = 1, n: int = 60, kind: str = "walk") -> Panel:
    rng = np.random.default_rng(2)
    t = np.arange(n)
    parts = []
    for k in range(series):
        noise = rng.normal(0, 1, n)
        y = {"walk": noise.cumsum(), "season": (-1.0) ** t * 5 + noise / 5, "flat": 0 * t}[kind]
        parts.append(pd.DataFrame({"unique_id": f"s{k}", "ds": t, "y": 50 + y}))
    return read_frame(pd.concat(parts))


def model(**more: Any) -> Forecaster:
    return Forecaster(**{"lags": 2, "units": 2, "epochs": 20} | more)


def test_a_season_is_learned_and_beats_the_naive_forecast() -> None:
    choice = choose_regime(model(epochs=100), panel(kind="season"), budget=5)
    assert choice.regime in CANDIDATES
    assert choice.beats_naive.outcome is Outcome.SUPPORTED
    skill, low, high = choice.skill
    assert skill is not None
    assert low is not None
    assert high is not None
    assert 0 < low < skill < high
    assert f"{choice.regime} won, and it beats the naive forecast: its RMSE is {skill:.1%}" in (
        choice.summary
    )
    best = min(choice.rows, key=lambda row: row["relative"])
    assert best["regime"] == choice.regime
    assert choice.notes == ()


def test_where_nothing_beats_the_naive_forecast_it_is_said() -> None:
    walks = panel(8, n=50)
    choice = choose_regime(model(lags=6, units=8, epochs=100), walks, budget=10)
    assert all(row["relative"] > 1.0 < row["together"] for row in choice.rows)
    assert choice.summary.startswith("Nothing beats the naive forecast here. ")
    assert choice.beats_naive.outcome is not Outcome.SUPPORTED


def test_the_study_uses_what_the_forecaster_would() -> None:
    own = model(difference=(1, 2), transform="log", learning_rate=0.02)
    study = plan(own, panel(), budget=5).study
    assert [arm.name for arm in study.arms] == list(CANDIDATES)
    for arm in study.arms:
        recipe = own.clone().set_params(regime=arm.name).recipe
        assert (arm.model.framing, arm.model.network, arm.model.training) == (
            recipe.model.framing, recipe.model.network, recipe.model.training,
        )  # fmt: skip
    assert (study.cutoffs, study.test_size) == (3, 6)


def test_series_are_sampled_and_it_is_said() -> None:
    many = panel(30)
    planned = plan(model(), many, budget=30)
    assert len(planned.study.panel.series) == 24
    assert planned.notes == ("It is of 24 of 30 series, drawn at random.",)
    again = plan(model(), many, budget=30).study
    assert planned.study.panel == again.panel


def test_a_budget_that_is_too_small_costs_series_repeats_and_epochs() -> None:
    planned = plan(model(units=16, epochs=50_000), panel(30), budget=0.2)
    assert len(planned.study.panel.series) == 4
    assert planned.study.repeats == 16
    assert planned.study.arms[0].model.training.epochs < 50_000
    assert "of 50000 epochs, to keep to 0.2 seconds." in planned.notes[-1]


@pytest.mark.parametrize("training", [{}, {"validation": 0.2, "early_stopping": 3}])
def test_compiling_does_not_count_as_training(
    training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    fits: list[Training] = []

    def fit(network: Any, trained: Training, *_: Any, **settings: Any) -> None:  # noqa: ARG001
        compiled = any(trained.watches == before.watches for before in fits)
        clock[0] += 1e-3 * trained.epochs + (0.0 if compiled else 100.0)
        fits.append(trained)

    monkeypatch.setattr("statewise.auto.regime_choice.engine.fit", fit)
    monkeypatch.setattr("statewise.auto.regime_choice.time.perf_counter", lambda: clock[0])
    planned = plan(model(**training), panel(), budget=20)
    assert planned.study.arms[0].model.training.epochs == 20
    assert planned.study.repeats == 64
    assert planned.notes == ()
    # What is measured looks at the samples held back where the study does.
    assert {one.watches for one in fits} == {bool(training)}


def test_global_networks_leave_out_what_they_refuse() -> None:
    planned = plan(model(scope="global"), panel(3), budget=5)
    assert [arm.name for arm in planned.study.arms] == ["stateless", "stateful-warm"]
    assert "not of ones that all series share" in planned.notes[0]


def test_series_that_cannot_be_tested_are_left_out_or_refused() -> None:
    both = pd.concat([
        pd.DataFrame({"unique_id": "flat", "ds": range(60), "y": 3.0}),
        pd.DataFrame({"unique_id": "short", "ds": range(4), "y": [1.0, 3, 2, 5]}),
        pd.DataFrame({"unique_id": "nile", "ds": range(60), "y": nile().only.y[:60]}),
    ])  # fmt: skip
    planned = plan(model(), read_frame(both), budget=5)
    assert [s.unique_id for s in planned.study.panel.series] == ["nile"]
    assert "1 of 3 series" in planned.notes[0]
    with pytest.raises(DataError, match="does not vary enough"):
        plan(model(), panel(kind="flat"), budget=5)
    with pytest.raises(DataError, match="too few to compare regimes"):
        plan(model(lags=12), panel(n=16), budget=5)
    with pytest.raises(SettingError, match="budget"):
        plan(model(), panel(), budget=0)
    with pytest.raises(SettingError, match="units"):
        plan(model(units=0), panel(), budget=5)
