"""Ways to look at a fitted forecaster: forecasts, states over time, what it forgets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from statewise.forecasting.forecaster import Forecaster


__all__ = ["Views"]


class Views:
    """What a forecaster shows of itself."""

    @property
    def _model(self) -> "Forecaster":
        return cast("Forecaster", self)

    def plot(
        self,
        h: int,
        *,
        history: Any = None,
        level: Sequence[float] = (),
        X: Any = None,
        last: int | None = None,
    ) -> "Figure":
        """Draw what ``predict`` gives, after the past.

        Args:
            h, level, X: as for ``predict``.
            history: a frame of the observations to show, such as the one that was fitted on, and of
                the series to draw.
            last: how many of them; by default five horizons, and 60 at least.

        Returns:
            A matplotlib figure, a panel a series, nine at most.
        """
        from statewise.forecasting.diagnostics import fans
        from statewise.forecasting.plots import forecast_figure

        return forecast_figure(fans(self._model, h, history, level, X, last), self._model.point)

    def trace(self, frame: Any) -> Any:
        """The state of every member after each observation of a frame, from the initial state.

        Args:
            frame: like the one that was fitted on, of any of its series. The model's own state is
                not used, and stays.

        Returns:
            A frame of the same kind: id, time, member, unit, h, c, and whether the state was reset
            since the observation before. As in ``state``, a state has run over every window whose
            target is known.

        Raises:
            DataError: the frame cannot be used, or a series is not known or too short.
        """
        from statewise.forecasting.diagnostics import trace_frame

        self._model._check_fitted()
        return trace_frame(self._model, frame)

    def plot_state(self, frame: Any, *, member: int = 1) -> "Figure":
        """Draw what ``trace`` gives of one member, with the resets marked; as a matplotlib figure.

        Raises:
            DataError: as ``trace``.
            SettingError: there is no such member.
        """
        from statewise.forecasting.diagnostics import traces
        from statewise.forecasting.plots import state_figure

        self._model._check_fitted()
        return state_figure(traces(self._model, frame), member)

    def warm_up_length(self, frame: Any, *, tolerance: float = 0.05) -> dict[str, int | None]:
        """How many observations each series takes to forget the state that it began with.

        Two walks over the frame, one from zeros and one from a state far away, are compared.

        Args:
            frame: like the one that was fitted on, of any of its series.
            tolerance: forecasts agree that differ by no more than this share of the mean absolute
                error of the naive forecast.

        Returns:
            By series: the number of observations after which the forecasts agree, for good; 0 where
            the regime resets before every forecast; None where they do not agree at the end.

        Raises:
            DataError: as ``trace``.
            SettingError: the tolerance is not above zero.
        """
        from statewise.forecasting.diagnostics import warm_up_length

        self._model._check_fitted()
        return warm_up_length(self._model, frame, tolerance)

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        heading = f"{type(self).__name__}, not fitted"
        if hasattr(self, "ensemble_"):
            count = len(self._model.origin_.ids)
            heading = f"{type(self).__name__}, fitted to {count} series"
        rows = [{"parameter": n, "value": repr(v)} for n, v in self._model._said().items()]
        return shown(
            heading,
            rows or [{"parameter": "all", "value": "default"}],
            "Parameters that are not named have their defaults." if rows else "",
        )
