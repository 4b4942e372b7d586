"""Fit: decide, train, try every kind of forecast on the past, and put them together."""

import warnings
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statewise.data.calendar import beside
from statewise.data.panel import Panel
from statewise.engine import Fitted
from statewise.forecasting.combination import Combination
from statewise.forecasting.core import FittedModel, dates_of
from statewise.forecasting.cost import expected
from statewise.forecasting.cutoffs import LEAST, held_back
from statewise.forecasting.decisions import decide
from statewise.forecasting.fitting import fit_apart, fit_ensembles
from statewise.forecasting.jobs import Running
from statewise.forecasting.learned import NETWORK, Past, histories_of
from statewise.forecasting.networks import Networks
from statewise.forecasting.settings import Settings
from statewise.forecasting.trials import Learner, Twin, tried
from statewise.show.progress import SILENT, Progress
from statewise.simple.adjustment import LONG

__all__ = ["fit_model", "prepared", "seen", "train"]

FEWEST = 8  # samples that networks are trained on


def fit_model(
    settings: Settings,
    panel: Panel,
    past_columns: int = 0,
    progress: Progress = SILENT,
    running: Running | None = None,
) -> tuple[FittedModel, Fitted | None]:
    """Train what the settings say on a panel.

    Networks are trained twice where they are to be judged: on all observations, and without the
    last horizon, where this twin is tried beside the simple forecasts.

    Args:
        settings: of a forecaster; kept, so give a copy.
        panel: the series.
        past_columns: how many of its columns, the last, are not known ahead.
        progress: of the work, which is announced if it is long.
        running: an executor that has been entered, to try forecasts there, and to train networks
            that each series has for itself.

    Returns:
        The fitted model, and how the training of its networks went, or None where none were.

    Raises:
        DataError: the times of the panel have no frequency.
        SettingError: a setting is impossible for these series.
    """
    learner, past = prepared(settings, panel, past_columns)
    judged = settings.combine or settings.intervals
    cuts = [past.lengths, seen(learner, past)] if judged else [past.lengths]
    if progress.announces:  # it takes a measurement
        progress.announce(*expected(learner, past, cuts, settings))
    found, training = train(learner, past, cuts, settings.threads, progress, running)
    networks, twin = found[0], found[1] if judged else None
    learned, now = learner.learn(past, networks, None if networks is None else networks.scale)
    combination, residuals = None, None
    if judged:
        combination, residuals = tried(
            learner, past, learned, twin, settings.intervals, running, progress
        )
    combination, notes = settled(settings, past, learned.names, combination)
    notes += left_out(learner.decisions.networks, past, networks is not None)
    fitted = FittedModel(
        settings,
        learner.decisions,
        learned,
        combination,
        residuals,
        (*(f"{note}." for note in panel.notes), *notes),
        now,
        panel.origin,
    )
    return fitted, training


def prepared(settings: Settings, panel: Panel, past_columns: int) -> tuple[Learner, Past]:
    """Everything that is decided, and the histories as networks are shown them.

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
    return Learner(decisions, settings.bounds, most), past


def seen(learner: Learner, past: Past) -> NDArray[np.int64]:
    """(series,) how many observations of each the networks' twin sees, which is to be tried."""
    return np.where(past.lengths - learner.most >= LEAST, past.lengths - learner.most, 1)


def train(
    learner: Learner,
    past: Past,
    cuts: Sequence[NDArray[np.int64]],
    threads: int | None,
    progress: Progress = SILENT,
    running: Running | None = None,
) -> tuple[list[Twin | None], Fitted | None]:
    """Networks that see the first observations of each series, so many, (series,), for each cut.

    None where there are too few to train on. Beside them, how the training of the first went.
    """
    recipe = learner.decisions.networks
    panels, scales, shares = [], [], []
    enough = [sum(recipe.samples(int(n)) for n in lengths) >= FEWEST for lengths in cuts]
    for lengths in (lengths for lengths, good in zip(cuts, enough, strict=True) if good):
        part = past.until(lengths)
        adjustment, z = learner.adjust(part)
        panels.append(histories_of(part, z))
        scales.append(adjustment.scale)
        shares.append(lengths)
    if not panels:
        return [None for _ in cuts], None
    runs = recipe.members * (1 if recipe.shared else len(past.names)) * len(panels)
    tell = partial(progress.at, f"training {runs} networks")
    tell(0.0)
    if running is None or recipe.shared:
        found = fit_ensembles(recipe, panels, threads=threads, tell=tell)
    else:
        found = fit_apart(recipe, panels, running, tell)
    lost = sum(int(ensemble.lost.sum()) for ensemble, _ in found)
    if lost:
        warnings.warn(
            f"{lost} of {runs} networks diverged in training and are left out; fewer do with a "
            "smaller learning_rate",
            stacklevel=4,
        )
    twins = (
        Twin(ensemble, scale, None if recipe.shared else fitted.state, lengths)
        for (ensemble, fitted), scale, lengths in zip(found, scales, shares, strict=True)
    )
    return [next(twins) if good else None for good in enough], found[0][1]


def left_out(recipe: Networks, past: Past, trained: bool) -> list[str]:
    """Notes on what was not looked at, since there is so much of it."""
    notes = []
    long = int((past.lengths > LONG).sum())
    if long:
        notes.append(
            f"Of {long} series longer than {LONG:,} observations, seasons and simple forecasts "
            "were fitted to the latest of these."
        )
    samples = np.array([recipe.samples(int(n)) for n in past.lengths])
    kept, whole = int(recipe.kept(samples).sum()), int(samples.sum())
    if trained and kept < whole:
        carried = recipe.model.regime.carries_in_training
        how = "the latest of each series" if carried else "drawn evenly over the histories"
        enough = whole if recipe.shared else int(samples.max())
        notes.append(
            f"Networks were trained on {kept:,} of {whole:,} samples, {how}; max_samples={enough} "
            "takes all."
        )
    return notes


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
