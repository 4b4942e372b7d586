"""Backtest: forecast what is known as if it were not, and compare with simple forecasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least, one_of
from statewise.data.panel import Panel
from statewise.engine import available_threads
from statewise.errors import DataError, SettingError
from statewise.forecasting.core import FittedModel
from statewise.forecasting.folds import MODEL, NAIVE, SEASONAL, Fold, frame_of, score
from statewise.scoring.baselines import seasonal_naive, statistical
from statewise.scoring.metrics import skill
from statewise.show.progress import SILENT, Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Backtest", "backtest"]

Floats = NDArray[np.float64]
Walk = Literal["carried", "re-encoded"]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a backtest found.

    Attributes:
        panel: the series.
        origins: where forecasts were made, the earliest first.
        scores: by the name of the method and the name of the metric, (series,).
        season: of the seasonal naive forecast and of MASE.
        settings: how it was run, in words.
    """

    panel: Panel
    folds: tuple[Fold, ...]
    scores: dict[str, dict[str, Floats]]
    season: int
    settings: dict[str, Any]

    @property
    def forecasts(self) -> Any:
        """Every forecast, in a frame of the kind that came in: id, cutoff, time, y, each method."""
        return frame_of(self.panel, self.folds)

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a method: every metric, averaged over series, and the skill against naive ones.

        The skill is one less the ratio of the mean MASE to that of the simple forecast: what share
        of its error is gone. A negative skill means that the simple forecast is better. A series
        that repeated itself before the first cutoff has no MASE, and is left out of its mean.
        """
        rows = []
        scaled = np.isfinite(self.scores[NAIVE]["mase"])
        rated = {
            method: float(np.mean(metrics["mase"][scaled])) if scaled.any() else np.nan
            for method, metrics in self.scores.items()
        }
        names = list(dict.fromkeys(name for each in self.scores.values() for name in each))
        for method, metrics in self.scores.items():
            row: dict[str, Any] = {"method": method}
            row |= {n: float(np.mean(metrics[n])) if n in metrics else None for n in names}
            row["mase"] = rated[method]
            for other in (NAIVE, SEASONAL):
                if other in self.scores:
                    row[f"skill-{other}"] = float(skill(rated[method], rated[other]))
            rows.append(row)
        return rows

    def plot(self, series: Sequence[str] | None = None) -> "Figure":
        """Draw what came and what every method had forecast; as a matplotlib figure.

        Args:
            series: whose; by default all. A panel a series, nine at most.

        Raises:
            SettingError: a series is not in the backtest.
        """
        from statewise.forecasting.plots import backtest_figure

        return backtest_figure(self.panel, self.folds, series)

    @property
    def summary(self) -> str:
        """How it was run, in a line."""
        return ", ".join(f"{name} {value}" for name, value in self.settings.items())

    def __str__(self) -> str:
        from statewise.show.tables import table

        return f"{table(self.table)}\n{self.summary}"

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        return shown(f"Backtest of {len(self.panel)} series", self.table, self.summary)


def backtest(
    fit: Callable[[Panel], FittedModel],
    panel: Panel,
    test_size: int,
    cutoffs: int = 1,
    *,
    horizon: int | None = None,
    walk: Walk = "carried",
    refit: Literal["each", "first"] = "each",
    level: float | Sequence[float] | None = None,
    season: int | None = None,
    beside: Sequence[str] = (),
    threads: int | None = None,
    progress: Progress = SILENT,
) -> Backtest:
    """Walk forward through the last observations of every series.

    Args:
        fit: trains a model on the series up to a cutoff.
        panel: the series.
        test_size: observations after each cutoff.
        cutoffs: how many; test parts follow each other, and the last ends with the series.
        horizon: how far each forecast goes before the observations come; by default the whole test
            part at once, and 1 forecasts each observation from all before it.
        walk: "carried": after each forecast the observations move the state on. "re-encoded": at
            each origin the state begins anew, and is warmed up as the regime says on what is known
            there, as it would be by a service that keeps no state.
        refit: "each": train at each cutoff, scales and all. "first": train at the first alone.
        level: of intervals, in percent, whose coverage is counted.
        season: of the seasonal naive forecast and of MASE; by default that of the frequency where
            every series is longer than it before the first cutoff, else 1.
        beside: models of statsforecast to run too, such as "AutoETS".
        threads: processes of these, at most; by default one a processor.
        progress: of the work.

    Raises:
        DataError: a series is too short.
        SettingError: an argument is impossible.
    """
    at_least("test_size", test_size, 1)
    at_least("cutoffs", cutoffs, 1)
    frequency = panel.checked_frequency()
    step = test_size if horizon is None else min(at_least("horizon", horizon, 1), test_size)
    one_of("walk", walk, ("carried", "re-encoded"))
    one_of("refit", refit, ("each", "first"))
    tested = test_size * cutoffs
    if (panel.lengths <= tested).any():
        short = int(panel.lengths.argmin())
        raise DataError(
            f"series {panel.ids[short]!r}",
            int(panel.lengths[short]),
            f"observations leave none to train on before {tested} to test on",
            "Give a longer series, a smaller test_size, or fewer cutoffs.",
        )
    shortest = int(panel.lengths.min()) - tested
    if season is None:
        usual = frequency.season
        season = usual if usual < shortest else 1
    elif at_least("season", season, 1) >= shortest > 1:
        raise SettingError(
            "season", season, f"leaves nothing of {shortest} observations to compare", "Use 1."
        )
    folds: list[Fold] = []
    fitted: FittedModel | None = None
    for cutoff in range(cutoffs, 0, -1):
        known = panel.lengths - cutoff * test_size
        if fitted is None or refit == "each":
            progress.go_to(cutoffs - cutoff + 1, cutoffs if refit == "each" else 1)
            fitted = fit(panel.until(known))
        fitted, parts = walk_through(fitted, panel, known, test_size, step, walk, level, progress)
        folds += parts
    progress.go_to(1, 1)
    histories = [panel.y[a:b] for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]
    for fold in folds:
        seen = [y[:n] for y, n in zip(histories, fold.known, strict=True)]
        ahead = fold.actual.shape[1]
        fold.forecasts[NAIVE] = np.stack([np.repeat(y[-1:], ahead) for y in seen])
        if season > 1:
            fold.forecasts[SEASONAL] = np.stack([seasonal_naive(y, ahead, season) for y in seen])
        if beside:
            cores = threads or available_threads()
            progress.at(f"fitting {', '.join(beside)}")
            fold.forecasts.update(statistical(list(beside), seen, ahead, season, cores))
    first = [y[: len(y) - tested] for y in histories]
    settings = {
        "test size": test_size,
        "cutoffs": cutoffs,
        "horizon": step,
        "walk": walk,
        "refit": refit,
        "season": season,
    }
    return Backtest(panel, tuple(folds), score(folds, first, season), season, settings)


def walk_through(
    model: FittedModel,
    panel: Panel,
    known: NDArray[np.int64],
    test_size: int,
    step: int,
    walk: Walk,
    level: float | Sequence[float] | None,
    progress: Progress,
) -> tuple[FittedModel, list[Fold]]:
    """Forecast a test part, ``step`` observations at a time.

    Returns:
        The model as it knows the test part, and a fold for each forecast.
    """
    past = model.past_of(panel)
    actual, x = past.after(known, test_size)
    state, folds = model.known, []
    for begin in range(0, test_size, step):
        progress.at(f"forecasting {len(panel)} series as they go on", begin / test_size)
        ahead, now = min(step, test_size - begin), state
        if walk == "re-encoded":
            now = model.learned.start(past.until(known + begin))
        point = model.forecast_from(now, ahead, x[:, begin : begin + ahead]).point
        bounds = model.intervals(point, level)
        came = actual[:, begin : begin + ahead]
        folds.append(Fold(known + begin, came, {MODEL: point}, bounds))
        for i in range(begin, begin + ahead):
            state = model.learned.observe(state, actual[:, i], x[:, i : i + 1])
    return replace(model, known=state, steps=model.steps + test_size), folds
