"""Ways to look at a fitted forecaster: forecasts, states over time, what it forgets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from statewise.errors import SettingError
from statewise.forecasting.core import FittedModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Views"]


class Views:
    """What a forecaster shows of itself."""

    fitted_: FittedModel

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

        model = self._fitted()
        return forecast_figure(fans(model, h, history, level, X, last))

    def plot_training(self) -> "Figure":
        """Draw the error of every epoch, in training and on what was held back for validation.

        The title says whether the networks learned too little or too much. There is a validation
        line where ``Recipe(validation=...)`` holds samples back.

        Raises:
            SettingError: nothing was trained, or the model was loaded from a file.
        """
        from statewise.forecasting.plots import training_figure
        from statewise.forecasting.training_curve import curve_of

        return training_figure(curve_of(self._fitted(), getattr(self, "training_", None)))

    def trace(self, frame: Any) -> Any:
        """The state of every member after each observation of a frame, from the initial state.

        Args:
            frame: like the one that was fitted on, of any of its series. The model's own state is
                not used, and stays.

        Returns:
            A frame of the same kind: id, time, member, unit, h, c, and whether the state was reset
            since the observation before. As in ``state``, a state has run over every window whose
            next observation is known.

        Raises:
            DataError: the frame cannot be used, or a series is not known or too short.
        """
        from statewise.forecasting.diagnostics import trace_frame

        return trace_frame(self._fitted(), frame)

    def plot_state(self, frame: Any, *, member: int = 1) -> "Figure":
        """Draw what ``trace`` gives of one member, with the resets marked; as a matplotlib figure.

        Raises:
            DataError: as ``trace``.
            SettingError: there is no such member.
        """
        from statewise.forecasting.diagnostics import traces
        from statewise.forecasting.plots import state_figure

        return state_figure(traces(self._fitted(), frame), member)

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

        return warm_up_length(self._fitted(), frame, tolerance)

    def _fitted(self) -> FittedModel:
        if not hasattr(self, "fitted_"):
            raise SettingError(type(self).__name__, "unfitted", "knows nothing yet", "Call fit().")
        return self.fitted_
