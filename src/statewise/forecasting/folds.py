"""Folds: forecasts of every series from one origin, with what came, and their scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from statewise.data.frames import write_frame
from statewise.data.panel import Panel
from statewise.scoring.metrics import coverage, mae, mase, rmse, smape
from statewise.scoring.simple_forecasts import NAIVE, SIMPLE

__all__ = ["MODEL", "NAIVE", "SIMPLE", "Fold", "frame_of", "score"]

Floats = NDArray[np.float64]
MODEL = "statewise"


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


def frame_of(panel: Panel, folds: Sequence[Fold]) -> Any:
    """Every forecast, in a frame of the kind that came in: id, cutoff, time, y, each method.

    Rows are in order of series, cutoff and time.
    """
    parts: dict[str, list[Floats]] = {}
    series: list[NDArray[np.int64]] = []
    times, cutoffs = [], []
    for fold in folds:
        count, steps = fold.actual.shape
        rows = (panel.offsets[:-1] + fold.known)[:, None] + np.arange(steps)
        times.append(panel.ds[rows].ravel())
        cutoffs.append(np.repeat(panel.ds[rows[:, 0] - 1], steps))
        series.append(np.repeat(np.arange(count), steps))
        columns = {"y": fold.actual} | fold.forecasts
        for level, (low, high) in fold.bounds.items():
            columns |= {f"{MODEL}-lo-{level:g}": low, f"{MODEL}-hi-{level:g}": high}
        for name, values in columns.items():
            parts.setdefault(name, []).append(values.ravel())
    order = np.lexsort((np.concatenate(times), np.concatenate(cutoffs), np.concatenate(series)))
    frame = write_frame(
        {name: np.concatenate(values)[order] for name, values in parts.items()},
        panel.kind,
        series=np.concatenate(series)[order],
        ds=np.concatenate(times)[order],
    )
    kind = panel.kind
    written = kind.time.write(np.concatenate(cutoffs)[order], kind.backend).alias("cutoff")
    table = nw.from_native(frame, eager_only=True)
    if kind.time.index:
        frame.insert(0, "cutoff", written.to_native().to_numpy())
        return frame
    names = [*table.columns[: 1 + (kind.id_column is not None)], "cutoff"]
    rest = [name for name in table.columns if name not in names]
    return table.with_columns(written).select(*names, *rest).to_native()
