"""Keras under the same regimes: its models as arms of a study, and weights in and out.

Keras is not installed with statewise; ``pip install 'statewise[keras]'`` adds it, with TensorFlow,
the one backend that trains with a carried state (``statewise doctor`` shows what was observed).
"""

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
from statewise.engine.samples import Samples, data_of_runs, samples_of
from statewise.ensemble.rolling_origin import Known
from statewise.ensemble.warm_up import warm_up_samples
from statewise.errors import SettingError
from statewise.interop.isolation import seeded
from statewise.interop.keras_build import (
    NETWORK_FACTS,
    Build,
    Descent,
    Facts,
    Shape,
    facts_of,
    loop_for,
)
from statewise.interop.keras_loops import EPOCHS, Loop
from statewise.interop.keras_machine import Arrays, Machine
from statewise.interop.keras_models import from_keras, to_keras
from statewise.interop.keras_training import DataSet, Run, train_run
from statewise.interop.probe import carries, require_state, version_of
from statewise.model.network import Adam, Network
from statewise.model.spec import Model

__all__ = ["KerasEngine", "KerasFitted", "from_keras", "to_keras"]

keras = import_keras()

Callbacks = Callable[[int], Sequence[Any]]

KERAS = 2  # the purpose of its seeds, beside those of engine.initial
_ONE_AT_A_TIME = threading.RLock()  # the runs of a process share their machines


@dataclass(frozen=True)
class KerasFitted:
    """Trained runs of a Keras model, a run for each place of every list.

    Attributes:
        weights: the values of ``model.variables``.
        state: that training left in each recurrent layer, (batch_size, units) each.
        loss, diverged_epoch, validation_loss, best_epoch: as in ``statewise.engine.Fitted``.
    """

    weights: list[Arrays]
    state: list[Arrays]
    loss: NDArray[np.float32] | None
    diverged_epoch: NDArray[np.int32]
    validation_loss: NDArray[np.float32] | None
    best_epoch: NDArray[np.int32]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.weights)


