"""Which regime suits series: networks of each, tried at the horizon that is asked for."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.cost import of_training
from statewise.forecasting.cutoffs import held_back
from statewise.forecasting.fit import prepared, seen, train
from statewise.forecasting.learned import Past
from statewise.forecasting.reading import read
from statewise.forecasting.settings import Recipe, Settings
from statewise.forecasting.trials import Learner
from statewise.show.progress import Progress, showing
from statewise.show.tables import digits_of

__all__ = ["AUTO", "CANDIDATES", "Choice", "choose_regime", "with_regime"]

AUTO = "auto"
"""The regime of a recipe that leaves it to be chosen."""

CANDIDATES = ("stateless-shuffled", "stateful-warm", "continuous-warm")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """The regime whose networks did best.

    Attributes:
        regime: its name.
        rows: a row a regime: the mean absolute error of its networks over that of the naive
            forecast (``relative``), how much more than the best that is (``more``), and the ends of
            the 95 % interval of that.
        summary: what was found, in sentences.
    """

    regime: str
    rows: list[dict[str, Any]]
    summary: str


@dataclass(frozen=True)
class Tried:
    """Mean absolute errors of one regime at inner cutoffs, over the naive forecast's.

    Attributes:
        networks: (units,) the units are series, or the restarts of the only one.
        simple: (units,) of each simple forecast by its name.
        together: (series,) of the median of all restarts, which is what forecasts.
    """

    networks: Floats
    simple: dict[str, Floats]
    together: Floats


def choose_regime(model: Settings, frame: Any) -> Choice:
    """Compare regimes by the forecasts of their networks, from cutoffs that these did not see.

    Each regime is tried as the forecaster would use it, with what it decides for that regime, at
    its own horizon and its own inner cutoffs. What is compared are mean absolute errors over those
    of the naive forecast, in pairs: of each series, or, where there is but one, of each random
    restart. The two are never pooled: an interval over restarts says how sure the choice is for
    this one series, and nothing of others.

    Args:
        model: the forecaster, whose settings but the regime are used; it is not changed.
        frame: as for ``fit``.

    Raises:
        DataError: the frame cannot be used.
        SettingError: the settings are impossible with every regime.

    Example:
        >>> import pandas as pd
        >>> from statewise.forecasting import Forecaster
        >>> y = [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4
        >>> frame = pd.DataFrame({"ds": pd.date_range("2020-01", periods=48, freq="MS"), "y": y})
        >>> choose_regime(Forecaster(horizon=6), frame).regime in CANDIDATES
        True
    """
    model.check()
    return chosen(model, *read(model.data, frame))


def with_regime(settings: Settings, panel: Panel, past: int) -> tuple[Settings, Choice | None]:
    """Settings whose regime is chosen where it was left open, and how; as ``choose_regime``."""
    recipe = settings.recipe
    if not isinstance(recipe, Recipe) or recipe.regime != AUTO:
        return settings, None
    choice = chosen(settings, panel, past)
    params = settings.get_params(deep=False)
    return Settings(**params | {"recipe": replace(recipe, regime=choice.regime)}), choice


def chosen(model: Settings, panel: Panel, past: int) -> Choice:
    """What ``choose_regime`` chooses for the series of a panel."""
    recipe = model.group("recipe")
    if len(panel) > 1 and recipe.scope is None:
        recipe = replace(recipe, scope="global")  # for all of them, or another thing is compared
    made: dict[str, tuple[Learner, Past]] = {}
    found: dict[str, Tried | None] = {}
    refused = None
    with showing(model.progress) as progress:
        for name in CANDIDATES:
            settings = Settings(**model.get_params(deep=False))
            settings.recipe = replace(recipe, regime=name)
            try:
                made[name] = prepared(settings, panel, past)
            except SettingError as error:
                refused = error
        if progress.announces:
            seconds = sum(
                of_training(*each, [seen(*each)], model.threads) for each in made.values()
            )
            progress.announce(f"Comparing the networks of {len(made)} regimes", seconds, once=True)
        for name, each in made.items():
            try:
                found[name] = tried(*each, model.threads, progress)
            except SettingError as error:
                refused = error
    if not found and refused is not None:
        raise refused
    compared = {name: each for name, each in found.items() if each is not None}
    if not compared:
        regime = next(iter(found))
        return Choice(regime, [], f"Too little to compare regimes on: {regime} is used.")
    return concluded(compared, len(panel) > 1)


def tried(learner: Learner, past: Past, threads: int | None, progress: Progress) -> Tried | None:
    """What one regime does, or None where there is too little to try it on."""
    (twin,), _ = train(learner, past, [seen(learner, past)], threads, progress)
    held = held_back(past.lengths, learner.decisions.horizon)
    trials = learner.trials(past, held, twin, progress=progress)
    if twin is None or not trials:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a mean of nothing
        errors = np.nanmean([trial.errors for trial in trials], axis=0)
    naive = np.where(errors[:, 0] > 0, errors[:, 0], np.nan)
    ratios = errors / naive[:, None]
    if not np.isfinite(ratios[:, -1]).any():
        return None
    units = together = ratios[:, -1]
    simple = dict(zip(learner.simple_names, ratios.T[:-1], strict=True))
    if len(past.names) == 1:
        restarts = [trial.restarts[0] for trial in trials if trial.restarts is not None]
        units = np.mean(restarts, axis=0) / naive
        simple = {name: np.repeat(each, len(units)) for name, each in simple.items()}
    return Tried(units, simple, together)


def concluded(found: dict[str, Tried], many: bool) -> Choice:
    """The regime whose networks have the least error, and how sure that is."""
    kept = np.logical_and.reduce([np.isfinite(each.together) for each in found.values()])
    relative = {name: float(each.together[kept].mean()) for name, each in found.items()}
    winner, *others = sorted(relative, key=lambda name: relative[name])
    best = found[winner]
    rows: list[dict[str, Any]] = [{"regime": winner, "relative": relative[winner]}]
    rows[0] |= dict.fromkeys(("more", "low", "high"))
    for name in others:
        gaps = apart(found[name].networks, best.networks)
        row = {"regime": name, "relative": relative[name]}
        rows.append(row | dict(zip(("more", "low", "high"), gaps, strict=True)))
    over = "series" if many else "restarts on the one series"
    size = f"{relative[winner]:.2f} of the naive forecast's"
    lines = [f"{winner} is used: its networks' mean absolute error is {size}."]
    if not many:
        alone = float(np.nanmean(best.networks))
        lines.append(f"One restart alone has {alone:.2f} on average; differences are of these.")
    if others:
        gap, low, high = (rows[1][each] for each in ("more", "low", "high"))
        size, ends = more(gap, low, high)
        lines.append(
            f"That of {others[0]}, the next, is {size} (95% interval {ends}, over {over})"
            f"{'' if low > 0 else ', which may be chance'}."
        )
    simple = {name: float(np.nanmean(each)) for name, each in best.simple.items()}
    naive, rival = next(iter(simple)), min(simple, key=lambda name: simple[name])
    bars = {naive: "the naive forecast", rival: f"the best simple forecast, {rival},"}
    if naive == rival:
        bars = {naive: "the naive forecast, the best simple one too,"}
    for name, called in bars.items():
        gap, low, high = apart(best.simple[name], best.networks)
        size, ends = more(gap, low, high)
        verdict = "the networks beat it" if low > 0 else "that the networks beat it is not shown"
        lines.append(
            f"That of {called} is {simple[name]:.2f}, {size} ({ends}): "
            f"{verdict if high > 0 else 'it beats the networks'}."
        )
    lines.append(
        "The regime and the simple forecast were chosen by these same errors, which flatters both."
    )
    return Choice(winner, rows, " ".join(lines))


def more(gap: float, low: float, high: float) -> tuple[str, str]:
    """A difference of errors in words, and the ends of its interval.

    Example:
        >>> more(0.212, 0.15, 0.27), more(0.0006, -0.0031, 0.004)
        (('0.21 more', '0.15 to 0.27 more'), ('0.001 more', '0.003 less to 0.004 more'))
    """
    digits = min(max(digits_of(high - low), 2), 3)
    size, *ends = ((f"{abs(x):.{digits}f}", "more" if x >= 0 else "less") for x in (gap, low, high))
    (least, one), (most, other) = ends
    first = least if one == other else f"{least} {one}"
    return " ".join(size), f"{first} to {most} {other}"


def apart(errors: Floats, others: Floats) -> tuple[float, float, float]:
    """The mean of differences in pairs, and the ends of its 95 % interval, infinite for one pair.

    Source: Student (1908), the probable error of a mean.

    Example:
        >>> apart(np.array([3.0, 5.0]), np.array([1.0, 2.0]))[0]
        2.5
    """
    from scipy.stats import t

    gaps = errors - others
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 2:
        return float(gaps.mean()), -np.inf, np.inf
    half = t.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps))
    return float(gaps.mean()), float(gaps.mean() - half), float(gaps.mean() + half)
