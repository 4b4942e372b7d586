"""Forecaster: fit on frames, forecast, move on with new observations, save and load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from statewise.data.frames import read_frame
from statewise.data.origin import ForecastOrigin
from statewise.data.panel import Panel
from statewise.engine import Fitted
from statewise.forecasting.core import fit_model
from statewise.forecasting.observe import observed, stepped
from statewise.forecasting.settings import Settings, documented
from statewise.forecasting.states import States
from statewise.forecasting.views import Views

if TYPE_CHECKING:
    from statewise.ensemble.exported import Exported
    from statewise.forecasting.backtest import Backtest

__all__ = ["Forecaster"]

Floats = NDArray[np.float64]


@documented
class Forecaster(Settings, Views):
    """An ensemble of LSTMs for one series or many, whose state is explicit.

    Args:
        {settings}

    Attributes:
        fitted_: what was learned and what is known, as a value: observing gives another one.
        origin_: where every series stands in time.
        training_: how the training went: losses, epochs, members that diverged; not saved.

    Example:
        >>> import pandas as pd
        >>> y = [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4
        >>> frame = pd.DataFrame({"ds": pd.date_range("2020-01", periods=48, freq="MS"), "y": y})
        >>> model = Forecaster(lags=12, members=4, epochs=20).fit(frame)
        >>> model.predict(h=2, level=[80]).columns.tolist()
        ['ds', 'mean', 'lo-80', 'hi-80']
    """

    training_: Fitted

    def fit(self, frame: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Train on a long frame: a row is a time of a series.

        Args:
            frame: of pandas, polars or pyarrow, with the columns ``unique_id`` (not needed for one
                series), ``ds``, ``y``, and any exogenous ones; a Series, an array or a list of one
                series; or a panel, as ``read_file`` gives.
            y: not used; there for pipelines that pass it.

        Raises:
            DataError: what is in the frame cannot be used, or a series is too short.
            SettingError: a parameter is impossible.
        """
        recipe = self.recipe  # impossible settings are refused before data are read
        panel = self.read(frame)
        runs = recipe.members * (1 if recipe.shared else len(panel))
        total = runs * (2 if self.intervals == "conformal" else 1)
        with tqdm(total=total, unit="network", disable=not self.progress) as bar:
            self.fitted_, self.training_ = fit_model(
                Settings(**self.get_params()), panel, lambda done: bar.update(done - bar.n)
            )
        return self

    def read(self, frame: Any) -> Panel:
        """A frame as a panel, by the column names and the frequency of this model."""
        if isinstance(frame, Panel):
            return frame
        return read_frame(
            frame,
            id_column=self.id_column,
            time_column=self.time_column,
            target_column=self.target_column,
            freq=self.freq,
            fill=self.fill,
            exogenous=self.exogenous,
        )

    @property
    def origin_(self) -> ForecastOrigin:
        """Where every series stands in time."""
        return self._fitted().origin

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
        return self._fitted().predict(h, level=level, X=X, members=members)

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

    def save(self, path: str | Path) -> None:
        """Write the model to a file that holds numbers and text alone, whole or not at all.

        What is written is what was fitted: parameters that were set since then are not in it.

        Raises:
            OutputError: the file cannot be written.
        """
        from statewise.forecasting.saved import write

        write(self._fitted(), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that was saved.

        Raises:
            ModelError: the file is missing, truncated, altered, or of a later version.
        """
        from statewise.forecasting.saved import read

        fitted = read(Path(path))
        model = cls(**fitted.settings.get_params())
        model.fitted_ = fitted
        return model

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

        return backtest(
            lambda panel: self.clone().fit(panel).fitted_,
            self.read(frame),
            test_size,
            cutoffs,
            threads=self.threads,
            **options,
        )

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
