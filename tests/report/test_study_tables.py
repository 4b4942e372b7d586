import json
from collections.abc import Sequence

import numpy as np
import pytest

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.model.network import Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.report.study_tables import SHOWN, report_tables, study_tables
from statewise.show.tables import to_csv
from statewise.stats import half_widths, pilot_sd
from statewise.study import (
    Arm,
    ArmResult,
    CellResult,
    Hypothesis,
    Study,
    StudyResult,
    better,
    equivalent,
    settle,
)


def several(names: Sequence[str], length: int = 60) -> Panel:
    rng = np.random.default_rng(3)
    return Panel.of(
        Panel.from_values(100.0 + np.cumsum(rng.normal(size=length)), unique_id=name).only
        for name in names
    )


def synthetic(
    arms: Sequence[str] = ("a", "b", "c"),
    panel: Panel | None = None,
    repeats: int = 50,
    hypotheses: Sequence[Hypothesis] = (),
    *,
    cutoffs: int = 1,
    epochs: int = 0,
    diverge: float = 0.0,
    spread: float = 0.3,
    restarts: Sequence[int] | None = None,
) -> StudyResult:
    """A result without training: each arm has larger errors, and diverges more, than the last."""
    study = Study(
        tuple(
            Arm(name, Model(StateRegime(), training=Training(epochs=epochs or 10)), restarts=which)
            for name, which in zip(arms, restarts or [0] * len(arms), strict=True)
        ),
        shampoo() if panel is None else panel,
        test_size=12,
        repeats=repeats,
        hypotheses=tuple(hypotheses),
        cutoffs=cutoffs,
        keep_loss=bool(epochs),
    )
    rng = np.random.default_rng(1)
    empty = StudyResult(study, {})
    results = {}
    for i, arm in enumerate(study.arms):
        cells = {}
        for cell, actual in empty.actual.items():
            wide = empty.naive_scores[cell] * spread * (1.0 + 0.2 * i)
            forecasts = actual + wide * rng.normal(size=(repeats, len(actual)))
            scores = np.sqrt(((forecasts - actual) ** 2).mean(axis=1))
            lost = rng.random(repeats) < diverge * i
            scores[lost], forecasts[lost] = np.inf, np.nan
            loss = rng.gamma(4.0, 0.1, (repeats, epochs)).astype(np.float32)
            cells[cell] = CellResult(forecasts, scores, lost.astype(np.int32), loss)
        results[arm.name] = ArmResult(arm, cells)
    return StudyResult(study, results)


HYPOTHESES = (better("a", "b"), equivalent("a", "c"), better("a", "naive"))


def test_the_tables_agree_with_the_result_and_with_the_verdicts() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=7)
    verdicts = settle(result)
    tables = report_tables(result, verdicts)
    assert set(tables) == {
        "verdicts", "arms", "simple", "cells", "strip", "cumulative", "differences", "histogram",
        "half_widths", "evidence", "forecast_accuracy", "forecasts", "loss", "specification",
        "series", "versions",
    }  # fmt: skip
    for row, verdict in zip(tables["differences"], verdicts, strict=True):
        assert (row["low"], row["high"]) == verdict.comparison.interval
        assert row["difference"] == verdict.comparison.difference
    first = tables["arms"][0]
    scores = result.arms["a"].scores
    assert first["mean"] == scores.mean()
    assert first["skill"] == pytest.approx(1.0 - scores.mean() / result.naive_rmse)
    assert first["skill_low"] < first["skill"] < first["skill_high"]
    assert first["beat_naive"] == int((scores < result.naive_rmse).sum())
    [simple] = result.simple_scores("simple").values()
    assert first["skill_simple"] == pytest.approx(1.0 - scores.mean() / simple)
    assert tables["cells"][0]["simple"] == simple
    assert tables["cells"][0]["best_simple"] == "autoregression"
    assert tables["simple"][0]["mean"] == pytest.approx(simple / result.naive_rmse)
    bars = [r for r in tables["histogram"] if r["hypothesis"] == 1]
    assert sum(r["count"] for r in bars) == 50
    sd = pilot_sd(result.arms["a"].scores - result.arms["b"].scores)
    widths = [r for r in tables["half_widths"] if r["hypothesis"] == 1]
    planned = half_widths(sd, [r["repeats"] for r in widths])
    assert [r["half_width"] for r in widths] == planned.tolist()
    assert [r["epoch"] for r in tables["loss"][:7]] == [1, 2, 3, 4, 5, 6, 7]


def test_every_simple_forecast_is_exported_with_its_scores() -> None:
    result = synthetic(panel=several("uv"), cutoffs=2)
    rows = study_tables(result)["simple"]
    assert len(rows) == 2 * 2 * len(result.study.simple_names)
    for name in result.study.simple_names:
        found = {(r["unique_id"], r["cutoff"]): r["rmse"] for r in rows if r["forecast"] == name}
        assert found == result.simple_scores(name)
    best = {(r["unique_id"], r["cutoff"]): r["forecast"] for r in rows if r["chosen"]}
    assert best == {cell: simple.best for cell, simple in result.simple.items()}
    assert all(r["rmse_in_training"] > 0.0 for r in rows)


