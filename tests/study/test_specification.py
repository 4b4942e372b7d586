import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.engine.initial import initial_weights, sample_orders
from statewise.errors import SettingError
from statewise.model.framing import Framing
from statewise.model.network import SGD, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study, better, equivalent, from_document, to_document
from statewise.study.specification import arm_from, cell_key, differences, digest, restarts_key

ARMS = (
    Arm("a", Model(REGIMES["stateless-shuffled"])),
    Arm(
        "b",
        Model(
            StateRegime(2, warm_up=3, reset_forecast="never"),
            Framing((1, 4), 2, 3, "standard", 10, 0.5, "mean", "same", 2),
            Network(3, "keras-2"),
            Training(7, 1, SGD(0.1, 0.5)),
        ),
        restarts=2,
    ),
)
STUDY = Study(
    ARMS,
    shampoo(),
    test_size=6,
    repeats=4,
    hypotheses=(better("a", "b"), equivalent("a", "naive", margin=0.025)),
    seed=9,
    cutoffs=2,
)


def test_a_study_survives_being_written_down() -> None:
    document = json.loads(json.dumps(to_document(STUDY)))
    assert from_document(document) == STUDY
    assert digest(to_document(from_document(document))) == digest(document)


def test_the_hash_is_of_the_content_and_not_of_its_order() -> None:
    document = to_document(STUDY)
    assert digest(document) == digest(dict(reversed(document.items())))
    assert digest(document) != digest(to_document(replace(STUDY, seed=10)))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"repeats": 5}, True),
        ({"margin": 0.5}, True),
        ({"seed": 8}, False),
        ({"test_size": 5}, False),
    ],
)
def test_a_cells_key_holds_what_its_results_depend_on(change: Any, same: bool) -> None:
    other = replace(STUDY, **change)
    series = shampoo().only
    keys = [cell_key(study, ARMS[0], series, 24) for study in (STUDY, other)]
    assert (keys[0] == keys[1]) == same
    assert keys[0] == cell_key(STUDY, replace(ARMS[0], name="renamed"), series, 24)
    assert keys[0] != cell_key(STUDY, ARMS[1], series, 24)
    assert keys[0] != cell_key(STUDY, ARMS[0], series, 30)
    longer = Panel.from_values([*series.y, 500.0], unique_id="Sales").only
    assert keys[0] == cell_key(STUDY, ARMS[0], longer, 24)  # what comes later does not matter


@pytest.mark.parametrize(
    ("change", "same_weights", "same_orders"),
    [
        ({"name": "renamed"}, True, True),
        ({"training": Training(5, 2)}, True, True),
        ({"network": Network(1, "keras-2")}, True, True),
        ({"framing": Framing(0, 1, 3)}, True, False),  # as many features, other samples
        ({"framing": Framing(samples=9)}, True, False),
        ({"regime": REGIMES["stateful"]}, True, False),
        ({"framing": Framing(lags=2)}, False, False),
        ({"network": Network(2)}, False, True),
        ({"restarts": 1}, False, False),
    ],
)
def test_a_restarts_key_holds_what_weights_and_orders_derive_from(
    change: Any, same_weights: bool, same_orders: bool
) -> None:
    one, other = ARMS[0], altered(ARMS[0], **change)
    keys = [restarts_key(STUDY, arm, 24).split(":") for arm in (one, other)]
    assert (keys[0][0] == keys[1][0]) == same_weights
    assert (keys[0][1] == keys[1][1]) == same_orders
    weights, orders = zip(*(drawn(arm, 24) for arm in (one, other)), strict=True)
    assert (weights[0] == weights[1]) == same_weights
    assert (orders[0] == orders[1]) == same_orders


def altered(arm: Arm, **changes: Any) -> Arm:
    """An arm with other fields, of its own or of its model."""
    own = {name: changes.pop(name) for name in ("name", "restarts") if name in changes}
    return replace(arm, model=replace(arm.model, **changes), **own)


def drawn(arm: Arm, cutoff: int) -> tuple[bytes, bytes]:
    """The initial weights, and the first sample orders, of the third repeat of an arm."""
    seed = (STUDY.seed, arm.restarts) if arm.restarts else STUDY.seed
    weights = initial_weights(seed, [3], arm.model.network.units, arm.model.framing.lags)
    orders = np.zeros((2, arm.model.framing.samples_of(cutoff)), np.int32)
    if arm.model.regime.shuffle:
        sample_orders(seed, 3)(orders)
    return weights.kernel.tobytes() + weights.recurrent.tobytes(), orders.tobytes()


def test_a_restarts_key_is_of_the_studys_seed() -> None:
    other = replace(STUDY, seed=10)
    assert restarts_key(STUDY, ARMS[0], 24) != restarts_key(other, ARMS[0], 24)
    assert restarts_key(STUDY, ARMS[1], 24).endswith(":")  # no orders are drawn


