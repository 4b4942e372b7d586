"""Results as values: equal where their numbers are, and hashed alike."""

from dataclasses import replace

import numpy as np

from statewise.data.datasets import shampoo
from statewise.model.network import SGD, Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Study, run_study

ARMS = (
    Arm("stateful", Model(REGIMES["stateful"], training=Training(5))),
    Arm("diverged", Model(REGIMES["stateful"], training=Training(10, 1, SGD(1e4)))),
)
STUDY = Study(ARMS, shampoo(), test_size=6, repeats=4, cutoffs=2)


def test_results_with_the_same_numbers_are_equal_and_hash_alike() -> None:
    one, two = run_study(STUDY), run_study(STUDY)
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two}) == 1
    for name, arm in one.arms.items():
        assert (arm, hash(arm)) == (two.arms[name], hash(two.arms[name]))
        for cell, found in arm.cells.items():
            assert (found, hash(found)) == (two.arms[name].cells[cell], hash(found))


def test_one_number_that_differs_makes_results_unequal() -> None:
    result = run_study(STUDY)
    cell, found = next(iter(result.arms["stateful"].cells.items()))
    for name in ("forecasts", "scores", "diverged_epoch"):
        numbers = getattr(found, name).copy()
        numbers.flat[-1] += 1
        other = replace(found, **{name: numbers})
        assert found != other
        arm = result.arms["stateful"]
        changed = replace(arm, cells={**arm.cells, cell: other})
        assert replace(result, arms={**result.arms, "stateful": changed}) != result
    assert found != replace(found, forecasts=found.forecasts[:, :3])
    assert found != "another thing"
    assert result != replace(result, study=replace(STUDY, margin=0.5))


def test_how_long_the_training_took_is_no_part_of_a_result() -> None:
    result = run_study(STUDY)
    assert result == replace(result, trained_runs=0, train_seconds=9.0)
    assert np.isinf(result.arms["diverged"].cells["Sales", 24].scores).all()
