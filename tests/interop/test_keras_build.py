"""What is known of a build function, and which ones are refused before anything runs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.errors import SettingError
from statewise.interop.keras import KerasEngine
from statewise.interop.keras_machine import Machine
from statewise.model.network import SGD, Training
from statewise.report.text import study_text
from statewise.study import from_document, run_study, to_document
from tests.interop import models
from tests.interop.models import arm_of, fit, keras, study_of


def test_a_build_function_is_known_by_its_configuration() -> None:
    def named(units: int) -> Any:
        def build(shape: Any) -> Any:
            inputs = keras.Input(batch_shape=shape)
            hidden = keras.layers.LSTM(units, stateful=True)(inputs)
            return keras.Model(inputs, keras.layers.Dense(1)(hidden))

        return build

    def engine_of(build: Any, **settings: Any) -> Any:
        return to_document(study_of(arm_of(build, **settings)))["arms"][0]["engine"]

    # Keras counts up the names of layers; that is no difference.
    assert engine_of(models.lstm) == engine_of(named(2)) == engine_of(named(2))
    assert engine_of(named(3)) != engine_of(named(2))
    assert engine_of(models.lstm)["layers"] == "LSTM > Dense"
    stopping = engine_of(models.lstm, callbacks=lambda _: [keras.callbacks.EarlyStopping("loss")])
    assert stopping["callbacks"][0]["kind"] == "EarlyStopping"
    assert stopping["callbacks"][0]["patience"] == 0
    with pytest.raises(SettingError, match="is code, which a document does not hold"):
        from_document(to_document(study_of(arm_of(models.lstm))))
    document = to_document(study_of(arm_of()))
    document["arms"][0]["engine"]["backend"] = "jax"
    with pytest.raises(SettingError, match="Set KERAS_BACKEND=jax"):
        from_document(document)


def test_a_model_that_build_compiles_keeps_its_loss_and_optimizer() -> None:
    arm = arm_of(models.compiled)
    fitted = fit(arm, [0, 1])
    model = models.compiled((1, 1, 1))
    initial = KerasEngine(models.compiled)._initial(arm.model, Machine(model, 1), (1, 1, 1), 0, 1)
    assert len(initial) == len(model.variables)
    assert fitted.loss.shape == (2, 3)
    with pytest.raises(SettingError, match=r"so does the compile\(\) in build"):
        study_of(replace(arm, model=replace(arm.model, training=Training(3, optimizer=SGD(0.1)))))


def test_a_baseline_without_recurrence_is_said_to_be_one() -> None:
    arm = arm_of(models.dense)
    assert "no recurrent layer" in arm.engine.label(arm.model)
    with pytest.warns(UserWarning, match="has no recurrent layer, so a regime has no effect"):
        study = study_of(arm)
    assert "no recurrent layer" in study_text(run_study(study), [])


def one_model() -> Any:
    model = models.lstm((1, 1, 1))
    return lambda _: model


def shared_layers() -> Any:
    lstm, dense = keras.layers.LSTM(2, stateful=True), keras.layers.Dense(1)

    def build(shape: Any) -> Any:
        inputs = keras.Input(batch_shape=shape)
        return keras.Model(inputs, dense(lstm(inputs)))

    return build


def fixed(shape: Any, **layer: Any) -> Any:
    inputs = keras.Input(batch_shape=shape)
    return keras.Model(
        inputs, keras.layers.Dense(1)(keras.layers.LSTM(2, stateful=True, **layer)(inputs))
    )


def two_inputs(shape: Any) -> Any:
    inputs = [keras.Input(batch_shape=shape), keras.Input(batch_shape=shape)]
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))


def two_outputs(shape: Any) -> Any:
    inputs = keras.Input(batch_shape=shape)
    return keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])


def seeded_initializers(shape: Any) -> Any:
    inputs = keras.Input(batch_shape=shape)
    ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
    hidden = keras.layers.LSTM(2, stateful=True, **ones)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(hidden))


def not_finite(shape: Any) -> Any:
    model = fixed(shape)
    bias = [np.full_like(array, np.inf) for array in model.layers[-1].get_weights()]
    model.layers[-1].set_weights(bias)
    return model


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (one_model, "returns the same model, or the same layers"),
        (shared_layers, "returns the same model, or the same layers"),
        (lambda: seeded_initializers, "gives every restart the same initial weights"),
        (lambda: lambda _: fixed((4, 1, 1)), "a batch size fixed to another"),
        (lambda: lambda _: fixed((1, 3, 1)), "is the shape of the model's input"),
        (lambda: lambda shape: fixed(shape, return_sequences=True), "of the model's output"),
        (lambda: two_inputs, "has several inputs or outputs"),
        (lambda: two_outputs, "has several inputs or outputs"),
        (lambda: not_finite, "has weights that are not finite"),
        (lambda: models.stateless, "is not stateful, and the regime carries state"),
        (lambda: lambda _: "model", r"is no keras\.Model"),
    ],
)
def test_models_that_cannot_be_run_are_refused_before_anything_runs(
    build: Any, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        study_of(arm_of(build()))
