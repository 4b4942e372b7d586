"""The numbers behind the hypotheses of a study's page, as plain rows."""

from collections.abc import Sequence

import numpy as np

from statewise.show.tables import Row
from statewise.stats.accuracy import diebold_mariano
from statewise.stats.comparison import Floats
from statewise.stats.power import half_widths
from statewise.study.evidence import examine
from statewise.study.observations import UNPAIRED, observe, observe_cell
from statewise.study.results import StudyResult
from statewise.study.verdicts import Verdict

__all__ = ["accuracy", "evidence_rows", "pairs", "verdict_rows"]

BINS = 40


def verdict_rows(verdicts: Sequence[Verdict]) -> list[Row]:
    rows = []
    for number, v in enumerate(verdicts, start=1):
        low, high = v.comparison.interval or (None, None)
        rows.append(
            {"hypothesis": number, "family": v.hypothesis.family,
             "claim": v.hypothesis.claim, "kind": v.hypothesis.kind,
             "first": v.hypothesis.first, "second": v.hypothesis.second,
             "verdict": v.outcome.value, "small": v.small, "said": v.said, "test": v.test,
             "difference": v.comparison.difference, "low": low, "high": high,
             "p_value": v.comparison.p_value, "p_adjusted": v.p_adjusted,
             "p_within_margin": v.p_within, "p_over_time": v.p_over_time,
             "left_out": v.comparison.left_out,
             "probability_better": v.comparison.probability_better, "reason": v.reason}
        )  # fmt: skip
    return rows


def evidence_rows(result: StudyResult) -> list[Row]:
    """Every test of every hypothesis, on the unit of its verdict; none is corrected for others."""
    study = result.study
    rows = []
    for number, h in enumerate(study.hypotheses, start=1):
        seen = observe(result, h)
        found = examine(seen, 1.0 - study.alpha, study.seed)
        drawn = found.resampled
        low, high = found.comparison.interval or (None, None)
        bootstrap_low, bootstrap_high = drawn.interval if drawn else (None, None)
        two_low, two_high = found.two_stage or (None, None)
        better_low, better_high = found.comparison.probability_interval
        rows.append(
            {"hypothesis": number, "family": h.family, "claim": h.claim,
             "first": h.first, "second": h.second,
             "test": seen.test, "n": seen.n, "level": 1.0 - study.alpha, "margin": seen.margin,
             "difference": found.comparison.difference, "low": low, "high": high,
             "p_t": found.comparison.p_value, "permutation": found.permutation,
             "p_permutation": drawn.p_value if drawn else None,
             "resamples": drawn.resamples if drawn else None,
             "bootstrap": drawn.method if drawn else None,
             "bootstrap_low": bootstrap_low, "bootstrap_high": bootstrap_high,
             "two_stage_low": two_low, "two_stage_high": two_high,
             "rank_test": found.rank_test, "p_ranks": found.p_ranks,
             "probability_better": found.comparison.probability_better,
             "probability_low": better_low, "probability_high": better_high,
             "effect": found.comparison.effect}
        )  # fmt: skip
    return rows


def accuracy(result: StudyResult, shown: Sequence[tuple[str, int]]) -> list[Row]:
    """Diebold and Mariano's test of the arms' mean forecasts, over the forecast times of a cell.

    The mean is over the runs that did not diverge. A cell of fewer than three times has no test.
    """
    rows = []
    for cell in shown:
        actual = result.actual[cell]
        for number, h in enumerate(result.study.hypotheses, start=1):
            means = [_mean_forecast(result, name, cell) for name in (h.first, h.second)]
            if len(actual) < 3 or any(mean is None for mean in means):
                continue
            first, second = (mean - actual for mean in means if mean is not None)
            if len(actual) <= 2 * result.study.horizon:
                continue
            found = diebold_mariano(first, second, result.study.horizon)
            rows.append(
                {"hypothesis": number, "claim": h.claim, "first": h.first, "second": h.second,
                 "series": cell[0], "cutoff": cell[1], "steps": found.steps,
                 "rmse_first": float(np.sqrt((first**2).mean())),
                 "rmse_second": float(np.sqrt((second**2).mean())),
                 "difference_mse": found.difference,
                 "statistic": found.statistic if np.isfinite(found.statistic) else None,
                 "p_value": found.p_value}
            )  # fmt: skip
    return rows


def _mean_forecast(result: StudyResult, name: str, cell: tuple[str, int]) -> Floats | None:
    if not result.study.is_arm(name):
        return result.simple[cell].forecast(name)
    found = result.arms[name].cells[cell]
    kept = found.forecasts[np.isfinite(found.scores)]
    return kept.mean(axis=0) if len(kept) else None


def pairs(
    result: StudyResult, shown: Sequence[tuple[str, int]]
) -> tuple[list[Row], list[Row], list[Row]]:
    """Every hypothesis in every cell: its numbers, the distribution behind it, its precision."""
    study = result.study
    differences, histogram, widths = [], [], []
    for cell in shown:
        for number, h in enumerate(study.hypotheses, start=1):
            seen = observe_cell(result, h, cell)
            found = seen.compare(1.0 - study.alpha)
            first, second = (scores[np.isfinite(scores)] for scores in seen.values)
            low, high = found.interval or (None, None)
            sd = seen.planning_sd()
            place: Row = {"hypothesis": number, "claim": h.claim, "first": h.first,
                          "second": h.second, "series": cell[0], "cutoff": cell[1]}  # fmt: skip
            differences.append(
                place
                | {"test": seen.test, "n": seen.n, "left_out": found.left_out,
                   "mean_first": float(first.mean()) if len(first) else None,
                   "mean_second": float(second.mean()) if len(second) else None,
                   "difference": found.difference, "low": low, "high": high,
                   "margin": seen.margin, "planning_sd": sd,
                   "probability_better": found.probability_better}
            )  # fmt: skip
            bars = (
                histograms({"first": first, "second": second}, seen.margin)
                if seen.test == UNPAIRED
                else histograms({"difference": seen.differences}, seen.margin)
            )
            histogram += [place | row for row in bars]
            if sd:
                counts = np.unique(np.geomspace(5, max(50, 10 * seen.n), 40).round().astype(int))
                planned = half_widths(sd, counts.tolist(), 1.0 - study.alpha)
                widths += [
                    place | {"repeats": n, "half_width": width, "margin": seen.margin}
                    for n, width in zip(counts.tolist(), planned.tolist(), strict=True)
                ]
    return differences, histogram, widths


def histograms(samples: dict[str, Floats], margin: float) -> list[Row]:
    """Counts in shared bars; the outermost ones hold the half percent that lies beyond them."""
    if not all(map(len, samples.values())):
        return []
    together = np.concatenate(list(samples.values()))
    low, high = (float(q) for q in np.quantile(together, (0.005, 0.995)))
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        wide = max(margin, 1e-6 * abs(high)) or 1.0
        low, high = low - wide / 2.0, high + wide / 2.0
    bins = min(BINS, 5 + min(map(len, samples.values())) // 5)
    rows = []
    for of, sample in samples.items():
        counts, edges = np.histogram(np.clip(sample, low, high), bins, (low, high))
        rows += [
            {"of": of, "left": float(a), "right": float(b), "count": int(c)}
            for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
    return rows