@dataclass(frozen=True)
class KerasEngine:
    """An engine that runs an arm with Keras: its samples, training and regime, and your model.

    The arm's ``Training`` says how long, in what batches and with what optimizer; a model that
    ``build`` has compiled keeps its own loss and optimizer. Each repeat is built under a seed of
    its own, drawn from the study's, so that what the model draws by itself belongs to the repeat.
    Sample orders are those of the built-in engine. One run is trained after the other, however many
    threads are allowed: TensorFlow has threads of its own.

    Args:
        build: makes the model for ``batch_shape``, (batch size, time steps, lags). It is called for
            the batch size of training, and for one row to forecast with. A regime that carries
            state needs its recurrent layers ``stateful=True``. By default it is the arm's own
            network, from the same initial weights as the built-in engine's.
        callbacks: makes the callbacks of a repeat. They see epochs, ``loss`` and, where the
            training holds samples back, ``val_loss``; a callback that looks at batches makes
            training slow.

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
                fix = "Declare the study in Python, with KerasEngine(build)."
                raise SettingError("engine", name, "is code, which a document does not hold", fix)
        here = keras.backend.backend()
        backend = document.get("backend", here)
        if backend != here:
            problem = f"is what the arm is run on, and Keras has {here} here"
            raise SettingError("backend", backend, problem, f"Set KERAS_BACKEND={backend}.")
        return cls()

    def label(self, model: Model) -> str:
        """The engine in a few words, for a table."""
        plain = "" if self._facts(model).recurrent else ", no recurrent layer: no effect of regime"
        return f"Keras on {keras.backend.backend()}{plain}"

    def versions(self) -> dict[str, str]:
        """The versions of Keras and of its backend."""
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: version_of(backend)}

    def check(self, model: Model, horizon: int = 1, columns: int = 0) -> None:
        """Raise SettingError if the backend, the Keras model and the settings contradict."""
        if horizon > 1:
            problem = "is not something that this engine does: it forecasts one step at a time"
            raise SettingError("horizon", horizon, problem, "Use 1, or the built-in engine.")
        if columns:
            problem = "are not something that this engine shows to networks"
            fix = "Leave them out, or use the built-in engine."
            raise SettingError("columns", columns, problem, fix)
        facts, network, training = self._facts(model), model.network, model.training
        if network.initial_state != "zeros":
            problem = "is not something that Keras' recurrent layers can do"
            fix = 'Use initial_state="zeros", or the built-in engine.'
            raise SettingError("initial_state", network.initial_state, problem, fix)
        if self.build is not None and network != Network():
            problem = "has no effect: build makes the model"
            raise SettingError("network", network, problem, "Leave it out.")
        plain = replace(training, optimizer=Adam(), clip_error=None, schedule="constant")
        if facts.compiled and training != plain:
            problem = "says what to train with, and so does the compile() in build"
            fix = "Leave out compile(), or the optimizer, clip_error and schedule."
            raise SettingError("training", training, problem, fix)
        if not facts.recurrent:
            message = "The Keras model has no recurrent layer, so a regime has no effect on it."
            warnings.warn(message, UserWarning, stacklevel=4)
        elif carries(model.regime):
            if facts.stateless:
                problem = "is not stateful, and the regime carries state"
                fix = "Build it with stateful=True; statewise resets it."
                raise SettingError("build", facts.stateless, problem, fix)
            require_state(model.regime)

    def document(self, model: Model) -> dict[str, Any]:
        """What results depend on: the backend, and the configuration of the model and callbacks.

        It does not see the Python code of your own layers, losses or callbacks.
        """
        document: dict[str, Any] = {"kind": "keras", "backend": keras.backend.backend()}
        if self.build is not None:
            facts = self._facts(model)
            document |= {"layers": facts.layers, "model": facts.digest}
        if self.callbacks is not None:
            document["callbacks"] = [plain_settings(callback) for callback in self.callbacks(0)]
        return document

    def restarts(self, model: Model) -> list[Any]:
        """What initial weights derive from beside seed and shape; empty without ``build``."""
        return [] if self.build is None else ["keras", self._facts(model).digest]

    def load(self, model: Model, runs: int, threads: int | None) -> None:
        """Do nothing: what is compiled depends on the samples."""

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
            mine, aside = data_set(samples, which), None if held is None else data_set(held, which)
            model.regime.check_batches(len(mine[0]), model.training.batch_size)
            with _ONE_AT_A_TIME:
                runs.append(self._run(model, mine, aside, repeat, seed, stop))
        loss = np.stack([run.loss for run in runs])
        best = np.array([run.best_epoch for run in runs], np.int32)
        finite = np.array([all(np.isfinite(a).all() for a in run.weights) for run in runs])
        return KerasFitted(
            weights=[run.weights for run in runs],
            state=[run.state for run in runs],
            loss=loss if keep_loss else None,
            diverged_epoch=diverged_epochs(loss.T, limit[of_run], best, finite),
            validation_loss=np.stack([r.validation for r in runs]) if held and keep_loss else None,
            best_epoch=best,
        )

    def _run(
        self,
        model: Model,
        samples: DataSet,
        held_back: DataSet | None,
        repeat: int,
        seed: Seed,
        stop: NDArray[np.uint8] | None,
    ) -> Run:
        x, y = samples
        shape = (min(model.training.batch_size, len(x)), *x.shape[1:])
        descent = Descent.of(model, batches=-(-len(x) // shape[0]))
        loop = self._loop(model, descent, shape, y.shape[1])
        with seeded(int(generator(seed, KERAS, repeat).integers(2**31))):
            loop.machine.restart(self._initial(model, loop.machine, shape, repeat, seed))
            return train_run(
                loop,
                model,
                samples,
                held_back,
                repeat=repeat,
                seed=seed,
                callbacks=() if self.callbacks is None else self.callbacks(repeat),
                stop=stop,
            )

    def _loop(self, model: Model, descent: Descent | None, shape: Shape, outputs: int) -> Loop:
        return loop_for(self.build, model.network, descent, shape, outputs, carries(model.regime))

    def _initial(
        self, model: Model, machine: Machine, shape: Shape, repeat: int, seed: Seed
    ) -> Arrays:
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
        horizon: int = 1,  # noqa: ARG002
    ) -> NDArray[np.float64]:
        """Forecast the observations after each cutoff one step at a time, (runs, test_size)."""
        members = trained.runs // len(known)
        return np.stack(
            [
                self._roll(model, trained, run, known[run // members], test_size)
                for run in range(trained.runs)
            ]
        )

    def _roll(
        self, model: Model, trained: KerasFitted, run: int, series: Known, test_size: int
    ) -> NDArray[np.float64]:
        framing, regime = series.framing, model.regime
        inputs = series.training_inputs()
        last = warm_up_samples(model, len(inputs), regime.continues_into_forecast)
        ends = range(series.cutoff, series.cutoff + test_size)
        recent = np.stack([series.y[end - framing.framing.memory : end] for end in ends])
        steps = np.stack([framing.window(one) for one in recent])
        windows = np.concatenate([inputs[len(inputs) - last :], steps]).astype(np.float32)
        with _ONE_AT_A_TIME:
            shape = (1, *inputs.shape[1:])
            loop = self._loop(model, None, shape, framing.framing.outputs)
            loop.machine.restart(trained.weights[run])
            if regime.continues_into_forecast:
                loop.machine.set_state(trained.state[run])
            outputs = loop.advance(windows[:, None], reset=regime.reset_forecast == "step")
        pairs = zip(outputs[-test_size:, 0].astype(np.float64), recent, strict=True)
        return np.array([framing.invert(output, one)[0] for output, one in pairs])

    def seconds(
        self,
        model: Model,
        samples: int,
        features: int,
        runs: int,
        threads: int | None = None,  # noqa: ARG002
    ) -> float:
        """How many seconds so many runs will take, measured on a few epochs of zeros."""
        framing = model.framing
        held = model.training.held_back(samples)
        x = np.zeros((samples, framing.steps, features))
        y = np.zeros((samples, framing.outputs))
        took = []
        for epochs in (1, 1, 1 + EPOCHS):  # the first compiles
            brief = replace(model, training=replace(model.training, epochs=epochs, validation=held))
            begin = time.perf_counter()
            self.fit(brief, x, y, repeats=[0], seed=0)
            took.append(time.perf_counter() - begin)
        an_epoch = max(0.0, took[2] - took[1]) / EPOCHS
        return runs * (took[1] + an_epoch * model.training.epochs)

    def _facts(self, model: Model) -> Facts:
        framing = model.framing
        shape = (model.training.batch_size, framing.steps, framing.lags)
        if self.build is None:
            return NETWORK_FACTS
        return facts_of(self.build, shape, framing.outputs)


def data_set(samples: Samples, which: int) -> DataSet:
    """The samples of one data set and their targets."""
    part = slice(samples.start[which], samples.start[which] + samples.count[which])
    return samples.x[part], samples.y[part]


def plain_settings(callback: Any) -> dict[str, Any]:
    """The settings of a new callback that are plain values, and its kind."""
    settings = {
        name: value if isinstance(value, str | bool | int | None) else repr(value)
        for name, value in sorted(vars(callback).items())
        if not name.startswith("_") and isinstance(value, str | bool | int | float | None)
    }
    return {"kind": type(callback).__name__, **settings}
