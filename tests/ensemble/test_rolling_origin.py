from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.data.datasets import shampoo
from statewise.ensemble.rolling_origin import Known, walk_forward, warm_state
from statewise.errors import DataError, SettingError
from statewise.model.framing import FittedFraming, Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime

Y = shampoo().only.y
NETWORK = Network(2)


def fitted(regime: StateRegime, batch_size: int = 1) -> tuple[FittedFraming, engine.Fitted]:
    framing = Framing().fit(Y[:-12])
    x, y = framing.samples(Y[:-12])
    return framing, engine.fit(NETWORK, Training(20, batch_size), regime, x, y, repeats=3)


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_a_walk_is_a_replay_of_every_window(name: str) -> None:
    """The generator, one observation at a time, against one call over all the windows."""
    regime = REGIMES[name]
    framing, runs = fitted(regime)
    steps = list(walk_forward(NETWORK, regime, framing, runs, Y, test_size=12))
    windows = np.stack([framing.window(Y[:n]) for n in range(24, 36)])
    warm, _ = framing.samples(Y[:-12])
    replay = windows if regime.warm_up == "none" else np.concatenate([warm, windows])
    start = runs.state if regime.reset_training == "never" else None
    out, state = engine.step(
        NETWORK, runs.weights, replay, start, reset=regime.reset_forecast == "step"
    )
    for i, step in enumerate(steps):
        assert step.cutoff == 24 + i
        assert step.actual == Y[24 + i]
        expected = framing.invert(out[:, i - 12], Y[: 24 + i])[:, 0]
        np.testing.assert_array_equal(step.mean, expected)
    np.testing.assert_array_equal(steps[-1].state.c, state.c)


def test_a_forecast_never_sees_what_it_forecasts() -> None:
    regime = REGIMES["stateful-warm"]
    framing, runs = fitted(regime)
    changed = Y.copy()
    changed[-3:] = 1e6
    before = [f.mean for f in walk_forward(NETWORK, regime, framing, runs, Y, 12)]
    after = [f.mean for f in walk_forward(NETWORK, regime, framing, runs, changed, 12)]
    np.testing.assert_array_equal(before[:10], after[:10])  # the last ten are made from them
    assert (before[10] != after[10]).all()


def test_a_warm_up_of_the_last_k() -> None:
    whole = StateRegime("epoch", warm_up="train", reset_forecast="never")
    framing, runs = fitted(whole)
    last: Any = StateRegime("epoch", warm_up=22, reset_forecast="never")
    known, of_run = [Known(framing, Y, 24)], np.zeros(3, np.intp)
    for a, b in zip(
        warm_state(NETWORK, whole, runs, known, of_run),
        warm_state(NETWORK, last, runs, known, of_run),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    long: Any = StateRegime("epoch", warm_up=23, reset_forecast="never")
    with pytest.raises(DataError, match="warm_up = 23: exceeds the 22 samples"):
        warm_state(NETWORK, long, runs, known, of_run)


def test_several_rows_of_state_cannot_start_a_forecast() -> None:
    regime = StateRegime("never", reset_forecast="never")
    framing, runs = fitted(regime, batch_size=11)
    with pytest.raises(SettingError, match="leaves 11 states"):
        next(walk_forward(NETWORK, regime, framing, runs, Y, 12))
