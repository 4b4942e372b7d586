"""How well a fitted model forecasts rows that follow what it knows, in one number."""

from typing import Any

import numpy as np

from statewise.forecasting.core import FittedModel
from statewise.forecasting.observe import advanced, new_rows
from statewise.scoring.metrics import skill

__all__ = ["skill_ahead"]


def skill_ahead(model: FittedModel, frame: Any) -> float:
    """The share of the naive forecast's mean absolute error that is gone, averaged over series.

    The rows are forecast a horizon at a time, each from all that came before; then they come. A
    series whose every row is what was last known before its horizon is left out.

    Raises:
        DataError: as ``observed``.
    """
    rows, x = new_rows(model, frame)
    counts, horizon, known = np.diff(rows.offsets), model.decisions.horizon, model.known
    errors = np.zeros((2, len(counts)))
    for begin in range(0, int(counts.max()), horizon):
        steps = begin + np.arange(min(horizon, int(counts.max()) - begin))
        at = rows.offsets[:-1, None] + np.minimum(steps, counts[:, None] - 1)
        shown = np.zeros((len(model.ids), len(steps), x.shape[1]))
        shown[rows.series] = x[at]
        made = model.forecast_from(known, len(steps), shown).point[rows.series]
        naive = np.broadcast_to(known.tail[rows.series, -1:], made.shape)
        missed = np.abs(rows.y[at] - np.stack([made, naive]))
        errors += np.where(steps < counts[:, None], missed, 0.0).sum(axis=2)
        known = advanced(model, known, rows, x, range(begin, begin + len(steps)))
    moved = errors[1] > 0.0
    return float(np.mean(skill(*errors[:, moved]))) if moved.any() else np.nan
