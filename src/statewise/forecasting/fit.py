"""Fit: decide, train, try every kind of forecast on the past, and put them together."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from statewise.data.panel import Panel
from statewise.engine import Fitted
from statewise.forecasting.combination import Combination
from statewise.forecasting.core import FittedModel, beside, dates_of
from statewise.forecasting.cutoffs import LEAST, held_back
from statewise.forecasting.decisions import decide
from statewise.forecasting.fitting import fit_apart, fit_ensembles
from statewise.forecasting.jobs import Running
from statewise.forecasting.learned import NETWORK, Past, histories_of
from statewise.forecasting.settings import Settings
from statewise.forecasting.trials import Learner, Twin, tried

__all__ = ["fit_model"]

FEWEST = 8  # samples that networks are trained on


def fit_model(
    settings: Settings,
    panel: Panel,
    past_columns: int = 0,
    on_progress: Callable[[int, int], Any] = lambda *_: None,
    running: Running | None = None,
) -> tuple[FittedModel, Fitted | None]:
    """Train what the settings say on a panel.

    Networks are trained twice where they are to be judged: on all observations, and without the
    last horizon, where this twin is tried beside the simple forecasts.

    Args:
        settings: of a forecaster; kept, so give a copy.
        panel: the series.
        past_columns: how many of its columns, the last, are not known ahead.
        on_progress: called with the number of networks finished, and with that of all.
        running: an executor that has been entered, to try forecasts there, and to train networks
            that each series has for itself.

    Returns:
        The fitted model, and how the training of its networks went, or None where none were.

    Raises:
        DataError: the times of the panel have no frequency.
        SettingError: a setting is impossible for these series.
    """
    frequency = panel.checked_frequency()
    dates = dates_of(settings, panel.kind, panel.ds)
    known = len(panel.columns) - past_columns + dates.shape[1]
    x = beside(panel.exogenous, dates, past_columns)
    past = Past(panel.ids, panel.offsets, panel.y, x, np.zeros(len(panel), np.int64))
    decisions = decide(settings, frequency, past.lengths, known, past_columns)
    most = held_back(past.lengths, decisions.horizon)[0]
    learner = Learner(decisions, settings.bounds, most)
    judged = settings.combine or settings.intervals
    networks, twin, training = train(learner, past, judged, settings.threads, on_progress, running)
    learned, now = learner.learn(past, networks, None if networks is None else networks.scale)
    combination, residuals = None, None
    if judged:
        combination, residuals = tried(learner, past, learned, twin, settings.intervals, running)
    combination, notes = settled(settings, past, learned.names, combination)
    fitted = FittedModel(
        settings,
        decisions,
        learned,
        combination,
        residuals,
        (*(f"{note}." for note in panel.notes), *notes),
        now,
        panel.origin,
    )
    return fitted, training


def train(
    learner: Learner,
    past: Past,
    judged: bool,
    threads: int | None,
    on_progress: Callable[[int, int], Any],
    running: Running | None,
) -> tuple[Twin | None, Twin | None, Fitted | None]:
    """The networks, their twin where they are judged, and how the training of the first went."""
    recipe = learner.decisions.networks
    shown = np.where(past.lengths - learner.most >= LEAST, past.lengths - learner.most, 1)
    panels, scales, shares = [], [], []
    for lengths in [past.lengths, shown] if judged else [past.lengths]:
        part = past.until(lengths)
        if sum(recipe.samples(int(n)) for n in lengths) < FEWEST:
            continue
        adjustment, z = learner.adjust(part)
        panels.append(histories_of(part, z))
        scales.append(adjustment.scale)
        shares.append(lengths)
    if not panels:
        return None, None, None
    runs = recipe.members * (1 if recipe.shared else len(past.names)) * len(panels)
    if running is None or recipe.shared:
        found = fit_ensembles(
            recipe, panels, threads=threads, on_progress=lambda done: on_progress(done, runs)
        )
    else:
        found = fit_apart(recipe, panels, running)
    lost = sum(int(ensemble.lost.sum()) for ensemble, _ in found)
    if lost:
        warnings.warn(
            f"{lost} of {runs} networks diverged in training and are left out; fewer do with a "
            "smaller learning_rate",
            stacklevel=4,
        )
    twins = [
        Twin(ensemble, scale, None if recipe.shared else fitted.state, lengths)
        for (ensemble, fitted), scale, lengths in zip(found, scales, shares, strict=True)
    ]
    return twins[0], twins[1] if len(twins) > 1 else None, found[0][1]


def settled(
    settings: Settings, past: Past, names: tuple[str, ...], found: Combination | None
) -> tuple[Combination, list[str]]:
    """The combination that is used, and a note on each series that is not like the others."""
    shape = (len(past.names), len(names))
    blank = np.full(shape, np.nan)
    only = np.zeros(shape)
    only[:, -1 if NETWORK in names else 0] = 1.0
    used = found if found is not None and settings.combine else None
    if used is None:
        errors, own = (blank, blank[:, 0]) if found is None else (found.errors, found.own)
        used = Combination(names, only, errors, own)
    notes, simple = [], np.zeros(shape[0], bool)
    for i, (name, a, b) in enumerate(
        zip(past.names, past.offsets[:-1], past.offsets[1:], strict=True)
    ):
        y = past.y[a:b]
        if b - a < LEAST:
            notes.append(f"{name}: {b - a} observations, fewer than {LEAST}: the last is repeated.")
        elif np.ptp(y) == 0:
            notes.append(f"{name}: all observations are {y[0]:g}, which is the forecast.")
        else:
            continue
        simple[i] = True
    return used.only(simple, names[0]), notes
