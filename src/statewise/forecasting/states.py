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

__all__ = ["SeriesState", "Snapshot", "States"]


class Holder(Protocol):
    """What holds a fitted model, and puts another one in its place."""

    fitted_: FittedModel


@dataclass(frozen=True, eq=False)
class SeriesState:
    """What a forecaster knows of one series.

    Attributes:
        h, c: (members, units) the state of every member.
        recent: (memory,) the latest observations, oldest first.
        x: (steps - 1, columns) the columns on their rows, scaled.
        last: the time of the latest one, int64 or datetime64[us].
    """

    h: NDArray[np.float32]
    c: NDArray[np.float32]
    recent: NDArray[np.float64]
    x: NDArray[np.float64]
    last: Any


class Snapshot(NamedTuple):
    """What a forecaster knew of all series at one moment."""

    state: ForecastState
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
        part = model.ensemble.part(model.state, at)
        state = model.ensemble.take(at).from_lanes(part.carried)
        last = model.origin.last[at[0]]
        return SeriesState(state.h[0], state.c[0], part.recent[0].copy(), part.x[0].copy(), last)

    def __setitem__(self, name: str, value: "SeriesState | tuple[Any, Any]") -> None:
        model, at, known = self._holder.fitted_, self._at(name), self[name]
        if isinstance(value, SeriesState):
            new = value
        else:
            try:
                h, c = value
            except (TypeError, ValueError):
                fix = "Give what was read from it, or h and c of (members, units)."
                raise SettingError(f"state[{name!r}]", value, "is not a state", fix) from None
            new = replace(known, h=h, c=c)
        parts = ("h", "c", "recent", "x", "last")
        new = SeriesState(*(fitting(name, each, new, known) for each in parts))
        model.recipe.model.framing.check(new.recent, f"state[{name!r}].recent")
        carried = model.ensemble.take(at).to_lanes(State(new.h[None], new.c[None]))
        part = ForecastState(new.recent[None], new.x[None], carried)
        self._holder.fitted_ = model.with_state(
            model.ensemble.put(model.state, at, part), model.origin.moved(at, new.last[None])
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._holder.fitted_.ids)

    def __len__(self) -> int:
        return len(self._holder.fitted_.ids)

    def snapshot(self) -> Snapshot:
        """Everything that is known now, to be put back with ``restore``."""
        model = self._holder.fitted_
        return Snapshot(model.state, model.origin)

    def restore(self, snapshot: Snapshot) -> None:
        """Forget everything that came after the snapshot."""
        model = self._holder.fitted_
        if shapes_of(snapshot.state) != shapes_of(model.state) or snapshot.origin.ids != model.ids:
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


def shapes_of(now: ForecastState) -> list[tuple[int, ...]]:
    """The shapes of what is known."""
    return [now.recent.shape, now.x.shape, *(part.shape for part in now.carried)]
