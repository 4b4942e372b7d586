"""What a fit is expected to do and to take, with costs that are given."""

import io
from typing import Any

import numpy as np
import pytest

from statewise.data.frames import read_frame
from statewise.forecasting import cost
from statewise.forecasting.fit import fit_model, prepared, seen
from statewise.forecasting.settings import Settings
from statewise.forecasting.trials import Learner
from statewise.show.progress import Progress
from tests.forecasting.frames import long, whole


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The samples of the runs that are trained together; each sample takes a second."""
    found: list[Any] = []

    def seconds(*given: Any) -> float:
        found.append(np.asarray(given[3]).tolist())
        return float(np.sum(given[3]))

    monkeypatch.setattr("statewise.forecasting.cost.cost.seconds", seconds)
    monkeypatch.setattr(cost, "of_trial", lambda *_: 1000.0)
    return found


def expected(**changes: Any) -> tuple[str, float]:
    settings = Settings(**whole(**changes).get_params(deep=False))
    learner, past = prepared(settings, read_frame(long(lengths={"a": 60, "b": 20})), 0)
    cuts = [past.lengths, seen(learner, past)]
    return cost.expected(learner, past, cuts, settings)


def test_shared_networks_and_their_twin_train_on_all_samples(groups: list[Any]) -> None:
    said, seconds = expected(max_samples=40)
    members = len(groups[0]) // 2
    assert groups == [[40] * 2 * members]
    assert said.startswith(f"Training {2 * members} networks on 40 samples of 2 series, ")
    tried = int(said.split(" cutoffs")[0].split()[-1])
    assert seconds == 40 * 2 * members + 1000 * (tried + 4)


def test_networks_of_one_series_train_on_its_samples(groups: list[Any]) -> None:
    expected(scope="local")
    [samples] = groups
    assert len(set(samples)) == 4  # two series, with and without their last observations


def test_where_state_is_carried_the_twin_trains_afterwards(groups: list[Any]) -> None:
    expected(regime="stateful-warm")
    assert len(groups) == 2


def test_a_fit_says_what_it_will_take(
    groups: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(**whole().get_params(deep=False))
    fit_model(settings, read_frame(long()), 0, Progress(io.StringIO()))
    assert "networks on " in capsys.readouterr().err
    fit_model(settings, read_frame(long()))
    assert capsys.readouterr().err == ""
    assert len(groups) == 1


def test_a_trial_is_timed_on_some_series_and_counts_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(**whole().get_params(deep=False))
    frame = long(lengths={f"s{i}": 50 for i in range(200)})
    learner, past = prepared(settings, read_frame(frame), 0)
    clock = 0.0

    def learn(_: Any, part: Any, *__: Any) -> None:
        nonlocal clock
        clock += len(part.names)

    monkeypatch.setattr(Learner, "learn", learn)
    monkeypatch.setattr("statewise.forecasting.cost.perf_counter", lambda: clock)
    assert cost.of_trial(learner, past) == pytest.approx(200.0)
    few = past.take(np.arange(20))
    assert cost.of_trial(learner, few) == 0.0
