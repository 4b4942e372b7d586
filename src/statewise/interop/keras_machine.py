"""A Keras model with its optimizer and state, which many runs use one after the other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.extras import import_keras

__all__ = ["Machine", "assign", "recurrent_layers", "values_of"]

Arrays = list[NDArray[Any]]


def recurrent_layers(model: Any) -> list[Any]:
    """Every recurrent layer of a model, those inside other layers too."""
    keras = import_keras()
    return [x for x in model._flatten_layers() if isinstance(x, keras.layers.RNN)]


class Machine:
    """A Keras model with its optimizer, put back to a start again and again.

    Its variables keep their identity, so that what was compiled for it stays.
    """

    def __init__(self, model: Any, rows: int) -> None:
        self.model, self.rows = model, rows
        layers = recurrent_layers(model)
        self.states = [v for layer in layers if layer.stateful for v in layer.states]
        self.optimizer: Any = getattr(model, "optimizer", None)
        if self.optimizer is not None:
            self.optimizer.build(model.trainable_variables)
            self._first_step = values_of(self.optimizer.variables)

    def restart(self, values: Arrays) -> None:
        """Take the values of all variables; state and optimizer begin anew."""
        self.put_back(values, None)
        if self.optimizer is not None:
            assign(self.optimizer.variables, self._first_step)
        self.model.stop_training = False

    def put_back(self, values: Arrays, state: Arrays | None) -> None:
        """Take back what ``values()`` and ``state()`` returned; a state of None is zero."""
        assign(self.model.variables, values)
        self.set_state(state)

    def values(self) -> Arrays:
        """The values of all variables, those of random generators among them."""
        return values_of(self.model.variables)

    def values_with(self, weights: Arrays) -> Arrays:
        """The values of all variables, with ``weights`` for what ``model.get_weights()`` gives."""
        given = {id(v): w for v, w in zip(self.model.weights, weights, strict=True)}
        pairs = zip(self.model.variables, self.values(), strict=True)
        return [given.get(id(variable), value) for variable, value in pairs]

    def state(self) -> Arrays:
        """The state of every layer, (rows, units) each."""
        return values_of(self.states)

    def set_state(self, values: Arrays | None) -> None:
        """Set the state of every layer; None is zero."""
        zeros = [np.zeros(v.shape, v.dtype) for v in self.states]
        assign(self.states, zeros if values is None else values)


def values_of(variables: Any) -> Arrays:
    """The values of Keras variables, copied."""
    return [np.array(import_keras().ops.convert_to_numpy(v)) for v in variables]


def assign(variables: Any, values: Arrays) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
