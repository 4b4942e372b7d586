"""A fitted model as a value: what was learned, what is known of every series, where it stands."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least, percent
from statewise.data.append import read_future
from statewise.data.calendar import calendar
from statewise.data.frames import read_frame, write_frame
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel
from statewise.engine import Fitted
from statewise.ensemble.exported import Exported
from statewise.ensemble.trained import Ensemble, ForecastState, point_of
from statewise.errors import DataError, SettingError
from statewise.forecasting.calibration import Calibration, fit_calibration
from statewise.forecasting.fitting import History, Recipe, fit_ensemble
from statewise.forecasting.settings import Settings
from statewise.scoring.conformal import half_widths

__all__ = ["FittedModel", "fit_model"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A fitted model at one moment; observing gives another one, and this one stays.

    Attributes:
        settings: what it was told; of its own, so that nobody changes it.
        recipe: how the ensemble was made.
        ensemble: what was learned.
        state: what is known of every series.
        calibration: the twin whose errors give intervals, or None.
        base: where every series stood in time, ``steps`` observations of each ago.
        steps: observations of every series since ``base``.
    """

    settings: Settings
    recipe: Recipe
    ensemble: Ensemble
    state: ForecastState
    calibration: Calibration | None
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

    def with_state(self, state: ForecastState, origin: ForecastOrigin) -> "FittedModel":
        """The model with another knowledge of its series, which stand there."""
        return replace(self, state=state, base=origin, steps=0)

    def dates(self, ds: NDArray[Any]) -> Floats:
        """(rows, columns) what the calendar says of these times."""
        return dates_of(self.settings, self.base.kind, ds)

    def columns_of(self, panel: Panel) -> Floats:
        """(rows, columns) what the networks are shown beside the series, not yet scaled."""
        return columns_of(self.settings, panel)

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
                frame,
                id_column=kind.id_column or "unique_id",
                time_column=kind.time.name,
                target_column=kind.target_column,
                freq=self.base.frequency,
                fill=self.settings.fill,
                exogenous=self.base.columns,
            )
        panel.checked_frequency()
        for name in panel.ids:
            self.base.place(name)
        return panel

    def predict(
        self,
        h: int,
        *,
        level: float | Sequence[float] | None = None,
        X: Any = None,
        members: bool = False,
    ) -> Any:
        """The forecasts as a frame; see ``Forecaster.predict``."""
        paths = self.paths(h, X)
        h = paths.shape[2]
        columns: dict[str, Floats] = {self.settings.point: self.point(paths)}
        for each, (low, high) in self.intervals(paths, level).items():
            columns[f"lo-{each:g}"], columns[f"hi-{each:g}"] = low, high
        if members:
            columns |= {f"member-{i + 1}": paths[:, i] for i in range(paths.shape[1])}
        return write_frame(
            {name: values.ravel() for name, values in columns.items()},
            self.base.kind,
            series=np.repeat(np.arange(len(self.ids)), h),
            ds=self.origin.after(h).ravel(),
        )

    def paths(self, h: int, X: Any = None) -> Floats:
        """The forecasts of every member, (series, members, h); errors as ``predict`` has them."""
        h = at_least("h", h, 1)
        return self.ensemble.forecast(self.state, h, self.future(X, h))

    def future(self, frame: Any, horizon: int) -> Floats:
        """The columns over the horizon, scaled: (series, horizon, columns)."""
        origin = self.origin
        given = np.zeros((len(origin), horizon, 0))
        if origin.columns:
            if frame is None:
                listed = ", ".join(origin.columns)
                raise DataError(
                    "X", None, f"is needed: the model looks at {listed}",
                    f"Give a frame with them over the {horizon} times that follow.",
                )  # fmt: skip
            given = read_future(frame, origin, horizon)
        if self.settings.calendar:
            dates = self.dates(origin.after(horizon).ravel()).reshape(len(given), horizon, -1)
            given = np.concatenate([given, dates], axis=2)
        columns = self.ensemble.columns
        if not columns.is_representable(given).all():
            raise DataError(
                "X", float(np.abs(given).max()), "is too far from what was fitted on",
                "Check the columns.",
            )  # fmt: skip
        return columns.apply(given)

    def point(self, paths: Floats) -> Floats:
        """Paths (series, members, steps) as one forecast, without members that have no number.

        Raises:
            DataError: no member of a series has a number at a step.
        """
        found = point_of(paths, self.settings.point)
        lost = np.isnan(found).any(axis=1)
        if lost.any():
            raise DataError(
                f"series {self.ids[int(lost.argmax())]!r}",
                paths.shape[1],
                "members have no finite forecast",
                "Forecast fewer steps, or fit with a smaller learning_rate or a transform.",
            )
        return found

    def intervals(
        self, paths: Floats, level: float | Sequence[float] | None
    ) -> dict[float, tuple[Floats, Floats]]:
        """The bounds at each level, in percent, each (series, steps).

        Raises:
            SettingError: a level is impossible, there are no intervals, or the horizon is too long.
        """
        levels = [] if level is None else np.atleast_1d(level).tolist()
        levels = [percent("level", each) for each in levels]
        if not levels:
            return {}
        if self.settings.intervals == "ensemble":
            finite = np.where(np.isfinite(paths), paths, np.nan)
            tails = {each: (0.5 - each / 200.0, 0.5 + each / 200.0) for each in levels}
            return {
                each: tuple(np.nanquantile(finite, tail, axis=1)) for each, tail in tails.items()
            }
        if self.calibration is None:
            raise SettingError(
                "level", levels, "needs intervals", "Fit with intervals='conformal'."
            )
        middle = self.point(paths)
        errors = self.calibration.errors(paths.shape[2], self.settings.point)
        bounds = {}
        for each in levels:
            found = half_widths(errors, each)
            if found.level.min() < each:
                warnings.warn(
                    f"intervals at {each:g}% hold {found.level.min():.0f}% at some steps: too few "
                    "observations were held back; fit with a larger calibration=...",
                    stacklevel=4,
                )
            bounds[each] = (middle - found.width, middle + found.width)
        return bounds

    def exported(self, series: str | None = None, member: int = 1) -> Exported:
        """One network with its present state; see ``Forecaster.exported``."""
        ensemble, which = self.ensemble, at_least("member", member, 1) - 1
        if which >= ensemble.members:
            raise SettingError(
                "member", member, f"is not one of {ensemble.members}", "Count from one."
            )
        at = np.array([0 if series is None else self.base.place(series)], np.intp)
        one = ensemble.take(at)
        state = one.from_lanes(ensemble.part(self.state, at).carried)
        run = slice(which, which + 1)
        initial = None if one.initial is None else type(state)(*(part[run] for part in one.initial))
        now = type(state)(*(part[:, run] for part in state))
        return Exported(ensemble.model.network, one.weights.take(run), now, initial)


