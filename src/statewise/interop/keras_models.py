"""Weights and state of a run as a plain Keras model, and back."""

from typing import Any

import numpy as np

from statewise.base.checks import at_least
from statewise.base.extras import import_keras
from statewise.engine import Fitted, State, Weights
from statewise.ensemble.exported import Exported, Exports, exported, finite, rows_of
from statewise.errors import DataError, SettingError
from statewise.model.network import Network

__all__ = ["from_keras", "hard_sigmoid", "lstm_model", "to_keras"]

keras = import_keras()

STAYS = "Other models stay in Keras: run them in a study with KerasEngine(build)."


@keras.saving.register_keras_serializable(package="statewise")  # type: ignore[untyped-decorator]
def hard_sigmoid(x: Any) -> Any:
    """The gate activation of Keras 2, clip(0.2 x + 0.5, 0, 1); Keras 3's of that name is another.

    A saved model that has it loads where ``statewise.interop.keras`` was imported.
    """
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def lstm_model(
    network: Network, batch_shape: tuple[int | None, int, int], outputs: int, stateful: bool
) -> Any:
    """An untrained Keras model with the layers of ``network``; ``batch_shape`` as in Keras."""
    gate = hard_sigmoid if network.numerics.gate == "hard_sigmoid" else "sigmoid"
    inputs = keras.Input(batch_shape=batch_shape)
    lstm = keras.layers.LSTM(network.units, stateful=stateful, recurrent_activation=gate)
    return keras.Model(inputs, keras.layers.Dense(outputs)(lstm(inputs)))


def to_keras(
    model: Network | Exports | Exported,
    weights: Weights | Fitted | None = None,
    state: State | None = None,
    *,
    run: int = 0,
    steps: int = 1,
    stateful: bool = False,
    batch_size: int | None = None,
) -> Any:
    """Make a plain ``keras.Model`` that forecasts as one run does.

    Args:
        model: the network of ``weights``, or a model that exports itself.
        weights: of any number of runs, or what ``fit`` returned.
        state: (1, rows, units) or (runs, rows, units), from which a stateful model goes on; the
            initial state by default. A single row serves for every row of a batch.
        run: which run.
        steps: time steps of a window.
        stateful: whether the model carries its state from one call to the next. Its state is then
            set. Keras' ``reset_state()`` sets zeros, even where an initial state was learned.
        batch_size: rows of a batch, which need not be those of training. By default a stateful
            model has the rows of its state, or one, and a stateless model takes any number.

    Raises:
        SettingError: settings contradict each other; a stateless model has nowhere to keep a state.
        DataError: a weight is not finite.
        ExtraError: Keras is not installed.

    Example:
        >>> from statewise.engine import initial_weights
        >>> weights = initial_weights(1, [0], units=3, features=2)
        >>> to_keras(Network(3), weights, steps=4).input_shape
        (None, 4, 2)
    """
    found = exported(model, weights, state, run)
    start, arrays = found.start, found.weights
    if start is not None and not stateful:
        problem = "leaves no place for a state: a stateless Keras layer starts from zeros"
        if found.state is None:
            problem += ", and here another initial state was learned"
        raise SettingError("stateful", stateful, problem, "Use stateful=True.")
    rows = batch_size
    if rows is not None:
        at_least("batch_size", rows, 1)
    elif stateful:
        rows = 1 if start is None else start[0].shape[1]
    shape = (rows, at_least("steps", steps, 1), arrays.features)
    result = lstm_model(found.network, shape, arrays.outputs, stateful)
    result.set_weights([array[0] for array in arrays])
    if start is not None and rows is not None:
        for variable, part in zip(result.layers[1].states, rows_of(start, rows), strict=True):
            variable.assign(part[0])
    return result


def from_keras(model: Any) -> tuple[Network, Weights, State | None]:
    """The network, the weights of one run, and the present state of a Keras model.

    Args:
        model: an LSTM layer and a dense layer, as ``to_keras`` makes it or as you wrote it.

    Returns:
        The state, (1, rows, units), is None if the model is stateless.

    Raises:
        SettingError: the model has other layers or settings than statewise knows.
        DataError: a weight is not finite.

    Example:
        >>> inputs = keras.Input(batch_shape=(1, 1, 1))
        >>> outputs = keras.layers.Dense(1)(keras.layers.LSTM(4, stateful=True)(inputs))
        >>> network, weights, state = from_keras(keras.Model(inputs, outputs))
        >>> network.units, state.h.shape
        (4, (1, 1, 4))
    """
    lstm, dense = _layers(model)
    profile = _profile(lstm)
    if lstm.activation is not keras.activations.tanh:
        raise _unlike(lstm, f"has activation={lstm.activation!r}")
    for name in ("return_sequences", "return_state", "go_backwards"):
        if getattr(lstm, name):
            raise _unlike(lstm, f"has {name}=True")
    if dense.activation is not keras.activations.linear:
        raise _unlike(dense, f"has activation={dense.activation.__name__!r}")
    arrays = (*_with_bias(lstm), *_with_bias(dense))
    weights = Weights(*(np.asarray(array, np.float32)[None] for array in arrays)).check()
    state = None
    if lstm.stateful:
        parts = (keras.ops.convert_to_numpy(s) for s in lstm.states)
        state = State(*(np.asarray(part, np.float32)[None] for part in parts))
    found = finite(Exported(Network(weights.units, profile), weights, state, None))
    return found.network, found.weights, found.state


def _with_bias(layer: Any) -> list[Any]:
    """The weights of a layer, with a bias of zeros where it has none."""
    weights: list[Any] = layer.get_weights()
    return weights if layer.use_bias else [*weights, np.zeros(weights[0].shape[1])]


def _layers(model: Any) -> tuple[Any, Any]:
    """The LSTM and the dense layer of a model that has no other."""
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise SettingError("model", kind, "is no keras.Model", "Give a Keras model.")
    if not model.built:
        raise DataError("model", model.name, "has no weights yet", "Build or train it first.")
    layers = [x for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
    if [type(layer) for layer in layers] != [keras.layers.LSTM, keras.layers.Dense]:
        kinds = [type(layer).__name__ for layer in layers]
        problem = "has other layers than one LSTM and one Dense"
        raise SettingError("model", kinds, problem, STAYS)
    return layers[0], layers[1]


def _profile(lstm: Any) -> str:
    """The profile whose gates a layer has."""
    gate = lstm.recurrent_activation
    if gate is keras.activations.sigmoid:
        return "keras-3"
    if gate is hard_sigmoid:
        return "keras-2"
    problem = f"has recurrent_activation={getattr(gate, '__name__', gate)!r}"
    if gate is keras.activations.hard_sigmoid:
        problem += ", which is relu6(x + 3) / 6 in Keras 3 and clip(0.2 x + 0.5, 0, 1) in Keras 2"
    raise _unlike(lstm, problem)


def _unlike(layer: Any, problem: str) -> SettingError:
    problem += ", which statewise's network cannot have"
    return SettingError("model", layer.name, problem, STAYS)