def test_forecasts_stand_beside_the_actual_values() -> None:
    rows = report_tables(synthetic())["forecasts"]
    assert len(rows) == 3 * 12
    [simple] = synthetic().simple.values()
    assert rows[0]["simple"] == simple.forecasts["autoregression"][0]
    assert (rows[0]["ds"], rows[0]["actual"], rows[0]["naive"]) == ("3-01", 339.7, 342.3)
    assert rows[0]["lo-90"] <= rows[0]["median"] <= rows[0]["hi-90"]


def test_every_table_is_csv_and_json_with_shared_keys() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=3, diverge=0.1)
    for rows in report_tables(result, settle(result)).values():
        assert len({tuple(row) for row in rows}) == 1
        assert to_csv(rows).count("\n") > len(rows)
        json.dumps(rows, allow_nan=False)


def test_series_are_the_unit_where_there_are_several() -> None:
    result = synthetic(panel=several("rstuv"), cutoffs=2)
    [row, *_] = report_tables(result)["arms"]
    means = {cell: s.mean() / result.naive_scores[cell] for cell, s in result.scores("a").items()}
    by_series = [np.mean([m for (s, _), m in means.items() if s == name]) for name in "rstuv"]
    assert (row["unit"], row["units"], row["mean"]) == ("series", 5, None)
    assert row["relative"] == pytest.approx(np.mean(by_series))
    half = 2.776445 * np.std(by_series, ddof=1) / np.sqrt(5)
    assert row["skill_high"] - row["skill"] == pytest.approx(half, rel=1e-5)


def test_cutoffs_are_the_unit_where_there_is_one_series() -> None:
    [row, *_] = report_tables(synthetic(panel=several("r"), cutoffs=3))["arms"]
    assert (row["unit"], row["units"]) == ("cutoff", 3)
    assert row["skill_low"] < row["skill"] < row["skill_high"]


def test_runs_that_diverged_are_counted_everywhere_and_rank_last() -> None:
    result = synthetic(panel=several("rstuv"), diverge=0.4, hypotheses=HYPOTHESES[:1])
    tables = report_tables(result)
    lost = {
        name: int(sum(np.isinf(s).sum() for s in result.scores(name).values()))
        for name in result.arms
    }
    assert lost["c"] > lost["b"] > 0
    assert {r["arm"]: r["diverged"] for r in tables["arms"]} == lost
    assert sum(r["diverged"] for r in tables["cells"]) == sum(lost.values())
    for row in tables["differences"]:
        assert row["n"] + row["left_out"] == 50
    ends = {(r["arm"], r["series"]): r["share"] for r in tables["cumulative"]}
    for cell in tables["cells"]:
        assert ends[cell["arm"], cell["series"]] == (50 - cell["diverged"]) / 50
    ranks = {r["arm"]: r["average_rank"] for r in tables["ranks"]}
    assert ranks["c"] == 3.0


def test_nothing_left_gives_none_and_no_infinity() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=3, diverge=1.0)  # all runs of b and c
    tables = report_tables(result, settle(result))
    assert [r["skill"] is None for r in tables["arms"]] == [False, True, True]
    assert all(r["median"] is None for r in tables["forecasts"] if r["arm"] == "b")
    assert [r["difference"] is None for r in tables["differences"]] == [True, True, False]
    json.dumps(tables, allow_nan=False)


def test_strips_are_thinned_and_keep_the_extremes() -> None:
    result = synthetic(repeats=3000)
    rows = [r for r in report_tables(result)["strip"] if r["arm"] == "b"]
    scores = result.arms["b"].scores
    assert len(rows) == 500
    assert all(r["score"] == scores[r["repeat"]] for r in rows)
    assert (rows[0]["score"], rows[-1]["score"]) == (scores.min(), scores.max())


def test_only_the_first_cells_are_in_detail() -> None:
    result = synthetic(panel=several([f"s{i}" for i in range(9)]), hypotheses=HYPOTHESES)
    tables = report_tables(result)
    assert len(tables["cells"]) == 27
    for name in ("strip", "cumulative", "differences", "histogram", "half_widths", "forecasts"):
        assert {r["series"] for r in tables[name]} == {f"s{i}" for i in range(SHOWN)}


def test_the_specification_has_hashes_and_no_data() -> None:
    result = synthetic(hypotheses=HYPOTHESES)
    tables = report_tables(result)
    settings = {r["setting"] for r in tables["specification"]}
    assert {"horizon", "season", "adjust", "past", "columns", "looks"} <= settings
    assert {"seed", "regime.warm_up", "training.optimizer.learning_rate", "claim"} <= settings
    scale = [r["value"] for r in tables["specification"] if r["setting"] == "framing.scale"]
    assert scale == ["-1.0, 1.0"] * 3
    assert "266.0" not in str(tables["specification"])
    other = report_tables(synthetic(hypotheses=HYPOTHESES, spread=0.31))
    differ = [
        a["setting"]
        for a, b in zip(tables["specification"], other["specification"], strict=True)
        if a != b
    ]
    assert differ == ["hash of all scores"]
