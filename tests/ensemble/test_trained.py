"""State after n observations is the state after one replay of them, to the bit, however cut."""

from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import State
from statewise.ensemble.trained import Columns, Ensemble, ForecastState
from statewise.model.framing import Framing
from statewise.model.network import Network
from tests.forecasting.recipes import CARRIED, fit_ensemble, histories, recipe

NONE = np.zeros((3, 1, 0))


def same(one: ForecastState, other: ForecastState) -> None:
    np.testing.assert_array_equal(one.recent, other.recent)
    np.testing.assert_array_equal(one.x, other.x)
    for a, b in zip(one.carried, other.carried, strict=True):
        np.testing.assert_array_equal(a, b)


def future(columns: int = 0) -> Any:
    rng = np.random.default_rng(9)
    return 60 + rng.normal(0, 5, (7, 3)), rng.normal(0, 1, (3, 7, columns))


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("columns", [0, 2])
def test_observing_is_replaying(scope: str, columns: int) -> None:
    plan = recipe(scope=scope)
    parts = histories((30, 30, 30), columns)
    ensemble, now, _ = fit_ensemble(plan, parts)
    y, x = future(columns)
    x = ensemble.columns.apply(x)
    for i in range(7):
        now = ensemble.observe(now, y[i], x[:, i : i + 1])
    # The same windows in one call, from the state that the training part left.
    _, start, _ = fit_ensemble(plan, parts)
    state = ensemble.from_lanes(start.carried)
    weights = ensemble.weights
    for which, part in enumerate(parts):
        values = np.concatenate([part.z[-ensemble.framing.framing.memory :], y[:, which]])
        rows = np.concatenate([start.x[which], x[which]])
        framing = ensemble.framing[which]
        windows = []
        for i in range(7):
            lagged = framing.window(values[: ensemble.framing.framing.memory + i])
            windows.append(np.concatenate([lagged, rows[i + 1 : i + 3]], axis=1))
        runs = slice(None) if ensemble.shared else slice(which * 3, which * 3 + 3)
        own = State(*(part[which][:, None] for part in state))
        _, after = engine.step(plan.model.network, weights.take(runs), np.array(windows), own)
        found = ensemble.from_lanes(now.carried)
        np.testing.assert_array_equal(found.h[which], after.h[:, 0])
        np.testing.assert_array_equal(found.c[which], after.c[:, 0])


@pytest.mark.parametrize("scope", ["local", "global"])
def test_looking_first_changes_nothing(scope: str) -> None:
    ensemble, now, _ = fit_ensemble(recipe(scope=scope), histories())
    y, _ = future()
    plain = looked = now
    for i in range(5):
        plain = ensemble.observe(plain, y[i], NONE)
        looked = ensemble.observe(ensemble.look(looked), y[i], NONE)
    same(plain, looked)


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("members", [1, 3, 20])
def test_some_series_are_as_they_are_among_all(scope: str, members: int) -> None:
    ensemble, now, _ = fit_ensemble(recipe(scope=scope, members=members), histories())
    some = np.array([2, 0])
    part, mine = ensemble.take(some), ensemble.part(now, some)
    x = np.zeros((3, 4, 0))
    np.testing.assert_array_equal(part.forecast(mine, 4, x[:2]), ensemble.forecast(now, 4, x)[some])
    y, _ = future()
    moved = part.observe(mine, y[0][some], NONE[:2])
    written = ensemble.put(now, some, moved)
    everything = ensemble.observe(now, y[0], NONE)
    chosen = ensemble.choose(np.array([True, False, True]), everything.carried, now.carried)
    for a, b in zip(ensemble.from_lanes(written.carried), ensemble.from_lanes(chosen), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(written.recent[1], now.recent[1])
    np.testing.assert_array_equal(written.recent[some], everything.recent[some])


def by_hand(
    ensemble: Ensemble, now: ForecastState, which: int, member: int, horizon: int
) -> list[float]:
    """One member's recursive forecasts of one series, a window and a step at a time."""
    run = member if ensemble.shared else which * ensemble.members + member
    weights = ensemble.weights.take(slice(run, run + 1))
    state = ensemble.from_lanes(now.carried)
    own = State(*(part[which, member][None, None] for part in state))
    framing, values = ensemble.framing[which], list(now.recent[which])
    forecasts: list[float] = []
    while len(forecasts) < horizon:
        window = framing.window(values)
        out, own = engine.step(
            ensemble.model.network, weights, window[None], own, reset=ensemble.resets
        )
        found = framing.invert(out[0, 0].astype(np.float64), values)
        for i, value in enumerate(found):
            if i:
                _, own = engine.step(
                    ensemble.model.network, weights, framing.window(values)[None], own,
                    reset=ensemble.resets,
                )  # fmt: skip
            values.append(value)
            forecasts.append(value)
    return forecasts[:horizon]


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", [CARRIED, "stateless"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_forecasts_beyond_the_outputs_feed_on_themselves(
    scope: str, regime: Any, outputs: int
) -> None:
    plan = recipe(regime, scope=scope, framing=Framing(lags=2, steps=2, outputs=outputs))
    ensemble, now, _ = fit_ensemble(plan, histories())
    found = ensemble.forecast(now, 8, np.zeros((3, 8, 0)))
    for which in range(3):
        for member in range(3):
            expected = by_hand(ensemble, now, which, member, 8)
            np.testing.assert_array_equal(found[which, member], expected)


