"""What the networks of an arm see of a series, and the way back from their forecasts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least, instance, one_of
from statewise.base.records import settle
from statewise.data.panel import Series
from statewise.ensemble.history import History, padded, scales_of, seen_of
from statewise.ensemble.rolling_origin import Known
from statewise.ensemble.trained import Columns
from statewise.model.framing import Framing
from statewise.simple.adjustment import TRANSFORMS, Adjustment, Transform, fit_adjustment

__all__ = ["Adjust", "Seen", "samples_of", "see", "shortest_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Adjust:
    """What is done to series before networks see them, as a forecaster does it.

    A series is adjusted as ``statewise.simple.adjustment`` says, from its training part alone, and
    begun with its first value again and again, so that the first windows need not wait.

    Args:
        seasons: observations of each that is taken out.
        transform: "auto", "none", "log" or "asinh".

    Raises:
        SettingError: a season is below two, or the transform is unknown.

    Example:
        >>> Adjust([12]).seasons
        (12,)
    """

    seasons: tuple[int, ...] = ()
    transform: Transform = "auto"

    def __post_init__(self) -> None:
        instance("seasons", self.seasons, tuple | list, "Give a tuple of whole numbers.")
        settle(
            self,
            seasons=tuple(at_least("seasons", season, 2) for season in self.seasons),
            transform=one_of("transform", self.transform, ("auto", *TRANSFORMS)),
        )

    def apply(self, y: Floats, cutoff: int) -> tuple[Adjustment, Floats]:
        """How a series is adjusted by its first ``cutoff`` observations, and all of it adjusted."""
        adjustment, _ = fit_adjustment(
            y[:cutoff],
            np.array([0, cutoff]),
            seasons=self.seasons,
            transform=self.transform,
            apart=True,
        )
        return adjustment, adjustment.apply(y[None], np.arange(len(y))[None])[0]


@dataclass(frozen=True, eq=False)
class Seen:
    """A series as networks see it, framed for them from its training part.

    Attributes:
        known: it.
        adjustment: the way back, or None where they see it as it is.
        cutoff: observations of the series in the training part.
    """

    known: Known
    adjustment: Adjustment | None
    cutoff: int

    def invert(self, forecasts: Floats) -> Floats:
        """Forecasts (runs, test_size) of what follows the cutoff, in units of the series."""
        if self.adjustment is None:
            return forecasts
        at = self.cutoff + np.arange(forecasts.shape[1])
        return np.asarray(self.adjustment.invert(forecasts[None], at[None])[0])


def see(
    framing: Framing, series: Series, cutoff: int, adjust: Adjust | None = None, past: int = 0
) -> Seen:
    """A series as networks of a framing see it.

    Args:
        framing: of theirs.
        series: with its columns.
        cutoff: observations in the training part, from which all is learned.
        adjust: what is done to it first.
        past: how many columns, the last ones, are not known ahead.

    Raises:
        DataError: the training part cannot be framed.
    """
    centre, spread = scales_of(series.x[:cutoff])
    columns = Columns(centre[None], spread[None], past)
    history, adjustment, more = History(series.unique_id, series.y, series.x), None, 0
    if adjust is not None:
        adjustment, z = adjust.apply(series.y, cutoff)
        history = padded(framing, History(series.unique_id, z, series.x), cutoff)
        more = len(history.z) - len(series)
    fitted = framing.fit(
        history.z[: cutoff + more],
        name=series.unique_id,
        constant="refuse" if adjust is None else "keep",
    )
    return Seen(Known(fitted, history.z, cutoff + more, history.x, columns), adjustment, cutoff)


def samples_of(framing: Framing, observations: int, adjust: Adjust | None) -> int:
    """The number of training samples in so many observations, as networks see them."""
    if adjust is None:
        return framing.samples_of(observations)
    more = max(framing.memory - seen_of(framing), framing.shortest - observations, 0)
    return framing.samples_of(observations + more)


def shortest_of(framing: Framing, adjust: Adjust | None) -> int:
    """The least number of observations that can be trained on."""
    if adjust is None:
        return framing.shortest
    return seen_of(framing) + framing.outputs - 1 + (framing.samples or 2)
