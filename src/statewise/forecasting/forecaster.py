"""Forecaster: fit on frames, forecast, move on with new observations, save and load."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel
from statewise.engine import Fitted
from statewise.forecasting.core import FittedModel
from statewise.forecasting.fit import fit_model
from statewise.forecasting.kept import Kept
from statewise.forecasting.observe import observed, stepped
from statewise.forecasting.reading import read
from statewise.forecasting.regime_choice import Choice, with_regime
from statewise.forecasting.settings import Settings, documented
from statewise.forecasting.states import States
from statewise.show.progress import showing
from statewise.text import visible

if TYPE_CHECKING:
    from statewise.ensemble.exported import Exported
    from statewise.forecasting.backtest import Backtest
    from statewise.study.executors import ShardExecutor

__all__ = ["Forecaster"]

Floats = NDArray[np.float64]


@documented
class Forecaster(Kept):
    """Forecasts of one series or many: networks with explicit state, and simple forecasts.

    With no settings it decides everything itself, and ``explain()`` says what it decided.

    Args:
        {settings}

    Attributes:
        fitted_: what was learned and what is known, as a value: observing gives another one.
        origin_: where every series stands in time.
        notes_: a sentence on each series that is not forecast as the others are.
        training_: how the training went: losses, epochs, members that diverged; not saved, and
            None where there was too little to train networks on.
        choice_: how the regime was chosen, if the recipe's is "auto"; not saved.

    Example:
        >>> import pandas as pd
        >>> y = [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4
        >>> frame = pd.DataFrame({"ds": pd.date_range("2020-01", periods=48, freq="MS"), "y": y})
        >>> model = Forecaster(horizon=6).fit(frame)
        >>> model.predict(h=2, level=[80]).columns.tolist()
        ['ds', 'mean', 'lo-80', 'hi-80']
    """

    training_: Fitted | None
    choice_: Choice | None

    def fit(
        self,
        frame: Any,
        y: Any = None,  # noqa: ARG002
        *,
        executor: "ShardExecutor | None" = None,
    ) -> Self:
        """Train on a long frame: a row is a time of a series.

        Args:
            frame: of pandas, polars or pyarrow, with the columns ``unique_id`` (not needed for one
                series), ``ds``, ``y``, and any exogenous ones; or a panel, as ``read_file`` gives.
            y: not used; there for pipelines that pass it.
            executor: where forecasts are tried, and networks trained that each series has for
                itself, some series at a time; here by default. Results are the same to the bit.

        Raises:
            DataError: what is in the frame cannot be used.
            SettingError: a parameter is impossible.
        """
        self.check()  # impossible settings are refused before data are read
        panel, past = read(self.data, frame)
        settings = Settings(**self.get_params(deep=False))
        with showing(self.progress) as progress, executor or nullcontext() as running:
            settings, self.choice_ = with_regime(settings, panel, past)
            self.fitted_, self.training_ = fit_model(settings, panel, past, progress, running)
        return self

    @property
    def notes_(self) -> tuple[str, ...]:
        """A sentence on each series that is not forecast as the others are."""
        return self._fitted().notes

    @property
    def origin_(self) -> ForecastOrigin:
        """Where every series stands in time."""
        return self._fitted().origin

    def predict(
        self,
        h: int | None = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] = (),
        X: Any = None,
        members: bool = False,
        kinds: bool = False,
        frame: Any = None,
    ) -> Any:
        """Forecast the ``h`` observations that follow each series.

        Args:
            h: the horizon; by default the one that was fitted for.
            level: of intervals, in percent: 80, or [80, 95].
            quantiles: between 0 and 1, such as [0.1, 0.5, 0.9].
            X: the columns that are known ahead, in a frame like the one that was fitted on.
            members: give the networks' forecasts one by one too, as columns ``member-1``, ...
            kinds: give every kind of forecast that was combined too.
            frame: histories of other series, to forecast these, with the networks that all share.

        Returns:
            A frame of the kind that was fitted on: id, time, the forecast as ``mean``, ``lo-80``
            and ``hi-80`` for each level, ``q-0.1`` for each quantile.

        Raises:
            DataError: columns that are known ahead are missing.
            SettingError: the horizon or a level is impossible, or intervals are not available.
        """
        model = self._fitted()
        if frame is not None:
            from statewise.forecasting.unseen import applied

            model = applied(model, *read(self.data, frame, model.base.columns))
        h = model.decisions.horizon if h is None else h
        return model.predict(h, level=level, quantiles=quantiles, X=X, members=members, kinds=kinds)

    def sample(self, h: int, count: int = 100, *, X: Any = None, seed: int = 1) -> Floats:
        """Paths that the series may take: the forecast with errors of the past, path by path.

        Args:
            h: the horizon.
            count: how many.
            X: as for ``predict``.
            seed: of the draw.

        Returns:
            (series, count, h) in the units of the series.

        Raises:
            SettingError: the fit was made without intervals.
        """
        return self._fitted().sample(h, count, X, seed)

    def explain(self) -> str:
        """What was decided, what was found on the past, and notes on single series, in words."""
        from statewise.forecasting.words import decided, found

        model = self._fitted()
        return "\n".join(map(visible, [*decided(model), found(model), *model.notes]))

    def update(self, frame: Any) -> Self:
        """Move on with new observations: state advances, weights stay.

        The cost is that of the new rows, whatever the length of the history; the result does not
        depend on how they are cut into calls, to the bit.

        Args:
            frame: rows that follow what is known, of any of the series, any number of each.

        Raises:
            DataError: a series is unknown, or a row repeats or leaves out a time; nothing changed.
        """
        self.fitted_ = observed(self._fitted(), frame)
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
        self.fitted_, forecasts = stepped(self._fitted(), y)
        return forecasts

    @property
    def state(self) -> States:
        """The state of every series: get, set, ``snapshot()``, ``restore()``."""
        self._fitted()
        return States(self)

    def exported(self, series: str | None = None, member: int = 1) -> "Exported":
        """One network with its present state, for ``to_keras`` and ``to_torch``.

        Args:
            series: of which series; the first by default.
            member: which of its networks, counted from one.

        Raises:
            DataError: there is no such series.
            SettingError: there is no such member.
        """
        return self._fitted().exported(series, member)

    def score(self, frame: Any, y: Any = None) -> float:  # noqa: ARG002
        """How well rows are forecast that follow what is known: 1 at best, 0 as the naive forecast.

        They are forecast a horizon at a time, each time from all that came before. The score is the
        skill: the share of the naive forecast's mean absolute error that is gone, averaged over
        series; below zero the naive forecast is better. The model stays where it is. This is what
        scikit-learn's searches maximise, with a splitter that keeps the order of time, such as
        ``TimeSeriesSplit``, on a frame of one series.

        Args:
            frame: rows that follow, as for ``update``, with the columns that the model looks at.
            y: not used; there for pipelines that pass it.

        Returns:
            The skill; NaN where the naive forecast has no error.

        Raises:
            DataError: a series is unknown, or a row repeats or leaves out a time.
        """
        from statewise.forecasting.score import skill_ahead

        return skill_ahead(self._fitted(), frame)

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

        self.check()
        panel, past = read(self.data, frame)
        settings = Settings(**self.get_params(deep=False))
        if settings.horizon is None:
            settings.horizon = options.get("horizon") or test_size

        with showing(self.progress) as progress:

            def fit(part: Panel) -> FittedModel:
                nonlocal settings
                settings, _ = with_regime(settings, part, past)  # by what the first cutoff knows
                return fit_model(settings, part, past, progress)[0]

            return backtest(
                fit, panel, test_size, cutoffs, threads=self.threads, progress=progress, **options
            )

    def cross_validation(
        self,
        df: Any,
        h: int,
        n_windows: int = 1,
        step_size: int | None = None,
        refit: bool | int = True,
        level: float | Sequence[float] | None = None,
        kinds: bool = False,
        *,
        executor: "ShardExecutor | None" = None,
    ) -> Any:
        """Forecast ``h`` steps from several cutoffs, as the libraries of Nixtla give them.

        Args:
            df: as ``frame`` of ``fit``. The model is not changed, and need not be fitted.
            h, n_windows, step_size, refit, level, kinds: as
                ``statewise.forecasting.cross_validation`` says.
            executor: as for ``fit``.

        Returns:
            A frame of the kind that came in: id, time, ``cutoff``, ``y``, ``statewise``, and the
            ends of intervals.

        Raises:
            DataError: every series is too short.
            SettingError: an argument is impossible.
        """
        from statewise.forecasting.cross_validation import cross_validation

        self.check()
        panel, past = read(self.data, df)
        settings = Settings(**self.get_params(deep=False))
        with showing(self.progress) as progress, executor or nullcontext() as running:
            return cross_validation(
                settings,
                panel,
                past,
                h,
                n_windows,
                step_size,
                refit,
                level,
                kinds,
                running,
                progress,
            )

    def fitted_values(self, frame: Any) -> Any:
        """Forecasts of each observation of a frame from those before it, and what they missed by.

        What was learned may have seen the whole frame: these are no forecasts of the unknown.

        Args:
            frame: like the one that was fitted on, of any of its series.

        Returns:
            A frame of the same kind: id, time, the observation, ``fitted`` and ``residual``, from
            the second observation on.

        Raises:
            DataError: the frame cannot be used, or a series is not known.
        """
        from statewise.forecasting.diagnostics import fitted_values

        return fitted_values(self._fitted(), frame)

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        heading = f"{type(self).__name__}, not fitted"
        if hasattr(self, "fitted_"):
            count = len(self.fitted_.ids)
            heading = f"{type(self).__name__}, fitted to {count} series"
        rows = [{"parameter": n, "value": repr(v)} for n, v in self.changed().items()]
        return shown(
            heading,
            rows or [{"parameter": "all", "value": "default"}],
            "Parameters that are not named have their defaults." if rows else "",
        )
