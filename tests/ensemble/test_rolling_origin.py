from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.data.datasets import shampoo
from statewise.ensemble import warm_up
from statewise.ensemble.rolling_origin import Known, start_of, walk_forward
from statewise.errors import DataError, SettingError
from statewise.model.framing import FittedFraming
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from tests.forecasting.recipes import fit_ensemble, histories, recipe

Y = shampoo().only.y
NETWORK = Network(2)


def model_of(regime: StateRegime, network: Network = NETWORK, **training: Any) -> Model:
    return Model(regime, network=network, training=Training(20, **training))


def fitted(model: Model) -> tuple[FittedFraming, engine.Fitted]:
    framing = model.framing.fit(Y[:-12])
    samples = framing.samples(Y[:-12])
    return framing, engine.fit(model.network, model.training, model.regime, *samples, repeats=3)


@pytest.mark.parametrize("name", sorted(REGIMES))
@pytest.mark.parametrize("initial", ["zeros", "learned"])
def test_a_walk_is_a_replay_of_every_window(name: str, initial: Any) -> None:
    """The generator, one observation at a time, against one call over all the windows."""
    regime = REGIMES[name]
    model = model_of(regime, Network(2, initial_state=initial))
    framing, runs = fitted(model)
    steps = list(walk_forward(model, framing, runs, Y, test_size=12))
    windows = np.stack([framing.window(Y[:n]) for n in range(24, 36)])
    warm, _ = framing.samples(Y[:-12])
    replay = windows if regime.warm_up == "none" else np.concatenate([warm, windows])
    start = runs.state if regime.reset_training == "never" else None
    out, state = engine.step(
        model.network, runs.weights, replay, start,
        reset=regime.reset_forecast == "step", initial_state=runs.initial_state,
    )  # fmt: skip
    for i, step in enumerate(steps):
        assert step.cutoff == 24 + i
        assert step.actual == Y[24 + i]
        expected = framing.invert(out[:, i - 12], Y[: 24 + i])[:, 0]
        np.testing.assert_array_equal(step.mean, expected)
    for part, other in zip(steps[-1].state, state, strict=True):
        np.testing.assert_array_equal(part, other)


def test_a_forecast_never_sees_what_it_forecasts() -> None:
    model = model_of(REGIMES["stateful-warm"])
    framing, runs = fitted(model)
    changed = Y.copy()
    changed[-3:] = 1e6
    before = [f.mean for f in walk_forward(model, framing, runs, Y, 12)]
    after = [f.mean for f in walk_forward(model, framing, runs, changed, 12)]
    np.testing.assert_array_equal(before[:10], after[:10])  # the last ten are made from them
    assert (before[10] != after[10]).all()


def test_a_warm_up_of_the_last_k() -> None:
    def start(warm_up: Any) -> Any:
        model = model_of(StateRegime("epoch", warm_up=warm_up, reset_forecast="never"))
        framing, runs = fitted(model)
        return start_of(model, runs, [Known(framing, Y, 24)])[1].carried

    for a, b in zip(start("train"), start(22), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(DataError, match="series = 22: samples are fewer than warm_up=23"):
        start(23)


def test_a_regime_that_continues_moves_on_over_what_was_held_back() -> None:
    model = model_of(REGIMES["continuous"], validation=5)
    framing, runs = fitted(model)
    ensemble, now = start_of(model, runs, [Known(framing, Y, 24)])
    held = framing.samples(Y[:24])[0][-5:]
    _, after = engine.step(NETWORK, runs.weights, held, runs.state)
    np.testing.assert_array_equal(ensemble.from_lanes(now.carried).h[0], after.h[:, 0])


def test_several_rows_of_state_cannot_start_a_forecast() -> None:
    model = model_of(StateRegime("never", reset_forecast="step"), batch_size=11)
    framing, runs = fitted(model)
    carried = model_of(StateRegime("never", reset_forecast="never"))
    with pytest.raises(SettingError, match="leaves 11 states"):
        next(walk_forward(carried, framing, runs, Y, 12))


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_warm_up_is_the_same_in_one_call_and_in_many(
    scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carried() -> Any:
        return fit_ensemble(recipe(scope=scope), histories((30, 18, 41)))[1].carried

    whole = carried()
    monkeypatch.setattr(warm_up, "AT_ONCE", 1)
    for one, other in zip(whole, carried(), strict=True):
        np.testing.assert_array_equal(one, other)