def test_several_outputs_look_at_the_columns_of_all_of_them() -> None:
    plan = recipe("stateless", framing=Framing(lags=3, steps=2, outputs=3), network=Network(3))
    ensemble, now, _ = fit_ensemble(plan, histories(columns=2))
    assert ensemble.weights.features == 3 + 2 * 3
    _, x = future(2)
    plain = ensemble.forecast(now, 3, x[:, :3])
    for row in range(3):
        changed = x[:, :3].copy()
        changed[:, row] += 1.0
        assert (ensemble.forecast(now, 3, changed) != plain).all()


def test_lanes_and_rows_are_inverse() -> None:
    for scope in ("local", "global"):
        ensemble, now, _ = fit_ensemble(recipe(scope=scope), histories())
        state = ensemble.from_lanes(now.carried)
        assert state.h.shape == (3, 3, 2)
        again = ensemble.from_lanes(ensemble.to_lanes(state))
        np.testing.assert_array_equal(again.h, state.h)
        np.testing.assert_array_equal(again.c, state.c)


def test_windows_are_shown_known_columns_ahead_and_past_ones_up_to_now() -> None:
    x = np.random.default_rng(2).normal(0, 1, (3, 9, 5))
    for past in (0, 2, 5):
        columns = Columns(np.zeros((3, 5)), np.ones((3, 5)), past)
        for steps, outputs in ((1, 1), (2, 1), (3, 2)):
            found = columns.looked_at(x, steps, outputs)
            count = 9 - steps - (outputs if past < 5 else 0) + 1
            assert found.shape == (3, count, steps, (5 - past) * outputs + past)
            for series in range(3):
                for window in range(count):
                    for step in range(steps):
                        row = window + step
                        ahead = x[series, row + 1 : row + 1 + outputs, : 5 - past].T.ravel()
                        expected = np.concatenate([ahead, x[series, row, 5 - past :]])
                        np.testing.assert_array_equal(found[series, window, step], expected)


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", [CARRIED, "stateless"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_past_columns_stay_as_they_were_last_seen(scope: str, regime: Any, outputs: int) -> None:
    plan = recipe(regime, scope=scope, past=1, framing=Framing(lags=2, steps=2, outputs=outputs))
    ensemble, now, _ = fit_ensemble(plan, histories(columns=1))
    assert now.x.shape == (3, 2, 1)
    _, x = future(1)
    found = ensemble.forecast(now, 7, x)
    np.testing.assert_array_equal(ensemble.forecast(now, 7, x * np.nan), found)
    np.testing.assert_array_equal(ensemble.forecast(now, 3, x[:, :3]), found[:, :, :3])
    y, _ = future()
    moved = ensemble.observe(now, y[0], ensemble.columns.apply(x[:, :1]))
    np.testing.assert_array_equal(moved.x[:, 1:], ensemble.columns.apply(x[:, :1]))
    other = ensemble.observe(now, y[0], ensemble.columns.apply(x[:, :1] + 9.0))
    assert (ensemble.forecast(moved, 3, x[:, :3]) != ensemble.forecast(other, 3, x[:, :3])).any()
