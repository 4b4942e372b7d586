"""States: read, set, kept and put back."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.errors import SettingError
from tests.forecasting.frames import everything, known, later, long, same, small, whole

SCOPES = ["local", "global"]


def carried(scope: str = "local", **changes: Any) -> Any:
    plan = {"regime": "stateful-warm", "scope": scope, "steps": 2, "known": ["price"]}
    return small(**plan | changes).fit(long(price=True))


@pytest.mark.parametrize("scope", SCOPES)
def test_a_state_is_what_is_known_of_a_series(scope: str) -> None:
    model = carried(scope)
    assert list(model.state) == ["a", "b", "c"]
    assert len(model.state) == 3
    state = model.state["b"]
    assert state.h.shape == state.c.shape == (2, 2)
    y = long()["y"][40:73].to_numpy()
    adjustment = model.fitted_.learned.adjustment.take(np.array([1]))
    z = adjustment.apply(y[None], np.arange(33)[None])[0]
    np.testing.assert_array_equal(state.recent, z[-5:])
    assert state.x.shape == (2, 1)
    assert state.count == 33
    assert y.min() < state.level < y.max()
    assert str(state.last)[:7] == "2017-09"
    state.h[:] = 7.0
    state.recent[:] = 7.0
    assert (model.state["b"].h != 7.0).all()
    assert (model.state["b"].recent != 7.0).all()


@pytest.mark.parametrize("scope", SCOPES)
def test_a_state_can_be_put_back(scope: str) -> None:
    model, rows = carried(scope), later(4, price=True)
    before = model.state["b"]
    model.update(rows)
    after = known(model)
    model.state["b"] = before
    assert known(model) == after | {"b": known(carried(scope))["b"]}
    model.update(rows[rows["unique_id"] == "b"])
    assert known(model) == after


@pytest.mark.parametrize("scope", SCOPES)
def test_a_state_of_ones_own_is_forecast_from(scope: str) -> None:
    model, rows = carried(scope), later(3, price=True)
    plain = model.predict(3, X=rows)["mean"].to_numpy().reshape(3, 3)
    model.state["a"] = np.full((2, 2), 0.5), np.full((2, 2), -0.5)
    found = model.predict(3, X=rows)["mean"].to_numpy().reshape(3, 3)
    assert (found[0] != plain[0]).all()
    np.testing.assert_array_equal(found[1:], plain[1:])
    assert (model.state["a"].c == np.float32(-0.5)).all()


@pytest.mark.parametrize("scope", SCOPES)
def test_a_state_that_was_set_is_stepped_on_from(scope: str) -> None:
    """Not the one that a step has already looked ahead from."""
    one, other = (small(regime="stateful-warm", scope=scope).fit(long()) for _ in range(2))
    one.step([50.0, 51.0, 52.0])
    other.update(later(1).assign(y=[50.0, 51.0, 52.0]))
    for model in (one, other):
        model.state["a"] = np.full((2, 2), 0.5), np.zeros((2, 2))
    np.testing.assert_array_equal(one.step([53.0] * 3), other.step([53.0] * 3))
    assert known(one) == known(other)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_snapshot_is_put_back_whole(scope: str) -> None:
    model, rows = carried(scope), later(5, price=True)
    before, forecast = known(model), model.predict(2, X=rows)
    snapshot = model.state.snapshot()
    model.update(rows)
    model.state["a"] = np.ones((2, 2)), np.ones((2, 2))
    model.state.restore(snapshot)
    assert known(model) == before
    assert model.predict(2, X=rows).equals(forecast)
    after = known(model.update(rows))
    model.state.restore(snapshot)
    assert known(model.update(rows)) == after


def test_a_snapshot_between_steps_is_put_back() -> None:
    model = small(regime="stateful-warm").fit(long())
    model.step([50.0, 51.0, 52.0])
    snapshot, before = model.state.snapshot(), known(model)
    forecast = model.step([53.0, 52.0, 51.0])
    model.state.restore(snapshot)
    assert known(model) == before
    np.testing.assert_array_equal(model.step([53.0, 52.0, 51.0]), forecast)


def test_a_snapshot_of_another_model_is_refused() -> None:
    model = carried()
    before = known(model)
    others = [
        whole().fit(long()),
        small(regime="stateful-warm").fit(long(lengths={"a": 40})),
        carried(members=3),
        carried(units=3),
        carried(lags=4),
    ]
    for other in others:
        with pytest.raises(SettingError, match="is of another model"):
            model.state.restore(other.state.snapshot())
    assert known(model) == before


@pytest.mark.parametrize(
    "value",
    [
        None, 3, "ab", (1, 2, 3),
        (np.zeros((2, 2)), np.zeros((2, 3))),
        (np.zeros((2, 2)), np.full((2, 2), np.nan)),
        (np.zeros((2, 2)), np.full((2, 2), 1e300)),
        ("h", "c"),
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused_and_nothing_changes(value: Any) -> None:
    model = carried()
    before = known(model)
    with pytest.raises(SettingError, match=r"(?s)state\['a'\].* h and c of \(members, units\)"):
        model.state["a"] = value
    assert known(model) == before


@pytest.mark.parametrize(
    "change",
    [
        {"recent": np.zeros(3)}, {"recent": np.full(5, np.inf)}, {"x": np.zeros((1, 1))},
        {"last": "never"}, {"last": None}, {"last": np.datetime64("NaT")}, {"h": np.zeros(4)},
    ],
)  # fmt: skip
def test_a_state_with_a_part_that_does_not_fit_is_refused(change: Any) -> None:
    model = carried()
    before = known(model)
    with pytest.raises(SettingError, match=rf"state\['b'\]\.{next(iter(change))}"):
        model.state["b"] = replace(model.state["b"], **change)
    assert known(model) == before


@pytest.mark.parametrize("scope", SCOPES)
def test_seasons_and_simple_forecasts_are_state_too(scope: str) -> None:
    """A snapshot and a state that was read hold them: every kind of forecast comes back."""
    model = whole(scope=scope, regime="stateful-warm").fit(long())
    first, snapshot = everything(model, 14), model.state.snapshot()
    states = {name: model.state[name] for name in model.state}
    model.update(later(5))
    moved = everything(model, 14)
    assert (moved.drop(columns=["unique_id", "ds"]) != first.drop(columns=["unique_id", "ds"])).any(
        axis=None
    )
    model.state.restore(snapshot)
    same(everything(model, 14), first)
    model.update(later(5))
    for name, state in states.items():
        model.state[name] = state
    same(everything(model, 14), first)


def test_a_state_of_one_series_says_nothing_of_another() -> None:
    model = whole().fit(long())
    state = model.state["a"]
    with pytest.raises(SettingError, match="is of another model"):
        model.state["a"] = replace(state, known=whole(season=1).fit(long()).state["a"].known)
