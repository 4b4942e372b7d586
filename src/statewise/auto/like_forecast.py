"""A study whose networks are those that a forecaster would make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from statewise.base.checks import at_least
from statewise.data.calendar import with_calendar
from statewise.data.frequency import Frequency
from statewise.data.panel import Panel
from statewise.errors import SettingError
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

__all__ = ["Like", "like_forecast", "minimal_study", "shown", "usual_test_size"]

MOST_TESTED = 12  # observations after a cutoff, by default
PARTS = 4  # horizons in a test part, by default


def usual_test_size(panel: Panel, cutoffs: int = 1) -> int:
    """How many observations are tested on after each cutoff, if nobody says it.

    They are 12, or a quarter of the shortest series, and half of it at most after all cutoffs.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> usual_test_size(shampoo()), usual_test_size(shampoo(), cutoffs=3)
        (9, 6)
    """
    shortest = int(panel.lengths.min())
    return max(1, min(MOST_TESTED, shortest // 4, shortest // (2 * max(cutoffs, 1))))


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
    the restarts of an arm differ in nothing but chance. They train on all samples, also of a
    history of which a forecaster takes ``max_samples``.

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
    if isinstance(regimes, str) or not regimes:
        fix = 'Give for example ["stateful-warm", "stateless"].'
        raise SettingError("regimes", regimes, "is no list of names", fix)
    if hypotheses is None:
        hypotheses = usual_hypotheses(regimes)
    panel, past = shown(model, frame)
    size = usual_test_size(panel, cutoffs) if test_size is None else test_size
    like = Like(model, panel, past, size, cutoffs)
    recipe = model.group("recipe")
    decided = {name: like.decide(replace(recipe, regime=name)) for name in regimes}
    return like.study(decided, repeats, hypotheses)


def shown(model: "Forecaster", frame: Any) -> tuple[Panel, int]:
    """The series of a frame with all that a forecaster's networks are shown, and past columns.

    Columns that are known ahead come first, then what the calendar says, then the past ones.

    Raises:
        DataError: the frame cannot be used.
        SettingError: the settings are impossible.
    """
    model.check()
    panel, past = read(model.data, frame)
    return with_calendar(panel, model.data.calendar, past), past


@dataclass(frozen=True)
class Like:
    """A study like a forecaster, but for its arms.

    Attributes:
        model: the forecaster.
        panel, past: as ``shown`` gives them.
        test_size, cutoffs: of the study.
    """

    model: "Forecaster"
    panel: Panel
    past: int
    test_size: int
    cutoffs: int

    def __post_init__(self) -> None:
        at_least("test_size", self.test_size, 1)
        at_least("cutoffs", self.cutoffs, 1)

    @property
    def horizon(self) -> int:
        """The forecaster's, or a part of the test part."""
        usual = min(self.frequency.horizon, max(1, self.test_size // PARTS))
        return self.model.horizon or usual

    @property
    def frequency(self) -> Frequency:
        """That of the panel, or that of whole numbers."""
        return self.panel.frequency or Frequency("integer")

    def decide(self, recipe: Recipe) -> Decisions:
        """What the forecaster decides for a recipe before the first cutoff, series by series.

        Raises:
            SettingError: the recipe is impossible.
        """
        settings = Settings(**{**self.model.get_params(deep=False), "horizon": self.horizon})
        settings.recipe = replace(recipe, scope="local")
        lengths = np.maximum(self.panel.lengths - self.test_size * self.cutoffs, 1)
        known = len(self.panel.columns) - self.past
        return decide(settings, self.frequency, lengths, known, self.past)

    def study(
        self, decided: Mapping[str, Decisions], repeats: int, hypotheses: Sequence[Hypothesis] = ()
    ) -> Study:
        """The study whose arms have the networks of decisions, by the names of the arms.

        Raises:
            DataError: a series is too short.
            SettingError: a number is out of range.
        """
        some = next(iter(decided.values()))
        return Study(
            arms=tuple(Arm(name, each.networks.model) for name, each in decided.items()),
            panel=self.panel,
            test_size=self.test_size,
            repeats=repeats,
            hypotheses=tuple(hypotheses),
            cutoffs=self.cutoffs,
            seed=self.model.seed,
            horizon=self.horizon,
            season=next(iter(some.seasons), 1),
            adjust=Adjust(some.seasons, some.transform),
            past=self.past,
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
    recipe = model.group("recipe")
    parts = (
        Framing(lags=told(recipe.lags, 1)),
        Network(told(recipe.units, 1)),
        Training(told(recipe.epochs, 1000)),
    )
    return Study(
        arms=tuple(Arm(name, Model(StateRegime.named(name), *parts)) for name in regimes),
        panel=panel,
        test_size=usual_test_size(panel, cutoffs) if test_size is None else test_size,
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
