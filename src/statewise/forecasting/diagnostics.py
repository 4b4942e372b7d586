"""Look into a fitted forecaster: its forecasts beside the past, its state over time, its memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least, positive
from statewise.data.frames import write_frame
from statewise.data.panel import Panel
from statewise.engine import State
from statewise.engine.layout import Carried
from statewise.ensemble.history import History, padded, seen_of
from statewise.ensemble.rolling_origin import roll
from statewise.ensemble.trained import Ensemble, ForecastState, point_of
from statewise.errors import DataError, SettingError
from statewise.forecasting.combination import weighted
from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import Learned

__all__ = ["Fan", "Trace", "fans", "fitted_values", "trace_frame", "traces", "warm_up_length"]

Floats = NDArray[np.float64]
FAR = 3.0  # the cell state of the far initial state: its output is all but saturated


@dataclass(frozen=True, eq=False)
class Fan:
    """A series and the forecast that follows it.

    Attributes:
        name: of the series.
        ds, y: (observations,) what was shown of the past; empty where nothing was.
        ahead: (steps,) the times to come.
        point: (steps,) the forecast.
        bounds: by level in percent, the lower and upper ends of the intervals, (steps,) each.
    """

    name: str
    ds: NDArray[Any]
    y: Floats
    ahead: NDArray[Any]
    point: Floats
    bounds: dict[float, tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Trace:
    """The state of every member on its way through a series.

    Attributes:
        name: of the series.
        ds: (rows,) the time of an observation.
        h, c: (rows, members, units) the state when that observation is known, as ``state`` has it.
        reset: (rows,) whether the state was set back since the row before.
        level: (rows,) the smoothed level of the series, in its own units.
        season: (rows,) what its seasons add to that.
    """

    name: str
    ds: NDArray[Any]
    h: NDArray[np.float32]
    c: NDArray[np.float32]
    reset: NDArray[np.bool_]
    level: Floats
    season: Floats


def fans(
    model: FittedModel,
    h: int,
    history: Any = None,
    level: Sequence[float] = (),
    X: Any = None,
    last: int | None = None,
) -> list[Fan]:
    """The forecast of every series, with the end of its past, of those in ``history`` if given.

    Args:
        model: fitted.
        h: the horizon.
        history: a frame of observations to show.
        level: of intervals, in percent.
        X: exogenous columns over the horizon.
        last: how many observations to show; by default five horizons, and 60 at least.
    """
    frame, point = model.origin, model.forecast(h, X).point
    bounds = model.intervals(point, level)
    ahead = frame.after(h)
    panel = None if history is None else model.read(history)
    shown = max(60, 5 * h) if last is None else at_least("last", last, 1)
    found = []
    for name in frame.ids if panel is None else panel.ids:
        at = frame.place(name)
        ds, y = frame.last[:0], np.zeros(0)
        if panel is not None:
            place = panel.ids.index(name)
            end = int(panel.offsets[place + 1])
            rows = slice(max(int(panel.offsets[place]), end - shown), end)
            ds, y = panel.ds[rows], panel.y[rows]
        ends = {each: (low[at], high[at]) for each, (low, high) in bounds.items()}
        found.append(Fan(name, ds, y, ahead[at], point[at], ends))
    return found


def run_through(
    ensemble: Ensemble, z: Floats, x: Floats, carried: Carried
) -> Iterator[tuple[Floats, Carried]]:
    """Run the members of one series over it, and forecast each observation from those before it.

    Args:
        ensemble: of one series.
        z: (observations,) adjusted, more than the framing needs to forecast one.
        x: (observations, columns) scaled.
        carried: the state to begin with.

    Yields:
        The forecast of the next observation by every member, (members,), and the state after it.
    """
    framing = ensemble.model.framing
    memory, behind = framing.memory, framing.steps
    last = len(z) - looking_ahead(ensemble) + 1
    start = ForecastState(z[None, :memory], x[None, memory - behind : memory], carried)
    for forecast, now in roll(ensemble, start, z[None, memory:last], x[None, memory:]):
        assert now.ahead is not None
        yield forecast[0], now.ahead[1]


def looking_ahead(ensemble: Ensemble) -> int:
    """How many rows after a window are looked at: those of columns that are known ahead, or one."""
    ahead = ensemble.columns.centre.shape[1] > ensemble.columns.past
    return ensemble.outputs if ahead else 1


@dataclass(frozen=True, eq=False)
class Way:
    """One series of a panel, as networks go through it.

    Attributes:
        name: of the series.
        learned: of it alone.
        ensemble: of its networks.
        ds: (observations,) times.
        begin: the place of the first of them, which gives the phase of a season.
        own: (observations,) adjusted.
        z, x: the same, and the columns, scaled, after what stands before the first observation.
    """

    name: str
    learned: Learned
    ensemble: Ensemble
    ds: NDArray[Any]
    begin: int
    own: Floats
    z: Floats
    x: Floats


def ways(model: FittedModel, panel: Panel) -> Iterator[Way]:
    """Every series of a panel.

    Raises:
        DataError: a series is too short to be forecast once.
        SettingError: the model has no networks.
    """
    past = model.past_of(panel)
    columns = past.x
    if model.learned.ensemble is None:
        fix = "Fit longer series, or more of them."
        raise SettingError("frame", list(panel.ids[:3]), "is of a model without networks", fix)
    for i, name in enumerate(panel.ids):
        learned = model.learned.take(np.array([model.base.place(name)]))
        ensemble = learned.ensemble
        assert ensemble is not None
        a, b = int(panel.offsets[i]), int(panel.offsets[i + 1])
        at = past.begin[i] + np.arange(b - a)
        z = learned.adjustment.apply(panel.y[None, a:b], at[None])[0]
        seen = seen_of(learned.recipe.model.framing)
        least = seen + looking_ahead(ensemble)
        if b - a < least:
            raise DataError(
                f"series {name!r}",
                b - a,
                f"observations are too few to forecast one, which takes {least}",
                "Give more of them, such as the frame that was fitted on.",
            )
        whole = padded(learned.recipe.model.framing, History(name, z, columns[a:b]))
        begin = len(whole.z) - len(z) - ensemble.model.framing.memory + seen
        x = ensemble.columns.apply(whole.x[None, begin:])[0]
        ds = panel.ds[a:b]
        yield Way(name, learned, ensemble, ds, int(past.begin[i]), z, whole.z[begin:], x)


def traces(model: FittedModel, frame: Any) -> list[Trace]:
    """The state after each observation of each series, from the initial state.

    A state has run over every window whose next observation is known; the first row is the first
    observation that has a window before it.

    Raises:
        DataError: the frame cannot be read, or a series is not known, or is too short.
        SettingError: the model has no networks.
    """
    found = []
    for way in ways(model, model.read(frame)):
        ensemble, simple = way.ensemble, way.learned.simple
        states = [
            ensemble.from_lanes(carried)
            for _, carried in run_through(ensemble, way.z, way.x, ensemble.start())
        ]
        rows = len(states)
        reset = np.full(rows, ensemble.resets)
        reset[0] = True
        h, c = (np.concatenate(parts) for parts in zip(*states, strict=True))
        first = seen_of(way.learned.recipe.model.framing)
        now, levels = simple.start(way.own[:first], np.array([0, first])), []
        for z in way.own[first : first + rows]:
            now = simple.observe(now, np.array([z]))
            levels.append(now.level)
        level, at = np.stack(levels, axis=1), way.begin + first + np.arange(rows)[None]
        adjustment = way.learned.adjustment
        plain = adjustment.invert(level, None)[0]
        season = adjustment.invert(level, at)[0] - plain
        ds = way.ds[first : first + rows]
        found.append(Trace(way.name, ds, h, c, reset, plain, season))
    return found


def trace_frame(model: FittedModel, frame: Any) -> Any:
    """``traces`` as a long frame: id, time, member, unit, h, c, reset, level, season."""
    found = traces(model, frame)
    _, members, units = found[0].h.shape
    rows = [len(each.ds) for each in found]
    many = members * units
    places = np.array([model.base.place(each.name) for each in found])
    count = sum(rows)
    of_row = {
        name: np.repeat(np.concatenate([getattr(each, name) for each in found]), many)
        for name in ("reset", "level", "season")
    }
    return write_frame(
        {
            "member": np.tile(np.repeat(np.arange(1, members + 1), units), count),
            "unit": np.tile(np.arange(1, units + 1), count * members),
            "h": np.concatenate([each.h.ravel() for each in found]),
            "c": np.concatenate([each.c.ravel() for each in found]),
            **of_row,
        },
        model.base.kind,
        series=np.repeat(places, np.array(rows) * many),
        ds=np.repeat(np.concatenate([each.ds for each in found]), many),
    )


def fitted_values(model: FittedModel, frame: Any) -> Any:
    """Forecasts one step ahead within a frame; see ``Forecaster.fitted_values``."""
    panel = model.read(frame)
    places = np.array([model.base.place(name) for name in panel.ids], np.intp)
    learned, weights = model.learned.take(places), model.combination.weights[places]
    past = model.past_of(panel)
    if past.begin.any():
        name = panel.ids[int(np.flatnonzero(past.begin)[0])]
        fix = "Give the whole frame that was fitted on."
        raise DataError("frame", name, "does not begin where the model's history does", fix)
    x = past.x
    lengths, found = past.lengths, np.full(len(panel.y), np.nan)
    for i in range(1, int(lengths.max())):
        if i <= seen_of(learned.recipe.model.framing):  # windows that show less are not run over
            now = learned.start(past.until(np.minimum(i, lengths)))
        at = past.offsets[:-1] + np.minimum(i, lengths - 1)
        row = x[at][:, None]
        kinds, _ = learned.forecasts(now, 1, row)
        going = i < lengths
        found[at[going]] = weighted(weights, kinds)[going, 0]
        now = learned.observe(now, past.y[at], row)
    rows = np.flatnonzero(np.isfinite(found))
    series = np.repeat(places, lengths)[rows]
    return write_frame(
        {
            model.base.kind.target_column: panel.y[rows],
            "fitted": found[rows],
            "residual": panel.y[rows] - found[rows],
        },
        model.base.kind,
        series=series,
        ds=panel.ds[rows],
    )


def warm_up_length(
    model: FittedModel, frame: Any, tolerance: float = 0.05
) -> dict[str, int | None]:
    """How many observations it takes each series to forget the state that it began with.

    The series is forecast one step at a time from two initial states: zeros, and one whose cells
    are all at 3. Counted are the observations that the networks run over until both forecasts
    differ by no more than ``tolerance`` times the mean absolute error of the naive forecast, there
    and ever after.

    Returns:
        By series: the count, 0 where the state is reset before every forecast, and None where the
        two forecasts still differ at the end.

    Raises:
        DataError: the frame cannot be read, or a series is not known, or is too short.
        SettingError: the tolerance is not above zero.
    """
    positive("tolerance", tolerance)
    panel = model.read(frame)
    if model.learned.ensemble is not None and model.learned.ensemble.resets:
        return dict.fromkeys(panel.ids, 0)
    lengths: dict[str, int | None] = {}
    for way in ways(model, panel):
        ensemble = way.ensemble
        shape = (1, ensemble.members, ensemble.model.network.units)
        begins = [np.full(shape, cell, np.float32) for cell in (0.0, FAR)]
        walks = [
            run_through(ensemble, way.z, way.x, ensemble.to_lanes(State(np.tanh(cell), cell)))
            for cell in begins
        ]
        paths = [np.stack([forecast for forecast, _ in walk], axis=1) for walk in walks]
        zero, far = (point_of(path[None], "median")[0] for path in paths)
        allowed = tolerance * float(np.abs(np.diff(way.own)).mean())
        apart = np.flatnonzero(~(np.abs(zero - far) <= allowed))
        forgotten = int(apart[-1]) + 1 if len(apart) else 0
        lengths[way.name] = None if forgotten == len(zero) else forgotten
    return lengths
