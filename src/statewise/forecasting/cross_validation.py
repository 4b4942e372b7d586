"""Cross-validation: forecasts of a whole horizon from a rolling origin, as a frame."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from statewise.base.checks import at_least
from statewise.data.panel import Panel
from statewise.errors import DataError
from statewise.forecasting.core import FittedModel
from statewise.forecasting.cutoffs import LEAST
from statewise.forecasting.fit import fit_model
from statewise.forecasting.folds import MODEL, Fold, frame_of
from statewise.forecasting.jobs import Running
from statewise.forecasting.regime_choice import with_regime
from statewise.forecasting.settings import Settings
from statewise.show.progress import SILENT, Progress

__all__ = ["cross_validation"]


def cross_validation(
    settings: Settings,
    panel: Panel,
    past_columns: int,
    h: int,
    n_windows: int = 1,
    step_size: int | None = None,
    refit: bool | int = True,
    level: float | Sequence[float] | None = None,
    kinds: bool = False,
    running: Running | None = None,
    progress: Progress = SILENT,
) -> Any:
    """Forecast ``h`` steps from each of several cutoffs of every series.

    Args:
        settings: of a forecaster; its horizon is taken to be ``h``.
        panel: the series.
        past_columns: how many of its columns, the last, are not known ahead.
        h: the horizon.
        n_windows: how many cutoffs; the last leaves ``h`` observations.
        step_size: observations from one cutoff to the next; by default ``h``.
        refit: fit at each cutoff, or at every so many; False: at the first alone, after which the
            state moves on and what was learned stays.
        level: of intervals, in percent.
        kinds: give every kind of forecast that was combined too.
        running: an executor that has been entered, as ``fit_model`` takes it.
        progress: of the work.

    Returns:
        A frame of the kind that came in, with a row for each series, cutoff and step: id,
        ``cutoff``, time, the observation, ``statewise``, and ``statewise-lo-80`` and so on.

    Raises:
        DataError: every series is too short; those that are among others are left out, and said.
        SettingError: an argument is impossible.
    """
    at_least("h", h, 1)
    step = h if step_size is None else at_least("step_size", step_size, 1)
    tested = h + step * (at_least("n_windows", n_windows, 1) - 1)
    every = n_windows if refit is False else at_least("refit", int(refit), 1)
    long = np.flatnonzero(panel.lengths - tested >= LEAST)
    if not len(long):
        raise DataError(
            "frame",
            int(panel.lengths.max()),
            f"observations at most leave fewer than {LEAST} before {tested} to test on",
            "Give longer series, fewer windows, or a smaller horizon.",
        )
    if len(long) < len(panel):
        warnings.warn(
            f"{len(panel) - len(long)} of {len(panel)} series are too short and left out",
            stacklevel=3,
        )
        panel = panel.take(long)
    settings.horizon = h
    folds: list[Fold] = []
    model: FittedModel | None = None
    for window in range(n_windows):
        known = panel.lengths - tested + step * window
        if model is None or window % every == 0:
            progress.go_to(window // every + 1, -(-n_windows // every))
            part = panel.until(known)
            settings, _ = with_regime(settings, part, past_columns)
            model, _ = fit_model(settings, part, past_columns, progress, running)
            past, now = model.past_of(panel), model.known
        else:
            y, x = past.after(known - step, step)
            for i in range(step):
                now = model.learned.observe(now, y[:, i], x[:, i : i + 1])
        actual, x = past.after(known, h)
        ahead = model.forecast_from(now, h, x)
        forecasts = {MODEL: ahead.point}
        if kinds:
            forecasts |= dict(zip(model.combination.names, ahead.kinds, strict=True))
        folds.append(Fold(known, actual, forecasts, model.intervals(ahead.point, level)))
    progress.go_to(1, 1)
    return frame_of(panel, folds)
