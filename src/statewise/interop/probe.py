"""Whether a backend of Keras carries state, found out by a tiny model and not by its name."""

import functools
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from statewise import engine
from statewise.base.extras import import_keras
from statewise.errors import SettingError, StudyError
from statewise.interop.isolation import seeded
from statewise.model.network import SGD, Network, Training
from statewise.model.regime import StateRegime

__all__ = [
    "BACKENDS",
    "Observation",
    "carries",
    "installed_backends",
    "observe",
    "probe",
    "require_state",
    "version_of",
]

BACKENDS = ("tensorflow", "jax", "torch")
CLOSE = 1e-5  # to the expected outputs and weights, which are of the order of one
PATIENCE = 300.0  # seconds for a process of its own, most of which is importing


@dataclass(frozen=True)
class Observation:
    """What a backend did with a stateful model.

    Attributes:
        backend, version: of what Keras ran on.
        keras: the version of Keras.
        carried: whether its state went from one call to the next.
        trained: whether training with carried state gave the expected weights.
        observed: what was seen, in words.
    """

    backend: str
    version: str
    keras: str
    carried: bool
    trained: bool
    observed: str

    def runs(self, regime: StateRegime) -> bool:
        """Whether a regime gets the state that it asks for."""
        training = self.trained or not regime.carries_in_training
        return training and (self.carried or not carries(regime))


def carries(regime: StateRegime) -> bool:
    """Whether state goes from one batch or one forecast to the next anywhere."""
    return regime.carries_in_training or regime.reset_forecast == "never"


def installed_backends() -> list[str]:
    """The backends of Keras that are installed."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


@functools.cache
def observe() -> Observation:
    """Train and step a tiny stateful model on the backend that Keras has in this process."""
    keras = import_keras()
    backend = keras.backend.backend()
    with seeded(1):
        carried, stepping = _attempt(_step, keras)
        trained, training = _attempt(_train, keras)
    seen = f"Stepping: {stepping}. Training: {training}."
    return Observation(backend, version_of(backend), keras.__version__, carried, trained, seen)


@functools.cache
def probe(backend: str) -> Observation:
    """Train and step a tiny stateful model on any installed backend, in a process of its own.

    Raises:
        StudyError: the process failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "statewise.interop.probe"],
        env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise StudyError("backend", backend, f"could not be probed ({last})", "Reinstall it.")
    return Observation(**json.loads(done.stdout.splitlines()[-1]))


def require_state(regime: StateRegime) -> None:
    """Raise SettingError if ``regime`` carries state where this process' backend does not."""
    seen = observe()
    if seen.runs(regime):
        return
    others = [name for name in installed_backends() if name != seen.backend]
    working = next((name for name in others if probe(name).runs(regime)), None)
    fix = f"Set KERAS_BACKEND={working}, which carries it"
    if working is None:
        fix = "Install TensorFlow, pip install 'statewise[keras]', and set KERAS_BACKEND=tensorflow"
    problem = f"carries state, and Keras {seen.keras} on {seen.backend} {seen.version} does not. "
    problem += seen.observed.rstrip(".")
    raise SettingError("regime", regime, problem, f"{fix}; stateless regimes run on any backend.")


NETWORK, REGIME = Network(units=1), StateRegime("epoch", reset_forecast="never")
EPOCHS = 3


def _samples() -> tuple[Any, Any, engine.Weights]:
    x = np.array([0.9, -0.4, 0.7], np.float32).reshape(3, 1, 1)
    return x, np.array([[0.5], [-0.8], [0.1]], np.float32), engine.initial_weights(1, [0], 1, 1)


def _model(keras: Any) -> Any:
    inputs = keras.Input(batch_shape=(1, 1, 1))
    hidden = keras.layers.LSTM(1, stateful=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.1))
    model.set_weights([array[0] for array in _samples()[2]])
    return model


def _attempt(what: Any, keras: Any) -> tuple[bool, str]:
    try:
        return what(keras)  # type: ignore[no-any-return]
    except Exception as error:  # noqa: BLE001
        first = str(error).strip().splitlines() or [""]
        said = textwrap.shorten(first[0].rstrip("."), 120, placeholder=" ...")
        return False, f"{type(error).__name__}: {said}"


def _step(keras: Any) -> tuple[bool, str]:
    """Whether three equal inputs give the three outputs of a carried state, and what was seen."""
    x, _, weights = _samples()
    same = np.repeat(x[:1], 3, axis=0)
    expected = engine.step(NETWORK, weights, same)[0][0, :, 0]
    model = _model(keras)
    found = np.concatenate([model.predict_on_batch(x[:1])[0] for _ in range(3)])
    if np.abs(found - expected).max() < CLOSE:
        return True, "the state is carried from call to call"
    if (found == found[0]).all():
        state = [keras.ops.convert_to_numpy(s) for s in model.layers[1].states]
        zero = " and its state stays zero" if not np.any(state) else ""
        return False, f"a carried state is ignored: equal inputs give equal outputs{zero}"
    return False, f"outputs differ from the expected ones by {np.abs(found - expected).max():.2g}"


def _train(keras: Any) -> tuple[bool, str]:
    """Whether a ``fit`` per epoch, with a reset after each, gives the expected weights, and how."""
    x, y, weights = _samples()
    training = Training(EPOCHS, optimizer=SGD(0.1))
    expected = engine.fit(NETWORK, training, REGIME, x, y, initial=weights).weights
    model = _model(keras)
    for _ in range(EPOCHS):
        model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
        model.layers[1].reset_state()
    pairs = zip(model.get_weights(), expected, strict=True)
    largest = max(float(np.abs(found - right[0]).max()) for found, right in pairs)
    if largest < CLOSE:
        return True, "weights are as expected"
    return False, f"weights differ from the expected ones by {largest:.2g}"


def version_of(backend: str) -> str:
    """The version of a backend that is installed."""
    names: dict[str, Sequence[str]] = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
    for name in names.get(backend, (backend,)):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "of unknown version"


if __name__ == "__main__":
    print(json.dumps(asdict(observe())))
