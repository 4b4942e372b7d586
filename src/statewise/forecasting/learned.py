"""What a fit learned of its series, and what is known of each: forecasts of every kind go on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statewise.ensemble.history import History
from statewise.ensemble.trained import Ensemble, ForecastState, point_of
from statewise.forecasting.fitting import known_of
from statewise.forecasting.networks import Networks
from statewise.simple import NAMES, Simple, SimpleState
from statewise.simple.adjustment import Adjustment

__all__ = ["NETWORK", "Known", "Learned", "Past"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NETWORK = "network"


@dataclass(frozen=True, eq=False)
class Past:
    """Histories of series, one after the other.

    Attributes:
        names: (series,) of them.
        offsets: (series + 1,) where each begins and ends.
        y: (observations,).
        x: (observations, columns) those known ahead first, then those known up to now.
        begin: (series,) the place of the first observation, which gives the phase of its season;
            0 where a fit's history begins.
    """

    names: tuple[str, ...]
    offsets: Ints
    y: Floats
    x: Floats
    begin: Ints

    @property
    def lengths(self) -> Ints:
        """(series,) observations of each."""
        return np.diff(self.offsets)

    def until(self, lengths: Ints) -> "Past":
        """The first observations of each series, (series,) of them."""
        place = np.arange(len(self.y)) - np.repeat(self.offsets[:-1], self.lengths)
        kept = place < np.repeat(lengths, self.lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return Past(self.names, offsets, self.y[kept], self.x[kept], self.begin)

    def take(self, series: NDArray[np.intp]) -> "Past":
        """Some of the series."""
        rows = np.concatenate([np.arange(self.offsets[i], self.offsets[i + 1]) for i in series])
        offsets = np.concatenate([[0], np.cumsum(self.lengths[series])])
        names = tuple(self.names[i] for i in series)
        return Past(names, offsets, self.y[rows], self.x[rows], self.begin[series])

    def after(self, known: Ints, steps: int) -> tuple[Floats, Floats]:
        """The observations (series, steps) after the first ``known`` (series,), and columns."""
        rows = (self.offsets[:-1] + known)[:, None] + np.arange(steps)
        return self.y[rows], self.x[rows]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of each series at its latest observation.

    Attributes:
        count: (series,) observations so far, which give the phase of every season.
        tail: (series, longest season) the latest observations, in the units of the series, oldest
            first; NaN before the first one.
        simple: the state of the simple forecasts.
        networks: that of the networks, or None where there are none.
    """

    count: Ints
    tail: Floats
    simple: SimpleState
    networks: ForecastState | None


