"""Planned looks: a study stops when it is decided, and never sooner than its looks allow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.errors import SettingError, StudyError
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
    read_decided,
    run_study,
    run_until_decided,
)

ARMS = (
    Arm("stateless", Model(REGIMES["stateless"], training=Training(100))),
    Arm("stateful", Model(REGIMES["stateful"], training=Training(100))),
    Arm("again", Model(REGIMES["stateless"], training=Training(100)), restarts=1),
)
STUDY = Study(
    ARMS, shampoo(), 12, 200, hypotheses=(better("stateless", "mean"),), looks=4, alpha=0.04
)


def decided(study: Study, store: Store | None = None) -> tuple[list[int], list[Outcome], int]:
    with store or open_store(study, None) as opened:
        end = run_until_decided(study, opened, lambda: ThreadExecutor(1))
    return [look.repeats for look in end.taken], [v.outcome for v in end.verdicts], len(end.planned)


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


def test_a_decided_study_is_read_back_as_it_ended(tmp_path: Path) -> None:
    with open_store(STUDY, tmp_path / "study.db") as store:
        with pytest.raises(StudyError, match="is not finished: stateless on Sales has 0 of 50 rep"):
            read_decided(STUDY, store)
        end = run_until_decided(STUDY, store, lambda: ThreadExecutor(1))
        again = read_decided(STUDY, store)
    assert again == end
    assert (again.result.trained_runs, end.result.trained_runs) == (0, 150)
    assert again.summary == (
        "Decided at look 1 of 4, after 50 of 200 repeats; each look has an error of 1.00%."
    )


def test_an_ordinary_study_is_read_back_whole_and_has_no_looks_to_speak_of() -> None:
    study = replace(STUDY, looks=1, repeats=20)
    with open_store(study, None) as store:
        result = run_study(study, store=store)
        end = read_decided(study, store)
    assert (end.result, end.summary) == (result, "")


def test_a_study_without_hypotheses_is_never_decided() -> None:
    assert decided(replace(STUDY, hypotheses=(), repeats=20))[0] == [5, 10, 15, 20]


def test_looks_are_checked() -> None:
    with pytest.raises(SettingError, match="looks = 300: is too many for 200 repeats"):
        replace(STUDY, looks=300)


def test_one_look_may_be_at_a_single_repeat() -> None:
    study = replace(STUDY, repeats=1, looks=1, arms=(Arm("stateless", ARMS[0].model),))
    assert decided(study) == ([1], [Outcome.UNDECIDED], 1)
