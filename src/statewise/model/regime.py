"""StateRegime: when a recurrent network's state is carried, reset and warmed up."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from statewise.base.checks import at_least, one_of, truth
from statewise.base.records import settle
from statewise.errors import SettingError

__all__ = ["REGIMES", "Moment", "StateRegime"]


class Moment(NamedTuple):
    """One batch of training, or one step of the warm-up or the forecast.

    ``reset`` says that it starts from zero state, and not from the state of the moment before.
    """

    phase: str  # "training", "warm-up" or "forecast"
    epoch: int  # from zero; zero outside training
    step: int  # of the warm-up or the forecast, or the batch of the epoch, from zero
    reset: bool


@dataclass(frozen=True)
class StateRegime:
    """The whole policy of state, as one value that checks itself.

    Args:
        reset_training: when training sets the state back to zero. ``"batch"``: before every batch,
            which is what "stateless" means. ``"epoch"``: before every epoch. ``"never"``: only
            before the first. A whole number k: at the start of every epoch and again after
            every k batches of it.
        shuffle: draw a new order of the samples for every epoch. Needs ``reset_training="batch"``.
        warm_up: which observations the trained network runs over before its first forecast:
            ``"none"``, the whole ``"train"`` part, or its last k. (The origin experiments call
            this "seeding"; in statewise a seed is always a random seed.)
        reset_forecast: when forecasting sets the state back to zero, the warm-up included:
            before every ``"step"``, or ``"never"``.

    A forecast starts from zero state, except that a regime which never resets in training
    continues from the state that training left.

    Raises:
        SettingError: a field has an unknown value, or two fields contradict each other.

    Example:
        >>> StateRegime(reset_training="epoch", warm_up="train").carries_in_training
        True
    """

    reset_training: Literal["batch", "epoch", "never"] | int = "batch"
    shuffle: bool = False
    warm_up: Literal["none", "train"] | int = "none"
    reset_forecast: Literal["step", "never"] = "step"

    def __post_init__(self) -> None:
        settle(
            self,
            reset_training=word_or_count(
                "reset_training", self.reset_training, ("batch", "epoch", "never")
            ),
            warm_up=word_or_count("warm_up", self.warm_up, ("none", "train")),
            reset_forecast=one_of("reset_forecast", self.reset_forecast, ("step", "never")),
            shuffle=truth("shuffle", self.shuffle),
        )
        if self.shuffle and self.carries_in_training:
            raise SettingError(
                "shuffle",
                self.shuffle,
                f"contradicts reset_training={self.reset_training!r}: a state carried from one "
                "sample to the next means nothing when the samples come in random order",
                'Use shuffle=False, or reset_training="batch".',
            )

    @property
    def carries_in_training(self) -> bool:
        """Whether state passes from one training batch to the next."""
        return self.reset_training not in ("batch", 1)

    @property
    def continues_into_forecast(self) -> bool:
        """Whether forecasting starts from the state that training left."""
        return self.reset_training == "never" and self.reset_forecast == "never"

    def reset_every(self, batches: int) -> int:
        """The k for which training resets before batches 0, k, 2k, ... of an epoch; 0 for never.

        Example:
            >>> StateRegime("epoch").reset_every(batches=22)
            22
        """
        named = {"batch": 1, "epoch": batches, "never": 0}
        policy = self.reset_training
        return named[policy] if isinstance(policy, str) else policy

    def timeline(
        self, *, epochs: int = 2, batches: int = 4, warm_up: int = 3, forecasts: int = 3
    ) -> list[Moment]:
        """When state is reset and when it is carried, moment by moment.

        ``warm_up`` is the number of steps that the warm-up takes, if there is one.

        Example:
            >>> [m.step for m in StateRegime("epoch").timeline() if m.reset]
            [0, 0, 0, 1, 2]
        """
        every = self.reset_every(batches)
        moments = [
            Moment("training", e, k, k % every == 0 if every else (e, k) == (0, 0))
            for e in range(epochs)
            for k in range(batches)
        ]
        always, first = self.reset_forecast == "step", not self.continues_into_forecast
        steps = warm_up if self.warm_up != "none" else 0
        for phase, count in (("warm-up", steps), ("forecast", forecasts)):
            moments += [Moment(phase, 0, k, always or (first and k == 0)) for k in range(count)]
            first = first and not count
        return moments

    def check_batches(self, samples: int, batch_size: int) -> None:
        """Raise SettingError if ``samples`` cannot be cut into batches whose state rows line up."""
        if self.carries_in_training and samples % batch_size:
            divisors = [b for b in range(1, samples + 1) if samples % b == 0]
            nearest = min(divisors, key=lambda b: abs(b - batch_size))
            raise SettingError(
                "batch_size",
                batch_size,
                f"does not divide the {samples} training samples, and with "
                f"reset_training={self.reset_training!r} each row of a batch continues the state "
                "of the same row of the batch before",
                f"Use a divisor, for example batch_size={nearest}.",
            )

    def check_forecast(self, batch_size: int) -> None:
        """Raise SettingError if the state that training leaves cannot start a forecast."""
        if self.continues_into_forecast and batch_size > 1:
            raise SettingError(
                "batch_size",
                batch_size,
                f"leaves {batch_size} states, one a row of the batch, each of which has seen only "
                "some of the samples; a forecast that continues from training needs the one that "
                "has seen them all",
                'Use batch_size=1, or reset_training="epoch".',
            )

    @classmethod
    def named(cls, name: str) -> "StateRegime":
        """The preset called ``name``; raises SettingError that lists the presets.

        Example:
            >>> StateRegime.named("stateful").reset_training
            'epoch'
        """
        return REGIMES[one_of("regime", name, REGIMES)]


def word_or_count(argument: str, value: Any, words: tuple[str, ...]) -> str | int:
    """One of ``words``, or a whole number of at least one; raises SettingError otherwise."""
    if isinstance(value, str):
        return one_of(argument, value, words)
    return at_least(argument, value, 1)


REGIMES: dict[str, StateRegime] = {
    "stateless": StateRegime(),
    "stateless-shuffled": StateRegime(shuffle=True),
    "stateful": StateRegime(reset_training="epoch", reset_forecast="never"),
    "stateful-warm": StateRegime(reset_training="epoch", warm_up="train", reset_forecast="never"),
    "stateful-reset-forecast": StateRegime(reset_training="epoch", reset_forecast="step"),
    "continuous": StateRegime(reset_training="never", reset_forecast="never"),
    "continuous-warm": StateRegime(reset_training="never", warm_up="train", reset_forecast="never"),
}
"""The named presets. The names say what training does, then what the forecast does."""
