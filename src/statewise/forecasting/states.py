"""The state of every series of a forecaster, to look at, keep and put back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine import State
from statewise.errors import SettingError
from statewise.forecasting.ensemble import Now
from statewise.timedpanel import Tip

if TYPE_CHECKING:
    from statewise.forecasting.forecaster import Forecaster

__all__ = ["SeriesState", "Snapshot", "States"]


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


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a forecaster knew of all series at one moment."""

    now: Now
    tip: Tip


class States(Mapping[str, SeriesState]):
    """The states of a fitted forecaster, by the name of the series.

    Reading gives copies; setting puts a state back, or, from a pair ``(h, c)`` of (members, units),
    a state of one's own beside the observations that are known.
    """

    def __init__(self, model: "Forecaster") -> None:
        self._model = model

    def __getitem__(self, name: str) -> SeriesState:
        at = self._at(name)
        model = self._model
        part = model.ensemble_.part(model.now_, at)
        state = model.ensemble_.take(at).from_lanes(part.carried)
        last = model.tip_.last[at[0]]
        return SeriesState(state.h[0], state.c[0], part.recent[0].copy(), part.x[0].copy(), last)

    def __setitem__(self, name: str, value: "SeriesState | tuple[Any, Any]") -> None:
        at, model = self._at(name), self._model
        old = self[name]
        whole = isinstance(value, SeriesState)
        h, c = (value.h, value.c) if isinstance(value, SeriesState) else value
        new = value if isinstance(value, SeriesState) else old
        given_and_known = (
            ("h", h, old.h),
            ("c", c, old.c),
            ("recent", new.recent, old.recent),
            ("x", new.x, old.x),
        )
        for part, given, known in given_and_known:
            found = np.asarray(given)
            if found.shape != known.shape or not np.isfinite(found).all():
                raise SettingError(
                    f"state[{name!r}].{part}",
                    found.shape,
                    f"is not {known.shape} finite numbers",
                    "Give a state of this model, or h and c of (members, units).",
                )
        one = model.ensemble_.take(at)
        state = State(*(np.asarray(part, np.float32)[None] for part in (h, c)))
        now = Now(new.recent[None], new.x[None], one.to_lanes(state))
        model.now_ = model.ensemble_.put(model.now_, at, now)
        if whole:
            model._tip = model.tip_.moved(at, np.array([new.last]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._model.tip_.ids)

    def __len__(self) -> int:
        return len(self._model.tip_.ids)

    def snapshot(self) -> Snapshot:
        """Everything that is known now, to be put back with ``restore``."""
        return Snapshot(self._model.now_, self._model.tip_)

    def restore(self, snapshot: Snapshot) -> None:
        """Forget everything that came after the snapshot."""
        if snapshot.tip.ids != self._model.tip_.ids:
            raise SettingError(
                "snapshot", len(snapshot.tip.ids), "is of other series", "Use one of this model."
            )
        self._model.now_, self._model._tip = snapshot.now, snapshot.tip

    def _at(self, name: str) -> NDArray[np.intp]:
        return np.array([self._model.tip_.place(name)], np.intp)
