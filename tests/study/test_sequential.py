"""Planned looks: a study stops when it is decided, and never sooner than its looks allow."""

from dataclasses import replace

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.errors import SettingError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    Outcome,
    Store,
    Study,
    ThreadExecutor,
    better,
    open_store,
    run_until_decided,
)

ARMS = (
    Arm("stateless", Model(REGIMES["stateless"], training=Training(100))),
    Arm("stateful", Model(REGIMES["stateful"], training=Training(100))),
    Arm("again", Model(REGIMES["stateless"], training=Training(100)), restarts=1),
)
STUDY = Study(
    ARMS, shampoo(), 12, 200, hypotheses=(better("stateless", "naive"),), looks=4, alpha=0.04
)


def decided(study: Study, store: Store | None = None) -> tuple[list[int], list[Outcome], int]:
    with store or open_store(study, None) as opened:
        end = run_until_decided(study, opened, lambda: ThreadExecutor(1))
    return [look.repeats for look in end.taken], [v.outcome for v in end.verdicts], end.planned


def test_what_is_clear_stops_at_the_first_look() -> None:
    assert decided(STUDY) == ([50], [Outcome.SUPPORTED], 4)


def test_what_stays_open_goes_on_to_the_end() -> None:
    open_claim = replace(STUDY, hypotheses=(better("stateless", "again"),), margin=1e-6)
    repeats, outcomes, planned = decided(open_claim)
    assert repeats == [50, 100, 150, 200]
    assert outcomes == [Outcome.UNDECIDED]
    assert planned == 4


def test_a_look_may_have_as_few_repeats_as_there_are_looks() -> None:
    few = replace(STUDY, repeats=20, looks=5, hypotheses=(better("stateless", "again"),))
    assert decided(replace(few, margin=1e-6))[0] == [4, 8, 12, 16, 20]


def test_one_look_is_an_ordinary_study() -> None:
    assert decided(replace(STUDY, looks=1))[0] == [200]


def test_alpha_is_divided_and_results_are_those_of_a_study_of_that_size() -> None:
    with open_store(STUDY, None) as store:
        end = run_until_decided(STUDY, store, lambda: ThreadExecutor(1))
    assert [look.alpha for look in end.taken] == [0.01]
    assert end.result.study.alpha == 0.01
    assert end.result.arms["stateless"].scores.shape == (50,)
    assert end.result.trained_runs == 150
    assert np.isfinite(end.result.train_seconds)


def test_looks_are_checked() -> None:
    with pytest.raises(SettingError, match="looks = 300: is too many for 200 repeats"):
        replace(STUDY, looks=300)
