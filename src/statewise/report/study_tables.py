"""The numbers behind a study's page, as plain rows: what is drawn and what is written there."""

import hashlib
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.report.comparison_tables import accuracy, evidence_rows, pairs, verdict_rows
from statewise.scoring.metrics import rmse
from statewise.scoring.simple_forecasts import SIMPLE
from statewise.show.tables import Row
from statewise.stats.ranks import rank_arms
from statewise.study.results import CellResult, StudyResult, arm_rows
from statewise.study.specification import arm_document, digest, series_document, to_document
from statewise.study.summary import summarise
from statewise.study.verdicts import Verdict
from statewise.version import __version__

__all__ = ["SHOWN", "report_tables", "simple_rows", "study_tables"]

SHOWN = 6  # cells that are shown in detail
POINTS = 500  # of a strip, at most
STRIPS = 24_000  # points of all strips together, at most
CURVE = 150  # points of a curve, at most
CURVES = 9_000  # points of all curves of a kind together, at most
FEWEST_SERIES = 5  # for ranks

Cell = tuple[str, int]


def report_tables(
    result: StudyResult, verdicts: Sequence[Verdict] | None = None
) -> dict[str, list[Row]]:
    """Every number of a study's page, as tables of rows that share their keys; none is empty.

    ``verdicts``, ``evidence``, ``arms``, ``simple``, ``cells``, ``specification``, ``series`` and
    ``versions`` are of the whole study. What is drawn (``strip``, ``cumulative``, ``differences``,
    ``histogram``, ``half_widths``, ``forecasts``, ``loss``) and ``forecast_accuracy`` are of the
    cells that the page shows in detail, the first six. ``ranks`` is there with three arms and five
    series or more.
    """
    shown = list(result.naive_scores)[:SHOWN]
    differences, histogram, widths = pairs(result, shown)
    tables = {
        "verdicts": verdict_rows(verdicts or ()),
        "evidence": evidence_rows(result),
        "arms": arm_rows(result),
        "simple": simple_rows(result),
        "cells": [_cell_row(result, name, cell) for cell in result.naive for name in result.arms],
        "strip": list(_strips(result, shown)),
        "cumulative": list(_cumulative(result, shown)),
        "differences": differences,
        "histogram": histogram,
        "half_widths": widths,
        "forecast_accuracy": accuracy(result, shown),
        "forecasts": list(_forecasts(result, shown)),
        "loss": list(_losses(result, shown)),
        "ranks": _ranks(result),
        "specification": _specification(result),
        "series": _series(result),
        "versions": _versions(result),
    }
    return {name: rows for name, rows in tables.items() if rows}


def study_tables(result: StudyResult) -> dict[str, list[Row]]:
    """Every number of a study as rows, by the name of a table: of runs and of simple forecasts."""
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
    simple = [
        {"unique_id": series, "cutoff": cutoff, "forecast": name,
         "rmse": float(rmse(result.actual[series, cutoff], forecast)),
         "rmse_in_training": found.errors[name] if np.isfinite(found.errors[name]) else None,
         "chosen": name == found.best}
        for (series, cutoff), found in result.simple.items()
        for name, forecast in found.forecasts.items()
    ]  # fmt: skip
    return {"summary": summaries, "scores": scores, "forecasts": shown, "simple": simple}


def simple_rows(result: StudyResult) -> list[Row]:
    """A row a simple forecast: its RMSE over the naive one's, over all cells; the chosen first."""
    naive = np.array(list(result.naive_scores.values()))
    rows: list[Row] = []
    for name in (SIMPLE, *result.study.simple_names):
        scores = np.array(list(result.simple_scores(name).values()))[naive > 0] / naive[naive > 0]
        several = len(scores) > 1
        rows.append(
            {"arm": name, "mean": float(scores.mean()) if len(scores) else None,
             "median": float(np.median(scores)) if several else None}
        )  # fmt: skip
    return rows


def _cell_row(result: StudyResult, name: str, cell: Cell) -> Row:
    """The distribution of an arm's scores in one cell; whiskers reach 1.5 quartile ranges."""
    scores = result.arms[name].cells[cell].scores
    summary = summarise(scores)
    row: Row = {"arm": name, "series": cell[0], "cutoff": cell[1], **summary._asdict()}
    simple = result.simple[cell]
    row |= {"naive": result.naive_scores[cell], "best_simple": simple.best}
    row["simple"] = float(rmse(result.actual[cell], simple.forecast(SIMPLE)))
    low = high = None
    if summary.p25 is not None and summary.p75 is not None:
        reach = 1.5 * (summary.p75 - summary.p25)
        finite = scores[np.isfinite(scores)]
        inside = finite[(finite >= summary.p25 - reach) & (finite <= summary.p75 + reach)]
        low = float(min(inside.min(), summary.p25)) if len(inside) else summary.p25
        high = float(max(inside.max(), summary.p75)) if len(inside) else summary.p75
    return row | {"whisker_low": low, "whisker_high": high}


def _strips(result: StudyResult, shown: list[Cell]) -> Iterator[Row]:
    """Single scores: all of them, or evenly spaced in their order with the extremes."""
    most = _share(POINTS, STRIPS, result, shown)
    for _, place, found in _found(result, shown):
        order = np.argsort(found.scores, kind="stable")[: int(np.isfinite(found.scores).sum())]
        for i in order[_thin(len(order), most)]:
            yield place | {"repeat": int(i), "score": float(found.scores[i])}


def _cumulative(result: StudyResult, shown: list[Cell]) -> Iterator[Row]:
    """The share of all runs with a score no higher; it ends below one where runs diverged."""
    most = _share(CURVE, CURVES, result, shown)
    for _, place, found in _found(result, shown):
        scores = np.sort(found.scores)
        for i in _thin(int(np.isfinite(scores).sum()), most):
            yield place | {"score": float(scores[i]), "share": (int(i) + 1) / len(scores)}


