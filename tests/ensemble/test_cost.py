"""The cost rule, with a clock that ticks once for every sample that is trained on."""

from typing import Any

import pytest

from statewise.ensemble import cost
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime


class Clocked:
    """A training that takes a millisecond for each sample of each block and epoch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.calls = 0.0, 0
        monkeypatch.setattr(cost, "fit", self.fit)
        monkeypatch.setattr("statewise.ensemble.cost.perf_counter", lambda: self.now)

    def fit(self, _: Any, training: Training, __: Any, x: Any, ___: Any, **more: Any) -> None:
        self.calls += 1
        width = 8 if more["repeats"] <= 8 * more["threads"] else 32
        blocks = -(-more["repeats"] // width)
        assert blocks <= more["threads"]  # all at once, as they will be
        self.now += 1e-3 * len(x) * training.epochs


def test_little_work_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clocked(monkeypatch)
    found = cost.seconds(Network(1), Training(10), StateRegime(), [30] * 8, (1, 1), 1, 2)
    assert 0 < found < cost.LITTLE
    assert clock.calls == 0


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize("runs", [8, 20, 1000])
def test_blocks_share_the_threads(threads: int, runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clocked(monkeypatch)
    width = 8 if runs <= 8 * threads else 32
    blocks = -(-runs // width)
    found = cost.seconds(
        Network(32), Training(500, 64), StateRegime(), [20_000] * runs, (4, 36), 8, threads
    )
    assert clock.calls == 2
    assert found == pytest.approx(1e-3 * 20_000 * 500 * blocks / min(threads, blocks))


def test_series_of_unequal_length_count_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    Clocked(monkeypatch)
    lengths = [50_000] * 8 + [10_000] * 8
    one = cost.seconds(Network(32), Training(90), StateRegime(), lengths, (4, 36), 8, 1)
    assert one == pytest.approx(1e-3 * 50_000 * 90)  # a wide block waits for the longest
    two = cost.seconds(Network(32), Training(90), StateRegime(), lengths, (4, 36), 8, 2)
    assert two == pytest.approx(1e-3 * 60_000 * 90 / 2)


def test_the_real_training_is_measured_whatever_the_regime() -> None:
    for regime in (StateRegime(shuffle=True), StateRegime("epoch", reset_forecast="never")):
        training = Training(1000, 7, validation=0.2)
        found = cost.seconds(Network(24), training, regime, [100_000], (8, 8), 4, 1)
        assert found > cost.LITTLE
