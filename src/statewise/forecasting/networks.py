"""How the networks of a forecaster are made."""

from collections.abc import Sequence
from dataclasses import dataclass

from statewise.base.checks import SEED, at_least, one_of
from statewise.base.records import settle
from statewise.ensemble.history import seen_of
from statewise.errors import SettingError
from statewise.model.spec import Model

__all__ = ["Networks"]


@dataclass(frozen=True)
class Networks:
    """How the networks of a forecaster are made.

    Args:
        model: what each member is.
        members: networks for a series, each from its own random restart.
        scope: ``"local"``: every series has its own networks. ``"global"``: all series share
            theirs, and the state is reset where a series begins.
        seed: the key of all randomness.
        past: how many columns, the last ones, are not known ahead.
        windows: networks that all series share train on so many samples at most; where there are
            more, every second or third of each series is taken, counted from its end.

    Raises:
        SettingError: two settings contradict each other.
    """

    model: Model
    members: int
    scope: str
    seed: int
    past: int = 0
    windows: int = 150_000

    def __post_init__(self) -> None:
        settle(
            self,
            members=at_least("members", self.members, 1),
            scope=one_of("scope", self.scope, ("local", "global")),
            seed=at_least("seed", self.seed, 0, SEED),
        )
        if self.shared and self.model.regime.continues_into_forecast:
            raise SettingError(
                "regime",
                self.model.regime,
                "continues from the state that training left, which with scope='global' is that of "
                "the last series alone",
                'Use reset_training="epoch", and warm_up="train".',
            )

    @property
    def shared(self) -> bool:
        """Whether all series share their networks."""
        return self.scope == "global"

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise SettingError if exogenous columns cannot be looked at."""
        carried = self.model.regime.reset_forecast == "never"
        if columns and self.model.framing.outputs > 1 and carried:
            raise SettingError(
                "outputs",
                self.model.framing.outputs,
                f"look at {', '.join(columns)} further ahead than is known when a carried state "
                "moves on",
                'Use outputs=1, or a regime with reset_forecast="step".',
            )

    def samples(self, observations: int) -> int:
        """How many training samples so many observations give, padded as they are."""
        framing = self.model.framing
        own = max(observations - seen_of(framing) - framing.outputs + 1, 0)
        return min(framing.samples or own, own)
