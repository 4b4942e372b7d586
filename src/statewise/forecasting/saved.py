"""A fitted forecaster as one file of numbers and text, and back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base import modelfile
from statewise.base.records import as_document, from_document
from statewise.data.origin import ForecastOrigin
from statewise.engine import State, Weights
from statewise.ensemble.trained import Columns, Ensemble, ForecastState
from statewise.errors import ModelError, StatewiseError
from statewise.forecasting.combination import Combination
from statewise.forecasting.core import FittedModel
from statewise.forecasting.decisions import Decisions
from statewise.forecasting.intervals import Residuals
from statewise.forecasting.learned import Known, Learned
from statewise.forecasting.networks import Networks
from statewise.forecasting.settings import Settings
from statewise.model.framing import FittedFraming
from statewise.simple import Simple, SimpleState
from statewise.simple.adjustment import Adjustment
from statewise.version import __version__

__all__ = ["read", "write"]

Arrays = dict[str, NDArray[Any]]
LARGEST = 1e100  # no fit makes a greater number


def write(model: FittedModel, path: Path) -> None:
    """Save a fitted model, with the settings of its fit.

    Raises:
        OutputError: the file cannot be written.
    """
    learned, known = model.learned, model.known
    arrays: Arrays = {"known.count": known.count, "known.tail": known.tail}
    arrays |= named("adjustment", learned.adjustment.arrays())
    arrays |= named("simple", learned.simple.arrays())
    arrays |= named("simple-state", known.simple.arrays())
    mixed = model.combination
    arrays |= {"weights": mixed.weights, "errors": mixed.errors, "own-errors": mixed.own}
    if learned.ensemble is not None and known.networks is not None:
        arrays |= named("networks", arrays_of(learned.ensemble, known.networks))
    if model.residuals is not None:
        arrays |= {"residuals": model.residuals.errors, "residual-scale": model.residuals.scale}
    document = {
        "kind": "forecaster",
        "statewise": __version__,
        "settings": as_document(replace(model.settings, progress=False)),
        "decisions": as_document(model.decisions),
        "notes": list(model.notes),
        "origin": model.origin.to_document(),
    }
    modelfile.save(path, {name: slim(array) for name, array in arrays.items()}, document)


def read(path: Path) -> FittedModel:
    """The fitted model that ``write`` saved; raises ModelError if there is none."""
    arrays, document = modelfile.load(path)
    try:
        return model_of(arrays, document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, StatewiseError) as error:
        raise ModelError(
            "path",
            str(path),
            f"does not hold a whole forecaster ({type(error).__name__}: {str(error)[:80]})",
            "Save the model again.",
        ) from None


def model_of(arrays: Arrays, document: dict[str, Any]) -> FittedModel:
    """The fitted model of these arrays and this document."""
    if document["kind"] != "forecaster":
        raise ValueError(document["kind"])
    settings = from_document(Settings, "settings", document["settings"])
    settings.check()
    decisions = from_document(Decisions, "decisions", document["decisions"])
    origin = ForecastOrigin.from_document(document["origin"])
    series, columns = len(origin.ids), len(origin.columns) + 2 * len(settings.data.calendar)
    adjustment = Adjustment.from_arrays(decisions.seasons, plain(arrays, "adjustment"))
    simple = Simple.from_arrays(plain(arrays, "simple"))
    state = SimpleState.from_arrays(plain(arrays, "simple-state"))
    count, tail = arrays["known.count"].astype(np.int64), arrays["known.tail"].astype(np.float64)
    ensemble = networks = None
    if "networks.recent" in arrays:
        part = {k.removeprefix("networks."): v for k, v in arrays.items()}
        ensemble, networks = parts_of(part, decisions.networks, series, columns)
    learned = Learned(adjustment, simple, decisions.networks, ensemble)
    kinds = len(learned.names)
    mixed = [arrays[name].astype(np.float64) for name in ("weights", "errors", "own-errors")]
    combination = Combination(learned.names, *mixed)
    residuals = None
    if "residuals" in arrays:
        errors, scale = arrays["residuals"].astype(np.float32), wide(arrays["residual-scale"])
        residuals = Residuals(errors, scale)
        # A single cutoff's errors are of every series; a horizon beyond the fit's is extended.
        if errors.ndim != 3 or errors.shape[2] < 1 or scale.shape != (series,):
            raise ValueError("residuals")
        if np.isinf(errors).any() or not (scale > 0).all():
            raise ValueError("residuals")
    expected = [
        (adjustment.unit, (series,)),
        (state.level, (series,)),
        (count, (series,)),
        (tail, (series, max((1, *decisions.seasons)))),
        (combination.weights, (series, kinds)),
        (combination.errors, (series, kinds)),
        (combination.own, (series,)),
    ]
    for array, shape in expected:
        if array.shape != shape:
            raise ValueError(f"{array.shape} for {shape}")
    if (count < 1).any() or not np.isfinite(tail[:, -1]).all() or not valid(combination.weights):
        raise ValueError("state or weights")
    known = Known(count, tail, state, networks)
    notes = tuple(str(note) for note in document["notes"])
    return FittedModel(
        settings, decisions, learned, combination, residuals, notes, known, origin
    )  # fmt: skip


def valid(weights: NDArray[np.float64]) -> bool:
    """Whether these are weights."""
    return bool((weights >= 0).all() and (np.abs(weights.sum(axis=1) - 1) < 1e-6).all())


def named(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Arrays whose names begin with a prefix."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def plain(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays of a prefix, in the types that they had before they were slim."""
    return {
        name.removeprefix(f"{prefix}."): array.astype(
            np.float64 if array.dtype.kind == "f" else np.int64
        )
        for name, array in arrays.items()
        if name.startswith(f"{prefix}.")
    }


