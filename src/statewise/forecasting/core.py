"""A fitted model as a value: what was learned, what is known of every series, where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least, fraction, percent, positive
from statewise.data.append import read_future
from statewise.data.calendar import beside, calendar
from statewise.data.frames import read_frame, write_frame
from statewise.data.labels import with_labels
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel
from statewise.ensemble.exported import Exported
from statewise.errors import DataError, SettingError
from statewise.forecasting.combination import Combination, weighted
from statewise.forecasting.decisions import Decisions
from statewise.forecasting.intervals import Residuals
from statewise.forecasting.learned import Known, Learned, Past
from statewise.forecasting.settings import Settings

__all__ = ["Ahead", "FittedModel"]

Floats = NDArray[np.float64]
POINT = "mean"  # the column of the forecast: the weighted mean of all kinds


@dataclass(frozen=True, eq=False)
class Ahead:
    """Forecasts of every series from where they stand.

    Attributes:
        point: (series, horizon).
        kinds: (kinds, series, horizon) what it was combined of.
        members: (series, members, horizon) of the networks, or None where there are none.
    """

    point: Floats
    kinds: Floats
    members: Floats | None


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A fitted model at one moment; observing gives another one, and this one stays.

    Attributes:
        settings: what it was told; of its own, so that nobody changes it.
        decisions: what was made of them.
        learned: adjustments, simple forecasts and networks.
        combination: how these are combined.
        residuals: how wrong that is, or None without intervals.
        notes: a sentence on each series that is not forecast as the others are.
        known: what is known of every series.
        base: where every series stood in time, ``steps`` observations of each ago.
        steps: observations of every series since ``base``.
    """

    settings: Settings
    decisions: Decisions
    learned: Learned
    combination: Combination
    residuals: Residuals | None
    notes: tuple[str, ...]
    known: Known
    base: ForecastOrigin
    steps: int = 0

    @cached_property
    def origin(self) -> ForecastOrigin:
        """Where every series stands in time."""
        if not self.steps:
            return self.base
        return replace(self.base, last=self.base.frequency.later(self.base.last, self.steps))

    @property
    def ids(self) -> tuple[str, ...]:
        """(series,) names."""
        return self.base.ids

    def with_state(self, known: Known, origin: ForecastOrigin) -> "FittedModel":
        """The model with another knowledge of its series, which stand there."""
        return replace(self, known=known, base=origin, steps=0)

    @property
    def origin_columns(self) -> bool:
        """Whether networks look at anything beside the series."""
        return bool(self.base.columns or self.settings.data.calendar)

    @property
    def ahead(self) -> tuple[str, ...]:
        """The columns that are known ahead."""
        columns = self.base.columns
        return columns[: len(columns) - self.decisions.networks.past]

    def dates(self, ds: NDArray[Any]) -> Floats:
        """(rows, columns) what the calendar says of these times."""
        return dates_of(self.settings, self.base.kind, ds)

    def columns_of(self, exogenous: Floats, ds: NDArray[Any]) -> Floats:
        """(rows, columns) what networks are shown beside the series, not yet scaled."""
        return beside(exogenous, self.dates(ds), self.decisions.networks.past)

    def read(self, frame: Any) -> Panel:
        """A frame of series that the model knows, by the column names and frequency it knows.

        Raises:
            DataError: the frame cannot be read, or has another series.
        """
        kind = self.base.kind
        if isinstance(frame, Panel):
            panel = frame
        else:
            panel = read_frame(
                with_labels(frame, self.settings.data.static, self.base.columns),
                id_column=kind.id_column or "unique_id",
                time_column=kind.time.name,
                target_column=kind.target_column,
                freq=self.base.frequency,
                fill=self.settings.data.fill or "linear",
                exogenous=self.base.columns,
            )
        panel.checked_frequency()
        for name in panel.ids:
            self.base.place(name)
        return panel

    def past_of(self, panel: Panel) -> Past:
        """The histories of a panel of known series, each from its place on the axis of the fit."""
        places = np.array([self.base.place(name) for name in panel.ids], np.intp)
        first, last = panel.ds[panel.offsets[:-1]], self.origin.last[places]
        pairs = np.sort(np.stack([first, last], axis=1), axis=1)
        apart = np.flatnonzero(pairs[:, 0] < pairs[:, 1])
        steps = np.zeros(len(panel), np.int64)
        if len(apart):
            index = self.base.frequency.index(pairs[apart].ravel(), 2 * np.arange(len(apart) + 1))
            steps[apart] = index[1::2]
        begin = self.known.count[places] - 1 - np.where(first <= last, steps, -steps)
        x = self.columns_of(panel.exogenous, panel.ds)
        return Past(panel.ids, panel.offsets, panel.y, x, begin)

    def predict(
        self,
        h: int,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] = (),
        X: Any = None,
        members: bool = False,
        kinds: bool = False,
    ) -> Any:
        """The forecasts as a frame; see ``Forecaster.predict``."""
        found = self.forecast(h, X)
        h = found.point.shape[1]
        columns: dict[str, Floats] = {POINT: found.point}
        for each, (low, high) in self.intervals(found.point, level).items():
            columns[f"lo-{each:g}"], columns[f"hi-{each:g}"] = low, high
        columns |= self.quantiles(found.point, quantiles)
        if kinds:
            columns |= dict(zip(self.combination.names, found.kinds, strict=True))
        if members and found.members is not None:
            paths = np.moveaxis(found.members, 1, 0)
            columns |= {f"member-{i + 1}": path for i, path in enumerate(paths)}
        return write_frame(
            {name: values.ravel() for name, values in columns.items()},
            self.base.kind,
            series=np.repeat(np.arange(len(self.ids)), h),
            ds=self.origin.after(h).ravel(),
        )

    def forecast(self, h: int, X: Any = None) -> Ahead:
        """Every series, ``h`` steps ahead; errors as ``predict`` has them."""
        h = at_least("h", h, 1)
        return self.forecast_from(self.known, h, self.future(X, h))

    def forecast_from(self, known: Known, h: int, x: Floats) -> Ahead:
        """The same from a given knowledge, with columns (series, h, columns), not scaled."""
        kinds, members = self.learned.forecasts(known, h, x)
        # Shares add up to one within rounding, so that a mean may leave the bounds by as much.
        point = self.learned.adjustment.clip(weighted(self.combination.weights, kinds))
        return Ahead(point, kinds, members)

    def future(self, frame: Any, horizon: int) -> Floats:
        """The columns over the horizon: (series, horizon, columns), zeros where not known."""
        origin = replace(self.origin, columns=self.ahead)
        given = np.zeros((len(origin), horizon, 0))
        if origin.columns:
            if frame is None:
                listed = ", ".join(origin.columns)
                raise DataError(
                    "X", None, f"is needed: the model looks at {listed}",
                    f"Give a frame with them over the {horizon} times that follow.",
                )  # fmt: skip
            given = read_future(frame, origin, horizon)
        dates = self.dates(origin.after(horizon).ravel()).reshape(len(given), horizon, -1)
        later = np.zeros((len(given), horizon, self.decisions.networks.past))
        found = np.concatenate([given, dates, later], axis=2)
        ensemble = self.learned.ensemble
        if ensemble is not None and not ensemble.columns.is_representable(found).all():
            raise DataError(
                "X", float(np.abs(given).max()), "is too far from what was fitted on",
                "Check the columns.",
            )  # fmt: skip
        return found

    def intervals(
        self, point: Floats, level: float | Sequence[float] | None
    ) -> dict[float, tuple[Floats, Floats]]:
        """The bounds at each level, in percent, about a forecast (series, steps).

        Raises:
            SettingError: a level is impossible, or there are no intervals.
        """
        levels = [] if level is None else np.atleast_1d(level).tolist()
        return {percent("level", each): self.ends(point, each, "level", levels) for each in levels}

    def quantiles(self, point: Floats, asked: Sequence[float]) -> dict[str, Floats]:
        """The quantiles, by the names of their columns; errors as ``intervals`` has them."""
        found = {}
        for each in asked:
            q = positive("quantiles", fraction("quantiles", each))
            level = round(100.0 * abs(2.0 * q - 1.0), 8)
            ends = self.ends(point, level, "quantiles", list(asked)) if level else (point, point)
            found[f"q-{each:g}"] = ends[0] if q < 0.5 else ends[1]
        return found

    def ends(self, point: Floats, level: float, name: str, asked: Any) -> tuple[Floats, Floats]:
        """The bounds at one level in percent, which was asked for by an argument of this name."""
        adjustment = self.learned.adjustment
        widths = self.residuals_for(name, asked).half_widths(level, point.shape[1])
        widths = widths * adjustment.slope(point)
        return adjustment.clip(point - widths), adjustment.clip(point + widths)

    def sample(self, h: int, count: int, X: Any = None, seed: int = 1) -> Floats:
        """Paths (series, count, h) that the series may take; see ``Forecaster.sample``."""
        point = self.forecast(h, X).point
        apart = self.residuals_for("count", count).paths(
            h, at_least("count", count, 1), np.random.default_rng(seed)
        )
        adjustment = self.learned.adjustment
        return adjustment.clip(point[:, None] + apart * adjustment.slope(point)[:, None])

    def residuals_for(self, name: str, value: Any) -> Residuals:
        """The residuals; raises SettingError if the fit made none."""
        if self.residuals is None:
            raise SettingError(name, value, "needs intervals", "Fit with intervals=True.")
        return self.residuals

    def exported(self, series: str | None = None, member: int = 1) -> Exported:
        """One network with its present state; see ``Forecaster.exported``."""
        ensemble, which = self.learned.ensemble, at_least("member", member, 1) - 1
        state = self.known.networks
        if ensemble is None or state is None:
            raise SettingError("member", member, "there are no networks", "Fit longer series.")
        if which >= ensemble.members:
            raise SettingError(
                "member", member, f"is not one of {ensemble.members}", "Count from one."
            )
        at = np.array([0 if series is None else self.base.place(series)], np.intp)
        one = ensemble.take(at)
        carried = one.from_lanes(ensemble.part(state, at).carried)
        run = slice(which, which + 1)
        initial = None if one.initial is None else type(carried)(*(p[run] for p in one.initial))
        now = type(carried)(*(part[:, run] for part in carried))
        return Exported(ensemble.model.network, one.weights.take(run), now, initial)


def dates_of(settings: Settings, kind: Any, ds: NDArray[Any]) -> Floats:
    """(rows, columns) what the calendar says of these times, as the settings ask for it."""
    if not settings.data.calendar:
        return np.zeros((len(ds), 0))
    return calendar(kind.time.clock(ds), settings.data.calendar)[0]