def test_an_arm_may_be_written_by_hand() -> None:
    arm = arm_from(
        {
            "name": "mine",
            "regime": "stateful-warm",
            "framing": {"lags": 3, "scale": [0, 1]},
            "training": {"epochs": 50, "optimizer": {"kind": "SGD", "learning_rate": 0.1}},
        }
    )
    assert arm.model.regime == REGIMES["stateful-warm"]
    assert arm.model.framing == Framing(lags=3, scale=(0.0, 1.0))
    assert arm.model.training == Training(epochs=50, optimizer=SGD(0.1))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"regime": "stateful"}, r"^arms\[0\] = .* has no name"),
        ({"name": "a"}, r"^arms\[0\] \('a'\) = .*: has no regime"),
        ({"name": "a", "regime": "statefull"}, r"\('a'\).regime = 'statefull'"),
        ({"name": "a", "regime": "stateful", "lags": 3}, r"\('a'\).lags = 3: is not a known field"),
        ({"name": "a", "regime": {"reset": "epoch"}}, r"\('a'\).regime.reset = 'epoch'"),
        ({"name": "a", "regime": "stateful", "network": {"unit": 3}}, r"\('a'\).network.unit = 3"),
        (
            {"name": "a", "regime": "stateful", "training": {"optimizer": {"kind": "RMSprop"}}},
            "training.optimizer.kind = 'RMSprop'",
        ),
        ({"name": 3, "regime": "stateful"}, r"^arms\[0\].name = 3: is a whole number. Give text"),
        ({"name": "", "regime": "stateful"}, r"^arms\[0\].name = '': is no name"),
        ({"name": "a", "regime": "stateful", "restarts": -1}, r"\('a'\).restarts = -1"),
        ({"name": "a", "regime": "stateful", "engine": 3}, r"\('a'\).engine = 3"),
        (
            {"name": "a", "regime": "stateful", "engine": {"kind": "statewise", "x": 1}},
            r"\('a'\).engine.x = 1: is not a known field",
        ),
        (
            {"name": "a", "regime": "continuous", "training": {"batch_size": 2}},
            r"^arms\[0\] \('a'\).training.batch_size = 2: leaves 2 states",
        ),
    ],
)
def test_mistakes_in_an_arm_are_named(document: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        arm_from(document)


def test_mistakes_in_a_document_are_named() -> None:
    with pytest.raises(
        SettingError, match=r"^arm = \[\]: is not a known field. Did you mean 'arms'"
    ):
        from_document({"arm": []})
    with pytest.raises(SettingError, match="has no arms"):
        from_document({})
    whole = to_document(STUDY)
    del whole["hypotheses"][0]["second"]
    with pytest.raises(SettingError, match=r"^hypotheses\[0\] = .*: has no second"):
        from_document(whole)
    whole = to_document(STUDY)
    whole["panel"][0]["y"][1] = "x"
    with pytest.raises(SettingError, match=r"^panel\[0\].y\[1\] = 'x': is text. Give a number"):
        from_document(whole)


def test_extensions_are_no_difference() -> None:
    old = to_document(STUDY)
    further = Arm("c", Model(REGIMES["stateful"]))
    panel = Panel.of([*shampoo().series, replace(shampoo().only, unique_id="again")])
    extended = replace(
        STUDY,
        repeats=9,
        arms=(further, *ARMS),
        panel=panel,
        hypotheses=(*STUDY.hypotheses, better("c", "a")),
    )
    assert differences(old, to_document(extended)) == []
    assert differences(old, old) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 10}, "seed: 9 -> 10"),
        ({"repeats": 3}, "repeats: 4 -> 3"),
        ({"margin": 0.02}, "margin: 0.01 -> 0.02"),
        ({"arms": (ARMS[0], replace(ARMS[1], restarts=0))}, "arms.b.restarts: 2 -> 0"),
        (
            {
                "arms": (
                    replace(ARMS[0], model=replace(ARMS[0].model, training=Training(9))),
                    ARMS[1],
                )
            },
            "arms.a.training.epochs: 1000 -> 9",
        ),
        ({"panel": Panel.from_values([*shampoo().only.y[:-1], 1.0], unique_id="Sales")}, "differs"),
        ({"hypotheses": STUDY.hypotheses[:1]}, "is missing or altered"),
        (
            {"hypotheses": tuple(replace(h, family="x") for h in STUDY.hypotheses)},
            "is missing or altered",
        ),
        (
            {"hypotheses": (*STUDY.hypotheses, better("b", "a"))},
            "is new, and speaks of arms whose results are already there",
        ),
    ],
)
def test_every_other_change_is_shown(change: Any, line: str) -> None:
    lines = differences(to_document(STUDY), to_document(replace(STUDY, **change)))
    assert any(line in found for found in lines)


@pytest.mark.parametrize(
    "training",
    [
        Training(5, validation=0.2, early_stopping=EarlyStopping(3), clip_error=0.5),
        Training(5, schedule="cosine"),
        Training(5, validation=4, schedule=ReduceOnPlateau(0.2, patience=2)),
    ],
)
def test_every_setting_of_training_is_written_and_read_back(training: Training) -> None:
    arm = Arm(
        "one", Model(StateRegime(), network=Network(2, initial_state="learned"), training=training)
    )
    study = replace(STUDY, arms=(arm,), hypotheses=())
    assert from_document(to_document(study)) == study
