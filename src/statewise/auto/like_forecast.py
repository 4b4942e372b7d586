"""A study whose networks are those that a forecaster would make."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from statewise.base.checks import at_least
from statewise.data.calendar import calendar
from statewise.data.frequency import Frequency
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.core import beside
from statewise.forecasting.decisions import Decisions, decide, told
from statewise.forecasting.reading import read
from statewise.forecasting.settings import Recipe, Settings
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.study import SIMPLE, Arm, Hypothesis, Study, better, equivalent
from statewise.study.seen import Adjust

if TYPE_CHECKING:
    from statewise.forecasting.forecaster import Forecaster

__all__ = ["like_forecast", "minimal_study", "usual_test_size"]

MOST_TESTED = 12  # observations after a cutoff, by default
PARTS = 4  # horizons in a test part, by default


def usual_test_size(panel: Panel) -> int:
    """How many observations of each series are tested on, if nobody says it: 12, or a quarter."""
    return max(1, min(MOST_TESTED, int(panel.lengths.min()) // 4))


def like_forecast(
    model: "Forecaster",
    frame: Any,
    regimes: Sequence[str],
    *,
    test_size: int | None = None,
    cutoffs: int = 1,
    repeats: int = 200,
    hypotheses: Sequence[Hypothesis] | None = None,
) -> Study:
    """A study of regimes on the networks that a forecaster would make for each of them.

    Its arms have the forecaster's framing, lags, network and training, see series that are adjusted
    as it adjusts them, and its columns, and are scored over its horizon. What the forecaster leaves
    open is decided from the training part of the first cutoff. Each series has its own networks:
    the restarts of an arm differ in nothing but chance.

    Args:
        model: the forecaster, whose settings are used; it is not changed.
        frame: as for ``Forecaster.fit``, or a panel.
        regimes: names of presets, one an arm.
        test_size: observations after each cutoff; by default 12, or a quarter of the shortest
            series.
        cutoffs: of each series.
        repeats: random restarts of each arm.
        hypotheses: by default that every pair of regimes is practically equal, and that each beats
            the best simple forecast, and the naive one.

    Raises:
        DataError: the frame cannot be used, or a series is too short.
        SettingError: the settings are impossible.

    Example:
        >>> from statewise import Forecaster
        >>> from statewise.data.datasets import shampoo
        >>> study = like_forecast(Forecaster(), shampoo(), ["stateless", "stateful-warm"])
        >>> study.horizon, study.test_size, [arm.model.framing.lags for arm in study.arms]
        (2, 9, [18, 18])
    """
    model.check()
    panel, past = read(model.data, frame)
    dates = calendar(panel.ds, model.data.calendar) if model.data.calendar else None
    if dates is not None:
        values, names = dates
        known = len(panel.columns) - past
        columns = (*panel.columns[:known], *names, *panel.columns[known:])
        panel = replace(panel, exogenous=beside(panel.exogenous, values, past), columns=columns)
    size = usual_test_size(panel) if test_size is None else at_least("test_size", test_size, 1)
    lengths = panel.lengths - size * at_least("cutoffs", cutoffs, 1)
    frequency = panel.frequency or Frequency("integer")
    horizon = model.horizon or min(frequency.horizon, max(1, size // PARTS))
    decided = {}
    if hypotheses is None:
        hypotheses = usual_hypotheses(regimes)
    for name in regimes:
        settings = Settings(**{**model.get_params(deep=False), "horizon": horizon})
        recipe = Recipe() if model.recipe == "auto" else model.recipe
        settings.recipe = replace(recipe, regime=name, scope="local")
        decided[name] = decide(
            settings, frequency, np.maximum(lengths, 1), len(panel.columns) - past, past
        )
    some: Decisions = next(iter(decided.values()))
    return Study(
        arms=tuple(Arm(name, each.networks.model) for name, each in decided.items()),
        panel=panel,
        test_size=size,
        repeats=repeats,
        hypotheses=tuple(hypotheses),
        cutoffs=cutoffs,
        seed=model.seed,
        horizon=horizon,
        season=next(iter(some.seasons), 1),
        adjust=Adjust(some.seasons, some.transform),
        past=past,
    )


def minimal_study(
    model: "Forecaster",
    frame: Any,
    regimes: Sequence[str],
    *,
    test_size: int | None = None,
    cutoffs: int = 1,
    repeats: int = 200,
) -> Study:
    """The same on the set-up of the origin study: one unit that is shown the last change.

    Of the forecaster's recipe, the units, lags and epochs are used; columns are not.

    Raises:
        DataError: the frame cannot be used, or a series is too short.
        SettingError: the settings are impossible.
    """
    panel, _ = read(replace(model.data, known=(), past=(), static=(), calendar=()), frame)
    recipe = Recipe() if model.recipe == "auto" else model.recipe
    parts = (
        Framing(lags=told(recipe.lags, 1)),
        Network(told(recipe.units, 1)),
        Training(told(recipe.epochs, 1000)),
    )
    return Study(
        arms=tuple(Arm(name, Model(StateRegime.named(name), *parts)) for name in regimes),
        panel=panel,
        test_size=usual_test_size(panel) if test_size is None else test_size,
        repeats=repeats,
        hypotheses=tuple(usual_hypotheses(regimes)),
        cutoffs=cutoffs,
        seed=model.seed,
        horizon=model.horizon or 1,
        season=next(iter(model.given_seasons or ()), None),
    )


def usual_hypotheses(names: Sequence[str]) -> list[Hypothesis]:
    """Every pair practically equal, and each better than the best simple and the naive forecast.

    Raises:
        SettingError: a name is there twice.
    """
    if len(set(names)) < len(names):
        fix = "Name each of them once."
        raise SettingError("regimes", ",".join(names), "names a regime twice", fix)
    pairs = [equivalent(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return [*pairs, *(better(name, bar) for name in names for bar in (SIMPLE, "naive"))]
