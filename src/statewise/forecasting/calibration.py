"""A twin of an ensemble that has not seen the last observations, and how wrong it is there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.ensemble.trained import Ensemble, ForecastState, point_of
from statewise.errors import DataError, SettingError
from statewise.forecasting.fitting import History, Recipe, fit_ensemble

__all__ = ["Calibration", "fit_calibration", "held_back"]

Floats = NDArray[np.float64]

MOST, LEAST = 40, 8  # observations that are held back where no number is given


@dataclass(frozen=True, eq=False)
class Calibration:
    """An ensemble trained without the last observations of each series, and these.

    Attributes:
        ensemble: the twin.
        state: what it knows where the held back part begins.
        counts: (series,) observations held back.
        y: (series, most) them, oldest first; zeros beyond a series' own.
        x: (series, most, columns) on their rows, scaled.
    """

    ensemble: Ensemble
    state: ForecastState
    counts: NDArray[np.int64]
    y: Floats
    x: Floats
    known: dict[tuple[int, str], Floats] = field(default_factory=dict, repr=False)  # errors found

    def errors(self, horizon: int, point: str) -> Floats:
        """Forecasts less what came, at every origin in the part that was held back.

        Args:
            horizon: how far to forecast from each origin.
            point: how members are made into one forecast, "mean" or "median".

        Returns:
            (series, origins, horizon); NaN where there is nothing to compare with, infinite where
            no member has a number.

        Raises:
            SettingError: the horizon is longer than what was held back of some series.
        """
        if horizon > self.counts.min():
            raise SettingError(
                "h",
                horizon,
                f"exceeds the {int(self.counts.min())} observations that were held back to see how "
                "wrong forecasts are",
                "Fit with a larger calibration=..., or use intervals='ensemble'.",
            )
        if (horizon, point) in self.known:
            return self.known[horizon, point]
        series, most = self.y.shape
        found = np.full((series, most, horizon), np.nan)
        now = self.state
        for origin in range(most):
            steps = min(horizon, most - origin)
            paths = self.ensemble.forecast(now, steps, self.x[:, origin : origin + steps])
            there = origin + np.arange(steps) < self.counts[:, None]
            forecast = point_of(paths, point)
            error = np.nan_to_num(forecast, nan=np.inf) - self.y[:, origin : origin + steps]
            found[:, origin, :steps] = np.where(there, error, np.nan)
            now = self.ensemble.observe(now, self.y[:, origin], self.x[:, origin : origin + 1])
        self.known[horizon, point] = found
        return found


def held_back(asked: int | None, name: str, observations: int, shortest: int) -> int:
    """How many observations of a series are held back; raises DataError if too few are left."""
    count = max(LEAST, min(MOST, observations // 4)) if asked is None else asked
    if observations - count < shortest:
        raise DataError(
            name,
            observations,
            f"observations are too few to hold {count} back for intervals and train on "
            f"{shortest} at least",
            "Give a longer series, a smaller calibration=..., or intervals='ensemble'.",
        )
    return count


def fit_calibration(
    recipe: Recipe,
    histories: Sequence[History],
    asked: int | None,
    *,
    threads: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
) -> Calibration:
    """Train the twin.

    Args:
        recipe: of the ensemble.
        histories: that it was trained on.
        asked: how many observations of each series to hold back; by default a quarter of it,
            between 8 and 40.
        threads, on_progress: as for ``fit_ensemble``.

    Raises:
        DataError: a series is too short.
    """
    shortest = recipe.model.framing.shortest
    counts = np.array([held_back(asked, h.name, len(h.y), shortest) for h in histories])
    earlier = [h.until(len(h.y) - c) for h, c in zip(histories, counts, strict=True)]
    ensemble, now, _ = fit_ensemble(recipe, earlier, threads=threads, on_progress=on_progress)
    most = int(counts.max())
    y = np.zeros((len(histories), most))
    x = np.zeros((len(histories), most, histories[0].x.shape[1]))
    for i, (history, count) in enumerate(zip(histories, counts, strict=True)):
        y[i, :count], x[i, :count] = history.y[-count:], history.x[-count:]
        y[i, count:] = history.y[-1]  # a value that every transform allows
    # Widths need no more digits than float32 has, and a saved model is smaller by as much.
    y = y.astype(np.float32).astype(np.float64)
    return Calibration(ensemble, now, counts, y, ensemble.columns.apply(x))
