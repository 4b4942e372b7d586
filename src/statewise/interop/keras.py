"""Keras under the same regimes: its models as arms of a study, and weights in and out.

Keras is not installed with statewise; ``pip install 'statewise[keras]'`` adds it, with TensorFlow,
the one backend that trains with a carried state (``statewise doctor`` shows what was observed).
"""

import functools
import hashlib
import json
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.base.checks import one_of
from statewise.base.extras import import_keras
from statewise.engine.blocks import diverged_epochs
from statewise.engine.initial import Seed, generator
from statewise.engine.samples import data_of_runs, samples_of
from statewise.ensemble.rolling_origin import Known
from statewise.ensemble.warm_up import warm_up_samples
from statewise.errors import SettingError
from statewise.interop.isolation import seeded
from statewise.interop.keras_loops import EPOCHS, Loop, Machine, loop_for, recurrent_layers
from statewise.interop.keras_models import from_keras, lstm_model, to_keras
from statewise.interop.keras_training import Held, Run, compile_model, train_run
from statewise.interop.probe import carries, require_state, version_of
from statewise.model.network import Adam, Network, Training
from statewise.model.spec import Model

__all__ = ["KerasEngine", "KerasFitted", "from_keras", "to_keras"]

keras = import_keras()

Build = Callable[[tuple[int, int, int]], Any]
Callbacks = Callable[[int], Sequence[Any]]

KERAS = 2  # the purpose of its seeds, beside those of engine.initial
_ONE_AT_A_TIME = threading.RLock()  # machines are shared by the runs of a process


@dataclass(frozen=True)
class KerasFitted:
    """Trained runs of a Keras model, one a place of every list.

    Attributes:
        weights: the values of ``model.variables``.
        state: that training left in each recurrent layer's state, (batch_size, units) each.
        loss, diverged_epoch, validation_loss, best_epoch: as in ``statewise.engine.Fitted``.
    """

    weights: list[list[NDArray[Any]]]
    state: list[list[NDArray[np.float32]]]
    loss: NDArray[np.float32] | None
    diverged_epoch: NDArray[np.int32]
    validation_loss: NDArray[np.float32] | None
    best_epoch: NDArray[np.int32]

    @property
    def runs(self) -> int:
        """The number of runs."""
        return len(self.weights)


