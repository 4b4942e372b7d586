"""What a study will run and what it will test, declared before it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from statewise.base.checks import (
    INT32,
    SEED,
    at_least,
    fraction,
    instance,
    label,
    one_of,
    positive,
    truth,
)
from statewise.base.records import settle, within
from statewise.data.panel import Panel, Series
from statewise.errors import DataError, SettingError
from statewise.model.framing import Framing
from statewise.model.spec import Model
from statewise.scoring.simple_forecasts import AUTOREGRESSION, NAIVE, SIMPLE
from statewise.study.engines import BUILT_IN, Engine
from statewise.study.hypotheses import Hypothesis
from statewise.study.seen import Adjust, samples_of, shortest_of

__all__ = [
    "NAIVE",
    "SIMPLE",
    "Arm",
    "Study",
    "arm_path",
    "paired_by_repeat",
    "same_by_construction",
    "weights_of",
]

LONG = 24  # lags of the autoregression beside networks that carry their state on


@dataclass(frozen=True)
class Arm:
    """A named model, and what runs it.

    Args:
        name: what it is called in tables and hypotheses.
        model: what is trained, on what, how, and under which regime of state.
        restarts: which set of random restarts it draws from. Arms of one shape and one set share
            the initial weights of each repeat, and are compared in pairs; another set is another
            draw, for comparing an arm with itself.
        engine: what runs it: the built-in one, or for example
            ``statewise.interop.keras.KerasEngine()``.

    Raises:
        SettingError: ``name`` is no name, ``model`` no ``Model``, or ``restarts`` no whole number.

    Example:
        >>> from statewise.model.regime import StateRegime
        >>> Arm("carried", Model(StateRegime.named("stateful"))).model.network.units
        1
    """

    name: str
    model: Model
    restarts: int = 0
    engine: Engine = BUILT_IN

    def __post_init__(self) -> None:
        instance("model", self.model, Model, "Use Model(StateRegime(...)).")
        if isinstance(self.engine, type) or not hasattr(self.engine, "fit"):
            fix = "Use for example KerasEngine()."
            raise SettingError("engine", self.engine, "is no engine", fix)
        settle(
            self,
            name=label("name", self.name),
            restarts=at_least("restarts", self.restarts, 0, INT32),
        )


MOST_REPEATS = 10_000_000
MOST_NUMBERS = 10_000_000_000
"""Forecasts and losses that a study may ask for: it is settled in memory, and these take 80 GB."""
MOST_SEASON = 100_000


@dataclass(frozen=True)
class Study:
    """Arms on one or many series, repeated from random restarts, and the hypotheses to settle.

    Args:
        arms: with distinct names.
        panel: of one series or more.
        test_size: observations after each cutoff that are forecast, one step at a time.
        repeats: random restarts of each arm.
        hypotheses: corrected for multiple comparisons (Holm) within each of their families.
        margin: the practical margin, as a fraction of the naive forecast's RMSE: smaller
            differences of mean RMSE do not matter to anyone.
        alpha: the error rate of each family.
        seed: the key of all randomness.
        cutoffs: how many cutoffs each series has. The last leaves ``test_size`` observations to
            test on, the one before it as many more, and so on: test parts do not overlap.
        keep_loss: keep the loss of every epoch of every run.
        horizon: observations that are forecast before they are seen: the test part is forecast a
            horizon at a time.
        season: observations a season, of the simple forecasts; 1 for none; by default that of the
            panel's frequency.
        adjust: what is done to series before networks see them; None shows them as they are.
        past: how many of the panel's columns, the last ones, are not known ahead.
        looks: how often to look at the results on the way to ``repeats``, and stop if everything is
            decided; ``alpha`` is divided among the looks.

    Raises:
        SettingError: names are not distinct, a hypothesis names an unknown arm, a number is out of
            range, or an arm's engine cannot run it.
        DataError: a series is too short for an arm, or a batch does not fit its samples.
    """

    arms: tuple[Arm, ...]
    panel: Panel
    test_size: int
    repeats: int
    hypotheses: tuple[Hypothesis, ...] = ()
    margin: float = 0.01
    alpha: float = 0.05
    seed: int = 1
    cutoffs: int = 1
    keep_loss: bool = False
    looks: int = 1
    horizon: int = 1
    season: int | None = None
    adjust: Adjust | None = None
    past: int = 0

    def __post_init__(self) -> None:
        instance("panel", self.panel, Panel, "Use read_file(...) or Panel.from_values(...).")
        season, frequency = self.season, self.panel.frequency
        if season is None:
            season = 1 if frequency is None else frequency.season
        settle(
            self,
            arms=several("arms", self.arms, Arm),
            hypotheses=several("hypotheses", self.hypotheses, Hypothesis),
            test_size=at_least("test_size", self.test_size, 1, INT32),
            repeats=at_least("repeats", self.repeats, 1, MOST_REPEATS),
            margin=positive("margin", self.margin),
            alpha=fraction("alpha", positive("alpha", self.alpha)),
            seed=at_least("seed", self.seed, 0, SEED),
            cutoffs=at_least("cutoffs", self.cutoffs, 1, INT32),
            keep_loss=truth("keep_loss", self.keep_loss),
            looks=at_least("looks", self.looks, 1),
            horizon=at_least("horizon", self.horizon, 1, INT32),
            season=at_least("season", season, 1, MOST_SEASON),
        )
        if self.horizon > self.test_size:
            problem = f"exceeds the {self.test_size} observations of a test part"
            raise SettingError("horizon", self.horizon, problem, "Use a longer test part.")
        most = max(1, self.repeats // 2)
        if self.looks > most:
            problem = f"is too many for {self.repeats} repeats, two at least between looks"
            raise SettingError("looks", self.looks, problem, f"Plan at most {most}.")
        if not 0 <= at_least("past", self.past, 0) <= len(self.panel.columns):
            problem = f"exceeds the {len(self.panel.columns)} columns of the panel"
            raise SettingError("past", self.past, problem, "Use at most as many.")
        if self.adjust is not None:
            instance("adjust", self.adjust, Adjust, "Use Adjust(...).")
        names = [arm.name for arm in self.arms]
        simple = (SIMPLE, *(self.simple_names if names else ()))
        if not names or len(set(names)) != len(names) or set(simple) & set(names):
            clash = f"are not distinct, or one is called as a simple forecast is: {simple}"
            problem = clash if names else "is an empty list"
            raise SettingError("arms", names, problem, "Give arms, each with its own name.")
        units = len(self.panel.series) * self.cutoffs
        for at, hypothesis in enumerate(self.hypotheses):
            path = f"hypotheses[{at}]"
            one_of(f"{path}.first", hypothesis.first, [*names, *simple])
            one_of(f"{path}.second", hypothesis.second, [*names, *simple])
            if units > 1 and hypothesis.margin is not None and not hypothesis.relative:
                problem = (
                    "is absolute, and several series or cutoffs are compared relative to the naive "
                    "forecast's error"
                )
                fix = "Give a relative margin."
                raise SettingError(f"{path}.margin", hypothesis.margin, problem, fix)
        numbers = [self.test_size + self.keep_loss * a.model.training.epochs for a in self.arms]
        if (asked := self.repeats * units * sum(numbers)) > MOST_NUMBERS:
            problem = f"gives {asked:.3g} forecasts and losses, more than {MOST_NUMBERS:.3g}"
            fix = "Use fewer repeats, or several studies."
            raise SettingError("repeats", self.repeats, problem, fix)
        for at, arm in enumerate(self.arms):
            try:
                arm.engine.check(arm.model, self.horizon, len(self.panel.columns))
                self._check_columns(arm)
                for series in self.panel.series:
                    self._check(series, arm)
            except SettingError as error:
                raise within(error, Model, arm_path(at, arm.name)) from None

    def _check(self, series: Series, arm: Arm) -> None:
        framing, regime, training = arm.model.framing, arm.model.regime, arm.model.training
        tested = self.test_size * self.cutoffs
        least = tested + shortest_of(framing, self.adjust)
        if len(series) < least:
            problem = (
                f"observations are too few for {arm.name!r}: {tested} to test on and "
                f"{framing.samples or 2} samples to train on, with lags={framing.lags} and "
                f"difference={framing.difference}, take {least}"
            )
            fix = "Give a longer series, or a smaller test size."
            raise DataError(series.unique_id, len(series), problem, fix)
        if self.adjust is None:
            framing.check(series.y, series.unique_id)
        for cutoff in self.cutoffs_of(series):
            samples = self.samples_of(arm, cutoff)
            held = training.held_back(samples)
            if training.validation and not 0 < held < samples:
                problem = f"of {samples} samples leaves none to train on or none to look at"
                fix = "Hold back at least one sample and leave at least one."
                raise SettingError("validation", training.validation, problem, fix)
            regime.check_batches(samples - held, training.batch_size)
            if isinstance(regime.warm_up, int) and regime.warm_up > samples:
                problem = f"exceeds the {samples} training samples of {arm.name!r}"
                fix = f'Use at most {samples}, or "train".'
                raise SettingError("warm_up", regime.warm_up, problem, fix)

    @cached_property
    def framings(self) -> Mapping[str, Framing]:
        """What the arms' networks are shown, by the names of its autoregressions.

        A network that carries its state on has seen more than its window, so that one of many lags
        stands beside it.
        """
        shown: dict[tuple[Any, ...], Framing] = {}
        for arm in self.arms:
            framing = arm.model.framing
            kind = framing.difference, framing.transform, framing.relative
            if kind not in shown or framing.window_length > shown[kind].lags:
                shown[kind] = replace(
                    framing, steps=1, lags=framing.window_length, samples=None, outputs=1
                )
        named = {
            f"{AUTOREGRESSION} {i}" if len(shown) > 1 else AUTOREGRESSION: framing
            for i, framing in enumerate(shown.values(), start=1)
        }
        first = next(iter(shown.values()))
        if first.lags < LONG and any(
            arm.model.regime.reset_forecast == "never" for arm in self.arms
        ):
            named[f"long {AUTOREGRESSION}"] = replace(first, lags=LONG)
        return named

    @property
    def simple_names(self) -> tuple[str, ...]:
        """Of the simple forecasts that arms are compared with."""
        seasonal = ["seasonal naive"] if (self.season or 1) > 1 else []
        return (NAIVE, "mean", "drift", *seasonal, *self.framings, "ETS", "Theta")

    def is_arm(self, name: str) -> bool:
        """Whether a hypothesis speaks of an arm by this name, and not of a simple forecast."""
        return any(arm.name == name for arm in self.arms)

    def _check_columns(self, arm: Arm) -> None:
        """Raise SettingError if an arm would look at columns further ahead than they are known."""
        outputs, carried = arm.model.framing.outputs, arm.model.regime.reset_forecast == "never"
        if len(self.panel.columns) > self.past and outputs > 1 and carried:
            problem = "look at columns further ahead than is known when a carried state moves on"
            fix = 'Use outputs=1, or a regime with reset_forecast="step".'
            raise SettingError("outputs", outputs, problem, fix)

    def samples_of(self, arm: Arm, cutoff: int) -> int:
        """The number of an arm's training samples before a cutoff."""
        return samples_of(arm.model.framing, cutoff, self.adjust)

    def arm(self, name: str) -> Arm:
        """The arm called ``name``; raises SettingError that lists the arms."""
        one_of("arm", name, [arm.name for arm in self.arms])
        return next(arm for arm in self.arms if arm.name == name)

    def cutoffs_of(self, series: Series) -> list[int]:
        """The numbers of observations after which ``series`` is forecast, the earliest first."""
        return [len(series) - self.test_size * k for k in range(self.cutoffs, 0, -1)]


