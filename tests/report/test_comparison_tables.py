import numpy as np
import pytest

from statewise.report.study_tables import report_tables
from statewise.stats import diebold_mariano
from statewise.study import settle
from tests.report.test_study_tables import HYPOTHESES, several, synthetic


def test_arms_of_other_restarts_are_compared_unpaired() -> None:
    result = synthetic(hypotheses=HYPOTHESES, diverge=0.1, restarts=(0, 1, 0))
    verdicts = settle(result)
    tables = report_tables(result, verdicts)
    tests = ["Welch, unpaired", "paired by repeat", "paired by repeat"]
    assert [row["test"] for row in tables["verdicts"]] == tests
    assert [row["test"] for row in tables["differences"]] == tests
    row = tables["differences"][0]
    assert (row["low"], row["high"]) == verdicts[0].comparison.interval
    assert row["mean_first"] - row["mean_second"] == pytest.approx(row["difference"])
    for of, name in (("first", "a"), ("second", "b")):
        bars = [r for r in tables["histogram"] if (r["hypothesis"], r["of"]) == (1, of)]
        assert sum(r["count"] for r in bars) == np.isfinite(result.arms[name].scores).sum()
    assert {r["of"] for r in tables["histogram"] if r["hypothesis"] == 2} == {"difference"}


def test_the_evidence_is_of_the_verdicts_comparisons() -> None:
    for result in (
        synthetic(hypotheses=HYPOTHESES, restarts=(0, 1, 0)),
        synthetic(hypotheses=HYPOTHESES, panel=several("rstu"), repeats=10),
    ):
        verdicts = settle(result)
        for row, v in zip(report_tables(result)["evidence"], verdicts, strict=True):
            assert row["p_t"] == v.comparison.p_value
            assert (row["test"], (row["low"], row["high"])) == (v.test, v.comparison.interval)
            assert row["p_permutation"] == pytest.approx(row["p_t"], abs=0.15)
            assert row["bootstrap"] in ("BCa", "percentile")
            assert (row["two_stage_low"] is None) == (len(result.naive_scores) == 1)


def test_mean_forecasts_are_tested_over_time() -> None:
    result = synthetic(hypotheses=HYPOTHESES, diverge=0.1)
    rows = report_tables(result)["forecast_accuracy"]
    assert [r["hypothesis"] for r in rows] == [1, 2, 3]
    [actual] = result.actual.values()
    means = [
        arm.forecasts[np.isfinite(arm.scores)].mean(axis=0) - actual for arm in result.arms.values()
    ]
    expected = diebold_mariano(means[0], means[2])
    assert (rows[1]["statistic"], rows[1]["p_value"]) == (expected.statistic, expected.p_value)
    assert rows[2]["rmse_second"] == pytest.approx(result.naive_rmse)
