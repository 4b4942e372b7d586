"""A fitted model on series that it was not fitted on: networks that all share forecast them too."""

from dataclasses import replace

import numpy as np

from statewise.data.calendar import beside
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.combination import Combination
from statewise.forecasting.core import FittedModel
from statewise.forecasting.fit import settled
from statewise.forecasting.fitting import framed
from statewise.forecasting.learned import Past, histories_of
from statewise.forecasting.trials import Learner, Twin
from statewise.model.framing import stack

__all__ = ["applied"]


def applied(model: FittedModel, panel: Panel, past_columns: int) -> FittedModel:
    """The model for other series: their own adjustments and simple forecasts, the same networks.

    The state of each network is warmed up on a series' own history. Kinds of forecasts weigh as
    they do on average over the series of the fit, and errors are as wide, each in units of the
    changes of its own series.

    Args:
        model: whose series share their networks.
        panel: other series, with the columns of those of the fit.
        past_columns: how many of its columns, the last, are not known ahead.

    Raises:
        DataError: the times of the panel have no frequency.
        SettingError: every series of the model has its own networks, or the columns or the
            frequency are others.
    """
    frequency, base = panel.checked_frequency(), model.base
    recipe, ensemble = model.decisions.networks, model.learned.ensemble
    if not recipe.shared:
        raise SettingError(
            "frame", panel.ids[:3], "is of other series, and every series has its own networks",
            "Fit with scope='global'.",
        )  # fmt: skip
    if (panel.columns, past_columns) != (base.columns, recipe.past):
        raise SettingError(
            "frame", panel.columns, f"has other columns than {base.columns}", "Give the same."
        )
    if frequency != base.frequency:
        problem = f"are not the times that the model was fitted on, {base.frequency.words}"
        raise SettingError("frame", frequency.words, problem, "Give the same.")
    count = len(panel)
    dates = model.dates(panel.ds)
    x = beside(panel.exogenous, dates, past_columns)
    past = Past(panel.ids, panel.offsets, panel.y, x, np.zeros(count, np.int64))
    learner = Learner(model.decisions, model.settings.bounds, 0)
    # Series that share networks share the scale of their adjustment and of their columns.
    twin, scale = None, np.repeat(model.learned.adjustment.scale[:1], count)
    if ensemble is not None:
        framing = stack(framed(recipe, histories_of(past, learner.adjust(past, scale)[1])))
        shared = replace(ensemble.take(np.zeros(count, np.intp)), framing=framing)
        twin = Twin(shared, scale, None, past.lengths)
    learned, known = learner.learn(past, twin, scale)
    mixed, residuals = model.combination, model.residuals
    weights = np.repeat(mixed.weights.mean(axis=0, keepdims=True), count, axis=0)
    blank = np.full(weights.shape, np.nan)
    combination = Combination(mixed.names, weights, blank, blank[:, 0])
    combination, notes = settled(model.settings, past, mixed.names, combination)
    if residuals is not None:
        residuals = replace(residuals, scale=learner.scale(past, []) / scale)
    return replace(
        model,
        learned=learned,
        combination=combination,
        residuals=residuals,
        notes=(*(f"{note}." for note in panel.notes), *notes),
        known=known,
        base=panel.origin,
        steps=0,
    )
