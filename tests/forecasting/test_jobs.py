"""Jobs: parts of a fit that run elsewhere give the same, to the bit."""

from typing import Any

import numpy as np
import pytest

from statewise.forecasting import Forecaster, Recipe, jobs
from statewise.study.executors import ProcessExecutor, ThreadExecutor
from tests.forecasting.frames import long

LENGTHS = {name: 30 + 3 * i for i, name in enumerate("abcdefg")}
SMALL: dict[str, Any] = {"members": 2, "units": 2, "epochs": 2, "lags": 3}
EVERYTHING: dict[str, Any] = {"level": [80, 95], "kinds": True, "members": True}


def test_chunks_are_all_series_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 3)
    assert [part.tolist() for part in jobs.chunks(7)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_results_come_in_the_order_of_the_jobs() -> None:
    asked = [jobs.Job(pow, (base, 2)) for base in range(5)]
    assert jobs.done(asked, None) == [0, 1, 4, 9, 16]

    class Backwards:
        def results(self, shards: Any, task: Any) -> Any:
            return [task(shard) for shard in reversed(list(shards))]

    assert jobs.done(asked, Backwards()) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_fit_is_the_same_in_threads_and_processes(
    scope: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 3)
    frame = long(lengths=LENGTHS)
    model = Forecaster(Recipe(scope=scope, **SMALL), horizon=4)
    here = model.fit(frame).predict(**EVERYTHING)
    weights = model.fitted_.combination.weights
    for executor in (ThreadExecutor(2), ProcessExecutor(2)):
        there = model.clone().fit(frame, executor=executor)
        assert there.predict(**EVERYTHING).equals(here)
        np.testing.assert_array_equal(there.fitted_.combination.weights, weights)


def test_cross_validation_is_the_same_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 3)
    frame = long(lengths=LENGTHS)
    model = Forecaster(Recipe(**SMALL))
    how: dict[str, Any] = {"h": 3, "n_windows": 2, "level": [80]}
    here = model.cross_validation(frame, **how)
    assert model.cross_validation(frame, **how, executor=ThreadExecutor(1)).equals(here)
