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
from statewise.ensemble.rolling_origin import roll
from statewise.ensemble.trained import Ensemble, ForecastState
from statewise.errors import DataError
from statewise.forecasting.core import FittedModel

__all__ = ["Fan", "Trace", "fans", "trace_frame", "traces", "warm_up_length"]

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
    """

    name: str
    ds: NDArray[Any]
    h: NDArray[np.float32]
    c: NDArray[np.float32]
    reset: NDArray[np.bool_]


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
    frame, paths = model.origin, model.paths(h, X)
    point = model.point(paths)
    bounds = model.intervals(paths, level)
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
    ensemble: Ensemble, y: Floats, x: Floats, carried: Carried
) -> Iterator[tuple[Floats, Carried]]:
    """Run the members of one series over it, and forecast each observation from those before it.

    Args:
        ensemble: of one series.
        y: (observations,) more than the framing needs to forecast one.
        x: (observations, columns) scaled.
        carried: the state to begin with.

    Yields:
        The forecast of the next observation by every member, (members,), and the state after it.
    """
    framing = ensemble.model.framing
    memory, behind = framing.memory, framing.steps - 1
    last = len(y) - (ensemble.outputs if x.shape[1] else 1) + 1
    start = ForecastState(y[None, :memory], x[None, memory - behind : memory], carried)
    for forecast, now in roll(ensemble, start, y[None, memory:last], x[None, memory:]):
        assert now.ahead is not None
        yield forecast[0], now.ahead[1]


def parts(
    model: FittedModel, panel: Panel
) -> Iterator[tuple[str, Ensemble, NDArray[Any], Floats, Floats]]:
    """Every series of a panel: name, ensemble, times, values, and columns that are scaled.

    Raises:
        DataError: a series is too short to be forecast once.
    """
    columns = model.columns_of(panel)
    for i, name in enumerate(panel.ids):
        ensemble = model.ensemble.take(np.array([model.base.place(name)]))
        rows = slice(int(panel.offsets[i]), int(panel.offsets[i + 1]))
        x = ensemble.columns.apply(columns[None, rows])[0]
        least = ensemble.model.framing.memory + (ensemble.outputs if x.shape[1] else 1)
        if len(x) < least:
            raise DataError(
                f"series {name!r}",
                len(x),
                f"observations are too few to forecast one, which takes {least}",
                "Give more of them, such as the frame that was fitted on.",
            )
        yield name, ensemble, panel.ds[rows], panel.y[rows], x


def traces(model: FittedModel, frame: Any) -> list[Trace]:
    """The state of every member after each observation of each series, from the initial state.

    A state has run over every window whose target is known; the first row is the first observation
    that has a whole window before it.

    Raises:
        DataError: the frame cannot be read, or a series is not known, or is too short.
    """
    found = []
    for name, ensemble, ds, y, x in parts(model, model.read(frame)):
        states = [
            ensemble.from_lanes(carried)
            for _, carried in run_through(ensemble, y, x, ensemble.start())
        ]
        reset = np.full(len(states), ensemble.resets)
        reset[0] = True
        h, c = (np.concatenate(rows) for rows in zip(*states, strict=True))
        memory = ensemble.model.framing.memory
        found.append(Trace(name, ds[memory : memory + len(states)], h, c, reset))
    return found


def trace_frame(model: FittedModel, frame: Any) -> Any:
    """``traces`` as a long frame: id, time, member, unit, h, c, reset."""
    found = traces(model, frame)
    _, members, units = found[0].h.shape
    rows = [len(each.ds) for each in found]
    many = members * units
    places = np.array([model.base.place(each.name) for each in found])
    count = sum(rows)
    return write_frame(
        {
            "member": np.tile(np.repeat(np.arange(1, members + 1), units), count),
            "unit": np.tile(np.arange(1, units + 1), count * members),
            "h": np.concatenate([each.h.ravel() for each in found]),
            "c": np.concatenate([each.c.ravel() for each in found]),
            "reset": np.repeat(np.concatenate([each.reset for each in found]), many),
        },
        model.base.kind,
        series=np.repeat(places, np.array(rows) * many),
        ds=np.repeat(np.concatenate([each.ds for each in found]), many),
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
    if model.ensemble.resets:
        return dict.fromkeys(panel.ids, 0)
    lengths: dict[str, int | None] = {}
    for name, ensemble, _, y, x in parts(model, panel):
        shape = (1, ensemble.members, ensemble.model.network.units)
        begins = [np.full(shape, cell, np.float32) for cell in (0.0, FAR)]
        walks = [
            run_through(ensemble, y, x, ensemble.to_lanes(State(np.tanh(cell), cell)))
            for cell in begins
        ]
        paths = [np.stack([forecast for forecast, _ in walk], axis=1) for walk in walks]
        zero, far = (model.point(path[None])[0] for path in paths)
        allowed = tolerance * float(np.abs(np.diff(y)).mean())
        apart = np.flatnonzero(~(np.abs(zero - far) <= allowed))
        forgotten = int(apart[-1]) + 1 if len(apart) else 0
        lengths[name] = None if forgotten == len(zero) else forgotten
    return lengths
