"""Fitting series of any length together: each as if it were alone, and warmed up as declared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import State
from statewise.errors import DataError, SettingError
from statewise.forecasting.fitting import fit_ensemble
from statewise.model.framing import Framing
from statewise.model.network import EarlyStopping, Network, Training
from statewise.model.regime import StateRegime
from tests.forecasting.recipes import CARRIED, histories, recipe

REGIMES = [
    StateRegime(),
    StateRegime(shuffle=True),
    CARRIED,
    StateRegime("epoch", warm_up=6, reset_forecast="never"),
    StateRegime("never", reset_forecast="never"),
    StateRegime("never", warm_up="train", reset_forecast="never"),
]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("stopped", [False, True])
def test_a_series_with_its_own_networks_does_not_depend_on_its_neighbours(
    regime: StateRegime, stopped: bool
) -> None:
    training = Training(6)
    if stopped:
        training = Training(12, validation=0.25, early_stopping=EarlyStopping(2))
    plan = recipe(regime, training=training)
    parts = histories((30, 18, 41, 18), columns=1)
    ensemble, now, _ = fit_ensemble(plan, parts)
    x = np.ones((4, 5, 1))
    together = ensemble.forecast(now, 5, ensemble.columns.apply(x))
    for i, part in enumerate(parts):
        alone, then, _ = fit_ensemble(plan, [part])
        found = alone.forecast(then, 5, alone.columns.apply(x[:1]))
        np.testing.assert_array_equal(found[0], together[i])
        for one, other in zip(
            ensemble.from_lanes(now.carried), alone.from_lanes(then.carried), strict=True
        ):
            np.testing.assert_array_equal(one[i], other[0])


@pytest.mark.parametrize("regime", REGIMES[2:])
def test_the_state_is_warmed_up_as_declared(regime: StateRegime) -> None:
    plan = recipe(regime)
    parts = histories()
    ensemble, now, trained = fit_ensemble(plan, parts)
    state = ensemble.from_lanes(now.carried)
    for i, part in enumerate(parts):
        inputs, _ = ensemble.framing[i].samples(part.y)
        runs = slice(3 * i, 3 * i + 3)
        start = State(*(s[runs] for s in trained.state))
        if not regime.continues_into_forecast:
            start = engine.zero_state(3, 2)
        last = {"none": 0, "train": len(inputs)}.get(str(regime.warm_up), regime.warm_up)
        after = start
        if last:
            windows = inputs[len(inputs) - int(last) :]
            _, after = engine.step(plan.model.network, ensemble.weights.take(runs), windows, start)
        np.testing.assert_array_equal(state.h[i], after.h[:, 0])


def test_a_regime_that_continues_moves_on_over_what_was_held_back() -> None:
    plan = recipe(StateRegime("never", reset_forecast="never"), training=Training(3, validation=4))
    part = histories((30,))[0]
    ensemble, now, trained = fit_ensemble(plan, [part])
    inputs, _ = ensemble.framing[0].samples(part.y)
    _, after = engine.step(plan.model.network, ensemble.weights, inputs[-4:], trained.state)
    np.testing.assert_array_equal(ensemble.from_lanes(now.carried).h[0], after.h[:, 0])


@pytest.mark.parametrize("batch_size", [1, 2, 5])
@pytest.mark.parametrize("validation", [0, 3])
def test_a_shared_network_starts_every_series_anew(batch_size: int, validation: int) -> None:
    training = Training(4, batch_size, validation=validation)
    plan = recipe(CARRIED, scope="global", training=training, members=1)
    parts = histories()
    ensemble, now, trained = fit_ensemble(plan, parts)
    assert ensemble.weights.runs == 1
    state = ensemble.from_lanes(now.carried)
    total, count = 0.0, 0
    for i, part in enumerate(parts):
        inputs, targets = ensemble.framing[i].samples(part.y)
        out, after = engine.step(plan.model.network, ensemble.weights, inputs)
        np.testing.assert_array_equal(state.h[i], after.h[:, 0])
        if validation:
            total += float(((out[0, -3:] - targets[-3:]) ** 2).sum())
            count += 3
    if validation:
        assert trained.validation_loss is not None
        assert trained.validation_loss[0, -1] == pytest.approx(total / count, rel=1e-5)


def test_one_series_shared_is_one_series_apart() -> None:
    for regime in (CARRIED, StateRegime(), StateRegime(shuffle=True)):
        part = histories((40,), columns=1)
        results = []
        for scope in ("local", "global"):
            ensemble, now, _ = fit_ensemble(recipe(regime, scope=scope), part)
            x = ensemble.columns.apply(np.ones((1, 4, 1)))
            results.append(ensemble.forecast(now, 4, x))
        np.testing.assert_array_equal(results[0], results[1])


def test_no_scale_sees_what_comes_after_the_history() -> None:
    part = histories((40,), columns=1)[0]
    longer = replace(part, y=part.y.copy(), x=part.x.copy())
    longer.y[30:], longer.x[30:] = 1e6, -1e6
    found = []
    for each in (part.until(30), longer.until(30)):
        ensemble, now, _ = fit_ensemble(recipe(), [each])
        found.append(ensemble.forecast(now, 3, ensemble.columns.apply(np.ones((1, 3, 1)))))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 0}, "members = 0"),
        ({"scope": "world"}, "scope = 'world'"),
        ({"regime": StateRegime("never", reset_forecast="never"), "scope": "global"}, "regime = "),
    ],
)
def test_impossible_recipes_are_refused(change: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        recipe(**change)


def test_columns_that_are_not_known_when_the_state_moves_on_are_refused() -> None:
    plan = recipe(CARRIED, framing=Framing(lags=2, outputs=2))
    with pytest.raises(SettingError, match="outputs = 2: look at price"):
        plan.check_columns(["price"])
    recipe(framing=Framing(lags=2)).check_columns(["price"])


def test_a_short_series_is_named() -> None:
    with pytest.raises(DataError, match="s1 = "):
        fit_ensemble(recipe(), histories((30, 4)))
    with pytest.raises(DataError, match="s1 = 9: samples are fewer than warm_up=20"):
        fit_ensemble(
            recipe(StateRegime("epoch", warm_up=20, reset_forecast="never"), network=Network(1)),
            histories((30, 13)),
        )


@pytest.mark.parametrize("scope", ["local", "global"])
def test_validation_that_leaves_nothing_of_a_series_is_refused(scope: str) -> None:
    plan = recipe("stateless", scope=scope, training=Training(3, validation=20))
    with pytest.raises(SettingError, match="leaves none of the 14 samples of 's1' to train on"):
        fit_ensemble(plan, histories((60, 18, 60)))
