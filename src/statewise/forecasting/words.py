"""A fitted model in words: what it decided, what it found, and how sure that is."""

import numpy as np
from numpy.typing import NDArray

from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import NETWORK
from statewise.show.words import counted

__all__ = ["decided", "found", "weights_table"]

Floats = NDArray[np.float64]
WORTH = 0.01  # of an error: a smaller difference is none


def decided(model: FittedModel) -> list[str]:
    """What the model is, a sentence a decision."""
    made, learned = model.decisions, model.learned
    count, recipe = len(model.ids), made.networks
    framing, training, network = recipe.model.framing, recipe.model.training, recipe.model.network
    kinds = learned.adjustment.kind
    transforms = {"no transform": 0, "logarithms": 1, "area hyperbolic sines": 2}
    used = [
        f"{name} ({int((kinds == kind).sum())} of {count})" if len(np.unique(kinds)) > 1 else name
        for name, kind in transforms.items()
        if (kinds == kind).any()
    ]
    said = model.base.frequency.words
    seasons = " and ".join(map(str, made.seasons))
    lines = [
        f"Series: {count}, whose times are {said}; fitted for {made.horizon} ahead.",
        (
            f"Seasons: {seasons} steps, taken out as far as they are more than noise."
            if seasons
            else "Seasons: none known of this frequency; season= says one."
        ),
        f"Transform: {', '.join(used)}.",
    ]
    if learned.ensemble is None:
        return [*lines, "Networks: none, too few observations to train on."]
    shared = "shared by all series" if recipe.shared else "of each series its own"
    lines.append(
        f"Networks: {recipe.members} LSTMs of {counted(network.units, 'unit')}, {shared}; "
        f"windows of {counted(framing.steps, 'step')} of {counted(framing.lags, 'lag')}, "
        f"{counted(framing.outputs, 'step')} ahead at once; {counted(training.epochs, 'epoch')} in "
        f"batches of {training.batch_size}."
    )
    regime = recipe.model.regime
    said = "reset before every window" if regime.reset_forecast == "step" else "carried"
    lines.append(f"State: {said}; warm-up: {regime.warm_up}.")
    columns = model.base.columns
    past = recipe.past
    for title, names in (
        ("known ahead", model.ahead),
        ("known up to now", columns[len(columns) - past :]),
        ("of the calendar", model.settings.data.calendar),
    ):
        if names:
            lines.append(f"Columns {title}: {', '.join(names)}.")
    if model.residuals is not None:
        lines.append(f"Intervals: {model.residuals.rung}.")
    return lines


def found(model: FittedModel) -> str:
    """Which forecast did best on the past, whether networks add anything, and how sure that is."""
    mixed = model.combination
    names, errors = mixed.names, mixed.errors
    good = np.isfinite(errors[:, 0]) & (errors[:, 0] > 0)
    if not good.any():
        return (
            "Nothing was tried on the past: these series are too short, do not change, or are new "
            "to the model."
        )
    ratios = errors[good] / errors[good, :1]
    tried, means = np.isfinite(ratios).any(axis=0), np.full(len(names), np.nan)
    means[tried] = np.nanmean(ratios[:, tried], axis=0)
    best = int(np.nanargmin(means))
    simple = np.where([name == NETWORK for name in names], np.nan, means)
    rival = int(np.nanargmin(simple))
    own = mixed.own[good] / errors[good, 0]
    own = own[np.isfinite(own)]
    called = "the network" if names[best] == NETWORK else names[best]
    tests = (
        f"On the last observations of {int(good.sum())} series, which no network had seen, the "
        f"best single forecast was {called}, with a mean absolute error of {means[best]:.2f} "
        "of the naive forecast's."
    )
    lines = [tests]
    if len(own):
        lines.append(f"The combination, with weights that had not seen them, had {of_naive(own)}.")
    else:
        lines.append("There are too few to try weights on what they have not seen.")
    if NETWORK not in names:
        return " ".join(lines)
    at = names.index(NETWORK)
    share = float(mixed.weights[:, at].mean())
    if share == 0.0:
        lines.append("The network has no weight: it does not help here.")
        return " ".join(lines)
    apart = ratios[:, at] - ratios[:, rival]
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        lines.append("The network could not be tried: the histories are too short for its twin.")
        return " ".join(lines)
    gap, sure = float(apart.mean()), interval(apart)
    verdict = "better than" if gap < 0 else "worse than"
    if abs(gap) < WORTH:
        verdict = "about as good as"
    lines.append(
        f"The network, which has {share:.0%} of the weight on average, was {verdict} "
        f"{names[rival]}, the best simple one ({means[at]:.2f} and {means[rival]:.2f}{sure})."
    )
    return " ".join(lines)


def of_naive(ratios: Floats) -> str:
    """A mean of errors over the naive forecast's, with the interval of it over series."""
    return f"{ratios.mean():.2f}{interval(ratios)}"


def interval(values: Floats) -> str:
    """The half-width of a 95 % interval of a mean over series, in words."""
    if len(values) < 6:
        return ", too few series to say how sure"
    from scipy.stats import t

    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f", give or take {half:.2f} over series"


def weights_table(model: FittedModel) -> list[dict[str, object]]:
    """A row a series: the weight of each forecast, and the combination's own error."""
    mixed = model.combination
    return [
        {
            "unique_id": name,
            **dict(zip(mixed.names, map(float, weights), strict=True)),
            "error": float(own),
        }
        for name, weights, own in zip(model.ids, mixed.weights, mixed.own, strict=True)
    ]
