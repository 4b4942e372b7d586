from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.datasets import shampoo
from statewise.inference import Outcome, holm, settle
from statewise.regime import REGIMES
from statewise.study import (
    Arm,
    ArmResult,
    CellResult,
    Hypothesis,
    Study,
    StudyResult,
    better,
    equivalent,
)


def result(first: Any, second: Any, hypothesis: Hypothesis) -> StudyResult:
    arms = (Arm("a", REGIMES["stateful"]), Arm("b", REGIMES["stateless"]))
    study = Study(arms, shampoo(), 12, len(first), hypotheses=(hypothesis,))
    scores = {"a": np.asarray(first, float), "b": np.asarray(second, float)}
    results = {}
    for arm in arms:
        n = len(first)
        nothing, no_loss = np.zeros((n, 12)), np.zeros((n, 0), np.float32)
        cell = CellResult(nothing, scores[arm.name], np.zeros(n, np.int32), no_loss)
        results[arm.name] = ArmResult(arm, {("Sales", 24): cell})
    return StudyResult(study, results)


NOISE = np.random.default_rng(0).normal(0.0, 3.0, 200)


@pytest.mark.parametrize(
    ("shift", "noise", "hypothesis", "outcome"),
    [
        (-5.0, NOISE, better("a", "b"), Outcome.SUPPORTED),
        (5.0, NOISE, better("a", "b"), Outcome.CONTRADICTED),
        (0.2, NOISE, better("a", "b"), Outcome.PRACTICALLY_EQUAL),
        (-0.6, NOISE / 10, better("a", "b"), Outcome.PRACTICALLY_EQUAL),  # sure, but too small
        (0.3, 20 * NOISE, better("a", "b"), Outcome.UNDECIDED),
        (0.0, 0 * NOISE, better("a", "b"), Outcome.IDENTICAL),
        (0.2, NOISE, equivalent("a", "b"), Outcome.PRACTICALLY_EQUAL),
        (-5.0, NOISE, equivalent("a", "b"), Outcome.CONTRADICTED),
        (0.3, 20 * NOISE, equivalent("a", "b"), Outcome.UNDECIDED),
    ],
)
def test_every_outcome(shift: float, noise: Any, hypothesis: Any, outcome: Outcome) -> None:
    base = 100.0 + np.arange(200.0)
    [verdict] = settle(result(base + shift + noise, base, hypothesis))
    assert verdict.outcome is outcome
    assert verdict.reason.endswith(".")


def test_one_repeat_decides_nothing() -> None:
    [verdict] = settle(result([1.0], [2.0], better("a", "b")))
    assert verdict.outcome is Outcome.UNDECIDED
    assert "1 pairs are too few" in verdict.reason


def test_diverged_runs_are_spoken_of() -> None:
    first = np.concatenate([[np.inf], 90.0 + NOISE])
    [verdict] = settle(result(first, np.concatenate([[1.0], 100.0 + 0 * NOISE]), better("a", "b")))
    assert verdict.outcome is Outcome.SUPPORTED
    assert "In 1 more pairs a run diverged" in verdict.reason


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_the_step_down_procedure(p_values: list[float]) -> None:
    """Reject in order of size while p <= alpha / (tests left): the textbook form."""
    adjusted = holm(p_values)
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        order = sorted(range(len(p_values)), key=p_values.__getitem__)
        for rank, i in enumerate(order):
            if p_values[i] * (len(p_values) - rank) > alpha:
                break
            rejected.add(i)
        assert rejected == {i for i, a in enumerate(adjusted) if a is not None and a <= alpha}


def test_holm_counts_tests_that_could_not_be_made() -> None:
    assert holm([0.01, None]) == [0.02, None]
