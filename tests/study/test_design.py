from typing import Any

import pytest

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study, better, equivalent, paired_by_repeat, same_by_construction

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
        ((A, B), {"hypotheses": (better("a", "c"),)}, "arm"),
        (
            (Arm("a", Model(REGIMES["stateful"], training=Training(batch_size=5))),),
            {},
            "batch_size",
        ),
    ],
)
def test_bad_studies_are_named(arms: Any, fields: Any, name: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name} = "):
        study(*arms, **fields)


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
