"""The state of every series of a forecaster, to look at, keep and put back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from statewise.data.origin import ForecastOrigin
from statewise.engine import State
from statewise.ensemble.trained import ForecastState
from statewise.errors import SettingError
from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import Known

__all__ = ["SeriesState", "Snapshot", "States"]


class Holder(Protocol):
    """What holds a fitted model, and puts another one in its place."""

    fitted_: FittedModel


@dataclass(frozen=True, eq=False)
class SeriesState:
    """What a forecaster knows of one series.

    Attributes:
        h, c: (members, units) the state of every member; of no members where there are no networks.
        recent: (memory,) the latest observations that networks look at, adjusted, oldest first.
        x: (steps, columns) the columns on their rows, scaled.
        level: the smoothed level of the series, in its own units, without its seasons.
        count: observations so far, which give the phase of every season.
        last: the time of the latest one, int64 or datetime64[us].
        known: all of it, and the states of the simple forecasts, as the model holds it.
    """

    h: NDArray[np.float32]
    c: NDArray[np.float32]
    recent: NDArray[np.float64]
    x: NDArray[np.float64]
    level: float
    count: int
    last: Any
    known: Known


class Snapshot(NamedTuple):
    """What a forecaster knew of all series at one moment."""

    known: Known
    origin: ForecastOrigin


class States(Mapping[str, SeriesState]):
    """The states of a fitted forecaster, by the name of the series.

    Reading gives copies; setting puts a state back, or, from a pair ``(h, c)`` of (members, units),
    a state of one's own beside the observations that are known.

    Raises:
        UnknownSeriesError: there is no series of a name.
        SettingError: what is set is not a state of this model.
    """

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def __getitem__(self, name: str) -> SeriesState:
        model, at = self._holder.fitted_, self._at(name)
        one, part = model.learned.take(at), model.learned.part(model.known, at)
        h = c = np.zeros((0, 0), np.float32)
        recent, x = np.zeros(0), np.zeros((0, 0))
        if one.ensemble is not None and part.networks is not None:
            state = one.ensemble.from_lanes(part.networks.carried)
            h, c = state.h[0], state.c[0]
            recent, x = part.networks.recent[0].copy(), part.networks.x[0].copy()
        level = one.adjustment.invert(part.simple.level[:, None], None)
        last = model.origin.last[at[0]]
        return SeriesState(h, c, recent, x, float(level[0, 0]), int(part.count[0]), last, part)

    def __setitem__(self, name: str, value: "SeriesState | tuple[Any, Any]") -> None:
        model, at, now = self._holder.fitted_, self._at(name), self[name]
        if isinstance(value, SeriesState):
            new = value
        else:
            try:
                h, c = value
            except (TypeError, ValueError):
                fix = "Give what was read from it, or h and c of (members, units)."
                raise SettingError(f"state[{name!r}]", value, "is not a state", fix) from None
            new = replace(now, h=h, c=c)
        h, c, recent, x, last = (
            fitting(name, each, new, now) for each in ("h", "c", "recent", "x", "last")
        )
        part, ensemble = new.known, model.learned.ensemble
        if shapes_of(part) != shapes_of(now.known):
            problem = "is of another model"
            raise SettingError(f"state[{name!r}]", value, problem, "Give what was read from this.")
        if ensemble is not None:
            carried = ensemble.take(at).to_lanes(State(h[None], c[None]))
            part = replace(part, networks=ForecastState(recent[None], x[None], carried))
        self._holder.fitted_ = model.with_state(
            model.learned.put(model.known, at, part), model.origin.moved(at, last[None])
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._holder.fitted_.ids)

    def __len__(self) -> int:
        return len(self._holder.fitted_.ids)

    def snapshot(self) -> Snapshot:
        """Everything that is known now, to be put back with ``restore``."""
        model = self._holder.fitted_
        return Snapshot(model.known, model.origin)

    def restore(self, snapshot: Snapshot) -> None:
        """Forget everything that came after the snapshot."""
        model = self._holder.fitted_
        if shapes_of(snapshot.known) != shapes_of(model.known) or snapshot.origin.ids != model.ids:
            raise SettingError(
                "snapshot", snapshot.origin.ids, "is of another model", "Use one of this model."
            )
        self._holder.fitted_ = model.with_state(*snapshot)

    def _at(self, name: str) -> NDArray[np.intp]:
        return np.array([self._holder.fitted_.base.place(name)], np.intp)


def fitting(name: str, part: str, new: SeriesState, known: SeriesState) -> NDArray[Any]:
    """A part of a new state as an array; raises SettingError if it is not as in ``known``."""
    given, old = getattr(new, part), np.asarray(getattr(known, part))
    try:
        with np.errstate(over="ignore"):
            found = np.asarray(given, old.dtype)
    except (TypeError, ValueError):
        found = np.empty(0)
    # The state of a member that diverged is no number, and may stay none.
    if found.shape != old.shape or not (np.isfinite(found) | ~np.isfinite(old)).all():
        raise SettingError(
            f"state[{name!r}].{part}",
            given,
            f"is not {old.shape} finite values of {old.dtype}",
            "Give what was read from this model, or h and c of (members, units).",
        )
    return found


def shapes_of(now: Known) -> list[tuple[int, ...]]:
    """The shapes of what is known."""
    found = [now.tail.shape, *(part.shape for part in now.simple.arrays().values())]
    if now.networks is None:
        return found
    networks = now.networks
    return [*found, networks.recent.shape, networks.x.shape, *(p.shape for p in networks.carried)]