def arrays_of(ensemble: Ensemble, now: ForecastState) -> Arrays:
    """An ensemble and what it knows, as named arrays."""
    found = named("weights", ensemble.weights._asdict())
    if ensemble.initial is not None:
        found |= named("initial", ensemble.initial._asdict())
    found |= named("framing", ensemble.framing.parameters())
    found |= {"columns.centre": ensemble.columns.centre, "columns.spread": ensemble.columns.spread}
    found |= named("state", ensemble.from_lanes(now.carried)._asdict())
    return found | {"recent": now.recent, "x": now.x}


def parts_of(
    arrays: Arrays, recipe: Networks, series: int, count: int
) -> tuple[Ensemble, ForecastState]:
    """The inverse of ``arrays_of``; raises ValueError or KeyError if the arrays do not fit."""
    weights = Weights(*(arrays[f"weights.{name}"] for name in Weights._fields)).check()
    model, initial = recipe.model, None
    if model.network.initial_state == "learned":
        initial = State(*(arrays[f"initial.{name}"] for name in State._fields))
    names = ("exponent", "x_factor", "x_offset", "y_factor", "y_offset")
    framing = FittedFraming.from_parameters(
        model.framing, {name: wide(arrays[f"framing.{name}"]) for name in names}
    )
    columns = Columns(wide(arrays["columns.centre"]), wide(arrays["columns.spread"]), recipe.past)
    ensemble = Ensemble(model, framing, columns, recipe.members, recipe.shared, weights, initial)
    state = State(*(arrays[f"state.{name}"] for name in State._fields))
    recent, x = wide(arrays["recent"]), wide(arrays["x"])
    units, outputs, steps = model.network.units, model.framing.outputs, model.framing.steps
    runs = recipe.members * (1 if recipe.shared else series)
    features = model.framing.lags + (count - recipe.past) * outputs + recipe.past
    expected: list[tuple[Any, tuple[int, ...]]] = [
        (framing.exponent, (series,)),
        (columns.centre, (series, count)),
        (columns.spread, (series, count)),
        (weights.kernel, (runs, features, 4 * units)),
        (weights.dense_bias, (runs, outputs)),
        (state.h, (series, recipe.members, units)),
        (state.c, (series, recipe.members, units)),
        (recent, (series, model.framing.memory)),
        (x, (series, steps, count)),
        *((part, (runs, 1, units)) for part in initial or ()),
    ]
    if not (columns.spread > 1.0 / LARGEST).all():
        raise ValueError("spread")
    for array, shape in expected:
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(f"{array.shape} for {shape}")
    return ensemble, ForecastState(recent, x, ensemble.to_lanes(state))


def slim(array: NDArray[Any]) -> NDArray[Any]:
    """The array in fewer bytes where that changes no value, to the bit."""
    with np.errstate(over="ignore"):
        small = array.astype(np.float32 if array.dtype.kind == "f" else np.int16)
    return small if np.array_equal(small, array) else array


def wide(array: NDArray[Any]) -> NDArray[np.float64]:
    """An array that was slim; raises ValueError if it does not hold numbers to compute with."""
    numbers = array.astype(np.float64)
    if array.dtype.kind != "f" or not (np.abs(numbers) < LARGEST).all():
        raise ValueError(array.dtype)
    return numbers