@dataclass(frozen=True)
class KerasEngine:
    """Runs an arm with Keras: its samples, training and regime, and your model.

    The arm's ``Training`` says how long, in what batches and with what optimizer; a model that
    ``build`` has compiled keeps its own loss and optimizer. Repeat r is built under a seed of its
    own, drawn from the study's, and the generators of Python, NumPy and Keras are put back; so
    whatever the model draws by itself is the repeat's. Sample orders are those of the built-in
    engine. One run is trained after the other, however many threads are allowed: TensorFlow has
    threads of its own.

    Args:
        build: makes the model for ``batch_shape``, (batch size, time steps, lags). It is called for
            the batch size of training, and for one row to forecast with. A regime that carries
            state needs its recurrent layers ``stateful=True``. By default it is the arm's own
            network, from the same initial weights as the built-in engine's.
        callbacks: makes the callbacks of a repeat. They see epochs, ``loss`` and, where the
            training holds samples back, ``val_loss``; ones that see batches too make it slow.

    Example:
        >>> from statewise import REGIMES, Arm, Training
        >>> model = Model(REGIMES["stateful"], training=Training(5))
        >>> arm = Arm("keras", model, engine=KerasEngine())
        >>> arm.engine.label(arm.model)
        'Keras on tensorflow'
    """

    build: Build | None = None
    callbacks: Callbacks | None = None

    first_runs: ClassVar[int] = 1

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The engine that a study's document or file names.

        Raises:
            SettingError: it was run on another backend, or with code that a document cannot hold.
        """
        for name in document:
            one_of("engine field", name, ("kind", "backend", "model", "layers", "callbacks"))
        for name in ("model", "callbacks"):
            if name in document:
                raise SettingError(
                    "engine",
                    name,
                    "is code, which a document does not hold",
                    "Declare the study in Python, with KerasEngine(build).",
                )
        backend = document.get("backend", keras.backend.backend())
        if backend != keras.backend.backend():
            raise SettingError(
                "backend",
                backend,
                f"is what the arm is run on, and Keras has {keras.backend.backend()} here",
                f"Set KERAS_BACKEND={backend}.",
            )
        return cls()

    def label(self, model: Model) -> str:
        """The engine in a few words, for a table."""
        plain = "" if self._facts(model).recurrent else ", no recurrent layer: no effect of regime"
        return f"Keras on {keras.backend.backend()}{plain}"

    def versions(self) -> dict[str, str]:
        """The versions of Keras and of its backend."""
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: version_of(backend)}

    def check(self, model: Model) -> None:
        """Raise SettingError if the backend, the Keras model or the settings do not go together."""
        facts = self._facts(model)
        if model.network.initial_state != "zeros":
            raise SettingError(
                "initial_state",
                model.network.initial_state,
                "is not something that Keras' recurrent layers can do",
                'Use initial_state="zeros", or the built-in engine.',
            )
        if self.build is not None and model.network != Network():
            raise SettingError(
                "network", model.network, "has no effect: build makes the model", "Leave it out."
            )
        own = model.training
        changed = replace(own, optimizer=Adam(), clip_error=None, schedule="constant") != own
        if facts.compiled and changed:
            raise SettingError(
                "training",
                own,
                "says what to train with, and so does the compile() in build",
                "Leave out compile(), or the optimizer, clip_error and schedule.",
            )
        if not facts.recurrent:
            warnings.warn(
                "The Keras model has no recurrent layer, so a regime has no effect on it.",
                UserWarning,
                stacklevel=4,
            )
        elif carries(model.regime):
            if facts.stateless:
                raise SettingError(
                    "build",
                    facts.stateless,
                    "is not stateful, and the regime carries state",
                    "Build it with stateful=True; statewise resets it.",
                )
            require_state(model.regime)

    def document(self, model: Model) -> dict[str, Any]:
        """What results depend on: the backend, and the configuration of the model and callbacks.

        Python code in layers, losses or callbacks of your own is not seen by it.
        """
        document: dict[str, Any] = {"kind": "keras", "backend": keras.backend.backend()}
        if self.build is not None:
            facts = self._facts(model)
            document |= {"layers": facts.layers, "model": facts.digest}
        if self.callbacks is not None:
            document["callbacks"] = [plain_settings(callback) for callback in self.callbacks(0)]
        return document

    def restarts(self, model: Model) -> list[Any]:
        """What initial weights derive from: nothing more, where they are the built-in engine's."""
        return [] if self.build is None else ["keras", self._facts(model).digest]

    def load(self, model: Model, runs: int, threads: int | None) -> None:
        """Nothing: what is compiled depends on the samples."""

    def fit(
        self,
        model: Model,
        x: Any,
        y: Any,
        *,
        repeats: Sequence[int],
        seed: Seed,
        data: Any = None,
        keep_loss: bool = True,
        threads: int | None = None,  # noqa: ARG002
        stop: NDArray[np.uint8] | None = None,
    ) -> KerasFitted:
        """Train runs; arguments and meaning are those of ``statewise.fit``.

        Raises:
            SettingError: as ``statewise.fit``, or the model is not one that can be run.
            Stopped: ``stop`` was set.
        """
        samples, held = samples_of(x, y), None
        of_run = data_of_runs(data, len(repeats), len(samples.count))
        limit = engine.divergence_limit(model.training, samples)
        if model.training.validation:
            samples, held = samples.split(model.training.held_back)
        runs = []
        for repeat, which in zip(repeats, of_run, strict=True):
            first, count = int(samples.start[which]), int(samples.count[which])
            model.regime.check_batches(count, model.training.batch_size)
            mine = slice(first, first + count)
            aside = None
            if held is not None:
                last = slice(first + count, first + count + int(held.count[which]))
                aside = held.x[last], held.y[last]
            with _ONE_AT_A_TIME:
                runs.append(
                    self._run(model, samples.x[mine], samples.y[mine], aside, repeat, seed, stop)
                )
        loss = np.stack([run.loss for run in runs])
        best = np.array([run.best_epoch for run in runs], np.int32)
        whole = np.array([all(np.isfinite(a).all() for a in run.weights) for run in runs])
        return KerasFitted(
            weights=[run.weights for run in runs],
            state=[run.state for run in runs],
            loss=loss if keep_loss else None,
            diverged_epoch=diverged_epochs(loss.T, limit[of_run], best, whole),
            validation_loss=np.stack([r.validation for r in runs]) if held and keep_loss else None,
            best_epoch=best,
        )

    def _run(
        self,
        model: Model,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        aside: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
        repeat: int,
        seed: Seed,
        stop: NDArray[np.uint8] | None,
    ) -> Run:
        rows, regime, training = (
            min(model.training.batch_size, len(x)),
            model.regime,
            model.training,
        )
        shape = (rows, *x.shape[1:])
        cosine = training.schedule == "cosine"
        steps = -(-len(x) // rows) * training.epochs if cosine else 0
        # What does not change the compiled epoch is taken out, so that machines are shared.
        how = Training(
            optimizer=training.optimizer,
            clip_error=training.clip_error,
            schedule="cosine" if cosine else "constant",
        )
        machine, loop = machine_for(
            self.build, model.network, how, shape, y.shape[1], steps, carries(regime)
        )
        own = int(generator(seed, KERAS, repeat).integers(2**31))
        with seeded(own):
            machine.restart(self._initial(model, machine, shape, repeat, seed))
            held = None
            if aside is not None:
                reset = regime.reset_forecast == "step"
                held = Held(*aside, rows, reset, regime.carries_in_training)
            return train_run(
                machine,
                loop,
                training,
                regime,
                x,
                y,
                held,
                repeat=repeat,
                seed=seed,
                callbacks=self.callbacks(repeat) if self.callbacks is not None else (),
                stop=stop,
            )

    def _initial(
        self, model: Model, machine: Machine, shape: tuple[int, int, int], repeat: int, seed: Seed
    ) -> list[NDArray[Any]]:
        """The values of every variable from which a repeat starts."""
        if self.build is not None:
            return Machine(self.build(shape), shape[0]).values()
        outputs = machine.model.outputs[0].shape[1]
        weights = engine.initial_weights(seed, [repeat], model.network.units, shape[2], outputs)
        return machine.values_with([array[0] for array in weights])

    def forecast(
        self,
        model: Model,
        trained: KerasFitted,
        known: Sequence[Known],
        test_size: int,
    ) -> NDArray[np.float64]:
        """Forecast the observations after each cutoff one step at a time, (runs, test_size)."""
        each = len(trained.weights) // len(known)
        of_run = [which for which in range(len(known)) for _ in range(each)]
        return np.stack(
            [
                self._walk(model, trained, run, known[which], test_size)
                for run, which in enumerate(of_run)
            ]
        )

    def _walk(
        self, model: Model, trained: KerasFitted, run: int, series: Known, test_size: int
    ) -> NDArray[np.float64]:
        framing, regime = series.framing, model.regime
        inputs = series.training_inputs()
        last = warm_up_samples(model, len(inputs), regime.continues_into_forecast)
        ends = range(series.cutoff, series.cutoff + test_size)
        recent = np.stack([series.y[end - framing.framing.memory : end] for end in ends])
        steps = np.stack([framing.window(one) for one in recent])
        windows = np.concatenate([inputs[len(inputs) - last :], steps])
        calls = windows.astype(np.float32)[:, None]
        shape, outputs = (1, *inputs.shape[1:]), framing.framing.outputs
        with _ONE_AT_A_TIME:
            machine, loop = machine_for(
                self.build, model.network, None, shape, outputs, 0, carries(regime)
            )
            machine.restart(trained.weights[run])
            if regime.continues_into_forecast:
                machine.set_state(trained.state[run])
            found = loop.advance(calls, reset=regime.reset_forecast == "step")[-test_size:, 0]
        pairs = zip(found.astype(np.float64), recent, strict=True)
        return np.array([framing.invert(output, one)[0] for output, one in pairs])

    def seconds(self, model: Model, samples: int, repeats: int) -> float:
        """How long so many runs will take, measured on a few epochs; what it compiles is kept."""
        framing = model.framing
        held = model.training.held_back(samples)
        x = np.zeros((samples, framing.steps, framing.lags))
        y = np.zeros((samples, framing.outputs))
        took = []
        for epochs in (1, 1, 1 + EPOCHS):  # the first compiles
            brief = replace(model, training=replace(model.training, epochs=epochs, validation=held))
            begin = time.perf_counter()
            self.fit(brief, x, y, repeats=[0], seed=0)
            took.append(time.perf_counter() - begin)
        an_epoch = max(0.0, took[2] - took[1]) / EPOCHS
        return repeats * (took[1] + an_epoch * model.training.epochs)

    def _facts(self, model: Model) -> "Facts":
        framing = model.framing
        shape = (model.training.batch_size, framing.steps, framing.lags)
        if self.build is None:
            return NETWORK_FACTS
        return facts_of(self.build, shape, framing.outputs)


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
def facts_of(build: Build, shape: tuple[int, int, int], outputs: int) -> Facts:
    """Build a model twice, look at it, and refuse one that cannot be run or restarted."""
    with seeded(1):
        model = checked_model(build(shape), shape, outputs)
        values = model.get_weights()
    with seeded(2):
        again = build(shape)
        shared = {id(v) for v in model.variables} & {id(v) for v in again.variables}
        others = again.get_weights()
    if shared or again is model:
        raise SettingError(
            "build",
            getattr(build, "__name__", build),
            "returns the same model, or the same layers, when it is called again: restarts would "
            "not be restarts",
            "Make new layers within the function.",
        )
    equal = [np.array_equal(a, b) for a, b in zip(values, others, strict=True)]
    if equal and all(equal):
        raise SettingError(
            "build",
            getattr(build, "__name__", build),
            "gives every restart the same initial weights",
            "Leave out the seeds of its initializers; each repeat is built under its own.",
        )
    if not all(np.isfinite(value).all() for value in values):
        raise SettingError(
            "build", model.name, "has weights that are not finite", "Look at its initializers."
        )
    layers = recurrent_layers(model)
    return Facts(
        digest=digest_of(model),
        layers=" > ".join(
            type(x).__name__ for x in model.layers if not isinstance(x, keras.layers.InputLayer)
        ),
        recurrent=bool(layers),
        stateless=next((layer.name for layer in layers if not layer.stateful), None),
        compiled=bool(model.compiled),
    )


def checked_model(model: Any, shape: tuple[int, int, int], outputs: int) -> Any:
    """The model; raises SettingError if it does not take ``shape`` or give (rows, outputs)."""
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise SettingError("build", kind, "is no keras.Model", "Return the model.")
    inputs, found = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not found:
        problem = "does not say what it takes and gives"
        raise SettingError("build", model.name, problem, "Begin with keras.Input(batch_shape=...).")
    if len(inputs) > 1 or len(found) > 1:
        raise SettingError(
            "build",
            (len(inputs), len(found)),
            "has several inputs or outputs, and an arm has windows of one series",
            "Give it one input and one output.",
        )
    for name, got, wanted in (
        ("input", tuple(inputs[0].shape), shape),
        ("output", tuple(found[0].shape), (shape[0], outputs)),
    ):
        fits = len(got) == len(wanted) and all(
            a in (None, b) for a, b in zip(got, wanted, strict=True)
        )
        if not fits:
            raise SettingError(
                "build",
                got,
                f"is the shape of the model's {name}, and the arm has {wanted}",
                "Use the batch_shape that build is given; a batch size fixed to another does not "
                "fit.",
            )
    return model


@functools.lru_cache(maxsize=12)
def machine_for(
    build: Build | None,
    network: Network,
    training: Training | None,
    shape: tuple[int, int, int],
    outputs: int,
    steps: int,
    carried: bool,
) -> tuple[Machine, Loop]:
    """A machine to train with, or without ``training`` one to step, and its loop."""
    with seeded(0):
        model = checked_model(built(build, network, shape, outputs), shape, outputs)
        if training is not None and not model.compiled:
            compile_model(model, network, training, steps)
    if not carried and keras.backend.backend() != "tensorflow":
        for layer in recurrent_layers(model):  # other backends may stumble over a state
            layer.stateful = False
    machine = Machine(model, shape[0])
    return machine, loop_for(machine)


def built(build: Build | None, network: Network, shape: tuple[int, int, int], outputs: int) -> Any:
    """A new model: what ``build`` makes, or the arm's network."""
    if build is None:
        return lstm_model(network, shape, outputs, stateful=True)
    return build(shape)


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


def plain_settings(callback: Any) -> dict[str, Any]:
    """The settings of a fresh callback that are plain values, with its kind."""
    settings = {
        name: value if isinstance(value, str | bool | int | None) else repr(value)
        for name, value in sorted(vars(callback).items())
        if not name.startswith("_") and isinstance(value, str | bool | int | float | None)
    }
    return {"kind": type(callback).__name__, **settings}