def arm_path(at: int, name: Any) -> str:
    """Where an arm stands in a study, for errors: its place from zero, and its name if it has one.

    Example:
        >>> arm_path(1, "stateful")
        "arms[1] ('stateful')"
    """
    named = isinstance(name, str) and 0 < len(name) <= 100
    return f"arms[{at}] ({name!r})" if named else f"arms[{at}]"


def several(argument: str, given: Any, kind: type) -> tuple[Any, ...]:
    """``given`` as a tuple of values of one kind; raises SettingError otherwise."""
    instance(argument, given, tuple | list, f"Give a tuple of {kind.__name__}(...).")
    for at, one in enumerate(given):
        instance(f"{argument}[{at}]", one, kind, f"Use {kind.__name__}(...).")
    return tuple(given)


def paired_by_repeat(study: Study, first: str, second: str) -> bool:
    """Whether two arms have the same initial weights in each repeat, and so are compared in pairs.

    They do if they are of one shape and draw from one set of restarts. Other sample orders make
    such pairs less alike, but no less pairs: tests of unpaired arms need independent ones. A
    simple forecast is a constant, which pairs with anything.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> arms = (Arm("a", Model()), Arm("b", Model(), restarts=1))
        >>> paired_by_repeat(Study(arms, shampoo(), test_size=12, repeats=1), "a", "b")
        False
    """
    drawn = [weights_of(study.arm(name)) for name in (first, second) if study.is_arm(name)]
    return all(one == drawn[0] for one in drawn)


