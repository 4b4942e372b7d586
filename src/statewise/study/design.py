"""What a study will run and what it will test, declared before it runs."""

from dataclasses import dataclass, field, replace
from typing import Literal

from statewise.checks import at_least, fraction, one_of, positive
from statewise.errors import DataError, SettingError
from statewise.framing import Framing
from statewise.network import Network, Training
from statewise.panel import Panel
from statewise.regime import StateRegime

__all__ = ["Arm", "Hypothesis", "Study", "better", "equivalent", "same_by_construction"]


@dataclass(frozen=True)
class Arm:
    """A named framing, network, training and regime.

    Args:
        name: what it is called in tables and hypotheses.
        regime: when state is carried, reset and warmed up.
        framing, network, training: as their own pages say.
        restarts: which set of random restarts it draws from. Arms of one shape and one set share
            the initial weights of each repeat, and are compared in pairs; another set is another
            draw, for comparing an arm with itself.

    Raises:
        SettingError: the regime contradicts the batch size.
    """

    name: str
    regime: StateRegime
    framing: Framing = field(default_factory=Framing)
    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    restarts: int = 0

    def __post_init__(self) -> None:
        at_least("restarts", self.restarts, 0)
        self.regime.check_forecast(self.training.batch_size)


@dataclass(frozen=True)
class Hypothesis:
    """A claim about two arms, to be tested.

    Args:
        kind: ``"better"``: the first arm has the lower mean error. ``"equivalent"``: their mean
            errors differ by no more than the practical margin.
        first, second: names of arms.
        claim: the claim in words.
    """

    kind: Literal["better", "equivalent"]
    first: str
    second: str
    claim: str

    def __post_init__(self) -> None:
        one_of("kind", self.kind, ("better", "equivalent"))


def better(first: str, second: str, claim: str | None = None) -> Hypothesis:
    """The hypothesis that arm ``first`` has a lower mean error than arm ``second``."""
    return Hypothesis("better", first, second, claim or f"{first} beats {second}")


def equivalent(first: str, second: str, claim: str | None = None) -> Hypothesis:
    """The hypothesis that the arms' mean errors are practically equal."""
    return Hypothesis("equivalent", first, second, claim or f"{first} and {second} are equal")


@dataclass(frozen=True)
class Study:
    """Arms on a series, repeated from random restarts, and the hypotheses they are to settle.

    Args:
        arms: with distinct names.
        panel: of one series.
        test_size: the last observations, forecast one step at a time.
        repeats: random restarts of each arm.
        hypotheses: the family that is corrected for multiple comparisons (Holm).
        margin: the practical margin, as a fraction of the naive forecast's RMSE: smaller
            differences of mean RMSE do not matter to anyone.
        alpha: the error rate of the family.
        seed: the key of all randomness.

    Raises:
        SettingError: names are not distinct, or a hypothesis names an unknown arm, or a number is
            out of range.
        DataError: the series is too short for an arm, or a batch does not fit its samples.
    """

    arms: tuple[Arm, ...]
    panel: Panel
    test_size: int
    repeats: int
    hypotheses: tuple[Hypothesis, ...] = ()
    margin: float = 0.01
    alpha: float = 0.05
    seed: int = 1

    def __post_init__(self) -> None:
        at_least("repeats", self.repeats, 1)
        at_least("test_size", self.test_size, 1)
        at_least("seed", self.seed, 0)
        positive("margin", self.margin)
        fraction("alpha", positive("alpha", self.alpha))
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) != len(names):
            raise SettingError("arms", names, "are not distinct", "Give every arm its own name.")
        for hypothesis in self.hypotheses:
            for name in (hypothesis.first, hypothesis.second):
                one_of("arm", name, names)
        series = self.panel.only
        for arm in self.arms:
            framing = arm.framing
            wanted = framing.samples or 2
            least = self.test_size + framing.difference + framing.window_length + wanted
            if len(series) < least:
                raise DataError(
                    series.unique_id,
                    len(series),
                    f"observations are too few for {arm.name!r}: {self.test_size} to test on and "
                    f"{wanted} samples to train on, with lags={framing.lags} and "
                    f"difference={framing.difference}, take {least}",
                    "Give a longer series, or a smaller test size.",
                )
            arm.regime.check_batches(self.samples(arm), arm.training.batch_size)

    def arm(self, name: str) -> Arm:
        """The arm called ``name``; raises SettingError that lists the arms."""
        one_of("arm", name, [arm.name for arm in self.arms])
        return next(arm for arm in self.arms if arm.name == name)

    def samples(self, arm: Arm) -> int:
        """The number of samples that ``arm`` trains on."""
        framing = arm.framing
        train = len(self.panel.only) - self.test_size
        return framing.samples or train - framing.difference - framing.window_length


def same_by_construction(study: Study, first: Arm, second: Arm) -> str | None:
    """Why two arms must give the same numbers to the bit, or None if they need not.

    Example:
        >>> from statewise.datasets import shampoo
        >>> arms = (Arm("a", StateRegime()), Arm("b", StateRegime(warm_up="train")))
        >>> same_by_construction(Study(arms, shampoo(), test_size=12, repeats=1), *arms)
        'Both reset the state before every forecast, so a warm-up leaves no trace.'
    """
    reasons = []
    plain = []
    for arm in (first, second):
        regime = arm.regime
        batches = -(-study.samples(arm) // arm.training.batch_size)
        if regime.reset_training == "epoch" and batches == 1:
            regime = replace(regime, reset_training="batch")
            reasons.append(
                "An epoch is a single batch, so resetting every epoch is resetting every batch."
            )
        if regime.warm_up != "none" and regime.reset_forecast == "step":
            regime = replace(regime, warm_up="none")
            reasons.append(
                "Both reset the state before every forecast, so a warm-up leaves no trace."
            )
        plain.append(replace(arm, name="", regime=regime))
    if plain[0] != plain[1]:
        return None
    return " ".join(dict.fromkeys(reasons)) or "The arms are declared alike."
