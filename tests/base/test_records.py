"""Records in their plainest form, written down and read back."""

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from statewise.base.records import as_document, from_document, types_in
from statewise.data.datasets import shampoo
from statewise.data.frequency import Frequency
from statewise.errors import DataError, SettingError
from statewise.forecasting.decisions import Decisions, decide
from statewise.forecasting.settings import Data, Recipe, Settings
from statewise.model.framing import Framing
from statewise.model.network import SGD, Adam, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Hypothesis, Study, better, to_document
from statewise.study.seen import Adjust
from statewise.study.specification import digest

WHOLE: Any = np.int64
REAL: Any = np.float32

RICH = Model(
    StateRegime(3, warm_up=4),
    Framing((1, 12), 2, scale="standard", transform=0.5),
    Network(2, initial_state="learned"),
    Training(
        5, optimizer=SGD(0.1), schedule=ReduceOnPlateau(), validation=0.5,
        early_stopping=EarlyStopping(3),
    ),
)  # fmt: skip


@pytest.mark.parametrize("model", [Model(), RICH])
def test_a_model_survives_being_written_down(model: Model) -> None:
    assert from_document(Model, "model", json.loads(json.dumps(as_document(model)))) == model


def test_settings_survive_being_written_down() -> None:
    recipe = Recipe(StateRegime("epoch"), scale=(-1, 1), schedule=ReduceOnPlateau(0.2))
    data = Data(calendar=["month"], known=True, past=("price",), freq=2, fill=0.5)
    for settings in (
        Settings(),
        Settings(recipe, season=(24, 168), bounds=(0.0, None), data=data),
        Settings(Recipe("stateful-warm"), 3, 12, False, False, None),
    ):
        again = from_document(Settings, "settings", json.loads(json.dumps(as_document(settings))))
        assert again.get_params() == settings.get_params()


def test_decisions_survive_being_written_down() -> None:
    frequency = Frequency.parse("h")
    decisions = decide(Settings(Recipe("stateful-warm")), frequency, np.array([90, 400]), 1, 2)
    document = json.loads(json.dumps(as_document(decisions)))
    assert from_document(Decisions, "decisions", document) == decisions


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (Training(WHOLE(7), WHOLE(2)), Training(7, 2)),
        (Training(optimizer=SGD(1)), Training(optimizer=SGD(1.0))),
        (Training(optimizer=Adam(np.float64(0.5))), Training(optimizer=Adam(0.5))),
        (Training(validation=REAL(0.5)), Training(validation=0.5)),
        (Training(clip_error=1), Training(clip_error=1.0)),
        (Network(WHOLE(3)), Network(3)),
        (Framing(WHOLE(1), WHOLE(2), samples=WHOLE(9)), Framing(1, 2, samples=9)),
        (StateRegime(WHOLE(3), warm_up=WHOLE(2)), StateRegime(3, warm_up=2)),
    ],
)
def test_numbers_of_numpy_are_pythons(given: Any, plain: Any) -> None:
    assert given == plain
    assert json.dumps(as_document(given)) == json.dumps(as_document(plain))


def test_a_whole_number_of_numpy_holds_so_many_samples_back() -> None:
    assert Training(validation=WHOLE(5)).held_back(20) == 5


def test_equal_studies_have_equal_keys() -> None:
    def key(number: Any, whole: Any) -> str:
        arm = Arm("a", Model(training=Training(whole, optimizer=SGD(number))), restarts=whole)
        study = Study(
            (arm,), shampoo(), test_size=whole, repeats=whole, margin=number / 4, seed=whole,
            hypotheses=(better("a", "naive"),),
        )  # fmt: skip
        return digest(to_document(study))

    assert key(1, 3) == key(1.0, np.int64(3)) == key(np.float32(1.0), np.uint8(3))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"colour": 1}, "^model.colour = 1: is not a known field. The fields are regime, "),
        ({"network": {"unit": 1}}, "^model.network.unit = 1: .* Did you mean 'units'"),
        ({"network": {"units": 0}}, "^model.network.units = 0"),
        ({"network": 3}, "^model.network = 3: is a whole number. Give a table of fields"),
        ({"network": []}, r"^model.network = \[\]: is a list"),
        ({"network": None}, "^model.network = None: is nothing"),
        ({"regime": "statefull"}, "^model.regime = 'statefull': .* Did you mean 'stateful'"),
        ({"regime": 0}, "^model.regime = 0: .* Give a name or a table of fields"),
        ({"regime": {"shuffle": 1}}, "shuffle = 1: is a whole number. Give true or false"),
        ({"regime": {"warm_up": 1.5}}, "warm_up = 1.5: .* Give 'none' or 'train' or a whole"),
        ({"regime": {"warm_up": dt.date(2020, 1, 1)}}, "= '2020-01-01': is a date or time"),
        ({"training": {"optimizer": {"kind": "Sgd"}}}, "^model.training.optimizer.kind = 'Sgd'"),
        ({"training": {"optimizer": {"beta_1": "x"}}}, "optimizer.beta_1 = 'x': is text"),
        ({"training": {"epochs": True}}, "epochs = True: is true or false. Give a whole"),
        ({"training": {"epochs": 10**20}}, "epochs = 1.*: is too large. Use at most 1000000"),
        ({"training": {"divergence": float("inf")}}, "divergence = inf: is not a finite"),
        ({"training": {"batch_size": 2}, "regime": "continuous"}, "^model.training.batch_size = 2"),
        ({"framing": {"scale": [1]}}, r"^model.framing.scale = \[1\]: is a list of 1. Give 2"),
        ({"framing": {"scale": [0, "x"]}}, r"^model.framing.scale\[1\] = 'x': is text"),
        ({"framing": {"difference": [1, [2]]}}, r"difference\[1\] = \[2\]: is a list"),
        (3, "^model = 3: is a whole number. Give a table of fields"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(document: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        from_document(Model, "model", document)


def test_a_field_that_is_needed_is_asked_for() -> None:
    with pytest.raises(SettingError, match=r"has no model\. Give it a model"):
        from_document(Arm, "arm", {"name": "a"})


ARM: dict[str, Any] = {"name": "a", "model": Model()}
ODD: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 10**400, 0.5, float("nan"), float("inf"), "", "a", "\0",
    "\ud800", b"a", [], [1], [[]], (1, 2), (1, "a"), {}, {"a": 1}, {1}, object(), int, np.zeros(0),
    np.zeros(3), np.ones((2, 2)), np.int64(1), np.bool_(True), 1j,
    np.datetime64("2020"), dt.date(2020, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((each, {}) for each in (Model, Framing, Network, Training, StateRegime, Adjust)),
        *((each, {}) for each in (Adam, SGD, EarlyStopping, ReduceOnPlateau)),
        (Frequency, {"unit": "month"}),
        (Arm, ARM),
        (Hypothesis, {"kind": "better", "first": "a", "second": "naive"}),
        (Study, {"arms": (Arm(**ARM),), "panel": shampoo(), "test_size": 3, "repeats": 4}),
    ],
)
def test_an_odd_value_is_plain_afterwards_or_refused_with_its_name(kind: Any, given: Any) -> None:
    for name in types_in(kind):
        for odd in ODD:
            try:
                record = kind(**{**given, name: odd})
            except (SettingError, DataError) as error:
                assert str(error)  # noqa: PT017
            else:
                assert json.dumps(as_document(getattr(record, name)), allow_nan=False)
