"""Backtest: forecast what is known as if it were not, and compare with simple forecasts."""

from collections import Counter
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
from statewise.forecasting.folds import MODEL, NAIVE, SIMPLE, Fold, frame_of, score
from statewise.forecasting.learned import NETWORK
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
        chosen: how often each simple forecast was the best at the inner cutoffs of a training part,
            and so is the one that is called simple; the naive one where none could be tried.
    """

    panel: Panel
    folds: tuple[Fold, ...]
    scores: dict[str, dict[str, Floats]]
    season: int
    settings: dict[str, Any]
    chosen: dict[str, int]

    @property
    def forecasts(self) -> Any:
        """Every forecast, in a frame of the kind that came in: id, cutoff, time, y, each method."""
        return frame_of(self.panel, self.folds)

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a method: every metric, averaged over series, and the skill against two of them.

        The skill is one less the ratio of the mean MASE to that of the naive forecast, and to that
        of the simple one which was chosen in training: what share of its error is gone. A negative
        skill means that it is better. A series that repeated itself before the first cutoff has no
        MASE, and is left out of its mean.
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
            for other in (NAIVE, SIMPLE):
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
        """How it was run, in a line, and what the simple forecast is."""
        run = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        listed = ", ".join(f"{name} {count}" for name, count in self.chosen.items())
        return f"{run}\nsimple: the best at inner cutoffs of each training part ({listed})"

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

    Beside the forecast stand the simple ones that the model knows, fitted and moved on as it is,
    and the one of them that did best on the training part, at the model's inner cutoffs.

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
            "Give a longer series, a smaller test size, or fewer cutoffs.",
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
    chosen: Counter[str] = Counter()
    fitted: FittedModel | None = None
    for cutoff in range(cutoffs, 0, -1):
        known = panel.lengths - cutoff * test_size
        if fitted is None or refit == "each":
            progress.go_to(cutoffs - cutoff + 1, cutoffs if refit == "each" else 1)
            fitted = fit(panel.until(known))
        best = best_simple(fitted)
        chosen.update(fitted.combination.names[kind] for kind in best)
        how = test_size, step, walk, level, best, progress
        fitted, parts = walk_through(fitted, panel, known, *how)
        folds += parts
    progress.go_to(1, 1)
    histories = [panel.y[a:b] for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]
    for fold in folds:
        seen = [y[:n] for y, n in zip(histories, fold.known, strict=True)]
        ahead = fold.actual.shape[1]
        seasonal = f"seasonal naive ({season})"
        if season > 1 and seasonal not in fold.forecasts:
            fold.forecasts[seasonal] = np.stack([seasonal_naive(y, ahead, season) for y in seen])
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
    scores = score(folds, first, season)
    found = dict(chosen.most_common())
    return Backtest(panel, tuple(folds), scores, season, settings, found)


def best_simple(model: FittedModel) -> NDArray[np.intp]:
    """(series,) the simple forecast that did best at a fit's inner cutoffs; naive if none did."""
    errors = model.combination.errors[:, : simple_of(model)]
    tried = np.where(np.isfinite(errors), errors, np.inf)
    best: NDArray[np.intp] = np.argmin(tried, axis=1)
    return best


def simple_of(model: FittedModel) -> int:
    """How many kinds of forecast are simple ones; the networks' comes after them."""
    return len([name for name in model.combination.names if name != NETWORK])


def walk_through(
    model: FittedModel,
    panel: Panel,
    known: NDArray[np.int64],
    test_size: int,
    step: int,
    walk: Walk,
    level: float | Sequence[float] | None,
    best: NDArray[np.intp],
    progress: Progress,
) -> tuple[FittedModel, list[Fold]]:
    """Forecast a test part, ``step`` observations at a time; ``best`` is of ``best_simple``.

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
        made = model.forecast_from(now, ahead, x[:, begin : begin + ahead])
        bounds = model.intervals(made.point, level)
        forecasts = {MODEL: made.point, SIMPLE: made.kinds[best, np.arange(len(best))]}
        names = model.combination.names[: simple_of(model)]
        forecasts |= dict(zip(names, made.kinds, strict=False))
        came = actual[:, begin : begin + ahead]
        folds.append(Fold(known + begin, came, forecasts, bounds))
        for i in range(begin, begin + ahead):
            state = model.learned.observe(state, actual[:, i], x[:, i : i + 1])
    return replace(model, known=state, steps=model.steps + test_size), folds
