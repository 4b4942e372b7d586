"""Keras models of an arm: built, looked at, compiled, and kept for the runs that follow."""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from statewise.base.extras import import_keras
from statewise.errors import SettingError
from statewise.interop.isolation import seeded
from statewise.interop.keras_loops import Loop, fastest_loop
from statewise.interop.keras_machine import Machine, recurrent_layers
from statewise.interop.keras_models import lstm_model
from statewise.model.network import SGD, Adam, Network
from statewise.model.spec import Model

__all__ = ["NETWORK_FACTS", "Build", "Descent", "Facts", "compile_model", "facts_of", "loop_for"]

keras = import_keras()

Shape = tuple[int, int, int]
Build = Callable[[Shape], Any]


@dataclass(frozen=True)
class Facts:
    """What is known of a build function for one batch shape."""

    digest: str  # of its configuration, without the names that Keras counts up
    layers: str  # in a few words
    recurrent: bool
    stateless: str | None  # the first recurrent layer that keeps no state
    compiled: bool


NETWORK_FACTS = Facts("", "LSTM > Dense", recurrent=True, stateless=None, compiled=False)


@functools.lru_cache(maxsize=32)
def facts_of(build: Build, shape: Shape, outputs: int) -> Facts:
    """Build a model twice, look at it, and refuse one that cannot be run or restarted."""
    with seeded(1):
        model = checked_model(build(shape), shape, outputs)
        values = model.get_weights()
    with seeded(2):
        again = build(shape)
        shared = {id(v) for v in model.variables} & {id(v) for v in again.variables}
        others = again.get_weights()
    name = getattr(build, "__name__", build)
    if shared or again is model:
        problem = "returns the same model, or the same layers, when it is called again"
        raise SettingError("build", name, problem, "Make new layers within the function.")
    if values and all(np.array_equal(a, b) for a, b in zip(values, others, strict=True)):
        problem = "gives every restart the same initial weights"
        fix = "Leave out the seeds of its initializers; each repeat is built under its own."
        raise SettingError("build", name, problem, fix)
    if not all(np.isfinite(value).all() for value in values):
        problem = "has weights that are not finite"
        raise SettingError("build", model.name, problem, "Look at its initializers.")
    layers = recurrent_layers(model)
    kinds = [type(x).__name__ for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
    return Facts(
        digest=digest_of(model),
        layers=" > ".join(kinds),
        recurrent=bool(layers),
        stateless=next((layer.name for layer in layers if not layer.stateful), None),
        compiled=bool(model.compiled),
    )


def checked_model(model: Any, shape: Shape, outputs: int) -> Any:
    """The model; raises SettingError if it does not take ``shape`` or give (rows, outputs)."""
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise SettingError("build", kind, "is no keras.Model", "Return the model.")
    inputs, found = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not found:
        problem = "does not say what it takes and gives"
        raise SettingError("build", model.name, problem, "Begin with keras.Input(batch_shape=...).")
    if len(inputs) > 1 or len(found) > 1:
        problem = "has several inputs or outputs, and an arm has windows of one series"
        counts = len(inputs), len(found)
        raise SettingError("build", counts, problem, "Give it one input and one output.")
    shapes = {"input": (inputs[0].shape, shape), "output": (found[0].shape, (shape[0], outputs))}
    for name, (got, wanted) in shapes.items():
        axes = zip(got, wanted, strict=False)
        if len(got) != len(wanted) or any(a not in (None, b) for a, b in axes):
            problem = f"is the shape of the model's {name}, and the arm has {wanted}"
            fix = "Use the batch_shape it is given; a batch size fixed to another does not fit."
            raise SettingError("build", tuple(got), problem, fix)
    return model


class Descent(NamedTuple):
    """What is compiled of a training, so that runs that differ in other things share a machine."""

    optimizer: Adam | SGD
    clip_error: float | None
    decay_steps: int  # optimizer steps over which a cosine ends the rate; zero for a constant rate

    @classmethod
    def of(cls, model: Model, batches: int) -> "Descent":
        """The descent of a model that is trained on so many batches an epoch."""
        training, optimizer = model.training, model.training.optimizer
        if isinstance(optimizer, Adam) and optimizer.epsilon is None:
            optimizer = replace(optimizer, epsilon=model.network.numerics.adam_epsilon)
        cosine = training.schedule == "cosine"
        return cls(optimizer, training.clip_error, batches * training.epochs if cosine else 0)


def compile_model(model: Any, descent: Descent) -> None:
    """Give a Keras model its loss and its optimizer."""
    given, rate = descent.optimizer, descent.optimizer.learning_rate
    if descent.decay_steps:
        rate = keras.optimizers.schedules.CosineDecay(rate, descent.decay_steps)
    if isinstance(given, SGD):
        optimizer = keras.optimizers.SGD(rate, momentum=given.momentum)
    else:
        optimizer = keras.optimizers.Adam(rate, given.beta_1, given.beta_2, given.epsilon)
    bound = descent.clip_error
    model.compile(loss="mse" if bound is None else clipped_error(bound), optimizer=optimizer)


def clipped_error(bound: float) -> Callable[[Any, Any], Any]:
    """The squared error that counts linearly beyond ``bound``: Huber's loss (1964), doubled."""

    def loss(y: Any, found: Any) -> Any:
        size = keras.ops.abs(found - y)
        linear = bound * (2.0 * size - bound)
        return keras.ops.mean(keras.ops.where(size <= bound, size * size, linear), axis=-1)

    return loss


@functools.lru_cache(maxsize=12)
def loop_for(
    build: Build | None,
    network: Network,
    descent: Descent | None,
    shape: Shape,
    outputs: int,
    carries: bool,
) -> Loop:
    """A loop and its machine for models of one kind, kept from one run to the next.

    Args:
        build: makes the Keras model, or None for that of ``network``.
        network: of the arm.
        descent: how the machine is trained; None for one that only forecasts.
        shape: of a batch, (rows, steps, features).
        outputs: of the model.
        carries: whether the regime carries state anywhere.
    """
    with seeded(0):
        make = build or functools.partial(lstm_model, network, outputs=outputs, stateful=True)
        model = checked_model(make(shape), shape, outputs)
        if descent is not None and not model.compiled:
            compile_model(model, descent)
    if not carries and keras.backend.backend() != "tensorflow":
        for layer in recurrent_layers(model):  # other backends may stumble over a state
            layer.stateful = False
    return fastest_loop(Machine(model, shape[0]))


def digest_of(model: Any) -> str:
    """A hash of a model's configuration, in which layers have numbers for names."""
    names = {x.name: f"layer-{i}" for i, x in enumerate(model._flatten_layers())}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        return names.get(value, value) if isinstance(value, str) else value

    text = json.dumps(plain(json.loads(model.to_json())), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
