"""What a forecaster decides for itself, from the frequency, the horizon, and how much there is."""

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import instance, one_of
from statewise.data.frequency import Frequency
from statewise.ensemble.history import SEEN
from statewise.forecasting.cutoffs import held_back
from statewise.forecasting.networks import Networks
from statewise.forecasting.settings import Recipe, Settings
from statewise.model.framing import Framing
from statewise.model.network import Adam, EarlyStopping, Network, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.simple.adjustment import Transform

__all__ = ["Decisions", "decide"]

T = TypeVar("T")
MEMBERS = 8  # fill one narrow pack of the engine
LEAST_LAGS, MOST_LAGS = 4, 64
SMALL = 800  # samples: with fewer, a network is small
MANY = 2000  # samples: with fewer, batches are small
MOST_EPOCHS = 500
MAX_SAMPLES = 150_000  # that one network trains on
MAX_OF_SERIES = 50_000  # of them of one series, whose windows overlap


@dataclass(frozen=True)
class Decisions:
    """Everything that a fit needs to know, with nothing left open.

    Args:
        horizon: that the model is fitted for.
        seasons: steps of each, the shortest first.
        transform: as ``fit_adjustment`` takes it.
        networks: how they are made.
    """

    horizon: int
    seasons: tuple[int, ...]
    transform: Transform
    networks: Networks


def decide(
    settings: Settings, frequency: Frequency, lengths: NDArray[np.int64], known: int, past: int
) -> Decisions:
    """Decide what the settings leave open.

    Lags are one and a half of the shortest season. One small network is shared by all series: it
    learns from each what helps with the others, and there is no panel too short for it. Numbers
    were chosen on validation parts of the M3 competition's series (docs/forecasting.md).

    Args:
        settings: of a forecaster.
        frequency: of its series.
        lengths: (series,) observations of each.
        known, past: how many columns are known over the horizon, and only up to now.

    Raises:
        SettingError: a setting is impossible, or two contradict each other.
    """
    settings.check()
    recipe: Recipe = settings.group("recipe")
    middle = int(np.median(lengths))
    horizon = settings.horizon or min(frequency.horizon, max(1, middle // 3))
    given = settings.given_seasons
    seasons = frequency.seasons if given is None else tuple(sorted({m for m in given if m > 1}))
    transform = recipe.transform or "auto"
    one_of("transform", transform, ("auto", "none", "log", "asinh"))
    regime = regime_of(recipe)
    carried = regime.carries_in_training or regime.reset_forecast == "never"
    scope = recipe.scope or ("local" if regime.continues_into_forecast else "global")
    framing = framing_of(recipe, horizon, seasons, carried, carried and known > 0)
    each = lengths - held_back(lengths, horizon)[0] - (SEEN - 1) - framing.outputs
    samples = each.clip(0)
    together = len(lengths) if scope == "global" else 1
    most = told(recipe.max_samples, min(MAX_SAMPLES, MAX_OF_SERIES * together))
    size = int(min(np.median(samples) if scope == "local" else samples.sum(), most))
    training = training_of(recipe, size, together, regime)
    units = told(recipe.units, 32 if size >= SMALL else 8)
    network = Network(units, recipe.profile or "keras-3", recipe.initial_state or "zeros")
    networks = Networks(
        Model(regime, framing, network, training),
        told(recipe.members, MEMBERS),
        scope,
        settings.seed,
        past,
        most,
    )
    networks.check_columns(["columns that are known ahead"] if known else [])
    return Decisions(horizon, seasons, transform, networks)


def told(said: T | None, otherwise: T) -> T:
    """What was said, if anything was; zero is."""
    return otherwise if said is None else said


def regime_of(recipe: Recipe) -> StateRegime:
    """The regime that was asked for, or windows in random order, each from zero state."""
    if recipe.regime is None:
        return StateRegime(shuffle=True)
    if isinstance(recipe.regime, str):
        return StateRegime.named(recipe.regime)
    instance("regime", recipe.regime, StateRegime, "Use a StateRegime, or the name of a preset.")
    return recipe.regime


def framing_of(
    recipe: Recipe, horizon: int, seasons: tuple[int, ...], carried: bool, looks: bool
) -> Framing:
    """How adjusted series become windows; ``looks`` is at columns while a state is carried."""
    season = seasons[0] if seasons else 1
    lags = recipe.lags
    if lags is None:
        lags = min(max(LEAST_LAGS, math.ceil(1.5 * season)), MOST_LAGS)
    steps = told(recipe.steps, 1 if carried else 4)
    several = lags + steps > 2
    difference: Any = recipe.difference
    if difference is None:
        difference = 0 if several else 1
    relative = recipe.relative
    if relative is None:
        relative = "last" if several and not difference else "none"
    return Framing(
        difference,
        lags,
        steps,
        None if recipe.scale == "none" else recipe.scale,
        recipe.samples,
        "none",
        relative,
        "same",
        told(recipe.outputs, 1 if looks else horizon),
    )


def training_of(recipe: Recipe, size: int, series: int, regime: StateRegime) -> Training:
    """How networks are trained on so many samples."""
    few = size < MANY
    batch = recipe.batch_size
    if batch is None and regime.carries_in_training:
        batch = 1 if regime.continues_into_forecast else min(series, 32)
    elif batch is None:
        batch = min(16 if few else 64, max(8, size // 16))
    epochs = recipe.epochs
    if epochs is None:
        steps = 200 if few else 500  # of the optimizer, at least
        epochs = min(max(10, math.ceil(steps * batch / max(size, 1))), MOST_EPOCHS)
    early = None if recipe.early_stopping is None else EarlyStopping(recipe.early_stopping)
    return Training(
        epochs,
        batch,
        Adam(told(recipe.learning_rate, 3e-3)),
        clip_error=told(recipe.clip_error, 0.3),
        schedule=recipe.schedule or "cosine",
        validation=told(recipe.validation, 0),
        early_stopping=early,
    )
