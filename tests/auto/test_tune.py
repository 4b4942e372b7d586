"""A search is blind to the outer test part, resumes from its store, and says what it found."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise import Tuned, tune
from statewise.auto.halving import as_ensembles, relative
from statewise.auto.like_forecast import like_forecast
from statewise.data.datasets import nile, shampoo
from statewise.errors import DataError, SettingError, StudyError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.study import Store, run_study

SMALL = Recipe(members=2, epochs=2, steps=1)
SPACE: dict[str, Any] = {"regime": ["stateless", "stateful-warm"], "lags": [2, 4], "units": [1, 2]}


def small(frame: Any = None, space: Any = None, **more: Any) -> Tuned:
    how: dict[str, Any] = {"repeats": 8, "cutoffs": 2, "test_size": 6} | more
    model = Forecaster(SMALL, horizon=2, seed=2)
    return tune(model, nile() if frame is None else frame, space or SPACE, **how)


def test_no_candidate_sees_the_outer_test_part() -> None:
    panel, found = nile(), small()
    spoilt = panel.y.copy()
    spoilt[-6:] *= 3.0
    frame = pd.DataFrame({"ds": np.arange(len(spoilt)), "y": spoilt})
    other = small(frame)
    for name in ("rows", "recipe", "inner", "gap", "left_out", "simple"):
        assert getattr(other, name) == getattr(found, name)
    assert other.outer != found.outer
    assert found.optimism != other.optimism


def test_the_table_has_all_candidates_the_farthest_first() -> None:
    found = small()
    assert [row["restarts"] for row in found.rows] == [8, 8, 4, 4, 2, 2, 2, 2]
    assert [row["rung"] for row in found.rows] == [3, 3, 2, 2, 1, 1, 1, 1]
    assert len({(r["regime"], r["lags"], r["units"]) for r in found.rows}) == 8
    best = found.rows[0]
    assert (best["of_naive"], best["low"], best["high"]) == tuple(found.inner)
    assert best["of_simple"] == pytest.approx(found.inner.error / found.simple)
    assert found.winner == "{regime}, lags {lags}, units {units}".format(**best)
    assert found.recipe == Recipe(
        members=2, epochs=2, steps=1, regime=best["regime"], lags=best["lags"], units=best["units"]
    )
    assert found.rows[-1]["low"] is None
    assert found.gap.more == pytest.approx(found.rows[1]["of_naive"] - best["of_naive"])


def test_the_outer_test_is_a_study_of_the_winner_alone() -> None:
    found = small()
    study = like_forecast(
        Forecaster(found.recipe, horizon=2, seed=2), nile(), [found.rows[0]["regime"]],
        test_size=6, repeats=8, hypotheses=(),
    )  # fmt: skip
    result = as_ensembles(run_study(study), 2)
    [own] = relative(result, result.naive_scores).values()
    assert found.outer.error == pytest.approx(own.mean(), rel=1e-12)
    assert [v.hypothesis.claim for v in found.verdicts] == [
        "tuned beats simple", "tuned beats naive", "tuned beats untuned",
    ]  # fmt: skip
    assert found.untuned is not None


def test_a_forecaster_takes_the_recipe() -> None:
    found = small()
    model = Forecaster(found.recipe, horizon=found.horizon).fit(nile())
    assert len(model.predict()) == 2


def test_what_the_forecaster_decides_by_itself_may_win() -> None:
    plain = Forecaster(Recipe(members=2, epochs=20))
    found = tune(plain, nile(), {"learning_rate": [1e-9, 3e-3]}, repeats=4, cutoffs=1)
    assert found.recipe.learning_rate == 3e-3
    assert found.untuned is None
    assert len(found.verdicts) == 2
    assert found.left_out is None
    assert "It is what the forecaster decides by itself." in " ".join(found.summary.split())
    assert "with two inner cutoffs or more" in " ".join(found.summary.split())


def test_a_store_is_resumed_extended_and_kept_to(tmp_path: Path) -> None:
    store = tmp_path / "tune.db"
    found = small(store=store)
    with Store.read(store) as there:
        before = there.counts()
    again = small(store=store)
    assert str(again) == str(found)
    with Store.read(store) as there:
        assert there.counts() == before
        assert there.damage() == []
    more = small(space={**SPACE, "units": [1, 2, 3]}, store=store, repeats=16)
    assert len(more.rows) == 12
    with Store.read(store) as there:
        after = there.counts()
    assert before.keys() < after.keys()
    assert all(after[key] >= count for key, count in before.items())
    assert str(more) == str(small(space={**SPACE, "units": [1, 2, 3]}, repeats=16))
    with pytest.raises(StudyError, match="test_size: 6 -> 5"):
        small(store=store, test_size=5)


def test_a_budget_is_said_and_so_is_what_is_left_out() -> None:
    found = small(budget=1e-6, space={**SPACE, "outputs": [1, 90]})
    assert {row["rung"] for row in found.rows} == {1}
    said = " ".join(found.summary.split())
    assert "The budget of 1e-06 s ended the search in rung 2 of 3, which does not count." in said
    assert "units 2, outputs 90 is left out: " in said
    assert "1 restarts" not in said
    assert "with 2 restarts" in said


def test_many_series_are_the_units() -> None:
    rng = np.random.default_rng(3)
    frame = pd.concat([
        pd.DataFrame({"unique_id": f"s{k}", "ds": np.arange(40), "price": rng.normal(size=40),
                      "y": rng.normal(size=40).cumsum()})
        for k in range(3)
    ])  # fmt: skip
    model = Forecaster(SMALL, horizon=2, data=Data(known=["price"]))
    found = tune(model, frame, {"units": [1, 2]}, repeats=4, cutoffs=2)
    assert found.recipe.scope == "local"
    assert found.result.study.panel.columns == ("price",)
    assert found.result.unit == "series"
    assert np.isfinite(found.rows[-1]["low"])
    said = " ".join(found.summary.split())
    assert "of each series, on the 6 observations after each" in said
    assert "(95% interval over series)" in said


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(SettingError, match="repeats = 3"):
        small(repeats=3)
    with pytest.raises(SettingError, match="budget = 0"):
        small(budget=0)
    with pytest.raises(SettingError, match="cutoffs = 0"):
        small(cutoffs=0)
    frame = pd.DataFrame({"ds": np.arange(40), "y": 3.0})
    with pytest.raises(DataError, match="repeat themselves"):
        small(frame)
    flat = frame.assign(y=np.r_[np.arange(34.0) % 5, np.full(6, 3.0)])
    assert not np.isfinite(small(flat).outer.error)


def test_shampoo_leaves_half_to_train_on() -> None:
    recipe = Recipe(members=2, epochs=1, regime="auto", units=1)
    found = tune(Forecaster(recipe), shampoo(), repeats=4)
    assert found.result.study.test_size == 4
    assert [row["lags"] for row in found.rows].count(18) == 3
    assert len({row["regime"] for row in found.rows}) == 3
