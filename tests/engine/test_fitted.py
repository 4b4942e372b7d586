"""What training gives back: some of the runs, and several parts as one."""

from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.engine import Fitted
from statewise.model.network import EarlyStopping, Network, Training
from statewise.model.regime import StateRegime
from tests.engine.test_engine import data_sets


def same(one: Fitted, other: Fitted) -> None:
    for a, b in zip((*one.weights, *one.state), (*other.weights, *other.state), strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("loss", "diverged_epoch", "validation_loss", "best_epoch"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (one.initial_state is None) == (other.initial_state is None)
    for a, b in zip(one.initial_state or (), other.initial_state or (), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("initial", ["zeros", "learned"])
@pytest.mark.parametrize("watched", [False, True])
def test_some_runs_are_those_that_were_trained_alone(initial: Any, watched: bool) -> None:
    x, y = data_sets(1, 20, 2, 1, 1)
    early = EarlyStopping(2) if watched else None
    training = Training(6, validation=5 if watched else 0, early_stopping=early)
    network, regime = Network(2, initial_state=initial), StateRegime("epoch")

    def fit(repeats: list[int]) -> Fitted:
        return engine.fit(network, training, regime, x, y, repeats=repeats)

    whole = fit([0, 1, 2, 3])
    same(whole.take(slice(1, 3)), fit([1, 2]))
    assert whole.take(slice(2, 2)).weights.runs == 0
    same(Fitted.joined([whole.take(slice(0, 1)), whole.take(slice(1, 4))]), whole)
