"""KerasEngine in studies: your own model, mixed arms, callbacks, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.errors import SettingError
from statewise.interop.keras import KerasEngine
from statewise.interop.keras_build import Descent, compile_model
from statewise.interop.keras_loops import BatchLoop, CompiledLoop, epoch_of, rows_filled
from statewise.interop.keras_machine import Machine
from statewise.model.network import SGD, Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.report.html import html_report
from statewise.report.study_tables import study_tables
from statewise.report.text import study_text
from statewise.study import Arm, Study, from_document, run_study, to_document
from statewise.study.shards import cells_of
from tests.interop import models
from tests.interop.models import keras

STATEFUL = StateRegime("epoch", warm_up="train", reset_forecast="never")
X = np.random.default_rng(1).uniform(-1, 1, (10, 1, 1)).astype(np.float32)
Y = X[:, 0] ** 2


def study_of(*arms: Arm, **settings: Any) -> Study:
    return Study(arms, shampoo(), **({"test_size": 6, "repeats": 2} | settings))


def arm_of(
    build: Any = None, regime: StateRegime = STATEFUL, name: str = "keras", **engine: Any
) -> Arm:
    return Arm(name, Model(regime, training=Training(3)), engine=KerasEngine(build, **engine))


def fit(arm: Arm, repeats: list[int]) -> Any:
    engine: Any = arm.engine
    return engine.fit(arm.model, X, Y, repeats=repeats, seed=1)


def test_a_study_mixes_engines_and_says_which_arm_ran_where(tmp_path: Path) -> None:
    own = Arm("own", Model(STATEFUL, training=Training(3)))
    study = study_of(own, arm_of(), arm_of(models.deep, name="deep"))
    path = tmp_path / "study.db"
    result = run_study(study, store=path)
    np.testing.assert_allclose(
        result.arms["keras"].forecasts, result.arms["own"].forecasts, rtol=1e-5
    )
    assert result.arms["deep"].forecasts.shape == (2, 6)
    # The repeats of the first two are pairs, and those of the third are not theirs.
    [(_, cutoff)] = result.naive
    keys = [result.restarts(name, cutoff) for name in ("own", "keras", "deep")]
    assert keys[0] == keys[1] != keys[2]
    assert "Keras on tensorflow" in study_text(result, [])
    page = html_report(result)
    assert "Keras on tensorflow" in page
    assert "Bidirectional &gt; Dropout &gt; SimpleRNN &gt; Dense" in page
    assert keras.__version__ in page
    assert len(study_tables(result)["scores"]) == 6
    again = run_study(study, store=path)
    assert again.trained_runs == 0
    more = run_study(replace(study, repeats=3), store=path)
    assert more.trained_runs == 3
    np.testing.assert_array_equal(more.arms["deep"].forecasts[:2], result.arms["deep"].forecasts)


def test_keys_of_the_built_in_engine_say_nothing_of_it() -> None:
    own, keras_arm = Arm("a", Model(STATEFUL, training=Training(3))), arm_of(name="a")
    assert "engine" not in to_document(study_of(own))["arms"][0]
    document = to_document(study_of(keras_arm))
    assert document["arms"][0]["engine"] == {"kind": "keras", "backend": "tensorflow"}
    assert from_document(json.loads(json.dumps(document))) == study_of(keras_arm)
    keys = {cell.key for arm in (own, keras_arm) for *_, cell in cells_of(study_of(arm), arm)}
    assert len(keys) == 2


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


def test_callbacks_work_across_epochs_although_state_is_reset(tmp_path: Path) -> None:
    seen: list[Any] = []

    class EpochMonitor(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((epoch, dict(logs), float(self.model.optimizer.learning_rate)))

    def callbacks(repeat: int) -> list[Any]:
        return [
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9),
            keras.callbacks.EarlyStopping("val_loss", patience=3, min_delta=1e9),
            keras.callbacks.ModelCheckpoint(
                tmp_path / f"{repeat}.weights.h5", save_weights_only=True
            ),
            EpochMonitor(),
        ]

    arm = arm_of(regime=StateRegime("epoch"), callbacks=callbacks)
    arm = replace(arm, model=replace(arm.model, training=Training(20, validation=2)))
    fitted = fit(arm, [0, 1])
    assert [epoch for epoch, *_ in seen] == [0, 1, 2, 3] * 2
    assert [round(rate / 1e-3, 4) for *_, rate in seen] == [1.0, 0.5, 0.25, 0.125] * 2
    assert fitted.best_epoch.tolist() == [4, 4]
    assert np.isnan(fitted.loss[:, 4:]).all()
    assert fitted.diverged_epoch.tolist() == [0, 0]
    assert seen[0][1]["loss"] == pytest.approx(float(fitted.loss[0, 0]))
    assert seen[0][1]["val_loss"] == pytest.approx(float(fitted.validation_loss[0, 0]))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.weights.h5", "1.weights.h5"]


def test_a_callback_that_looks_at_batches_sees_them_all() -> None:
    batches: list[int] = []

    class Count(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            batches.append(batch)

    arm = arm_of(regime=StateRegime("epoch"), callbacks=lambda _: [Count()])
    plain = replace(arm, engine=KerasEngine())
    looked = fit(arm, [0])
    assert batches == [*range(10)] * 3
    fitted = fit(plain, [0])
    np.testing.assert_allclose(looked.loss, fitted.loss, rtol=1e-5)


def test_one_call_a_batch_and_one_an_epoch_are_the_same_training() -> None:
    regime, weights = StateRegime(2), None
    found = []
    for kind in (BatchLoop, CompiledLoop):
        model = models.lstm((3, 1, 1))
        compile_model(model, Descent(SGD(0.1), None, 0))
        machine = Machine(model, 3)
        weights = weights or machine.values_with(model.get_weights())
        machine.restart(weights)
        order = rows_filled(np.arange(9, dtype=np.int32)[None].repeat(4, axis=0), 3)
        loop = kind(machine)
        losses = loop.train(X, Y, order, epoch_of(regime, 9, 3))
        outputs = loop.advance(X[:9].reshape(3, 3, 1, 1), reset=False)
        found.append((losses, outputs, *machine.state()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_layer_that_xla_does_not_know_is_run_without_it() -> None:
    @keras.saving.register_keras_serializable("tests")
    class Unique(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            import tensorflow as tf

            return x + 0.0 * tf.cast(tf.size(tf.unique(tf.reshape(x, [-1]))[0]), x.dtype)

    def build(shape: Any) -> Any:
        inputs = keras.Input(batch_shape=shape)
        hidden = keras.layers.LSTM(1, stateful=True)(Unique()(inputs))
        return keras.Model(inputs, keras.layers.Dense(1)(hidden))

    arm = arm_of(build)
    fitted = fit(arm, [0])
    assert np.isfinite(fitted.loss).all()


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


def test_settings_that_contradict_the_engine_are_refused() -> None:
    with pytest.raises(SettingError, match="is not something that Keras' recurrent layers can do"):
        study_of(replace(arm_of(), model=Model(network=Network(initial_state="learned"))))
    with pytest.raises(SettingError, match="has no effect: build makes the model"):
        study_of(
            replace(
                arm_of(models.lstm), model=replace(arm_of(models.lstm).model, network=Network(5))
            )
        )


def test_a_stateless_model_serves_a_regime_that_carries_nothing() -> None:
    result = run_study(study_of(arm_of(models.stateless, REGIMES["stateless"])))
    assert np.isfinite(result.arms["keras"].scores).all()
