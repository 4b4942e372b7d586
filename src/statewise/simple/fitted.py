"""Simple forecasts of many series: parameters that were fitted once, and a state that moves on.

Series are without season and missing values, on a scale where their errors add up. ``Simple`` is
what was fitted and does not change; a ``SimpleState`` is what the series have shown so far.
Observing and forecasting take one; observing gives another one back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least
from statewise.errors import DataError
from statewise.simple.loops import FITTED, KNOWN, Table, loops

__all__ = ["NAMES", "Simple", "SimpleState", "fit_simple"]

Floats = NDArray[np.float64]

AT_ONCE = 500  # series
NAMES = (
    "naive",
    "drift",
    "historical mean",
    "autoregression",
    "differenced autoregression",
    "exponential smoothing",
    "damped trend",
    "ETS",
    "Theta",
)
"""The forecasts, in their order. ETS is exponential smoothing and damped trend, mixed by AICc."""


@dataclass(frozen=True, eq=False)
class SimpleState:
    """What is known of each series at its latest observation.

    Attributes:
        table: a row of ``KNOWN`` for each series.
    """

    table: Table

    @property
    def level(self) -> Floats:
        """(series,) the level of exponential smoothing."""
        return self.table["level"].copy()

    def take(self, series: ArrayLike) -> "SimpleState":
        """The state of some of the series."""
        return SimpleState(self.table[np.asarray(series)])

    def put(self, series: ArrayLike, part: "SimpleState") -> "SimpleState":
        """A copy in which some of the series have the state that ``part`` gives them."""
        table = self.table.copy()
        table[np.asarray(series)] = part.table
        return SimpleState(table)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as arrays (series, ...) by name, to be saved."""
        return arrays_of(self.table)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The state of what ``arrays`` gave.

        Raises:
            DataError: an array is missing, unknown, of another shape, or not finite.
        """
        table = table_of(arrays, KNOWN)
        in_range("count", table, 1, None)
        return cls(table)


@dataclass(frozen=True, eq=False)
class Simple:
    """What was fitted to each series, for all forecasts in ``NAMES``.

    Attributes:
        table: a row of ``FITTED`` for each series.
    """

    table: Table

    def forecast(self, state: SimpleState, horizon: int) -> Floats:
        """Forecasts (names, series, horizon) of what follows the state.

        Raises:
            SettingError: the horizon is below one.
            DataError: the state is of another number of series.
        """
        self.check_of(len(state.table))
        out = np.empty((len(NAMES), len(self.table), at_least("horizon", horizon, 1)))
        loops().forecast(self.table, state.table, out)
        return out

    def observe(self, state: SimpleState, y: ArrayLike) -> SimpleState:
        """The state after one more observation of each series; the parameters stay as they are.

        Args:
            y: (series,).

        Raises:
            DataError: an observation is not finite, or they are not one for each series.
        """
        values, table = np.array(y, np.float64), state.table.copy()
        self.check_of(len(table))
        if values.shape != table.shape:
            raise DataError(
                "y", values.shape, f"is not ({len(table)},)", "Give one value for each series."
            )
        bad = loops().observe(self.table, values, table)
        if bad >= 0:
            raise DataError(
                f"y[{bad}]", float(values[bad]), "is not finite", "Fill missing values in first."
            )
        return SimpleState(table)

    def start(self, z: ArrayLike, offsets: ArrayLike) -> SimpleState:
        """The state after other histories of the same series, begun as the fitted ones began.

        It is that of ``fit_simple`` after the same histories, to the bit, and that of ``observe``,
        one by one. The line of Theta has its origin at the first observation of each history.

        Args:
            z: the histories end to end.
            offsets: (series + 1,) where each begins, and the end.

        Raises:
            DataError: a history is empty or not finite, or there is not one for each series.
        """
        values, places = checked_histories(z, offsets)
        self.check_of(len(places) - 1)
        table = np.zeros(len(self.table), KNOWN)
        loops().start(values, places, self.table, table)
        return SimpleState(table)

    def walk(self, state: SimpleState, z: ArrayLike, offsets: ArrayLike, horizon: int) -> Floats:
        """Forecasts of what comes after a state, a horizon at a time, each from all before it.

        Args:
            state: before the first of them.
            z: what comes, series after series.
            offsets: (series + 1,) where that of each series begins, and the end.
            horizon: how many observations are forecast before they are seen.

        Returns:
            (names, observations) forecasts.

        Raises:
            DataError: nothing comes to a series, or it is not finite, or there are others.
            SettingError: the horizon is below one.

        Example:
            >>> simple, state = fit_simple([1.0, 2.0, 3.0, 5.0], [0, 4])
            >>> simple.walk(state, [6.0, 8.0, 7.0], [0, 3], horizon=2)[0].tolist()
            [5.0, 5.0, 8.0]
        """
        values, places = checked_histories(z, offsets)
        self.check_of(len(places) - 1)
        self.check_of(len(state.table))
        out = np.empty((len(NAMES), len(values)))
        step = at_least("horizon", horizon, 1)
        loops().walk(values, places, step, self.table, state.table.copy(), out)
        return out

    def take(self, series: ArrayLike) -> "Simple":
        """What was fitted to some of the series."""
        return Simple(self.table[np.asarray(series)])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The parameters as arrays (series, ...) by name, to be saved."""
        return arrays_of(self.table)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The parameters of what ``arrays`` gave.

        Raises:
            DataError: an array is missing, unknown, of another shape, or not finite, or an order is
                above the number of coefficients.
        """
        table = table_of(arrays, FITTED)
        for name in ("", "differenced_"):
            in_range(f"{name}order", table, 0, FITTED[f"{name}coefficients"].shape[0])
        return cls(table)

    def check_of(self, series: int) -> None:
        """Raise DataError if what comes with the parameters is of another number of series."""
        if series != len(self.table):
            raise DataError(
                "series",
                series,
                f"is not the number of fitted series, {len(self.table)}",
                "Take the same series of both.",
            )


def fit_simple(z: ArrayLike, offsets: ArrayLike) -> tuple[Simple, SimpleState]:
    """Fit all simple forecasts to each series by itself, and run them over its history.

    Args:
        z: the histories end to end, each of one observation or more.
        offsets: (series + 1,) where each begins, and the end.

    Returns:
        What was fitted, and the state after the histories. Forecasts are finite however short or
        constant a history is; where nothing can be fitted they are its last value.

    Raises:
        DataError: a history is empty or not finite.

    Example:
        >>> simple, state = fit_simple([1.0, 2.0, 3.0, 5.0, 5.0], [0, 3, 5])
        >>> forecasts = simple.forecast(state, 2)
        >>> dict(zip(NAMES, forecasts[:, 0].tolist()))["drift"]
        [4.0, 5.0]
        >>> simple.forecast(simple.observe(state, [4.0, 6.0]), 1)[0].tolist()
        [[4.0], [6.0]]
    """
    values, places = checked_histories(z, offsets)
    table = np.zeros(len(places) - 1, FITTED)
    for i in range(0, len(table), AT_ONCE):  # Ctrl-C is heard between calls of compiled code
        loops().fit(values, places[i : i + AT_ONCE + 1], table[i : i + AT_ONCE])
    simple = Simple(table)
    return simple, simple.start(values, places)


def checked_histories(z: ArrayLike, offsets: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Histories end to end and where they begin; raises DataError if they are not that."""
    values, places = np.array(z, np.float64), np.array(offsets, np.int64)
    if places.ndim != 1 or values.shape != (places[-1] if len(places) else -1,) or places[0] != 0:
        raise DataError(
            "offsets",
            np.asarray(offsets).tolist(),
            f"do not go from 0 to the end of values of shape {values.shape}",
            "Give where each series begins, and the number of values.",
        )
    empty = np.flatnonzero(np.diff(places) < 1)
    if len(empty):
        problem = f"leaves series {empty[0]} without an observation"
        raise DataError("offsets", int(places[empty[0]]), problem, "Leave that series out.")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(
            f"z[{bad[0]}]", float(values[bad[0]]), "is not finite", "Fill missing values in first."
        )
    return values, places


