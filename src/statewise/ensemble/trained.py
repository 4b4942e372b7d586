"""Trained members for one series or many, and what they know now.

Everything here is arrays over (series, members). An ``Ensemble`` is what was learned and does not
change; a ``ForecastState`` is what the series have shown so far: their latest observations and the
state of every member. Observing and forecasting take one; observing gives another one back.

The state of a moment has run over every window whose target was observed. The window that ends
with the latest observation is run when the next one comes, or when it is forecast: so the columns
on the row of an observation are known when it is forecast.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from statewise.engine import PackedModel, State, Weights
from statewise.engine.layout import Carried
from statewise.engine.packed_model import lanes_for
from statewise.engine.weights import packed, unpacked
from statewise.model.framing import FittedFraming
from statewise.model.framing.fitted import FARTHEST
from statewise.model.spec import Model

__all__ = ["Columns", "Ensemble", "ForecastState", "point_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Columns:
    """How exogenous columns are scaled: less a centre, over a spread; and what is known of them.

    Attributes:
        centre: (series, columns).
        spread: (series, columns), above zero.
        past: how many of them, the last ones, are not known ahead: a forecast is shown their
            values up to the latest observation. Of the others it is shown those of the times that
            it forecasts.
    """

    centre: Floats
    spread: Floats
    past: int = 0

    @classmethod
    def none(cls, series: int) -> "Columns":
        """The scales of no columns at all."""
        return cls(np.zeros((series, 0)), np.zeros((series, 0)))

    def apply(self, x: Floats) -> Floats:
        """Values (series, rows, columns), scaled."""
        return np.asarray((x - self.centre[:, None]) / self.spread[:, None])

    def is_representable(self, x: Floats) -> NDArray[np.bool_]:
        """Which rows (series, ..., columns) can be shown in float32."""
        shape = (len(x), *[1] * (x.ndim - 2), -1)
        apart = np.abs(x - self.centre.reshape(shape))
        return np.asarray((apart < FARTHEST * self.spread.reshape(shape)).all(axis=-1))

    def take(self, series: NDArray[np.intp]) -> "Columns":
        """The scales of some of the series."""
        return Columns(self.centre[series], self.spread[series], self.past)

    def looked_at(
        self, x: Floats, steps: int, outputs: int, which: NDArray[np.int64] | None = None
    ) -> Floats:
        """What windows are shown of rows.

        Args:
            x: (series, rows, columns), of which the first is that of the latest observation of
                the first time step.
            steps: time steps of a window.
            outputs: observations that a window forecasts.
            which: windows are asked for, by the place of their first row; all by default.

        Returns:
            (series, windows, steps, values): of columns that are known ahead the next ``outputs``
            rows after each time step, of the others its own row.
        """
        known = x.shape[2] - self.past
        if which is None:
            which = np.arange(x.shape[1] - steps - (outputs if known else 0) + 1)
        at = which[:, None] + np.arange(steps)
        parts = []
        if known:
            ahead = sliding_window_view(x[:, 1:, :known], outputs, axis=1)[:, at]
            parts.append(ahead.reshape(*ahead.shape[:3], known * outputs))
        if self.past:
            parts.append(x[:, at, known:])
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True, eq=False)
class ForecastState:
    """What is known of each series at its latest observation.

    Attributes:
        recent: (series, memory) the latest observations, oldest first.
        x: (series, steps, columns) on the rows of the latest of them, scaled.
        carried: the state of every member, in the lanes of the packed model.
        ahead: the outputs for the next observation, and the state after, if they were asked for.
    """

    recent: Floats
    x: Floats
    carried: Carried
    ahead: tuple[Floats, Carried] | None = None


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What was learned: networks, and how each series is framed.

    Attributes:
        model: as declared.
        framing: of every series, stacked.
        columns: how exogenous columns are scaled.
        members: networks for a series.
        shared: whether all series have the same networks (global), or each its own (local).
        weights: (members, ...) if shared, else (series x members, ...), series by series.
        initial: the initial state that was learned with them, or None.
    """

    model: Model
    framing: FittedFraming
    columns: Columns
    members: int
    shared: bool
    weights: Weights
    initial: State | None

    @property
    def series(self) -> int:
        """How many series there are."""
        return len(self.framing.exponent)

    @property
    def outputs(self) -> int:
        """How many observations are forecast at once."""
        return self.model.framing.outputs

    @property
    def resets(self) -> bool:
        """Whether the state is set back before every forecast."""
        return self.model.regime.reset_forecast == "step"

    @property
    def lost(self) -> NDArray[np.bool_]:
        """(runs,) which networks diverged in training; their weights are no numbers."""
        return np.isnan(self.weights.dense_bias[:, 0])

    @cached_property
    def packed(self) -> PackedModel:
        """The weights in lanes."""
        return PackedModel.of(self.model.network, self.weights, self.initial)

    @cached_property
    def by_member(self) -> FittedFraming:
        """The framing with an axis for members."""
        return self.framing[:, None]

    def take(self, series: NDArray[np.intp]) -> "Ensemble":
        """The ensemble of some of the series."""
        weights, initial = self.weights, self.initial
        if not self.shared:
            runs = self.runs_of(series)
            weights = weights.take(runs)
            initial = None if initial is None else type(initial)(*(part[runs] for part in initial))
        return replace(
            self,
            framing=self.framing[series],
            columns=self.columns.take(series),
            weights=weights,
            initial=initial,
        )

    def start(self) -> Carried:
        """The state before anything was seen."""
        rows = self.series if self.shared else 1
        return tuple(np.repeat(part, rows, axis=1) for part in self.packed.start)

    def to_lanes(self, state: State) -> Carried:
        """A state of (series, members, units) as ``ForecastState`` holds it."""
        if self.shared:
            return self.packed.pack(State(*(np.moveaxis(part, 1, 0) for part in state)))
        units = self.model.network.units
        return self.packed.pack(State(*(part.reshape(-1, 1, units) for part in state)))

    def from_lanes(self, carried: Carried) -> State:
        """The inverse of ``to_lanes``."""
        state = self.packed.unpack(carried)
        if self.shared:
            return State(*(np.moveaxis(part, 0, 1).copy() for part in state))
        shape = (self.series, self.members, self.model.network.units)
        return State(*(part.reshape(shape) for part in state))

    def choose(self, series: NDArray[np.bool_], these: Carried, those: Carried) -> Carried:
        """``these`` states for the series that are marked, ``those`` for the others."""
        if self.shared:
            mask = series[:, None, None]
        else:
            runs = np.repeat(series, self.members).astype(np.float32)
            mask = self.packed.spread(runs[:, None, None]) > 0
        return tuple(np.where(mask, a, b) for a, b in zip(these, those, strict=True))

    def part(self, now: ForecastState, series: NDArray[np.intp]) -> ForecastState:
        """What is known of some of the series, as ``take(series)`` holds it."""
        if self.shared:
            carried = tuple(part[:, series] for part in now.carried)
        else:
            lane = divmod(self.runs_of(series), self.packed.width)
            rows = State(*(part[lane[0], :, :, lane[1]] for part in now.carried))
            carried = tuple(packed(part, lanes_for(len(part))) for part in rows)
        return ForecastState(now.recent[series], now.x[series], carried)

    def put(
        self, now: ForecastState, series: NDArray[np.intp], part: ForecastState
    ) -> ForecastState:
        """``now`` with what ``take(series)`` knows of some of the series written into it."""
        recent, x = now.recent.copy(), now.x.copy()
        recent[series], x[series] = part.recent, part.x
        carried = tuple(array.copy() for array in now.carried)
        for whole, some in zip(carried, part.carried, strict=True):
            if self.shared:
                whole[:, series] = some
            else:
                runs = self.runs_of(series)
                to = divmod(runs, self.packed.width)
                whole[to[0], :, :, to[1]] = unpacked(some, len(runs))
        return ForecastState(recent, x, carried)

    def runs_of(self, series: NDArray[np.intp]) -> NDArray[np.intp]:
        """The runs of some of the series, where each has its own."""
        return np.asarray((series[:, None] * self.members + np.arange(self.members)).ravel())

    def run(self, inputs: Floats, carried: Carried) -> tuple[Floats, Carried]:
        """Run every member over one window of each series.

        Args:
            inputs: (series, members or 1, steps, features).
            carried: the state before it.

        Returns:
            Outputs (series, members, outputs), and the state after it.
        """
        shape = (self.series, self.members, *inputs.shape[2:])
        windows = inputs.astype(np.float32)
        if windows.shape != shape:
            windows = np.broadcast_to(windows, shape)
        if self.shared:
            out, after = self.packed.advance(windows.swapaxes(0, 1), carried, reset=self.resets)
            return out.swapaxes(0, 1).astype(np.float64), after
        flat = windows.reshape(-1, 1, *shape[2:])
        out, after = self.packed.advance(flat, carried, reset=self.resets)
        return out.reshape(self.series, self.members, -1).astype(np.float64), after

    def run_over(self, inputs: Floats, carried: Carried) -> Carried:
        """The state after every member has run over windows of its series, in turn.

        Args:
            inputs: (series, windows, steps, features).
            carried: the state before them.
        """
        if self.shared:
            rows = inputs.astype(np.float32).swapaxes(0, 1).reshape(-1, *inputs.shape[2:])
            windows = np.broadcast_to(rows, (self.members, *rows.shape))
        else:
            windows = np.repeat(inputs.astype(np.float32), self.members, axis=0)
        return self.packed.advance(windows, carried, reset=self.resets)[1]

    def inputs(self, recent: Floats, x: Floats) -> Floats:
        """What the networks are shown before the next observation, (..., steps, features).

        Args:
            recent: (series, members or 1, at least memory) the latest observations.
            x: (series, steps + outputs, columns) of the latest times and of those to come; without
                those to come where no column is known ahead.
        """
        lagged = self.by_member.window(recent)
        if not x.shape[-1]:
            return lagged
        looked_at = self.columns.looked_at(x, self.model.framing.steps, self.outputs)[:, :1]
        shape = (*lagged.shape[:-1], looked_at.shape[-1])
        return np.concatenate([lagged, np.broadcast_to(looked_at, shape)], axis=-1)

    def look(self, now: ForecastState) -> ForecastState:
        """The same with the outputs for the next observation, where there are no columns."""
        if now.ahead is not None:
            return now
        ahead = self.run(self.inputs(now.recent[:, None], now.x), now.carried)
        return ForecastState(now.recent, now.x, now.carried, ahead)

    def observe(self, now: ForecastState, y: Floats, x: Floats) -> ForecastState:
        """What is known after the next observation of every series.

        Args:
            now: before it.
            y: (series,) in the units of the series.
            x: (series, 1, columns) on its row, scaled.
        """
        known = np.concatenate([now.x, x], axis=1) if x.shape[-1] else x
        carried = now.carried
        if not self.resets and now.ahead is not None:
            carried = now.ahead[1]
        elif not self.resets:
            _, carried = self.run(self.inputs(now.recent[:, None], known), carried)
        return ForecastState(
            shifted(now.recent, y[:, None]), known[:, 1:] if x.shape[-1] else now.x, carried
        )

    @np.errstate(over="ignore", invalid="ignore")  # what feeds on itself may end as no number
    def forecast(self, now: ForecastState, horizon: int, x: Floats) -> Floats:
        """Forecast every series: as many steps as there are outputs at once, then recursively.

        Beyond its outputs a member takes its own forecasts for observations.

        Args:
            now: what is known.
            horizon: how many observations to forecast.
            x: (series, horizon, columns) of the times to come, scaled. The last row stands for what
                several outputs look at beyond it.

        Returns:
            (series, members, horizon) in the units of the series.
        """
        recent, carried, parts = now.recent[:, None], now.carried, []
        blocks = -(-horizon // self.outputs)
        beyond = np.repeat(x[:, -1:], blocks * self.outputs - horizon, axis=1)
        known = np.concatenate([now.x, x, beyond], axis=1)
        behind = now.x.shape[1]
        if self.columns.past:  # beyond what is known, the last that is
            known[:, behind:, -self.columns.past :] = now.x[:, -1:, -self.columns.past :]
        for at in range(0, blocks * self.outputs, self.outputs):
            inputs = self.inputs(recent, known[:, at : at + behind + self.outputs])
            out, carried = self.run(inputs, carried)
            values = self.by_member.invert(out, recent)
            parts.append(values)
            for i in range(self.outputs if at + self.outputs < horizon else 0):
                if i and not self.resets:  # several outputs exclude columns that are known ahead
                    rows = known[:, at + i : at + i + behind]
                    _, carried = self.run(self.inputs(recent, rows), carried)
                recent = shifted(recent, values[:, :, i : i + 1])
        return np.concatenate(parts, axis=2)[:, :, :horizon]


def shifted(recent: Floats, value: Floats) -> Floats:
    """``recent`` (..., n) without the oldest, and with ``value`` (..., 1)."""
    if recent.shape[:-1] != value.shape[:-1]:
        recent = np.broadcast_to(recent, (*value.shape[:-1], recent.shape[-1]))
    return np.concatenate([recent[..., 1:], value], axis=-1)


def point_of(paths: Floats, point: str) -> Floats:
    """Paths (series, members, steps) as one forecast, (series, steps): their mean or median.

    Members that have no finite number at a step are left out there; where none has one, the
    forecast is NaN.
    """
    mean = point == "mean"
    if np.isfinite(paths).all():
        return np.asarray(paths.mean(axis=1) if mean else np.median(paths, axis=1))
    finite = np.where(np.isfinite(paths), paths, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a mean of nothing
        return np.asarray((np.nanmean if mean else np.nanmedian)(finite, axis=1))
