"""Fitting series of any length together: each as if it were alone, and warmed up as declared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import State
from statewise.ensemble.history import History, padded
from statewise.ensemble.trained import Ensemble
from statewise.forecasting.fitting import known_of, prepare
from statewise.forecasting.networks import Networks
from statewise.model.framing import Framing
from statewise.model.network import EarlyStopping, Training
from statewise.model.regime import StateRegime
from tests.forecasting.recipes import CARRIED, fit_ensemble, histories, recipe

UNSCALED = Framing(lags=2, steps=2, scale=None)
REGIMES = [
    StateRegime(),
    StateRegime(shuffle=True),
    CARRIED,
    StateRegime("epoch", warm_up=6, reset_forecast="never"),
    StateRegime("never", reset_forecast="never"),
    StateRegime("never", warm_up="train", reset_forecast="never"),
]


def samples_shown(plan: Networks, ensemble: Ensemble, at: int, part: History) -> Any:
    """The training samples of one series: those that show three values of its own, at least."""
    inputs, targets = ensemble.framing[at].samples(padded(plan.model.framing, part).z)
    own = plan.samples(len(part.z))
    return inputs[-own:], targets[-own:]


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
        inputs, _ = samples_shown(plan, ensemble, i, part)
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
    inputs, _ = samples_shown(plan, ensemble, 0, part)
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
        inputs, targets = samples_shown(plan, ensemble, i, part)
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
    longer = replace(part, z=part.z.copy(), x=part.x.copy())
    longer.z[30:], longer.x[30:] = 1e6, -1e6
    found = []
    for each in (part, longer):
        cut = History(each.name, each.z[:30], each.x[:30])
        ensemble, now, _ = fit_ensemble(recipe(), [cut])
        found.append(ensemble.forecast(now, 3, ensemble.columns.apply(np.ones((1, 3, 1)))))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", [CARRIED, "stateless", REGIMES[3]])
def test_short_series_are_padded_and_not_refused(scope: str, regime: Any) -> None:
    """Their windows show the first value before the first observation; some train on nothing."""
    plan = recipe(regime, scope=scope, framing=Framing(lags=2, steps=3))
    parts = histories((30, 1, 2, 4, 7), columns=1)
    ensemble, now, _ = fit_ensemble(plan, parts)
    np.testing.assert_array_equal(now.recent[1], np.repeat(parts[1].z, plan.model.framing.memory))
    np.testing.assert_array_equal(now.recent[2][-3:], parts[2].z[[0, 0, 1]])
    x = ensemble.columns.apply(np.ones((5, 4, 1)))
    assert np.isfinite(ensemble.forecast(now, 4, x)).all()
    assert [plan.samples(n) for n in (1, 3, 4, 5, 30)] == [0, 0, 1, 2, 27]
    last = recipe(framing=Framing(lags=2, samples=9))
    assert [last.samples(n) for n in (3, 4, 12, 30)] == [0, 1, 9, 9]


def test_a_state_that_goes_on_from_training_runs_over_what_came_since() -> None:
    plan, [part] = recipe(StateRegime("never", reset_forecast="never")), histories((30,))
    ensemble, _, trained = fit_ensemble(plan, [part])
    more = History("s0", np.concatenate([part.z, [51.0, 49.0]]), np.zeros((32, 0)))
    now = known_of(plan, ensemble, [more], trained.state, [30])
    inputs, _ = samples_shown(plan, ensemble, 0, more)
    _, after = engine.step(plan.model.network, ensemble.weights, inputs[-2:], trained.state)
    np.testing.assert_array_equal(ensemble.from_lanes(now.carried).h[0], after.h[:, 0])


@pytest.mark.parametrize("scope", ["local", "global"])
def test_of_many_samples_so_many_are_drawn(scope: str) -> None:
    """Each is one of its series, whichever other series there are, and the longest give up most."""
    plan, parts = recipe("stateless", scope=scope, framing=UNSCALED), histories(columns=2)
    everything = prepare(plan, parts)[2]
    assert [len(x) for x, _ in everything] == [27, 15, 38]
    few = replace(plan, max_samples=45 if scope == "global" else 15)
    pairs = prepare(few, parts)[2]
    assert [len(x) for x, _ in pairs] == [15, 15, 15]
    np.testing.assert_array_equal(pairs[1][0], everything[1][0])
    for (x, y), (inputs, targets) in zip(pairs, everything, strict=True):
        rows = [row.tobytes() for row in inputs]
        places = [rows.index(row.tobytes()) for row in x]
        assert places == sorted(set(places))
        np.testing.assert_array_equal(y, targets[places])
    alone = prepare(replace(few, max_samples=15), parts[:1])[2]
    if scope == "local":
        np.testing.assert_array_equal(alone[0][0], pairs[0][0])


def test_of_more_series_than_samples_some_show_none() -> None:
    plan, parts = recipe("stateless", scope="global", max_samples=2), histories()
    assert [len(x) for x, _ in prepare(plan, parts)[2]] == [0, 1, 1]


def test_where_state_is_carried_the_latest_samples_are_kept() -> None:
    for scope in ("local", "global"):
        plan, parts = recipe(CARRIED, scope=scope, framing=UNSCALED), histories((40,), columns=1)
        [(inputs, targets)] = prepare(plan, parts)[2]
        [(x, y)] = prepare(replace(plan, max_samples=9), parts)[2]
        np.testing.assert_array_equal(x, inputs[-9:])
        np.testing.assert_array_equal(y, targets[-9:])


def test_a_state_is_warmed_up_on_no_more_than_networks_train_on() -> None:
    regime = StateRegime("epoch", warm_up="train", reset_forecast="never")
    plan, [part] = replace(recipe(regime), max_samples=9), histories((40,))
    ensemble, now, _ = fit_ensemble(plan, [part])
    inputs, _ = samples_shown(plan, ensemble, 0, part)
    _, after = engine.step(plan.model.network, ensemble.weights, inputs[-9:])
    np.testing.assert_array_equal(ensemble.from_lanes(now.carried).h[0], after.h[:, 0])
    np.testing.assert_array_equal(now.recent[0], part.z[-plan.model.framing.memory :])


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_carried_state_runs_over_every_window_whose_next_observation_is_known(scope: str) -> None:
    """Those before the last observations too, which with several outputs are no samples."""
    plan = recipe(CARRIED, scope=scope, framing=Framing(lags=2, steps=2, outputs=3), past=1)
    parts = histories((30, 18, 41), columns=1)
    ensemble, now, _ = fit_ensemble(plan, parts)
    before = [History(part.name, part.z[:-5], part.x[:-5]) for part in parts]
    cut = known_of(plan, ensemble, before)
    for i in range(-5, 0):
        y, x = (np.stack([getattr(part, name)[i] for part in parts]) for name in ("z", "x"))
        cut = ensemble.observe(cut, y, ensemble.columns.apply(x[:, None]))
    for one, other in zip(cut.carried, now.carried, strict=True):
        np.testing.assert_array_equal(one, other)