def arrays_of(table: Table) -> dict[str, NDArray[Any]]:
    """The columns of a table, each an array of its own."""
    return {name: np.ascontiguousarray(table[name]) for name in table.dtype.names or ()}


def table_of(arrays: Mapping[str, NDArray[Any]], kind: np.dtype[np.void]) -> Table:
    """The table of such columns; raises DataError if they are not those of its kind."""
    names = kind.names or ()
    fix = "Give what `arrays` gave."
    if set(arrays) != set(names):
        raise DataError("arrays", sorted(arrays), f"are not {', '.join(names)}", fix)
    series = len(np.atleast_1d(arrays[names[0]]))
    table = np.zeros(series, kind)
    for name in names:
        array, wanted = np.asarray(arrays[name]), table[name]
        if array.shape != wanted.shape or array.dtype != wanted.dtype:
            problem = f"is not {wanted.dtype} of shape {wanted.shape}"
            raise DataError(f"arrays[{name!r}]", f"{array.dtype} {array.shape}", problem, fix)
        if not np.isfinite(array).all():
            raise DataError(f"arrays[{name!r}]", array, "is not finite everywhere", fix)
        table[name] = array
    return table


def in_range(name: str, table: Table, low: int, high: int | None) -> None:
    """Raise DataError if whole numbers of a column are out of range."""
    column = table[name]
    bad = column[(column < low) | (column > high if high is not None else False)]
    if len(bad):
        problem = f"is not from {low} to {high}" if high is not None else f"is below {low}"
        raise DataError(f"arrays[{name!r}]", int(bad[0]), problem, "Give what `arrays` gave.")
