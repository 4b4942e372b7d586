"""Folds: forecasts of every series from one origin, with what came, and their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statewise.scoring.metrics import coverage, mae, mase, rmse, smape

__all__ = ["MODEL", "NAIVE", "SEASONAL", "Fold", "score"]

Floats = NDArray[np.float64]
MODEL, NAIVE, SEASONAL = "statewise", "naive", "seasonal-naive"


@dataclass(frozen=True, eq=False)
class Fold:
    """Forecasts of every series from one origin.

    Attributes:
        known: (series,) the number of observations known.
        actual: (series, steps) what came.
        forecasts: by the name of the method, each (series, steps).
        bounds: by level in percent, lower and upper ends of the intervals.
    """

    known: NDArray[np.int64]
    actual: Floats
    forecasts: dict[str, Floats]
    bounds: dict[float, tuple[Floats, Floats]]


def score(
    folds: Sequence[Fold], histories: Sequence[Floats], season: int
) -> dict[str, dict[str, Floats]]:
    """The metrics of every method, over all origins of a series together."""
    actual = np.concatenate([fold.actual for fold in folds], axis=1)
    metrics: dict[str, Callable[[Floats, Floats], Floats]] = {
        "rmse": rmse,
        "mae": mae,
        "mase": lambda a, f: np.array(
            [mase(one, two, y, season) for one, two, y in zip(a, f, histories, strict=True)]
        ),
        "smape": smape,
    }
    found: dict[str, dict[str, Floats]] = {}
    for method in folds[0].forecasts:
        forecast = np.concatenate([fold.forecasts[method] for fold in folds], axis=1)
        found[method] = {name: metric(actual, forecast) for name, metric in metrics.items()}
    for level in folds[0].bounds:
        low, high = (
            np.concatenate([fold.bounds[level][side] for fold in folds], axis=1) for side in (0, 1)
        )
        found[MODEL][f"coverage-{level:g}"] = coverage(actual, low, high)
    return found
