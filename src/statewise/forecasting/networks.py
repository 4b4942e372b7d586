"""How the networks of a forecaster are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import SEED, at_least, one_of
from statewise.base.records import settle
from statewise.engine.initial import generator
from statewise.ensemble.history import seen_of
from statewise.errors import SettingError
from statewise.model.spec import Model

__all__ = ["Networks"]

Ints = NDArray[np.int64]
SAMPLES = 3  # the purpose of a draw, beside those of engine.initial and of Keras


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
        max_samples: what one network trains on at most, of all series that share it.

    Raises:
        SettingError: two settings contradict each other.
    """

    model: Model
    members: int
    scope: str
    seed: int
    past: int = 0
    max_samples: int = 150_000

    def __post_init__(self) -> None:
        settle(
            self,
            members=at_least("members", self.members, 1),
            scope=one_of("scope", self.scope, ("local", "global")),
            seed=at_least("seed", self.seed, 0, SEED),
            max_samples=at_least("max_samples", self.max_samples, 2),
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

    def windows(self, observations: int) -> int:
        """How many training samples the framing gives of so many observations, padded."""
        framing = self.model.framing
        padded = max(observations + framing.memory - seen_of(framing), framing.shortest)
        return min(framing.samples or padded, padded - framing.memory - framing.outputs + 1)

    def samples(self, observations: int) -> int:
        """How many training samples so many observations give, padded as they are."""
        framing = self.model.framing
        own = max(observations - seen_of(framing) - framing.outputs + 1, 0)
        return min(framing.samples or own, own)

    def kept(self, samples: Ints) -> Ints:
        """How many of its training samples (series,) each series keeps, of so many.

        The longest series are thinned out first, all to the same number, or to one more.

        Example:
            >>> from statewise.model.spec import Model
            >>> networks = Networks(Model(), 1, "global", 1, max_samples=20)
            >>> networks.kept(np.array([30, 4, 60])).tolist()
            [8, 4, 8]
        """
        if not self.shared:
            return np.minimum(samples, self.max_samples)
        if samples.sum() <= self.max_samples:
            return samples
        size = np.sort(samples)
        level = (self.max_samples - (np.cumsum(size) - size)) / np.arange(len(size), 0, -1)
        long = samples > level[np.argmax(size > level)]
        left = self.max_samples - samples[~long].sum()
        kept = samples.copy()
        kept[long] = np.diff(np.arange(long.sum() + 1) * left // long.sum())
        return kept

    def drawn(self, name: str, samples: int, kept: int) -> Ints:
        """Which of so many samples of a series are kept, in the order of time.

        The history is cut into as many even parts, and one sample is drawn from each by the seed
        and the name of the series, so that no season is met at one phase alone. Where state is
        carried they must follow each other, and are the latest.
        """
        if self.model.regime.carries_in_training:
            return np.arange(samples - kept, samples)
        ends = np.arange(kept + 1) * samples // kept
        draw = generator(self.seed, SAMPLES, crc32(name.encode("utf-8", "surrogatepass")))
        return ends[:-1] + (draw.random(kept) * np.diff(ends)).astype(np.int64)
