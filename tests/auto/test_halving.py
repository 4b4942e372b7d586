"""Successive halving gives restarts to who does well, and ensembles are what a forecaster makes."""

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from statewise.auto import halving
from statewise.auto.halving import as_ensembles, error_of, halve, relative, rungs_of
from statewise.auto.like_forecast import like_forecast
from statewise.data.datasets import nile
from statewise.forecasting import Forecaster, Recipe
from statewise.show.progress import Progress
from statewise.study import Store, Study, StudyResult, open_store, run_study
from statewise.study.results import CellResult

NAMES = ["stateless", "stateful", "stateful-warm", "continuous", "stateless-shuffled"]


def study(repeats: int = 8, cutoffs: int = 2, members: int = 2) -> Study:
    recipe = Recipe(epochs=2, units=1, lags=2, steps=1, members=members)
    return like_forecast(
        Forecaster(recipe, horizon=2), nile(), NAMES, test_size=4, cutoffs=cutoffs,
        repeats=repeats, hypotheses=(),
    )  # fmt: skip


def naive(of: Study) -> dict[tuple[str, int], float]:
    return StudyResult(of, {}).naive_scores


def test_an_ensemble_is_the_forecasters_own() -> None:
    one = study(repeats=7, cutoffs=1)
    found = as_ensembles(run_study(one), 3)
    assert found.study.repeats == 2
    cell = found.arms["stateful-warm"].only
    recipe = Recipe(epochs=2, units=1, lags=2, steps=1, members=3, regime="stateful-warm",
                    scope="local")  # fmt: skip
    model = Forecaster(recipe, horizon=2, combine=False, bounds=None).fit(
        nile().until(np.array([96]))
    )
    np.testing.assert_array_equal(model.predict(2)["mean"], cell.forecasts[0, :2])
    assert cell.forecasts.shape == (2, 4)


def test_restarts_that_diverged_are_left_out_of_their_ensemble() -> None:
    forecasts = np.array([[1.0, 1.0], [3.0, 3.0], [9.0, 9.0], [5.0, 5.0]])
    scores = np.array([1.0, np.inf, np.inf, np.inf])
    lost = np.array([0, 3, 2, 4], np.int32)
    cell = CellResult(forecasts, scores, lost, np.zeros((4, 0), np.float32))
    found = halving.ensembles(cell, np.array([1.0, 2.0]), 2)
    assert found.forecasts[0].tolist() == [1.0, 1.0]
    assert found.scores.tolist() == [np.sqrt(0.5), np.inf]
    assert found.diverged_epoch.tolist() == [0, 4]


def test_the_better_half_goes_on_until_two_have_all_restarts() -> None:
    whole, calls = study(), list[tuple[int, int, int]]()
    with open_store(whole, None) as store:
        found = halve(whole, store, 2, naive(whole), on_rung=lambda *told: calls.append(told))
        counts = {store.cells()[key].arm: count for key, count in store.counts().items()}
    assert calls == [(1, 5, 2), (2, 3, 4), (3, 2, 8)]
    assert [rung.restarts for rung in found] == [2, 4, 8]
    assert [len(rung.errors) for rung in found] == [5, 3, 2]
    for rung, after in pairwise(found):
        assert set(after.errors) == set(list(rung.errors)[: len(after.errors)])
    for rung in found:
        errors = [error_of(each) for each in rung.errors.values()]
        assert errors == sorted(errors)
    last = list(found[-1].errors)
    assert found[-1].errors[last[0]].shape == (1, 2, 4)
    assert {counts[name] for name in last} == {8}
    assert sorted(counts.values()) == [2, 2, 4, 8, 8]


def test_errors_are_of_the_naive_forecast_and_infinite_where_all_diverged() -> None:
    whole = study(repeats=2, cutoffs=2)
    result = as_ensembles(run_study(whole), 2)
    scale = dict(zip(result.naive_scores, (0.0, 2.0), strict=True))
    found = relative(result, scale)["stateful"]
    [_, second] = result.arms["stateful"].cells.values()
    assert np.isnan(found[0, 0, 0])
    assert error_of(found) == second.scores[0] / 2.0
    found[0, 1] = np.inf
    assert error_of(found) == np.inf
    assert error_of(np.full((1, 1, 1), np.nan)) == np.inf


def test_a_budget_ends_with_the_last_rung_that_was_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, now = study(repeats=16), iter(range(1000))
    monkeypatch.setattr("statewise.auto.halving.monotonic", lambda: next(now))
    with Store.in_memory() as store:
        short = halve(whole, store, 2, naive(whole), budget=1e-9)
        assert [rung.restarts for rung in short] == [2]
        longer = halve(whole, store, 2, naive(whole), budget=8)
        kept = store.counts()
    assert [rung.restarts for rung in longer] == [2, 4]
    with Store.in_memory() as store:
        whole_way = halve(whole, store, 2, naive(whole))
    assert [rung.restarts for rung in whole_way] == [2, 4, 8, 16]
    for mine, theirs in zip(longer, whole_way, strict=False):
        assert list(mine.errors) == list(theirs.errors)
    assert sum(kept.values()) > 2 * (5 * 2 + 3 * 2)  # what the third rung had begun is kept


def test_rungs_double_until_all_restarts() -> None:
    assert rungs_of(8, 64) == [8, 16, 32, 64]
    assert rungs_of(8, 16) == [8, 16]
    assert rungs_of(3, 20) == [3, 6, 12, 18]


def test_progress_is_of_the_runs_that_a_rung_has_to_make() -> None:
    class Told(Progress):
        shares: ClassVar[list[tuple[str, float]]] = []

        def at(self, what: str, share: float = 0.0) -> None:
            self.shares.append((what, share))

    whole = study()
    with open_store(whole, None) as store:
        halve(whole, store, 2, naive(whole), progress=Told(None))
        first = [share for what, share in Told.shares if what == "rung 1, 20 runs"]
        last = [share for what, share in Told.shares if what == "rung 3, 16 runs"]
        assert first == sorted(first)
        assert first[-1] == last[-1] == 1.0
        Told.shares.clear()
        halve(whole, store, 2, naive(whole), progress=Told(None))
        assert Told.shares == []
