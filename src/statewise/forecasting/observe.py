"""A fitted model goes on: with new rows of a frame, or with one value of every series."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.append import read_new_rows
from statewise.data.frequency import show
from statewise.data.labels import with_labels
from statewise.errors import DataError, SettingError
from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import Known, Learned

__all__ = ["observed", "stepped"]

Floats = NDArray[np.float64]


def observed(model: FittedModel, frame: Any) -> FittedModel:
    """The model after the rows of a frame that follow what it knows.

    Raises:
        DataError: a series is unknown, or a row repeats or leaves out a time, or is out of range.
    """
    frame = with_labels(frame, model.settings.data.static, model.base.columns)
    rows, learned = read_new_rows(frame, model.origin), model.learned
    x = model.columns_of(rows.exogenous, rows.ds)
    counts = np.diff(rows.offsets)
    of_row = np.repeat(rows.series, counts)
    usable = learned.adjustment.take(of_row).is_representable(rows.y)
    if learned.ensemble is not None:
        usable &= learned.ensemble.columns.take(of_row).is_representable(x)
    if not usable.all():
        wrong = int(usable.argmin())
        raise unusable(rows.y[wrong], model.ids[of_row[wrong]], show(rows.ds[wrong]))
    everything = len(rows.series) == len(model.ids)
    some = learned if everything else learned.take(rows.series)
    now = model.known if everything else learned.part(model.known, rows.series)
    for i in range(int(counts.max())):
        at = rows.offsets[:-1] + np.minimum(i, counts - 1)
        now = where_observed(some, i < counts, some.observe(now, rows.y[at], x[at][:, None]), now)
    known = now if everything else learned.put(model.known, rows.series, now)
    return model.with_state(known, model.origin.moved(rows.series, rows.last))


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
