"""Forecaster: fit on frames, forecast, move on with new observations, save and load."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from statewise.base.checks import at_least, percent
from statewise.data.append import read_future, read_new_rows
from statewise.data.calendar import calendar
from statewise.data.frames import read_frame, write_frame
from statewise.data.frequency import show
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel
from statewise.engine import State
from statewise.ensemble.trained import Ensemble, ForecastState
from statewise.errors import DataError, SettingError
from statewise.forecasting.calibration import Calibration, fit_calibration
from statewise.forecasting.fitting import History, Recipe, fit_ensemble
from statewise.forecasting.settings import Settings
from statewise.forecasting.states import States
from statewise.forecasting.views import Views
from statewise.model.framing import Framing
from statewise.scoring.conformal import half_widths

if TYPE_CHECKING:
    from statewise.ensemble.exported import Exported
    from statewise.forecasting.backtest import Backtest

__all__ = ["Forecaster"]

Floats = NDArray[np.float64]


class Forecaster(Settings, Views):
    """An ensemble of LSTMs for one series or many, whose state is explicit.

    Args:
        regime: when state is reset, carried and warmed up: a ``StateRegime`` or a preset's name.
        lags: past values shown at each time step.
        steps: time steps of a window.
        members: networks for a series, each from its own random restart.
        scope: "local": every series has its own networks; "global": all series share theirs.
        units: LSTM units.
        outputs: observations forecast at once; beyond them forecasts are fed back.
        difference, relative: as ``Framing`` says; by default a window is shown less its own mean,
            and if it is of one value the series is differenced instead.
        transform, scale, target_scale, samples: as ``Framing`` says.
        calendar: what networks are shown of a date: "month", "day-of-week", "hour" and others.
        exogenous: further columns of the frame that are known in the future: all, none, or a list.
        epochs, batch_size, schedule, clip_error, validation: as ``Training`` says; by default a
            batch is 16 samples, or one where state is carried in training.
        learning_rate: of Adam.
        early_stopping: epochs without improvement on the validation samples before the end.
        initial_state: "zeros", or "learned" with the weights.
        profile: numerical conventions, "keras-3" or "keras-2".
        point: how members are made into one forecast, and what its column is called.
        intervals: "conformal": from the errors of a twin on observations that it has not seen;
            "ensemble": from the spread of the members alone, which is not a promise of coverage;
            None trains no twin.
        calibration: how many observations are held back from the twin; by default a quarter of a
            series, between 8 and 40.
        freq, fill: of the time axis, as ``read_frame`` says.
        id_column, time_column, target_column: what they are called.
        seed: the key of all randomness.
        threads: at most this many; by default one a processor.
        progress: whether fitting shows a progress bar.

    Attributes:
        recipe_: the settings that it was fitted with.
        ensemble_: what was learned.
        forecast_state_: what is known of every series.
        origin_: where every series stands in time.
        calibration_: the twin, or None.
        training_: how the training went: losses, epochs, members that diverged; not saved.

    Example:
        >>> import pandas as pd
        >>> y = [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4
        >>> frame = pd.DataFrame({"ds": pd.date_range("2020-01", periods=48, freq="MS"), "y": y})
        >>> model = Forecaster(lags=12, members=4, epochs=20).fit(frame)
        >>> model.predict(h=2, level=[80]).columns.tolist()
        ['ds', 'mean', 'lo-80', 'hi-80']
    """

    def fit(self, frame: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Train on a long frame: a row is a time of a series.

        Args:
            frame: of pandas, polars or pyarrow, with the columns ``unique_id`` (not needed for one
                series), ``ds``, ``y``, and any exogenous ones.
            y: not used; there for pipelines that pass it.

        Raises:
            DataError: what is in the frame cannot be used, or a series is too short.
            SettingError: a parameter is impossible.
        """
        self.recipe  # noqa: B018  # impossible settings are refused before data are read
        return self.fit_panel(self.read(frame))

    def read(self, frame: Any) -> Panel:
        """A frame as a panel, by the column names and the frequency of this model."""
        return read_frame(
            frame,
            id_column=self.id_column,
            time_column=self.time_column,
            target_column=self.target_column,
            freq=self.freq,
            fill=self.fill,
            exogenous=self.exogenous,
        )

    def fit_panel(self, panel: Panel) -> Self:
        """Train on a panel that was read before, for example with ``read_file``."""
        recipe = self.recipe
        recipe.check_columns(panel.columns)
        panel.checked_frequency()
        x = self.columns_of(panel)
        bounds = zip(panel.ids, panel.offsets[:-1], panel.offsets[1:], strict=True)
        histories = [History(name, panel.y[a:b], x[a:b]) for name, a, b in bounds]
        runs = self.members * (1 if recipe.shared else len(panel))
        twin = self.intervals == "conformal"
        total = runs * (2 if twin else 1)
        with tqdm(total=total, unit="network", disable=not self.progress) as bar:
            calibration = None
            if twin:
                calibration = fit_calibration(
                    recipe,
                    histories,
                    self.calibration,
                    threads=self.threads,
                    on_progress=stage(bar),
                )
            ensemble, now, training = fit_ensemble(
                recipe, histories, threads=self.threads, on_progress=stage(bar)
            )
        self._adopt(recipe, ensemble, now, calibration, panel.origin)
        self.training_ = training
        lost = int(ensemble.lost.sum()) + (
            int(calibration.ensemble.lost.sum()) if calibration else 0
        )
        if lost:
            warnings.warn(
                f"{lost} of {total} networks diverged in training and are left out; fewer do with "
                "a smaller learning_rate, a clip_error or another scale",
                stacklevel=3,
            )
        return self

    def _adopt(
        self,
        recipe: Recipe,
        ensemble: Ensemble,
        now: ForecastState,
        calibration: Calibration | None,
        origin: ForecastOrigin,
    ) -> None:
        """Take what was learned, and what is known of every series."""
        self.recipe_, self.ensemble_, self.forecast_state_, self.calibration_ = (
            recipe,
            ensemble,
            now,
            calibration,
        )
        self._origin, self._stepped = origin, 0
        self._errors_known: tuple[tuple[int, str], Floats] | None = None

    @property
    def origin_(self) -> ForecastOrigin:
        """Where every series stands in time."""
        self._check_fitted()
        if self._stepped:
            later = self._origin.frequency.later(self._origin.last, self._stepped)
            self._origin, self._stepped = replace(self._origin, last=later), 0
        return self._origin

    def columns_of(self, panel: Panel) -> Floats:
        """(rows, columns) what the networks are shown beside the series, not yet scaled."""
        return np.concatenate([panel.exogenous, self._dates(panel.kind, panel.ds)], axis=1)

    def predict(
        self,
        h: int,
        *,
        level: float | Sequence[float] | None = None,
        X: Any = None,
        members: bool = False,
    ) -> Any:
        """Forecast the ``h`` observations that follow each series.

        Args:
            h: the horizon.
            level: of intervals, in percent: 80, or [80, 95].
            X: the exogenous columns over the horizon, in a frame like the one that was fitted on.
            members: give the forecast of every member too, as columns ``member-1``, ...

        Returns:
            A frame of the kind that was fitted on: id, time, the point forecast in a column that is
            called what ``point`` is, and ``lo-80``, ``hi-80`` for each level.

        Raises:
            DataError: exogenous columns are missing.
            SettingError: the horizon or a level is impossible, or intervals are not available.
        """
        paths = self.paths(h, X)
        h = paths.shape[2]
        columns: dict[str, Floats] = {self.point: self.point_of(paths)}
        for each, (low, high) in self.intervals_of(paths, level).items():
            columns[f"lo-{each:g}"], columns[f"hi-{each:g}"] = low, high
        if members:
            columns |= {f"member-{i + 1}": paths[:, i] for i in range(paths.shape[1])}
        series = np.repeat(np.arange(len(self.origin_.ids)), h)
        return write_frame(
            {name: values.ravel() for name, values in columns.items()},
            self.origin_.kind,
            series=series,
            ds=self.origin_.after(h).ravel(),
        )

    def paths(self, h: int, X: Any = None) -> Floats:
        """The forecasts of every member, (series, members, h); errors as ``predict`` has them."""
        self._check_fitted()
        h = at_least("h", h, 1)
        return self.ensemble_.forecast(self.forecast_state_, h, self._future(X, h))

    def update(self, frame: Any) -> Self:
        """Move on with new observations: state advances, weights stay.

        The cost is that of the new rows, whatever the length of the history; the result does not
        depend on how they are cut into calls, to the bit.

        Args:
            frame: rows that follow what is known, of any of the series, any number of each.

        Raises:
            DataError: a series is unknown, or a row repeats or leaves out a time; nothing changed.
        """
        self._check_fitted()
        rows = read_new_rows(frame, self.origin_)
        ensemble, framing = self.ensemble_, self.ensemble_.framing.framing
        x = np.concatenate([rows.exogenous, self._dates(self.origin_.kind, rows.ds)], axis=1)
        counts = np.diff(rows.offsets)
        of_row = np.repeat(rows.series, counts)
        taken = ensemble.framing[of_row].is_representable(rows.y) & ensemble.columns.take(
            of_row
        ).is_representable(x)
        if not taken.all():
            wrong = int(taken.argmin())
            raise unusable(
                rows.y[wrong], self._origin.ids[of_row[wrong]], show(rows.ds[wrong]), framing
            )
        everything = len(rows.series) == ensemble.series
        some = ensemble if everything else ensemble.take(rows.series)
        now = (
            self.forecast_state_ if everything else ensemble.part(self.forecast_state_, rows.series)
        )
        for i in range(int(counts.max())):
            at = rows.offsets[:-1] + np.minimum(i, counts - 1)
            scaled = some.columns.apply(x[at][:, None])
            now = kept(some, i < counts, some.observe(now, rows.y[at], scaled), now)
        self.forecast_state_ = (
            now if everything else ensemble.put(self.forecast_state_, rows.series, now)
        )
        self._origin = self.origin_.moved(rows.series, rows.last)
        return self

    def step(self, y: ArrayLike | Mapping[str, float]) -> Floats:
        """Observe one more value of every series and forecast the next: the fast way to move on.

        Args:
            y: (series,) in the order of ``origin_.ids``, one number for one series, or a mapping.

        Returns:
            (series,) the forecasts of the values that follow.

        Raises:
            DataError: a value is missing or not finite; nothing changed.
            SettingError: the model looks at columns, which a step does not give.
        """
        self._check_fitted()
        ids, ensemble = self._origin.ids, self.ensemble_
        if self.forecast_state_.x.shape[-1]:
            raise SettingError(
                "step", "columns", "are looked at by this model", "Use update() and predict()."
            )
        try:
            values = [y[name] for name in ids] if isinstance(y, Mapping) else y
            observed = np.asarray(values, np.float64).reshape(-1)
        except (KeyError, TypeError, ValueError):
            observed = np.empty(0)
        whole = observed.shape == (ensemble.series,) and not np.isnan(observed).any()
        if not whole or (isinstance(y, Mapping) and len(y) > len(ids)):
            raise DataError(
                "y",
                y,
                f"is not one number for each of {ensemble.series} series",
                "Give them in the order of origin_.ids; use update() for some of the series.",
            )
        taken = ensemble.framing.is_representable(observed)
        if not taken.all():
            wrong = int(taken.argmin())
            raise unusable(observed[wrong], ids[wrong], "y", ensemble.framing.framing)
        nothing = np.zeros((ensemble.series, 1, 0))
        now = ensemble.look(ensemble.observe(self.forecast_state_, observed, nothing))
        assert now.ahead is not None
        forecasts = ensemble.by_member.invert(now.ahead[0], now.recent[:, None])[..., 0]
        forecast = self.point_of(forecasts[..., None])[:, 0]
        self.forecast_state_ = now
        self._stepped += 1
        return forecast

    @property
    def state(self) -> States:
        """The state of every series: get, set, ``snapshot()``, ``restore()``."""
        self._check_fitted()
        return States(self)

    def save(self, path: str | Path) -> None:
        """Write the model to a file that holds numbers and text alone, whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        from statewise.forecasting.saved import write

        self._check_fitted()
        write(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that was saved.

        Raises:
            ModelError: the file is missing, truncated, altered, or of a later version.
        """
        from statewise.forecasting.saved import read

        return read(cls, Path(path))

    def exported(self, series: str | None = None, member: int = 1) -> "Exported":
        """One network with its present state, for ``to_keras`` and ``to_torch``.

        Args:
            series: of which series; the first by default.
            member: which of its networks, counted from one.

        Raises:
            DataError: there is no such series.
            SettingError: there is no such member.
        """
        from statewise.ensemble.exported import Exported

        self._check_fitted()
        ensemble, which = self.ensemble_, at_least("member", member, 1) - 1
        if which >= ensemble.members:
            raise SettingError(
                "member", member, f"is not one of {ensemble.members}", "Count from one."
            )
        at = np.array([0 if series is None else self.origin_.place(series)], np.intp)
        one = ensemble.take(at)
        state = one.from_lanes(ensemble.part(self.forecast_state_, at).carried)
        run = slice(which, which + 1)
        initial = None if one.initial is None else State(*(part[run] for part in one.initial))
        now = State(state.h[:, which : which + 1], state.c[:, which : which + 1])
        return Exported(ensemble.network, one.weights.take(run), now, initial)

    def _check_fitted(self) -> None:
        if not hasattr(self, "ensemble_"):
            raise SettingError(type(self).__name__, "unfitted", "knows nothing yet", "Call fit().")

    def _dates(self, kind: Any, ds: NDArray[Any]) -> Floats:
        """The calendar's columns at these times."""
        if not self.calendar:
            return np.zeros((len(ds), 0))
        return calendar(kind.time.clock(ds), self.calendar)[0]

    def _future(self, frame: Any, horizon: int) -> Floats:
        """The columns over the horizon, scaled: (series, horizon, columns)."""
        origin = self.origin_
        given = np.zeros((len(origin.ids), horizon, 0))
        if origin.columns:
            if frame is None:
                listed = ", ".join(origin.columns)
                raise DataError(
                    "X", None, f"is needed: the model looks at {listed}",
                    f"Give a frame with them over the {horizon} times that follow.",
                )  # fmt: skip
            given = read_future(frame, origin, horizon)
        dates = self._dates(origin.kind, origin.after(horizon).ravel()) if self.calendar else None
        if dates is not None:
            given = np.concatenate([given, dates.reshape(len(given), horizon, -1)], axis=2)
        columns = self.ensemble_.columns
        if not columns.is_representable(given).all():
            raise DataError(
                "X", float(np.abs(given).max()), "is too far from what was fitted on",
                "Check the columns.",
            )  # fmt: skip
        return columns.apply(given)

    def point_of(self, paths: Floats) -> Floats:
        """Paths (series, members, steps) as one forecast, without members that have no number."""
        mean = self.point == "mean"
        if np.isfinite(paths).all():
            return np.asarray(paths.mean(axis=1) if mean else np.median(paths, axis=1))
        finite = np.where(np.isfinite(paths), paths, np.nan)
        lost = np.any(np.all(np.isnan(finite), axis=1), axis=1)
        if lost.any():
            raise DataError(
                f"series {self._origin.ids[int(lost.argmax())]!r}",
                paths.shape[1],
                "members have no finite forecast",
                "Forecast fewer steps, or fit with a smaller learning_rate or a transform.",
            )
        return np.asarray((np.nanmean if mean else np.nanmedian)(finite, axis=1))

    def intervals_of(
        self, paths: Floats, level: float | Sequence[float] | None
    ) -> dict[float, tuple[Floats, Floats]]:
        """The bounds at each level, in percent, each (series, steps).

        Raises:
            SettingError: a level is impossible, there are no intervals, or the horizon is too long.
        """
        if level is None or not (
            levels := [percent("level", x) for x in np.atleast_1d(level).tolist()]
        ):
            return {}
        middle = self.point_of(paths)
        if self.intervals == "ensemble":
            finite = np.where(np.isfinite(paths), paths, np.nan)
            tails = {each: (0.5 - each / 200.0, 0.5 + each / 200.0) for each in levels}
            return {
                each: tuple(np.nanquantile(finite, tail, axis=1)) for each, tail in tails.items()
            }
        if self.intervals is None or self.calibration_ is None:
            raise SettingError(
                "level", levels, "needs intervals", "Fit with intervals='conformal'."
            )
        errors = self._errors(paths.shape[2])
        bounds = {}
        for each in levels:
            found = half_widths(errors, each)
            if found.level.min() < each:
                warnings.warn(
                    f"intervals at {each:g}% hold {found.level.min():.0f}% at some steps: too few "
                    "observations were held back; fit with a larger calibration=...",
                    stacklevel=3,
                )
            bounds[each] = (middle - found.width, middle + found.width)
        return bounds

    def _errors(self, horizon: int) -> Floats:
        """The twin's errors over a horizon, kept until another is asked for."""
        assert self.calibration_ is not None
        asked = horizon, self.point
        if self._errors_known is None or self._errors_known[0] != asked:
            self._errors_known = asked, self.calibration_.errors(horizon, self.point_of)
        return self._errors_known[1]

    def backtest(self, frame: Any, test_size: int, cutoffs: int = 1, **options: Any) -> "Backtest":
        """Forecast the last observations of a frame as if they were not known.

        Args:
            frame: as for ``fit``. The model itself is not changed, and need not be fitted.
            test_size: observations after each cutoff.
            cutoffs: how many.
            **options: ``horizon``, ``walk``, ``refit``, ``level``, ``season`` and ``beside``, as
                ``statewise.forecasting.backtest.backtest`` says.

        Raises:
            DataError: a series is too short.
            SettingError: an argument is impossible.
        """
        from statewise.forecasting.backtest import backtest

        return backtest(self, self.read(frame), test_size, cutoffs, **options)


def kept(
    ensemble: Any, series: NDArray[np.bool_], after: ForecastState, before: ForecastState
) -> ForecastState:
    """``after`` for the series that are marked, ``before`` for the others."""
    if series.all():
        return after
    marked = series[:, None]
    return ForecastState(
        np.where(marked, after.recent, before.recent),
        np.where(marked[..., None], after.x, before.x),
        ensemble.choose(series, after.carried, before.carried),
    )


def unusable(value: float, name: str, where: str, framing: Framing) -> DataError:
    """The error of an observation that cannot be framed."""
    what = f"series {name!r}, {where}"
    if framing.transform != "none" and value <= 0.0:
        fix = 'Fit with transform="none", or add a constant to the series.'
        problem = f"is not positive, as transform={framing.transform!r} needs"
        return DataError(what, float(value), problem, fix)
    return DataError(what, float(value), "is too far from what was fitted on", "Check the rows.")


def stage(bar: Any) -> Callable[[int], None]:
    """What a fit calls with the number of networks finished, on a bar that others have moved."""
    begun = bar.n

    def moved(finished: int) -> None:
        bar.update(begun + finished - bar.n)

    return moved
