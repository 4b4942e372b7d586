"""What a forecaster decides, and that whatever is asked for is what is done."""

from typing import Any

import numpy as np
import pytest

from statewise.data.frequency import Frequency
from statewise.errors import SettingError
from statewise.forecasting import Recipe
from statewise.forecasting.decisions import Decisions, decide
from statewise.forecasting.settings import Settings
from statewise.model.network import EarlyStopping
from statewise.model.regime import REGIMES


def made(
    freq: str = "MS",
    lengths: Any = (120,) * 50,
    known: int = 0,
    past: int = 0,
    recipe: Recipe | None = None,
    **settings: Any,
) -> Decisions:
    whole = Settings(recipe or "auto", **settings)
    return decide(whole, Frequency.parse(freq), np.array(lengths), known, past)


@pytest.mark.parametrize(
    ("freq", "horizon", "seasons", "lags"),
    [
        ("MS", 18, (12,), 18), ("QE", 8, (4,), 6), ("YE", 6, (), 4), ("W", 13, (52,), 64),
        ("D", 14, (7,), 11), ("h", 48, (24, 168), 36), ("15min", 96, (96, 672), 64),
        ("1", 8, (), 4),
    ],
)  # fmt: skip
def test_a_frequency_decides_horizon_seasons_and_lags(
    freq: str, horizon: int, seasons: Any, lags: int
) -> None:
    found = made(freq, (1000,) * 3)
    framing = found.networks.model.framing
    assert (found.horizon, found.seasons, framing.lags) == (horizon, seasons, lags)
    assert (framing.outputs, framing.steps, framing.relative) == (horizon, 4, "last")


def test_short_histories_are_forecast_less_far() -> None:
    assert made("MS", (30,)).horizon == 10
    assert made("MS", (2,)).horizon == 1
    assert made("MS", (30,), horizon=24).horizon == 24


def test_much_is_trained_on_in_larger_networks_and_batches() -> None:
    small, large = made(lengths=(40,)).networks, made(lengths=(120,) * 500).networks
    assert (small.model.network.units, large.model.network.units) == (8, 32)
    assert small.model.training.batch_size == 8
    assert large.model.training.batch_size == 64
    assert small.model.training.epochs > large.model.training.epochs >= 10
    assert small.members == large.members == 8
    assert small.shared
    assert large.shared


def test_seasons_are_as_they_are_asked_for() -> None:
    assert made(season=1).seasons == ()
    assert made(season=5).seasons == (5,)
    assert made(season=[24, 6, 6, 1]).seasons == (6, 24)
    assert made(season=6).networks.model.framing.lags == 9


@pytest.mark.parametrize("name", REGIMES)
def test_regimes_that_carry_state_have_windows_of_one_step(name: str) -> None:
    found = made(recipe=Recipe(name)).networks
    regime = REGIMES[name]
    assert found.model.regime == regime
    carried = regime.carries_in_training or regime.reset_forecast == "never"
    assert found.model.framing.steps == (1 if carried else 4)
    assert found.shared == (not regime.continues_into_forecast)
    if regime.carries_in_training:
        assert found.model.training.batch_size == (1 if not found.shared else 32)


def test_columns_known_ahead_keep_a_carried_state_to_one_step() -> None:
    assert made(known=1, recipe=Recipe("stateful-warm")).networks.model.framing.outputs == 1
    assert made(past=1, recipe=Recipe("stateful-warm")).networks.model.framing.outputs == 18
    assert made(known=1).networks.model.framing.outputs == 18
    assert made(past=2).networks.past == 2
    with pytest.raises(SettingError, match="outputs = 3: look at columns that are known ahead"):
        made(known=1, recipe=Recipe("stateful-warm", outputs=3))


def test_whatever_is_asked_for_is_done() -> None:
    recipe = Recipe(
        "stateless", "local", 3, "asinh", 5, 2, 4, (1, 12), "mean", (-1.0, 1.0), 60, 70, 7, 9,
        10, 0.5, "constant", 2.0, 0.25, 3, "learned", "keras-2",
    )  # fmt: skip
    found = made(recipe=recipe, seed=6)
    model = found.networks.model
    framing, network, training = model.framing, model.network, model.training
    assert found.transform == "asinh"
    assert (found.networks.scope, found.networks.members, found.networks.seed) == ("local", 3, 6)
    assert (framing.lags, framing.steps, framing.outputs) == (5, 2, 4)
    assert (framing.difference, framing.relative, framing.scale) == ((1, 12), "mean", (-1.0, 1.0))
    assert (framing.samples, found.networks.max_samples) == (60, 70)
    assert (network.units, network.initial_state, network.profile) == (7, "learned", "keras-2")
    assert (training.epochs, training.batch_size, training.clip_error) == (9, 10, 2.0)
    assert (training.schedule, training.validation) == ("constant", 0.25)
    assert training.early_stopping == EarlyStopping(3)
    assert training.optimizer.learning_rate == 0.5


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("steps", [1, 2])
def test_windows_of_one_value_are_of_differences(lags: int, steps: int) -> None:
    framing = made(recipe=Recipe(lags=lags, steps=steps)).networks.model.framing
    alone = lags == steps == 1
    assert (framing.difference, framing.relative) == ((1, "none") if alone else (0, "last"))
    told = made(recipe=Recipe(lags=lags, steps=steps, difference=0, relative="none"))
    assert told.networks.model.framing.difference == 0
    assert told.networks.model.framing.relative == "none"
