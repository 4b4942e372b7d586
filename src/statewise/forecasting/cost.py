"""How long a fit will take, in a sentence: measured on a little of it."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from statewise.ensemble import cost
from statewise.forecasting.learned import Past
from statewise.forecasting.settings import Settings
from statewise.forecasting.trials import Learner, cutoffs_of
from statewise.simple.adjustment import LONG

__all__ = ["expected", "of_training"]

Ints = NDArray[np.int64]
FEW = 5_000  # observations: the trials of fewer, all together, take no time worth measuring
AGAIN = 4  # fits of simple forecasts beside those: the last one, and three for how wide errors are
SOME = 2_000  # observations that simple forecasts are fitted to, to measure


def expected(
    learner: Learner, past: Past, cuts: Sequence[Ints], settings: Settings
) -> tuple[str, float]:
    """What a fit will do, and about how many seconds it takes.

    Args:
        learner: of the fit.
        past: histories.
        cuts: (series,) how many observations of each the networks and their twin see.
        settings: of the fit.
    """
    recipe = learner.decisions.networks
    networks = recipe.members * (1 if recipe.shared else len(past.names)) * len(cuts)
    samples = int(kept(learner, cuts[0]).sum())
    said = (
        f"Training {networks:,} networks on {samples:,} samples of {len(past.names):,} series, "
        f"{recipe.model.training.epochs} epochs"
    )
    seconds = of_training(learner, past, cuts, settings.threads)
    if len(cuts) > 1:
        places = [len(part) for part in cutoffs_of(learner.decisions, past.lengths, True)]
        said += f", and trying forecasts at {sum(places)} cutoffs"
        seconds += (sum(places) + AGAIN) * of_trial(learner, past)
    return said, seconds


def kept(learner: Learner, lengths: Ints) -> Ints:
    """(series,) how many samples of each are trained on."""
    recipe = learner.decisions.networks
    return recipe.kept(np.array([recipe.samples(int(n)) for n in lengths]))


def of_training(learner: Learner, past: Past, cuts: Sequence[Ints], threads: int | None) -> float:
    """About how many seconds the training of the networks takes that see these observations."""
    recipe = learner.decisions.networks
    model, members = recipe.model, recipe.members
    framing, regime = model.framing, model.regime
    columns = past.x.shape[1] - recipe.past
    window = framing.steps, framing.lags + columns * framing.outputs + recipe.past
    found = [kept(learner, lengths) for lengths in cuts]
    runs = [
        np.repeat(samples.sum() if recipe.shared else samples.clip(1), members) for samples in found
    ]
    apart = recipe.shared and bool(model.training.validation or regime.carries_in_training)
    groups = runs if apart else [np.concatenate(runs)]  # as they are trained one after the other
    return sum(
        cost.seconds(model.network, model.training, regime, group, window, framing.outputs, threads)
        for group in groups
    )


def of_trial(learner: Learner, past: Past) -> float:
    """About how many seconds it takes to adjust all series and fit the simple forecasts to them."""
    if len(past.y) < FEW:
        return 0.0
    count = int(np.searchsorted(np.cumsum(past.lengths), SOME)) + 1
    part = past.take(np.arange(min(count, len(past.names))))
    part = part.until(np.minimum(part.lengths, 2 * LONG))
    for _ in range(2):  # the first may compile
        begin = perf_counter()
        learner.learn(part, None, None)
        took = perf_counter() - begin
    return took * len(past.names) / len(part.names)
