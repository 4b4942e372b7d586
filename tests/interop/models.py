"""Build functions of Keras models, as a user writes them."""

from typing import Any

from statewise.base.extras import import_keras

keras = import_keras()
Shape = tuple[int, int, int]


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
