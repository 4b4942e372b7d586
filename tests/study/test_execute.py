import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from statewise import engine
from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.ensemble.rolling_origin import walk_forward
from statewise.errors import DataError, StoreError, StudyError
from statewise.model.framing import Framing
from statewise.model.network import SGD, Network, Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.scoring.metrics import rmse
from statewise.study import Arm, Store, Study, read_results, run_study
from statewise.study.shards import ShardResult

SHORT = Training(epochs=15)


def test_scores_are_those_of_each_run_done_by_hand() -> None:
    arms = tuple(Arm(name, Model(regime, training=SHORT)) for name, regime in REGIMES.items())
    study = Study(arms, shampoo(), test_size=12, repeats=5, seed=4)
    result = run_study(study, threads=2)
    y = shampoo().only.y
    for arm in arms:
        framing = arm.model.framing.fit(y[:-12])
        x, targets = framing.samples(y[:-12])
        fitted = engine.fit(
            arm.model.network, SHORT, arm.model.regime, x, targets, repeats=[3], seed=4
        )
        steps = walk_forward(arm.model, framing, fitted, y, 12)
        forecasts = np.array([step.mean[0] for step in steps])
        np.testing.assert_array_equal(result.arms[arm.name].forecasts[3], forecasts)
        assert result.arms[arm.name].scores[3] == rmse(y[-12:], forecasts)


def test_nothing_that_is_fitted_sees_the_test_part() -> None:
    y = shampoo().only.y
    altered = np.array([*y[:-3], 9e3, 1.0, 5e3])
    framing = Framing((1, 4), 2, scale="standard", transform="box-cox", relative="mean", outputs=2)
    arm = Arm("a", Model(REGIMES["stateful-warm"], framing, training=SHORT))
    first, second = (
        run_study(Study((arm,), Panel.from_values(values), test_size=6, repeats=3)).arms["a"]
        for values in (y, altered)
    )
    np.testing.assert_array_equal(first.forecasts[:, :4], second.forecasts[:, :4])
    assert (first.forecasts[:, 4:] != second.forecasts[:, 4:]).all()


def test_arms_that_train_alike_share_their_runs() -> None:
    arms = [
        Arm(n, Model(REGIMES[n], training=SHORT))
        for n in ("stateful", "stateful-warm", "stateless")
    ]
    again = Arm("again", Model(REGIMES["stateful"], training=SHORT), restarts=1)
    shards: list[list[str]] = []
    result = run_study(
        Study((*arms, again), shampoo(), test_size=12, repeats=4),
        on_shard=lambda done: shards.append([arm.name for arm in done.shard.arms]),
    )
    assert result.trained_runs == 12
    assert sorted(shards) == [["again"], ["stateful", "stateful-warm"], ["stateless"]]
    assert (result.arms["stateful"].scores != result.arms["again"].scores).all()


def test_a_series_that_cannot_be_framed_is_refused_before_anything_runs(tmp_path: Path) -> None:
    level = Panel.from_values(np.ones(36), unique_id="level", ds=shampoo().only.ds)
    panel = Panel.of([*shampoo().series, *level.series])
    arm = Arm("a", Model(training=SHORT))
    with pytest.raises(DataError, match=r"^level = 0\.0: .* changes by the same amount"):
        run_study(Study((arm,), panel, test_size=3, repeats=2), store=tmp_path / "study.db")
    assert not list(tmp_path.iterdir())
    run_study(Study((arm,), shampoo(), test_size=3, repeats=2), store=tmp_path / "study.db")
    with pytest.raises(DataError, match="level"):
        run_study(Study((arm,), panel, test_size=3, repeats=2), store=tmp_path / "study.db")


def test_a_repeat_does_not_depend_on_how_many_there_are() -> None:
    arm = Arm("a", Model(REGIMES["stateful"], training=SHORT))
    few, many = (
        run_study(Study((arm,), shampoo(), test_size=12, repeats=n)).arms["a"].scores
        for n in (3, 40)
    )
    np.testing.assert_array_equal(few, many[:3])


def test_a_diverged_run_scores_infinity_and_is_kept() -> None:
    arm = Arm(
        "a", Model(REGIMES["stateful"], training=Training(10, 1, SGD(1e4)), network=Network())
    )
    result = run_study(Study((arm,), shampoo(), test_size=12, repeats=3)).arms["a"]
    assert np.isinf(result.scores).all()
    assert (result.only.diverged_epoch > 0).all()


def test_results_say_what_their_restarts_derive_from(tmp_path: Path) -> None:
    names = ("stateful", "stateless", "stateless-shuffled")
    arms = tuple(Arm(name, Model(REGIMES[name], training=SHORT)) for name in names)
    again = Arm("again", Model(REGIMES["stateful"], training=SHORT), restarts=1)
    study = Study((*arms, again), shampoo(), test_size=12, repeats=2)
    path = tmp_path / "study.db"
    result = run_study(study, store=path)
    stateful, stateless, shuffled, other = (result.restarts(arm.name, 24) for arm in study.arms)
    assert stateful == stateless
    assert stateful.split(":")[0] == shuffled.split(":")[0] != other.split(":")[0]
    assert stateful != shuffled
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE cell SET restarts = 'elsewhere:' WHERE arm = 'stateless'")
    connection.close()
    altered = r"cell 2 is altered \(it says arm 'stateless', series 'Sales'\)"
    with Store.read(path) as store, pytest.raises(StoreError, match=altered):
        read_results(study, store)


def test_a_reader_beside_the_driver_sees_whole_shards_and_a_second_driver_is_refused(
    tmp_path: Path,
) -> None:
    arms = tuple(Arm(name, Model(REGIMES[name], training=SHORT)) for name in REGIMES)
    study, path = Study(arms, shampoo(), test_size=12, repeats=5), tmp_path / "study.db"
    seen: list[int] = []

    def look(_: ShardResult) -> None:
        with Store.read(path) as reader:
            seen.append(sum(reader.counts().values()))
            assert reader.damage() == []
            with pytest.raises(StudyError, match="is not finished"):
                read_results(replace(study, repeats=6), reader)
        with pytest.raises(StoreError, match="is being written by another process"):
            run_study(study, store=path)

    result = run_study(study, store=path, on_shard=look)
    assert seen == sorted(seen)
    assert {count % 5 for count in seen} == {0}
    assert seen[-1] == 5 * len(arms)
    with Store.read(path) as reader:
        assert read_results(study, reader) == result


def test_a_study_that_is_refused_is_told_of_in_one_line(tmp_path: Path) -> None:
    study = Study((Arm("a", Model(training=Training(epochs=1))),), shampoo(), 12, repeats=4)
    run_study(study, store=tmp_path / "runs.db")
    with pytest.raises(StudyError, match=r"specification \(seed: 1 -> 3; repeats: 4 -> 2\)\. Run"):
        run_study(replace(study, repeats=2, seed=3), store=tmp_path / "runs.db")
