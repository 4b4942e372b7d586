"""A fitted model goes on: with new rows of a frame, or with one value of every series."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.append import NewRows, read_new_rows
from statewise.data.labels import with_labels
from statewise.errors import DataError, SettingError
from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import Known, Learned

__all__ = ["advanced", "new_rows", "observed", "stepped"]

Floats = NDArray[np.float64]


def observed(model: FittedModel, frame: Any) -> FittedModel:
    """The model after the rows of a frame that follow what it knows.

    Raises:
        DataError: a series is unknown, or a row repeats or leaves out a time, or is out of range.
    """
    rows, x = new_rows(model, frame)
    known = advanced(model, model.known, rows, x, range(int(np.diff(rows.offsets).max())))
    return model.with_state(known, model.origin.moved(rows.series, rows.last))


def new_rows(model: FittedModel, frame: Any) -> tuple[NewRows, Floats]:
    """The rows of a frame that follow what a model knows, and what networks are shown beside them.

    Raises:
        DataError: as ``observed``.
    """
    frame = with_labels(frame, model.settings.data.static, model.base.columns)
    rows, learned = read_new_rows(frame, model.origin), model.learned
    x = model.columns_of(rows.exogenous, rows.ds)
    of_row = np.repeat(rows.series, np.diff(rows.offsets))
    usable = learned.adjustment.take(of_row).is_representable(rows.y)
    if learned.ensemble is not None:
        usable &= learned.ensemble.columns.take(of_row).is_representable(x)
    if not usable.all():
        wrong = int(usable.argmin())
        time = model.base.kind.time.show(rows.ds[wrong])
        raise unusable(rows.y[wrong], model.ids[of_row[wrong]], time)
    return rows, x


def advanced(model: FittedModel, known: Known, rows: NewRows, x: Floats, steps: range) -> Known:
    """What is known after some of the new rows of every series: the first, second, ... of each."""
    learned, counts = model.learned, np.diff(rows.offsets)
    everything = len(rows.series) == len(model.ids)
    some = learned if everything else learned.take(rows.series)
    now = known if everything else learned.part(known, rows.series)
    for i in steps:
        at = rows.offsets[:-1] + np.minimum(i, counts - 1)
        now = where_observed(some, i < counts, some.observe(now, rows.y[at], x[at][:, None]), now)
    return now if everything else learned.put(known, rows.series, now)


def stepped(model: FittedModel, y: ArrayLike | Mapping[str, float]) -> tuple[FittedModel, Floats]:
    """The model after one more value of every series, and the forecasts of the next, (series,).

    Args:
        model: that looks at no columns.
        y: (series,) in the order of the series, one number for one series, or a mapping.

    Raises:
        DataError: a value is missing, not finite, or out of range.
        SettingError: the model looks at columns, which a step does not give.
    """
    ids, learned = model.ids, model.learned
    if model.origin_columns:
        raise SettingError(
            "step", "columns", "are looked at by this model", "Use update() and predict()."
        )
    try:
        values = [y[name] for name in ids] if isinstance(y, Mapping) else y
        observed = np.asarray(values, np.float64).reshape(-1)
    except (KeyError, TypeError, ValueError):
        observed = np.empty(0)
    whole = observed.shape == (len(ids),) and not np.isnan(observed).any()
    if not whole or (isinstance(y, Mapping) and len(y) > len(ids)):
        raise DataError(
            "y",
            y,
            f"is not one number for each of {len(ids)} series",
            "Give them in the order of origin_.ids; use update() for some of the series.",
        )
    usable = learned.adjustment.is_representable(observed)
    if not usable.all():
        wrong = int(usable.argmin())
        raise unusable(observed[wrong], ids[wrong], "y")
    nothing = np.zeros((len(ids), 1, 0))
    now = learned.look(learned.observe(model.known, observed, nothing))
    point = model.forecast_from(now, 1, nothing).point[:, 0]
    after = FittedModel(  # `replace` would take a tenth of the time of a step
        model.settings, model.decisions, model.learned, model.combination, model.residuals,
        model.notes, now, model.base, model.steps + 1,
    )  # fmt: skip
    return after, point


def where_observed(
    learned: Learned, series: NDArray[np.bool_], after: Known, before: Known
) -> Known:
    """``after`` for the series that are marked, ``before`` for the others."""
    if series.all():
        return after
    still = np.flatnonzero(~series)
    return learned.put(after, still, learned.part(before, still))


def unusable(value: float, name: str, where: str) -> DataError:
    """The error of an observation that cannot be adjusted."""
    problem = "is too far from what was fitted on"
    return DataError(f"series {name!r}, {where}", float(value), problem, "Check the rows.")
