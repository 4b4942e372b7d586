"""Data sets of unequal length and of many series: each as if it were alone."""

from typing import Any

import numpy as np
import pytest

from statewise import engine
from statewise.errors import SettingError
from statewise.model.network import SGD, Adam, EarlyStopping, Network, Training
from statewise.model.regime import StateRegime
from tests.engine.test_engine import REGIMES, same

LENGTHS = (17, 5, 30, 11, 30)


def ragged(outputs: int = 1) -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(8)
    x = [rng.uniform(-1, 1, (n, 2, 1)) for n in LENGTHS]
    return x, [rng.uniform(-1, 1, (n, outputs)) for n in LENGTHS]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize(
    "training",
    [
        Training(6),
        Training(6, optimizer=SGD(0.1, momentum=0.5), clip_error=0.3),
        Training(6, schedule="cosine"),
        Training(12, optimizer=Adam(0.05), validation=0.3, early_stopping=EarlyStopping(2)),
    ],
    ids=["adam", "sgd", "cosine", "stopped"],
)
def test_a_series_does_not_depend_on_its_neighbours(
    regime: StateRegime, training: Training
) -> None:
    x, y = ragged()
    of_run = np.tile(np.arange(5), 9)
    repeats = np.repeat(np.arange(9), 5).tolist()
    together = engine.fit(Network(2), training, regime, x, y, repeats=repeats, data=of_run)
    for which in range(5):
        alone = engine.fit(Network(2), training, regime, x[which], y[which], repeats=9)
        for repeat in range(9):
            same(together, repeat * 5 + which, alone, repeat)
            assert together.best_epoch[repeat * 5 + which] == alone.best_epoch[repeat]


def test_batches_larger_than_a_short_series_take_what_there_is() -> None:
    x, y = ragged()
    arguments = (Network(2), Training(5, batch_size=16), StateRegime(shuffle=True))
    together = engine.fit(*arguments, x, y, repeats=[0] * 5, data=range(5))
    for which in range(5):
        alone = engine.fit(*arguments, x[which], y[which])
        for one, other in zip(together.weights, alone.weights, strict=True):
            np.testing.assert_array_equal(one[which], other[0])


def test_the_state_is_reset_where_a_series_begins() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-1, 1, (24, 1, 1)), rng.uniform(-1, 1, (24, 1))
    held = engine.samples_of(x, y, series_start=np.arange(24) % 8 == 0)
    boundaries = engine.fit(Network(2), Training(5), StateRegime("epoch"), held, repeats=3)
    every_8 = engine.fit(Network(2), Training(5), StateRegime(8), x, y, repeats=3)
    for run in range(3):
        same(boundaries, run, every_8, run)


def test_an_error_that_does_not_count_leaves_the_weights_alone() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-1, 1, (6, 1, 1)), rng.uniform(-1, 1, (6, 1))
    held = engine.samples_of(x, y, loss_mask=np.zeros(6))
    assert held.errors(np.zeros(1, np.int32)).tolist() == [0]
    half = engine.samples_of(x, y, loss_mask=[1, 1, 1, 0, 0, 0])
    found = engine.fit(Network(2), Training(4), StateRegime("epoch"), half)
    first = engine.fit(Network(2), Training(4), StateRegime("epoch"), x[:3], y[:3])
    for one, other in zip(found.weights, first.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (found.state.h != first.state.h).any()


def test_what_does_not_fit_is_refused() -> None:
    x, y = ragged()
    with pytest.raises(SettingError, match=r"y = .*Give one target a sample"):
        engine.samples_of(x, y[:4])
    with pytest.raises(SettingError, match="differ but in their samples"):
        engine.samples_of([x[0], np.zeros((3, 1, 1))], y[:2])
    with pytest.raises(SettingError, match="order = "):
        engine.samples_of(x[0], y[0], order=[0, 17])
    with pytest.raises(SettingError, match="series_start = "):
        engine.samples_of(x[0], y[0], series_start=[1])
    with pytest.raises(SettingError, match="validation = 5"):
        engine.fit(Network(), Training(1, validation=5), StateRegime(), x[1], y[1])
