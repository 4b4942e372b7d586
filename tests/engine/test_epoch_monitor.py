"""Validation, early stopping and plateaus: a run that is watched trains as one that is not."""

import numpy as np
import pytest

from statewise import engine
from statewise.model.network import SGD, Adam, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from tests.engine.test_engine import data_sets

CARRIED = StateRegime("epoch", reset_forecast="never")
REGIMES = [StateRegime(), StateRegime(shuffle=True), CARRIED, StateRegime("never")]


@pytest.mark.parametrize("regime", REGIMES)
def test_looking_does_not_change_training(regime: StateRegime) -> None:
    x, y = data_sets(1, 20, 2, 1, 1)
    watched = engine.fit(Network(2), Training(9, validation=5), regime, x, y, repeats=3)
    plain = engine.fit(Network(2), Training(9), regime, x[:, :15], y[:, :15], repeats=3)
    for one, other in zip(
        (*watched.weights, *watched.state), (*plain.weights, *plain.state), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(watched.loss, plain.loss)


@pytest.mark.parametrize("network", [Network(2), Network(2, initial_state="learned")])
@pytest.mark.parametrize("regime", [*REGIMES, StateRegime(reset_forecast="never")])
def test_validation_loss_is_that_of_its_own_forecasts(
    regime: StateRegime, network: Network
) -> None:
    x, y = data_sets(1, 20, 2, 1, 1)
    found = engine.fit(network, Training(4, validation=5), regime, x, y, repeats=2)
    out, _ = engine.step(
        network,
        found.weights,
        x[0, 15:],
        found.state if regime.carries_in_training else None,
        reset=regime.reset_forecast == "step",
        initial_state=found.initial_state,
    )
    assert found.validation_loss is not None
    expected = np.mean((out - y[0, 15:]) ** 2, axis=(1, 2))
    np.testing.assert_allclose(found.validation_loss[:, -1], expected, rtol=1e-5)


@pytest.mark.parametrize("regime", REGIMES)
def test_early_stopping_goes_back_to_the_weights_and_state_of_the_best_epoch(
    regime: StateRegime,
) -> None:
    x, y = data_sets(1, 24, 1, 1, 1)
    training = Training(
        60, optimizer=Adam(0.05), validation=6, early_stopping=EarlyStopping(patience=4)
    )
    stopped = engine.fit(Network(2), training, regime, x, y, repeats=5)
    assert stopped.validation_loss is not None
    assert len(set(stopped.best_epoch.tolist())) > 1
    for run, best in enumerate(stopped.best_epoch.tolist()):
        seen = stopped.validation_loss[run]
        assert np.nanargmin(seen) + 1 == best
        ended = int(np.isfinite(seen).sum())
        assert ended == 60 or ended - best == 4
        plain = engine.fit(
            Network(2), Training(best, optimizer=Adam(0.05)), regime, x[:, :18], y[:, :18],
            repeats=[run],
        )  # fmt: skip
        for one, other in zip(
            (*stopped.weights, *stopped.state), (*plain.weights, *plain.state), strict=True
        ):
            np.testing.assert_array_equal(one[run], other[0])


def test_a_plateau_halves_the_rate_of_each_run_on_its_own() -> None:
    x, y = data_sets(1, 12, 1, 1, 1)
    # Momentum zero and one batch an epoch: a step is the rate times the gradient.
    training = Training(8, 12, SGD(5.0), schedule=ReduceOnPlateau(0.5, patience=1, lowest=0.1))
    found = engine.fit(Network(1), training, StateRegime(), x, y, repeats=20)
    assert found.loss is not None
    rises = 0
    for run in range(20):
        weights, factor, best = engine.initial_weights(1, [run], 1, 1), 1.0, np.inf
        for epoch in range(8):
            one = Training(1, 12, SGD(5.0 * factor))
            part = engine.fit(Network(1), one, StateRegime(), x, y, initial=weights)
            weights = part.weights
            loss = float(found.loss[run, epoch])
            factor, best = (factor, loss) if loss < best else (max(0.1, factor / 2), best)
            rises += loss > best
        for array, expected in zip(found.weights, weights, strict=True):
            np.testing.assert_allclose(array[run], expected[0], rtol=1e-5, atol=1e-6)
    assert rises > 20


def test_samples_may_be_looked_at_that_no_training_held_back() -> None:
    x, y = data_sets(1, 20, 2, 1, 1)
    ahead = engine.samples_of(x[0, 15:], y[0, 15:])
    found = engine.fit(
        Network(2), Training(4), CARRIED, x[:, :15], y[:, :15], repeats=2, validation=ahead
    )
    held_back = engine.fit(Network(2), Training(4, validation=5), CARRIED, x, y, repeats=2)
    np.testing.assert_array_equal(found.validation_loss, held_back.validation_loss)
    np.testing.assert_array_equal(found.loss, held_back.loss)