def _found(result: StudyResult, cells: list[Cell]) -> Iterator[tuple[Cell, Row, CellResult]]:
    """What every arm did in each of the cells, and the keys that all rows about it begin with."""
    for cell in cells:
        for name, arm in result.arms.items():
            yield cell, {"arm": name, "series": cell[0], "cutoff": cell[1]}, arm.cells[cell]


def _share(most: int, together: int, result: StudyResult, shown: list[Cell]) -> int:
    """The points for an arm in a cell: ``most``, or fewer where all would be too many."""
    return max(20, min(most, together // (len(result.arms) * len(shown))))


def _thin(count: int, most: int) -> NDArray[np.int64]:
    """At most so many places from zero to ``count - 1``, evenly spaced, both ends among them."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


def _bands(values: NDArray[Any]) -> list[tuple[float | None, float | None, float | None]]:
    """The 5%, 50% and 95% quantiles along the first axis; None where there is no value."""
    if not len(values):
        return [(None, None, None)] * values.shape[1]
    low, middle, high = np.quantile(values.astype(np.float64), (0.05, 0.5, 0.95), axis=0).tolist()
    return list(zip(low, middle, high, strict=True))


def _forecasts(result: StudyResult, shown: list[Cell]) -> Iterator[Row]:
    """The test observations with the median and the 90% band of the runs that did not diverge."""
    times = {s.unique_id: s.ds for s in result.study.panel.series}
    for cell, place, found in _found(result, shown):
        ds = times[cell[0]][cell[1] :]
        kept, simple = (
            found.forecasts[np.isfinite(found.scores)],
            result.simple[cell].forecast(SIMPLE),
        )
        for i, (low, median, high) in enumerate(_bands(kept)):
            yield place | {
                "ds": ds[i], "actual": float(result.actual[cell][i]),
                "naive": float(result.naive[cell][i]), "simple": float(simple[i]),
                "median": median, "lo-90": low, "hi-90": high,
            }  # fmt: skip


def _losses(result: StudyResult, shown: list[Cell]) -> Iterator[Row]:
    """The training loss by epoch of the runs that did not diverge, where it was kept."""
    most = _share(CURVE, CURVES, result, shown)
    for _, place, found in _found(result, shown):
        epochs = _thin(found.loss.shape[1], most)
        kept = found.loss[np.isfinite(found.scores)][:, epochs]
        kept = kept[np.isfinite(kept).all(axis=1)]
        for epoch, (low, median, high) in zip(epochs.tolist(), _bands(kept), strict=True):
            yield place | {"epoch": epoch + 1, "median": median, "lo-90": low, "hi-90": high}


def _ranks(result: StudyResult) -> list[Row]:
    """Average ranks over series of the median score of each arm; a run that diverged is worst."""
    names = [s.unique_id for s in result.study.panel.series]
    if len(names) < FEWEST_SERIES or len(result.arms) < 3:
        return []
    table = np.zeros((len(names), len(result.arms)))
    for column, arm in enumerate(result.arms.values()):
        for (series, cutoff), found in arm.cells.items():
            # Without the naive score as a scale, a cutoff of large errors would decide alone.
            order = np.sort(found.scores)
            middle = order[(len(order) - 1) // 2 : len(order) // 2 + 1].mean()
            naive = result.naive_scores[series, cutoff]
            table[names.index(series), column] += middle / (naive or 1.0)
    found_ranks = rank_arms(table, result.study.alpha)
    return [
        {"arm": name, "average_rank": float(rank), "series": found_ranks.series,
         "friedman_p": found_ranks.p_value,
         "critical_difference": found_ranks.critical_difference}
        for name, rank in zip(result.arms, found_ranks.average, strict=True)
    ]  # fmt: skip


def _specification(result: StudyResult) -> list[Row]:
    """Every setting of the study, a row each; data are in the table of series, as hashes."""
    study = result.study
    document = to_document(study)
    scores = hashlib.blake2b(digest_size=16)
    for arm_result in result.arms.values():
        for cell in arm_result.cells.values():
            scores.update(np.ascontiguousarray(cell.scores, np.float64).tobytes())
    apart = ("arms", "panel", "hypotheses")
    settings = dict(_leaves({k: v for k, v in document.items() if k not in apart})) | {
        "hash of the specification, data included": digest(document),
        "hash of all scores": scores.hexdigest(),
        "processor": platform.machine(),
    }
    parts = [("study", "", settings)]
    parts += [
        ("arm", arm.name, {k: v for k, v in _leaves(arm_document(arm)) if k != "name"})
        for arm in study.arms
    ]
    parts += [("hypothesis", str(i), h) for i, h in enumerate(document["hypotheses"], start=1)]
    return [
        {"part": part, "name": name, "setting": key, "value": value}
        for part, name, values in parts
        for key, value in values.items()
    ]


def _leaves(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            many = isinstance(value, tuple | list)
            yield prefix + key, (", ".join(map(str, value)) or "none") if many else value


def _series(result: StudyResult) -> list[Row]:
    return [
        {"series": s.unique_id, "observations": len(s), "first": s.ds[0], "last": s.ds[-1],
         "cutoffs": " ".join(map(str, result.study.cutoffs_of(s))),
         "hash": digest(series_document(s))}
        for s in result.study.panel.series
    ]  # fmt: skip


def _versions(result: StudyResult) -> list[Row]:
    found = {"statewise": __version__, "python": platform.python_version()}
    found |= {name: version(name) for name in ("numpy", "numba", "scipy")}
    for arm in result.study.arms:
        found |= arm.engine.versions()
    return [{"name": name, "version": value} for name, value in found.items()]
