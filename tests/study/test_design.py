import math
import re
from dataclasses import replace
from typing import Any

import pytest

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    Hypothesis,
    Study,
    better,
    equivalent,
    paired_by_repeat,
    same_by_construction,
)

A, B = Arm("a", Model(REGIMES["stateless"])), Arm("b", Model(REGIMES["stateful"]))


def study(*arms: Arm, **fields: Any) -> Study:
    defaults: dict[str, Any] = {"panel": shampoo(), "test_size": 12, "repeats": 3}
    return Study(arms=arms, **(defaults | fields))


@pytest.mark.parametrize(
    ("arms", "fields", "name"),
    [
        ((), {}, "arms"),
        ((A, A), {}, "arms"),
        ((A, B), {"repeats": 0}, "repeats"),
        ((A, B), {"test_size": 0}, "test_size"),
        ((A, B), {"margin": 0}, "margin"),
        ((A, B), {"alpha": 1.0}, "alpha"),
        ((A, B), {"seed": -1}, "seed"),
        ((A, B), {"repeats": 10**8}, "repeats"),
        ((A, B), {"repeats": 10**7, "keep_loss": True}, "repeats"),
        ((A, B), {"cutoffs": 2**31}, "cutoffs"),
        ((A, B), {"season": 0}, "season"),
        ((A, B), {"season": 10**6}, "season"),
        ((A, B), {"keep_loss": -math.inf}, "keep_loss"),
        ((A, B), {"panel": 3}, "panel"),
        ((A, 3), {}, "arms[1]"),
        ((A, B), {"hypotheses": (better("a", "c"),)}, "hypotheses[0].second"),
        ((A, B), {"hypotheses": (3,)}, "hypotheses[0]"),
        ((A, B), {"hypotheses": 3}, "hypotheses"),
        (
            (A, Arm("c", Model(REGIMES["stateful"], training=Training(batch_size=5)))),
            {},
            "arms[1] ('c').training.batch_size",
        ),
        (
            (Arm("a", Model(REGIMES["stateless"], training=Training(validation=22))),),
            {},
            "arms[0] ('a').training.validation",
        ),
        (
            (Arm("a", Model(StateRegime(warm_up=50))),),
            {},
            "arms[0] ('a').regime.warm_up",
        ),
    ],
)
def test_bad_studies_are_named(arms: Any, fields: Any, name: str) -> None:
    with pytest.raises(SettingError, match=f"^{re.escape(name)} = "):
        study(*arms, **fields)


def test_a_study_has_an_arm() -> None:
    with pytest.raises(SettingError, match=r"^arms = \[\]: is an empty list"):
        study()


def test_arms_that_are_no_tuple_are_named() -> None:
    bad: Any = 1
    with pytest.raises(SettingError, match=r"^arms = 1: .* Give a tuple of Arm"):
        Study(bad, shampoo(), test_size=12, repeats=3)
    assert Study([A], shampoo(), test_size=12, repeats=3).arms == (A,)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [3, "", " ", "a\0", "\ud800", "a" * 201, None, b"a"])
def test_a_name_that_cannot_be_kept_is_refused(name: Any) -> None:
    with pytest.raises(SettingError, match=r"^name = "):
        Arm(name, A.model)
    for field in ("first", "second", "family"):
        with pytest.raises(SettingError, match=rf"^{field} = "):
            Hypothesis(**{"kind": "better", "first": "a", "second": "b", field: name})


def test_batches_are_those_of_the_samples_that_are_trained_on() -> None:
    training = Training(batch_size=4, validation=2)
    study(Arm("a", Model(REGIMES["stateful"], training=training)))  # 22 less 2 are five batches
    with pytest.raises(SettingError, match="batch_size = 11: does not divide the 20 training"):
        study(Arm("a", Model(REGIMES["stateful"], training=replace(training, batch_size=11))))


def test_an_arm_checks_its_regime_against_its_batches() -> None:
    with pytest.raises(SettingError, match="leaves 2 states"):
        Arm("a", Model(REGIMES["continuous"], training=Training(batch_size=2)))


def test_a_series_too_short_says_how_long_it_must_be() -> None:
    panel = Panel.from_values([1.0, 2.0, 4.0, 3.0, 5.0])
    with pytest.raises(DataError, match=r"series-1 = 5: .*'a': 2 to test on.*take 6"):
        study(A, panel=panel, test_size=2)
    study(A, panel=Panel.from_values([1.0, 2.0, 4.0, 3.0, 5.0, 1.0]), test_size=2)


def test_a_series_that_cannot_be_transformed_is_refused_before_anything_runs() -> None:
    arm = Arm("a", Model(REGIMES["stateless"], Framing(transform="log")))
    panel = Panel.from_values([*shampoo().only.y, -5.0], unique_id="sales")
    with pytest.raises(DataError, match=r"sales\[36\] = -5.0: is not positive"):
        study(arm, panel=panel)


def test_samples_and_arms_are_found() -> None:
    last = Arm("c", Model(REGIMES["stateless"], Framing(samples=12)))
    declared = study(A, last)
    assert [arm.model.framing.samples_of(24) for arm in declared.arms] == [22, 12]
    assert declared.arm("c") is last
    assert equivalent("a", "b").claim == "a and b are practically equal"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (A, B, None),
        (A, Arm("c", Model(REGIMES["stateless"])), "declared alike"),
        (A, Arm("c", Model(REGIMES["stateless"]), restarts=1), None),
        (
            Arm("a", Model(REGIMES["stateful-reset-forecast"])),
            Arm("c", Model(StateRegime("epoch", warm_up="train"))),
            "a warm-up leaves no trace",
        ),
        (
            Arm(
                "a",
                Model(StateRegime("batch"), Framing(samples=12), training=Training(batch_size=12)),
            ),
            Arm(
                "c",
                Model(StateRegime("epoch"), Framing(samples=12), training=Training(batch_size=12)),
            ),
            "An epoch is a single batch",
        ),
        (Arm("a", Model(StateRegime("batch"))), Arm("c", Model(StateRegime("epoch"))), None),
    ],
)
def test_arms_that_must_be_equal_say_why(first: Arm, second: Arm, reason: str | None) -> None:
    found = same_by_construction(study(first, second), first, second)
    assert found is None if reason is None else (found is not None and reason in found)


@pytest.mark.parametrize(
    ("second", "paired"),
    [
        (Arm("b", Model(REGIMES["stateful"])), True),
        (
            Arm(
                "b",
                Model(REGIMES["stateless"], Framing(steps=3, samples=12), Network(1, "keras-2")),
            ),
            True,
        ),
        (Arm("b", Model(REGIMES["stateless"]), restarts=1), False),
        (Arm("b", Model(REGIMES["stateless"], network=Network(2))), False),
        (Arm("b", Model(REGIMES["stateless"], Framing(lags=2))), False),
    ],
)
def test_arms_are_paired_if_they_have_the_same_initial_weights(second: Arm, paired: bool) -> None:
    declared = study(A, second)
    assert paired_by_repeat(declared, "a", "b") is paired
    assert paired_by_repeat(declared, "b", "a") is paired
    assert paired_by_repeat(declared, "naive", "b")
    assert paired_by_repeat(declared, "b", "naive")


def test_a_family_has_a_name() -> None:
    assert equivalent("a", "b").family == "study"
    with pytest.raises(SettingError, match=r"family = ' ': is no name"):
        better("a", "b", family=" ")
