"""One trained run on its way out of statewise, or in."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from statewise.base.checks import at_least, instance
from statewise.engine import Fitted, State, Weights
from statewise.errors import DataError, SettingError
from statewise.model.network import Network

__all__ = ["Exported", "Exports", "exported", "finite", "rows_of"]


class Exported(NamedTuple):
    """What another system needs of one run."""

    network: Network
    weights: Weights  # of one run
    state: State | None  # (1, rows, units), or None for the initial state
    initial_state: State | None  # (1, 1, units) that was learned

    @property
    def start(self) -> State | None:
        """Where the run goes on: its state, or else its learned initial state; None is zero."""
        return self.initial_state if self.state is None else self.state


@runtime_checkable
class Exports(Protocol):
    """A model that knows its own weights and present state."""

    def exported(self) -> Exported:
        """The network, the weights of one run, its present state and its learned initial state."""


def exported(
    model: Network | Exports | Exported,
    weights: Weights | Fitted | None = None,
    state: State | None = None,
    run: int = 0,
) -> Exported:
    """One run of whatever holds it: a model, a fit, or a network with its weights.

    Args:
        model: the network of ``weights``, or a model that exports itself, or what it exported.
        weights: of any number of runs, or a fit.
        state: (1, rows, units) or (runs, rows, units), where to go on.
        run: which run.

    Raises:
        SettingError: what is given does not belong together, or there is no such run.
        DataError: a number is not finite.
    """
    if isinstance(model, Exports | Exported):
        found = model if isinstance(model, Exported) else model.exported()
        return finite(found if state is None else found._replace(state=state))
    instance("model", model, Network, "Give a Network and its weights.")
    instance("weights", weights, Weights | Fitted, "Give Weights, or what fit() returned.")
    assert weights is not None
    learned = weights.initial_state if isinstance(weights, Fitted) else None
    arrays = (weights.weights if isinstance(weights, Fitted) else weights).check()
    if at_least("run", run, 0) >= arrays.runs:
        raise SettingError("run", run, f"is not one of {arrays.runs}", "Count from zero.")
    if arrays.units != model.units:
        problem = f"is not the {arrays.units} of the weights"
        raise SettingError("units", model.units, problem, "Give the network of these weights.")
    one = slice(run, run + 1)
    return finite(
        Exported(
            model,
            arrays.take(one),
            None if state is None else _one_state(state, one, arrays.runs, arrays.units),
            None if learned is None else State(*(part[one] for part in learned)),
        )
    )


def _one_state(state: State, one: slice, runs: int, units: int) -> State:
    parts = State(*(np.asarray(part, np.float32) for part in state))
    shapes = [part.shape for part in parts]
    first = shapes[0]
    fits = len(first) == 3 and first[0] in (1, runs) and first[1] > 0 and first[2] == units
    if not fits or any(shape != first for shape in shapes):
        problem = f"is not (1 or {runs}, rows, {units}) for each part"
        raise SettingError("state", shapes, problem, "Give the state of this run.")
    return parts if first[0] == 1 else State(*(part[one] for part in parts))


def rows_of(state: State, rows: int) -> State:
    """A state of one run in ``rows`` rows: a single row serves for all.

    Raises:
        SettingError: it has several rows, and not so many.
    """
    found = state[0].shape[1]
    if found not in (1, rows):
        raise SettingError(
            "batch_size",
            rows,
            f"is not the {found} rows of the state, each of which follows a series of its own",
            f"Use batch_size={found}, or give the state of one row.",
        )
    return State(*(np.repeat(part, rows // found, axis=1) for part in state))


def finite(found: Exported) -> Exported:
    """``found`` itself; raises DataError if a weight or a state in it is not finite."""
    states = [state for state in (found.state, found.initial_state) if state is not None]
    named = list(zip(Weights._fields, found.weights, strict=True))
    named += [(f"state.{name}", part) for s in states for name, part in s._asdict().items()]
    for name, array in named:
        if not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise DataError(
                name, float(array[place]), f"is not finite at {place}", "Use a run that converged."
            )
    return found
