"""A fitted forecaster as one file of numbers and text, and back."""

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
from statewise.forecasting.calibration import Calibration
from statewise.forecasting.core import FittedModel
from statewise.forecasting.fitting import Recipe
from statewise.forecasting.settings import Settings
from statewise.model.framing import FittedFraming
from statewise.version import __version__

__all__ = ["read", "write"]

Arrays = dict[str, NDArray[Any]]
LARGEST = 1e100  # no fit makes a greater number


def write(model: FittedModel, path: Path) -> None:
    """Save a fitted model, with the settings of its fit.

    Raises:
        OutputError: the file cannot be written.
    """
    arrays = arrays_of("", model.ensemble, model.state)
    twin = model.calibration
    if twin is not None:
        arrays |= arrays_of("twin.", twin.ensemble, twin.state)
        arrays |= {"twin.counts": twin.counts, "twin.y": twin.y, "twin.held": twin.x}
    document = {
        "kind": "forecaster",
        "statewise": __version__,
        "settings": as_document(replace(model.settings, progress=False)),
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
    recipe, origin = settings.recipe, ForecastOrigin.from_document(document["origin"])
    ensemble, now = parts_of("", arrays, recipe, len(origin.ids))
    columns = len(origin.columns) + 2 * len(settings.calendar)
    if ensemble.columns.centre.shape[1] != columns:
        raise ValueError("columns")
    twin = None
    if settings.intervals == "conformal":
        other, begin = parts_of("twin.", arrays, recipe, len(origin.ids))
        counts = arrays["twin.counts"].astype(np.int64)
        y, x = wide(arrays["twin.y"]), wide(arrays["twin.held"])
        shaped = counts.shape == (len(origin.ids),) and y.shape == (len(origin.ids), counts.max())
        if not (shaped and x.shape == (*y.shape, columns) and counts.min() > 0):
            raise ValueError("twin")
        twin = Calibration(other, begin, counts, y, x)
    return FittedModel(settings, recipe, ensemble, now, twin, origin)


def arrays_of(prefix: str, ensemble: Ensemble, now: ForecastState) -> Arrays:
    """An ensemble and what it knows, as named arrays."""
    named: Arrays = {f"weights.{k}": v for k, v in ensemble.weights._asdict().items()}
    if ensemble.initial is not None:
        named |= {f"initial.{k}": v for k, v in ensemble.initial._asdict().items()}
    named |= {f"framing.{k}": v for k, v in ensemble.framing.parameters().items()}
    named |= {"columns.centre": ensemble.columns.centre, "columns.spread": ensemble.columns.spread}
    named |= {f"state.{k}": v for k, v in ensemble.from_lanes(now.carried)._asdict().items()}
    named |= {"recent": now.recent, "x": now.x}
    return {f"{prefix}{name}": array for name, array in named.items()}


def parts_of(
    prefix: str, arrays: Arrays, recipe: Recipe, series: int
) -> tuple[Ensemble, ForecastState]:
    """The inverse of ``arrays_of``; raises ValueError or KeyError if the arrays do not fit."""
    weights = Weights(*(arrays[f"{prefix}weights.{name}"] for name in Weights._fields)).check()
    initial = None
    if recipe.model.network.initial_state == "learned":
        initial = State(*(arrays[f"{prefix}initial.{name}"] for name in State._fields))
    names = ("exponent", "x_factor", "x_offset", "y_factor", "y_offset")
    framing = FittedFraming.from_parameters(
        recipe.model.framing, {name: wide(arrays[f"{prefix}framing.{name}"]) for name in names}
    )
    columns = Columns(*(wide(arrays[f"{prefix}columns.{name}"]) for name in ("centre", "spread")))
    ensemble = Ensemble(
        recipe.model, framing, columns, recipe.members, recipe.shared, weights, initial
    )  # fmt: skip
    state = State(*(arrays[f"{prefix}state.{name}"] for name in State._fields))
    recent, x = wide(arrays[f"{prefix}recent"]), wide(arrays[f"{prefix}x"])
    count, units, steps = (
        columns.centre.shape[1],
        recipe.model.network.units,
        recipe.model.framing.steps,
    )
    runs = recipe.members * (1 if recipe.shared else series)
    expected: list[tuple[Any, tuple[int, ...]]] = [
        (framing.exponent, (series,)),
        (columns.centre, (series, count)),
        (columns.spread, (series, count)),
        (
            weights.kernel,
            (runs, recipe.model.framing.lags + count * recipe.model.framing.outputs, 4 * units),
        ),
        (weights.dense_bias, (runs, recipe.model.framing.outputs)),
        (state.h, (series, recipe.members, units)),
        (state.c, (series, recipe.members, units)),
        (recent, (series, recipe.model.framing.memory)),
        (x, (series, steps - 1, count)),
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
