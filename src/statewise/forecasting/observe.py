"""A fitted model goes on: with new rows of a frame, or with one value of every series."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.append import read_new_rows
from statewise.data.frequency import show
from statewise.ensemble.trained import Ensemble, ForecastState, point_of
from statewise.errors import DataError, SettingError
from statewise.forecasting.core import FittedModel
from statewise.model.framing import Framing

__all__ = ["observed", "stepped"]

Floats = NDArray[np.float64]


def observed(model: FittedModel, frame: Any) -> FittedModel:
    """The model after the rows of a frame that follow what it knows.

    Raises:
        DataError: a series is unknown, or a row repeats or leaves out a time, or cannot be framed.
    """
    rows, ensemble = read_new_rows(frame, model.origin), model.ensemble
    x = np.concatenate([rows.exogenous, model.dates(rows.ds)], axis=1)
    counts = np.diff(rows.offsets)
    of_row = np.repeat(rows.series, counts)
    usable = ensemble.framing[of_row].is_representable(rows.y)
    usable &= ensemble.columns.take(of_row).is_representable(x)
    if not usable.all():
        wrong = int(usable.argmin())
        name, where = model.ids[of_row[wrong]], show(rows.ds[wrong])
        raise unusable(rows.y[wrong], name, where, model.recipe.model.framing)
    everything = len(rows.series) == ensemble.series
    some = ensemble if everything else ensemble.take(rows.series)
    now = model.state if everything else ensemble.part(model.state, rows.series)
    for i in range(int(counts.max())):
        at = rows.offsets[:-1] + np.minimum(i, counts - 1)
        scaled = some.columns.apply(x[at][:, None])
        now = where_observed(some, i < counts, some.observe(now, rows.y[at], scaled), now)
    state = now if everything else ensemble.put(model.state, rows.series, now)
    return model.with_state(state, model.origin.moved(rows.series, rows.last))


def stepped(model: FittedModel, y: ArrayLike | Mapping[str, float]) -> tuple[FittedModel, Floats]:
    """The model after one more value of every series, and the forecasts of the next, (series,).

    Args:
        model: that looks at no columns.
        y: (series,) in the order of the series, one number for one series, or a mapping.

    Raises:
        DataError: a value is missing, not finite, or cannot be framed.
        SettingError: the model looks at columns, which a step does not give.
    """
    ids, ensemble = model.ids, model.ensemble
    if model.state.x.shape[-1]:
        raise SettingError(
            "step", "columns", "are looked at by this model", "Use update() and predict()."
        )
    try:
        values = [y[name] for name in ids] if isinstance(y, Mapping) else y
        observed = np.asarray(values, np.float64).reshape(-1)
    except (KeyError, TypeError, ValueError):
        observed = np.empty(0)
    whole = observed.shape == (ensemble.series,) and not np.isnan(observed).any()
    if not whole or (isinstance(y, Mapping) and len(y) > len(ids)):
        raise DataError(
            "y",
            y,
            f"is not one number for each of {ensemble.series} series",
            "Give them in the order of origin_.ids; use update() for some of the series.",
        )
    usable = ensemble.framing.is_representable(observed)
    if not usable.all():
        wrong = int(usable.argmin())
        raise unusable(observed[wrong], ids[wrong], "y", model.recipe.model.framing)
    nothing = np.zeros((ensemble.series, 1, 0))
    now = ensemble.look(ensemble.observe(model.state, observed, nothing))
    assert now.ahead is not None
    forecasts = ensemble.by_member.invert(now.ahead[0], now.recent[:, None])[..., :1]
    point = point_of(forecasts, model.settings.point)
    if np.isnan(point).any():
        model.point(forecasts)  # says of which series there is no forecast
    after = FittedModel(  # `replace` would take a tenth of the time of a step
        model.settings, model.recipe, model.ensemble, now, model.calibration, model.base,
        model.steps + 1,
    )  # fmt: skip
    return after, point[:, 0]


def where_observed(
    ensemble: Ensemble, series: NDArray[np.bool_], after: ForecastState, before: ForecastState
) -> ForecastState:
    """``after`` for the series that are marked, ``before`` for the others."""
    if series.all():
        return after
    marked = series[:, None]
    return ForecastState(
        np.where(marked, after.recent, before.recent),
        np.where(marked[..., None], after.x, before.x),
        ensemble.choose(series, after.carried, before.carried),
    )


def unusable(value: float, name: str, where: str, framing: Framing) -> DataError:
    """The error of an observation that cannot be framed."""
    what = f"series {name!r}, {where}"
    if framing.transform != "none" and value <= 0.0:
        fix = 'Fit with transform="none", or add a constant to the series.'
        problem = f"is not positive, as transform={framing.transform!r} needs"
        return DataError(what, float(value), problem, fix)
    return DataError(what, float(value), "is too far from what was fitted on", "Check the rows.")
