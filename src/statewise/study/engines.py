"""What trains and forecasts the runs of an arm: statewise's own engine, or another one.

An engine is a frozen value that an arm holds. All of them meet one contract, which
``tests/engine/contract`` checks. A study file names an engine by the entry point under which an
installed package declares it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.base.checks import one_of
from statewise.base.records import read_fields
from statewise.engine.initial import Seed
from statewise.ensemble.cost import seconds
from statewise.ensemble.rolling_origin import Known, blocks, start_of
from statewise.errors import ExtraError
from statewise.model.spec import Model

__all__ = ["BUILT_IN", "BuiltIn", "Engine", "Trained", "engine_from"]

Floats = NDArray[np.float64]

NAME = "statewise"  # of the built-in engine
ENTRY_POINTS = "statewise.engines"  # the group in which a package declares its engines


class Trained(Protocol):
    """Trained runs, a run along the first axis; what else they hold is the engine's own."""

    @property
    def loss(self) -> NDArray[np.float32] | None:
        """The loss of each epoch, (runs, epochs), or None if not kept."""

    @property
    def diverged_epoch(self) -> NDArray[np.int32]:
        """The first epoch, counted from one, at which each run had diverged; zero if it did not."""


class Engine(Protocol):
    """What a study needs of an engine.

    A run is a function of the arm, its samples, the seed and the repeat: not of other runs. The
    repeat's initial weights are those of the same repeat in every arm with equal ``restarts``, and
    its sample orders are the built-in engine's.
    """

    @property
    def first_runs(self) -> int:
        """How many runs to train first, to learn how long one takes."""

    def label(self, model: Model) -> str:
        """The engine in a few words, for a table."""

    def versions(self) -> dict[str, str]:
        """The versions of what it runs on, beside statewise's own dependencies."""

    def check(self, model: Model, horizon: int, columns: int) -> None:
        """Raise SettingError if this engine cannot run ``model``.

        Or forecast so far ahead, or show its networks exogenous columns, so many of them.
        """

    def document(self, model: Model) -> dict[str, Any]:
        """What results depend on beside the model; empty for the built-in engine.

        ``kind`` in it is the engine's entry point, whose class has a class method
        ``from_document``: it takes this document, or what a study file says of it.
        """

    def restarts(self, model: Model) -> list[Any]:
        """What initial weights derive from beside seed and shape; empty for the built-in ones."""

    def load(self, model: Model, runs: int, threads: int | None) -> None:
        """Do ahead of time what is not part of training."""

    def seconds(
        self, model: Model, samples: int, features: int, runs: int, threads: int | None
    ) -> float:
        """About how long runs take to train, with so many samples each of so many features."""

    def fit(
        self,
        model: Model,
        x: Floats,
        y: Floats,
        *,
        repeats: Sequence[int],
        seed: Seed,
        data: NDArray[np.intp],
        keep_loss: bool,
        threads: int | None,
        stop: NDArray[np.uint8] | None,
    ) -> Any:
        """Train runs, as ``Trained``; the arguments are those of ``statewise.fit``."""

    def forecast(
        self, model: Model, trained: Any, known: Sequence[Known], test_size: int, horizon: int
    ) -> Floats:
        """Walk forward from trained runs, as many for each series, series by series.

        Returns the forecasts, (runs, test_size), of the observations after each series' cutoff,
        a horizon at a time, each from all that was observed before it.
        """


@dataclass(frozen=True)
class BuiltIn:
    """statewise's own engine: thousands of runs at once."""

    first_runs: ClassVar[int] = 64

    def label(self, model: Model) -> str:  # noqa: ARG002
        return NAME

    def versions(self) -> dict[str, str]:
        return {}

    def check(self, model: Model, horizon: int, columns: int) -> None:
        """Every model can be run, forecasts any number of steps, and is shown any columns."""

    def document(self, model: Model) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def restarts(self, model: Model) -> list[Any]:  # noqa: ARG002
        return []

    def load(self, model: Model, runs: int, threads: int | None) -> None:
        engine.load(model.network, model.training, runs, threads)

    def seconds(
        self, model: Model, samples: int, features: int, runs: int, threads: int | None
    ) -> float:
        parts, framing = (model.network, model.training, model.regime), model.framing
        window = framing.steps, features
        return seconds(*parts, np.full(runs, samples), window, framing.outputs, threads)

    def fit(self, model: Model, x: Floats, y: Floats, **settings: Any) -> engine.Fitted:
        return engine.fit(model.network, model.training, model.regime, x, y, **settings)

    def forecast(
        self,
        model: Model,
        trained: engine.Fitted,
        known: Sequence[Known],
        test_size: int,
        horizon: int,
    ) -> Floats:
        ensemble, now = start_of(model, trained, known)
        actual = np.stack([one.y[one.cutoff : one.cutoff + test_size] for one in known])
        rows = np.stack([one.rows[one.cutoff : one.cutoff + test_size] for one in known])
        x = ensemble.columns.apply(rows)
        parts = list(blocks(ensemble, now, actual, x, horizon))
        return np.concatenate(parts, axis=2).reshape(trained.runs, test_size)


BUILT_IN = BuiltIn()
"""The engine of an arm that names none."""


def engine_from(document: Any) -> Engine:
    """The engine that a study's document or file names.

    Args:
        document: ``"statewise"`` for the built-in engine, or the name of an entry point of the
            group ``statewise.engines``; or a table of which this name is the ``kind``.

    Raises:
        SettingError: no installed package declares the name, or its engine refuses the table.
        ExtraError: the engine, or a package that it needs, cannot be imported.

    Example:
        >>> engine_from("statewise")
        BuiltIn()
    """
    from importlib.metadata import entry_points

    values = dict(document) if isinstance(document, dict) else {"kind": document}
    if values.get("kind") == NAME:
        read_fields({"kind": str}, "engine", values)
        return BUILT_IN
    declared = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    kind = one_of("engine", values.get("kind"), sorted({NAME, *declared}))
    try:
        found = declared[kind].load()
    except ExtraError:
        raise
    except (ImportError, AttributeError) as error:
        problem = f"cannot be imported from {declared[kind].value} ({error})"
        fix = "Install the package that declares it again, with what it needs."
        raise ExtraError("engine", kind, problem, fix) from error
    engine: Engine = found.from_document(values)
    return engine