@dataclass(frozen=True, eq=False)
class Learned:
    """What a fit learned: how series are adjusted, simple forecasts of them, and networks.

    Attributes:
        adjustment: of every series.
        simple: forecasts of adjusted series.
        recipe: how the networks were made.
        ensemble: of networks that look at adjusted series, or None where nothing was trained.
    """

    adjustment: Adjustment
    simple: Simple
    recipe: Networks
    ensemble: Ensemble | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the forecasts that there are; the networks' is the last, if there are networks."""
        networks = [] if self.ensemble is None else [NETWORK]
        return (*simple_names(self.adjustment.seasons), *networks)

    def start(self, past: Past) -> Known:
        """What is known at the end of histories, of these series, from the beginning on."""
        z = self.adjusted(past)
        state = None
        if self.ensemble is not None:
            state = known_of(self.recipe, self.ensemble, histories_of(past, z))
        return known_at(self, past, self.simple.start(z, past.offsets), state)

    def adjusted(self, past: Past) -> Floats:
        """(observations,) histories as networks and simple forecasts see them."""
        z = np.empty_like(past.y)
        for i, (a, b) in enumerate(zip(past.offsets[:-1], past.offsets[1:], strict=True)):
            one = self.adjustment.take(np.array([i]))
            at = past.begin[i] + np.arange(b - a)
            z[a:b] = one.apply(past.y[None, a:b], at[None])[0]
        return z

    def observe(self, known: Known, y: Floats, x: Floats) -> Known:
        """What is known after the next observation of every series.

        Args:
            known: before it.
            y: (series,) in the units of the series.
            x: (series, 1, columns) on its row, not scaled.
        """
        z = self.adjustment.apply(y[:, None], known.count[:, None])[:, 0]
        state = known.networks
        if self.ensemble is not None and state is not None:
            columns = self.ensemble.columns.apply(x) if x.shape[-1] else x
            state = self.ensemble.observe(state, z, columns)
        tail = np.concatenate([known.tail[:, 1:], y[:, None]], axis=1)
        return Known(known.count + 1, tail, self.simple.observe(known.simple, z), state)

    def look(self, known: Known) -> Known:
        """The same with the networks' outputs for the next observation, if they see no columns."""
        if self.ensemble is None or known.networks is None:
            return known
        return replace(known, networks=self.ensemble.look(known.networks))

    def forecasts(self, known: Known, horizon: int, x: Floats) -> tuple[Floats, Floats | None]:
        """Every kind of forecast, in the units of the series.

        Args:
            known: of each series.
            horizon: steps ahead.
            x: (series, horizon, columns), not scaled; of columns known up to now anything.

        Returns:
            Forecasts (kinds, series, horizon) in the order of ``names``, and those of every network
            (series, members, horizon), or None without networks.
        """
        z = self.simple.forecast(known.simple, horizon).swapaxes(0, 1)
        if self.ensemble is not None and known.networks is not None:
            members = self.members(self.ensemble, known.networks, horizon, x)
            z = np.concatenate([z, members], axis=1)
        at = known.count[:, None] + np.arange(horizon)
        y = self.adjustment.invert(z, at)
        last = known.tail[:, -1:]
        again = [np.repeat(last, horizon, axis=1)]
        for season in self.adjustment.seasons:
            places = known.tail.shape[1] - season + np.arange(horizon) % season
            before = known.tail[:, places]
            again.append(np.where(np.isnan(before), last, before))
        kinds = [self.adjustment.clip(each) for each in again]
        kinds += list(y[:, 0 if self.adjustment.seasons else 1 : len(NAMES)].swapaxes(0, 1))
        if self.ensemble is None:
            return np.stack(kinds), None
        networks = y[:, len(NAMES) :]
        return np.stack([*kinds, point_of(networks, "median")]), networks

    def members(self, ensemble: Ensemble, state: ForecastState, horizon: int, x: Floats) -> Floats:
        """The adjusted forecasts of every network, (series, members, horizon)."""
        if state.ahead is not None and horizon <= ensemble.outputs:  # it has looked already
            z = ensemble.by_member.invert(state.ahead[0], state.recent[:, None])
            return z[..., :horizon]
        return ensemble.forecast(state, horizon, ensemble.columns.apply(x) if x.shape[-1] else x)

    def take(self, series: NDArray[np.intp]) -> "Learned":
        """What was learned of some of the series."""
        return replace(
            self,
            adjustment=self.adjustment.take(series),
            simple=self.simple.take(series),
            ensemble=None if self.ensemble is None else self.ensemble.take(series),
        )

    def part(self, known: Known, series: NDArray[np.intp]) -> Known:
        """What is known of some of the series, as ``take(series)`` holds it."""
        state = known.networks
        if self.ensemble is not None and state is not None:
            state = self.ensemble.part(state, series)
        return Known(known.count[series], known.tail[series], known.simple.take(series), state)

    def put(self, known: Known, series: NDArray[np.intp], part: Known) -> Known:
        """``known`` with what ``take(series)`` knows of some of the series written into it."""
        count, tail, state = known.count.copy(), known.tail.copy(), known.networks
        count[series], tail[series] = part.count, part.tail
        if self.ensemble is not None and state is not None and part.networks is not None:
            state = self.ensemble.put(state, series, part.networks)
        return Known(count, tail, known.simple.put(series, part.simple), state)


def simple_names(seasons: Sequence[int]) -> tuple[str, ...]:
    """Of the simple forecasts that there are where series have these seasons."""
    of_seasons = [f"seasonal naive ({m})" for m in seasons]
    adjusted = [f"deseasonalised {NAMES[0]}"] if seasons else []
    return (NAMES[0], *of_seasons, *adjusted, *NAMES[1:])


def known_at(
    learned: Learned, past: Past, simple: SimpleState, networks: ForecastState | None
) -> Known:
    """What is known at the end of histories, given the states there."""
    longest = max((1, *learned.adjustment.seasons))
    tail = np.full((len(past.names), longest), np.nan)
    for row, (a, b) in zip(
        tail, zip(past.offsets[:-1], past.offsets[1:], strict=True), strict=True
    ):
        count = min(longest, b - a)
        row[longest - count :] = past.y[b - count : b]
    return Known(past.begin + past.lengths, tail, simple, networks)


def histories_of(past: Past, z: Floats) -> Sequence[History]:
    """Adjusted histories, series by series."""
    bounds = zip(past.names, past.offsets[:-1], past.offsets[1:], strict=True)
    return [History(name, z[a:b], past.x[a:b]) for name, a, b in bounds]
