"""Forecasts that a network has to beat: naive ones, and those of the extra ``baselines``."""

import math
import signal
import warnings
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least, one_of
from statewise.base.extras import import_extra
from statewise.errors import DataError, SettingError

__all__ = ["STATISTICAL", "drift", "persistence", "seasonal_naive", "statistical"]

STATISTICAL = ("AutoARIMA", "AutoETS", "DynamicOptimizedTheta")


def persistence(y: ArrayLike, test_size: int) -> NDArray[np.float64]:
    """The naive forecast of the last ``test_size`` observations: each is the one before it.

    Raises:
        SettingError: there is no observation before the first forecast.

    Example:
        >>> persistence([1.0, 2.0, 4.0, 3.0], test_size=2).tolist()
        [2.0, 4.0]
    """
    values = np.asarray(y, np.float64)
    if not 0 < test_size < len(values):
        raise SettingError(
            "test_size",
            test_size,
            f"does not leave an observation before the first forecast of {len(values)}",
            f"Use 1 to {len(values) - 1}.",
        )
    return values[-test_size - 1 : -1]


def seasonal_naive(history: ArrayLike, horizon: int, season: int = 1) -> NDArray[np.float64]:
    """The last season again and again; with a season of 1, the last observation.

    Args:
        history: (..., observations).
        horizon: steps to forecast.
        season: observations a season.

    Returns:
        (..., horizon) forecasts.

    Raises:
        DataError: the history is shorter than a season.

    Example:
        >>> seasonal_naive([1.0, 2.0, 3.0, 4.0], horizon=3, season=2).tolist()
        [3.0, 4.0, 3.0]
    """
    lag = at_least("season", season, 1)
    past = of_length(history, lag, f"a season of {lag}")
    steps = np.arange(at_least("horizon", horizon, 1))
    return past[..., past.shape[-1] - lag + steps % lag]


def drift(history: ArrayLike, horizon: int) -> NDArray[np.float64]:
    """The line through the first and the last observation, drawn on: a random walk with drift.

    Hyndman and Athanasopoulos 2021, "Forecasting: principles and practice", section 5.2.

    Args:
        history: (..., observations).
        horizon: steps to forecast.

    Returns:
        (..., horizon) forecasts.

    Raises:
        DataError: there are fewer than two observations.

    Example:
        >>> drift([1.0, 4.0, 5.0], horizon=2).tolist()
        [7.0, 9.0]
    """
    past = of_length(history, 2, "a line needs")
    first, last = past[..., :1], past[..., -1:]
    steps = np.arange(1.0, at_least("horizon", horizon, 1) + 1.0)
    return np.asarray(last + steps * (last - first) / (past.shape[-1] - 1))


def statistical(
    names: Sequence[str],
    histories: Sequence[ArrayLike],
    horizon: int,
    season: int = 1,
    cores: int = 1,
) -> dict[str, NDArray[np.float64]]:
    """Forecasts of many series by statistical models of statsforecast, fitted to each series.

    Needs the extra ``statewise[baselines]``. A series that a model cannot be fitted to, most often
    because it is too short, is NaN in that model's forecasts, and a warning says how many are.

    Args:
        names: which models, of ``STATISTICAL``.
        histories: the observations of each series; they may differ in length.
        horizon: steps to forecast.
        season: observations a season; 1 for none.
        cores: processes to share the series among. With more than one, a script needs the usual
            ``if __name__ == "__main__":`` around its calls.

    Returns:
        (series, horizon) forecasts of each model by its name.

    Raises:
        SettingError: a name is unknown, or the processes died.
        ExtraError: the extra ``baselines`` is not installed.
        DataError: a history is not one row of finite values.

    Example:
        >>> found = statistical(["AutoETS"], [[5.0] * 20, [7.0] * 12], horizon=2)
        >>> found["AutoETS"].round(6).tolist()
        [[5.0, 5.0], [7.0, 7.0]]
    """
    at_least("horizon", horizon, 1)
    at_least("season", season, 1)
    for name in names:
        one_of("names", name, STATISTICAL)
    import_extra("statsforecast.models", "baselines")
    series = [one_series(i, history) for i, history in enumerate(histories)]
    tasks = {name: partial(forecasts, name, horizon=horizon, season=season) for name in names}
    chunk = 4  # series that a process forecasts at a time
    chunks = [series[i : i + chunk] for i in range(0, len(series), chunk)]
    workers = min(at_least("cores", cores, 1), max(len(chunks), 1))
    if workers == 1:
        found = {name: [task(series)] for name, task in tasks.items()}
    else:
        # A fresh interpreter: a fork would copy the locks of threads that do not exist in it.
        pool = ProcessPoolExecutor(workers, get_context("spawn"), leave_interrupts_to_the_caller)
        try:
            running = {name: pool.map(task, chunks) for name, task in tasks.items()}
            found = {name: list(parts) for name, parts in running.items()}
        except BrokenExecutor:
            raise SettingError(
                "cores",
                cores,
                "started processes that died",
                'Call from under `if __name__ == "__main__":`, free some memory, or use 1.',
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
    return {name: together(name, parts, horizon) for name, parts in found.items()}


def of_length(history: ArrayLike, least: int, why: str) -> NDArray[np.float64]:
    values = np.asarray(history, np.float64)
    if values.ndim == 0 or values.shape[-1] < least:
        raise DataError(
            "history",
            values.shape,
            f"has fewer observations than {why}",
            f"Give at least {least}.",
        )
    return values


def one_series(position: int, history: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(history, np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError(
            f"histories[{position}]",
            values,
            "is not one row of finite values",
            "Give one row for each series, with missing values filled.",
        )
    return values


def leave_interrupts_to_the_caller() -> None:
    """Ignore Ctrl-C in a worker; the caller ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


Part = tuple[list[NDArray[np.float64]], list[str]]


def forecasts(name: str, series: list[NDArray[np.float64]], horizon: int, season: int) -> Part:
    """One model's forecasts of some series, and why it failed where it did ("" elsewhere)."""
    from statsforecast import models

    rows, failures = [], []
    for history in series:
        failure = ""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model = getattr(models, name)(season_length=season)
                row = np.asarray(model.forecast(history, horizon)["mean"], np.float64)
            except Exception as error:  # noqa: BLE001 - the models raise whatever they meet
                row, failure = np.full(horizon, math.nan), str(error) or type(error).__name__
        rows.append(row)
        failures.append(failure)
    return rows, failures


def together(name: str, parts: Sequence[Part], horizon: int) -> NDArray[np.float64]:
    rows = [row for part, _ in parts for row in part]
    failures = [failure for _, part in parts for failure in part]
    failed = [i for i, failure in enumerate(failures) if failure]
    if failed:
        warnings.warn(
            f"{name} cannot be fitted to {len(failed)} of {len(rows)} series, first to that at "
            f"position {failed[0]} ({failures[failed[0]]}): its forecasts of them are NaN",
            stacklevel=3,
        )
    return np.array(rows, np.float64).reshape(len(rows), horizon)