def weights_of(arm: Arm) -> list[Any]:
    """What the initial weights of an arm's repeats derive from, beside the study's seed."""
    model = arm.model
    shape = [model.network.units, model.framing.lags, model.framing.outputs]
    return [arm.restarts, *shape, *arm.engine.restarts(model)]


def same_by_construction(study: Study, first: Arm, second: Arm) -> str | None:
    """Why two arms must give the same numbers to the bit, or None if they need not.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.regime import StateRegime
        >>> arms = (Arm("a", Model()), Arm("b", Model(StateRegime(warm_up="train"))))
        >>> same_by_construction(Study(arms, shampoo(), test_size=12, repeats=1), *arms)
        'Both reset the state before every forecast, so a warm-up leaves no trace.'
    """
    reasons, plain = [], []
    for arm in (first, second):
        regime = arm.model.regime
        samples = max(
            study.samples_of(arm, cutoff)
            for series in study.panel.series
            for cutoff in study.cutoffs_of(series)
        )
        if regime.reset_training == "epoch" and samples <= arm.model.training.batch_size:
            regime = replace(regime, reset_training="batch")
            reasons.append(
                "An epoch is a single batch, so resetting every epoch is resetting every batch."
            )
        if regime.warm_up != "none" and regime.reset_forecast == "step":
            regime = replace(regime, warm_up="none")
            reasons.append(
                "Both reset the state before every forecast, so a warm-up leaves no trace."
            )
        plain.append(replace(arm, name="any", model=replace(arm.model, regime=regime)))
    if plain[0] != plain[1]:
        return None
    return " ".join(dict.fromkeys(reasons)) or "The arms are declared alike."
