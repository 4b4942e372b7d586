"""The numbers behind every figure and every printed table, as plain rows."""

import numpy as np

from statewise.show.tables import Row
from statewise.stats.comparison import share_interval
from statewise.study.results import StudyResult
from statewise.study.summary import summarise

__all__ = [
    "against_naive",
    "cumulative",
    "forecasts",
    "study_tables",
]


def against_naive(result: StudyResult, level: float = 0.95) -> list[Row]:
    """How every arm does against the naive forecast, a row an arm.

    ``skill`` is one minus the mean RMSE over that of the naive forecast: above zero is better.
    ``share`` is that of the restarts whose RMSE is lower than the naive forecast's, with its exact
    (Clopper-Pearson) interval. A run that diverged does not beat it.
    """
    rows = []
    for name, arm in result.arms.items():
        summary, n = summarise(arm.scores), len(arm.scores)
        beaten = int((arm.scores < result.naive_rmse).sum())
        low, high = share_interval(beaten / n, n, level)
        rows.append(
            {"arm": name, "n": n, "mean": summary.mean, "naive": result.naive_rmse,
             "skill": None if summary.mean is None else 1.0 - summary.mean / result.naive_rmse,
             "beat naive": beaten, "share": beaten / n, "share low": low, "share high": high}
        )  # fmt: skip
    return rows


def cumulative(result: StudyResult, points: int = 90) -> list[Row]:
    """How mean, median and standard error settle as repeats grow, a row an arm and a count.

    The counts are spaced evenly on a logarithmic scale, from one repeat to all of them.
    """
    rows = []
    for name, arm in result.arms.items():
        scores = arm.scores
        for n in np.unique(np.geomspace(1, len(scores), points).round().astype(int)):
            s = summarise(scores[:n])
            usable = s.n - s.diverged
            error = None if s.std is None else s.std / np.sqrt(usable)
            rows.append(
                {"arm": name, "repeats": s.n, "mean": s.mean, "median": s.p50,
                 "standard_error": error}
            )  # fmt: skip
    return rows


def forecasts(result: StudyResult) -> list[Row]:
    """The test observations with every arm's forecasts: the median of repeats and a 90% band."""
    series, size = result.study.panel.only, result.study.test_size
    rows = []
    for name, arm in result.arms.items():
        kept = arm.forecasts[np.isfinite(arm.scores)]
        bands = np.quantile(kept, (0.05, 0.5, 0.95), axis=0) if len(kept) else None
        for i, (ds, actual) in enumerate(zip(series.ds[-size:], series.y[-size:], strict=True)):
            low, median, high = (None,) * 3 if bands is None else (float(b[i]) for b in bands)
            rows.append(
                {"arm": name, "ds": ds, "actual": float(actual),
                 "naive": float(result.naive_forecast[i]), "median": median, "lo-90": low,
                 "hi-90": high}
            )  # fmt: skip
    return rows


def study_tables(result: StudyResult) -> dict[str, list[Row]]:
    """Every number of a study as rows, by the name of a table: scores, summaries, forecasts."""
    scores, summaries, shown = [], [], []
    for name, arm in result.arms.items():
        for (series, cutoff), cell in arm.cells.items():
            place = {"arm": name, "unique_id": series, "cutoff": cutoff}
            naive = result.naive_scores[series, cutoff]
            summaries.append({**place, "naive": naive, **summarise(cell.scores)._asdict()})
            columns = zip(cell.scores.tolist(), cell.diverged_epoch.tolist(), strict=True)
            scores += [
                {**place, "repeat": r, "rmse": score, "diverged_epoch": epoch}
                for r, (score, epoch) in enumerate(columns)
            ]
            shown += [
                {**place, "repeat": r, "step": step + 1, "forecast": value}
                for r, forecast in enumerate(cell.forecasts.tolist())
                for step, value in enumerate(forecast)
            ]
    return {"summary": summaries, "scores": scores, "forecasts": shown}
