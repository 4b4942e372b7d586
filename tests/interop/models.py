"""Build functions of Keras models, as a user writes them; arms and studies that use them."""

from typing import Any

import numpy as np

from statewise.base.extras import import_keras
from statewise.data.datasets import shampoo
from statewise.interop.keras import KerasEngine
from statewise.model.network import Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study

keras = import_keras()
Shape = tuple[int, int, int]
STATEFUL = StateRegime("epoch", warm_up="train", reset_forecast="never")
X = np.random.default_rng(1).uniform(-1, 1, (10, 1, 1)).astype(np.float32)
Y = X[:, 0] ** 2


def lstm(shape: Shape) -> Any:
    inputs = keras.Input(batch_shape=shape)
    hidden = keras.layers.LSTM(2, stateful=True)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def gru(shape: Shape) -> Any:
    layers = [keras.layers.GRU(2, stateful=True), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input(batch_shape=shape), *layers])


def deep(shape: Shape) -> Any:
    """Two kinds of recurrent layers, one inside another layer, and dropout."""
    inner = keras.layers.GRU(2, stateful=True, return_sequences=True)
    return keras.Sequential(
        [
            keras.Input(batch_shape=shape),
            keras.layers.Bidirectional(inner),
            keras.layers.Dropout(0.2),
            keras.layers.SimpleRNN(3, stateful=True),
            keras.layers.Dense(1),
        ]
    )


def stateless(shape: Shape) -> Any:
    inputs = keras.Input(batch_shape=shape)
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(2)(inputs)))


def dense(shape: Shape) -> Any:
    inputs = keras.Input(batch_shape=shape)
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))


def compiled(shape: Shape) -> Any:
    model = lstm(shape)
    model.compile(loss="mae", optimizer=keras.optimizers.RMSprop(0.01))
    return model


def study_of(*arms: Arm, **settings: Any) -> Study:
    return Study(arms, shampoo(), **({"test_size": 6, "repeats": 2} | settings))


def arm_of(
    build: Any = None, regime: StateRegime = STATEFUL, name: str = "keras", **engine: Any
) -> Arm:
    return Arm(name, Model(regime, training=Training(3)), engine=KerasEngine(build, **engine))


def fit(arm: Arm, repeats: list[int]) -> Any:
    engine: Any = arm.engine
    return engine.fit(arm.model, X, Y, repeats=repeats, seed=1)