def dates_of(settings: Settings, kind: Any, ds: NDArray[Any]) -> Floats:
    """(rows, columns) what the calendar says of these times, as the settings ask for it."""
    if not settings.calendar:
        return np.zeros((len(ds), 0))
    return calendar(kind.time.clock(ds), settings.calendar)[0]


def columns_of(settings: Settings, panel: Panel) -> Floats:
    """(rows, columns) what networks are shown beside a series, not yet scaled."""
    return np.concatenate([panel.exogenous, dates_of(settings, panel.kind, panel.ds)], axis=1)


def fit_model(
    settings: Settings,
    panel: Panel,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> tuple[FittedModel, Fitted]:
    """Train what the settings say on a panel.

    Args:
        settings: of a forecaster; kept, so give a copy.
        panel: the series.
        on_progress: called with the number of networks finished, of ``networks`` in all.

    Returns:
        The fitted model, and how the training of its ensemble went.

    Raises:
        DataError: a series is too short, or all its networks diverged.
        SettingError: a setting is impossible for these series.
    """
    recipe = settings.recipe
    recipe.check_columns(panel.columns)
    panel.checked_frequency()
    x = columns_of(settings, panel)
    bounds = zip(panel.ids, panel.offsets[:-1], panel.offsets[1:], strict=True)
    histories = [History(name, panel.y[a:b], x[a:b]) for name, a, b in bounds]
    calibration, done = None, 0
    if settings.intervals == "conformal":
        calibration = fit_calibration(
            recipe,
            histories,
            settings.calibration,
            threads=settings.threads,
            on_progress=on_progress,
        )
        done = calibration.ensemble.weights.runs
    ensemble, state, training = fit_ensemble(
        recipe,
        histories,
        threads=settings.threads,
        on_progress=lambda finished: on_progress(done + finished),
    )
    fitted = FittedModel(settings, recipe, ensemble, state, calibration, panel.origin)
    lost = int(ensemble.lost.sum()) + (int(calibration.ensemble.lost.sum()) if calibration else 0)
    if lost:
        warnings.warn(
            f"{lost} of {done + ensemble.weights.runs} networks diverged in training and are left "
            "out; fewer do with a smaller learning_rate, a clip_error or another scale",
            stacklevel=3,
        )
    return fitted, training
