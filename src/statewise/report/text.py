"""Results as text for a terminal."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from statewise.show.tables import Row, table, wrap
from statewise.study import Verdict
from statewise.study.design import Study
from statewise.study.results import StudyResult
from statewise.study.summary import summarise
from statewise.text import visible

__all__ = ["study_text"]


def study_text(result: StudyResult, verdicts: Sequence[Verdict]) -> str:
    """What ``statewise study run`` and ``statewise compare`` print."""
    study, unit = result.study, result.unit
    rows: list[Row] = []
    for name, arm in result.arms.items():
        relative = [cell.scores / result.naive_scores[key] for key, cell in arm.cells.items()]
        summary = summarise(np.concatenate(relative))
        rows.append(
            {"arm": name, "engine": arm.arm.engine.label(arm.arm.model), "runs": summary.n,
             "mean": summary.mean, "median": summary.p50,
             "min": summary.min, "max": summary.max, "diverged": summary.diverged}
        )  # fmt: skip
    rows.append({"arm": "naive", "mean": 1.0})
    engines = {row["engine"] for row in rows[:-1]}
    keys = [key for key in rows[0] if key != "engine" or engines != {"statewise"}]
    shown = [{key: row.get(key) for key in keys} for row in rows]
    series = len(study.panel.series)
    head = (
        f"{series} series, {study.cutoffs} cutoff{'s' if study.cutoffs > 1 else ''} each, the "
        f"{study.test_size} observations after it forecast one step at a time; {study.repeats} "
        f"repeats, seed {study.seed}. RMSE relative to the naive forecast's (persistence); lower "
        "is better."
    )
    parts = [wrap(head), table(shown)]
    if study.hypotheses:
        limits = {
            "restart": "They speak of restarts on this one series and test part.",
            "cutoff": "They speak of cutoffs of this series; restarts are averaged within them.",
            "series": "They speak of series like these; restarts and cutoffs are averaged within "
            "them.",
        }
        told = (
            f"Verdicts use Holm's correction over {_families(study)} at {study.alpha:.3g}, and "
            f"margins declared before the run. {limits[unit]}"
        )
        parts.append(wrap(told))
    for number, verdict in enumerate(verdicts, start=1):
        head = f"{number}. {visible(verdict.hypothesis.claim)}: {verdict.outcome.value.upper()}"
        parts.append(f"{head}\n{wrap(verdict.reason, '   ')}")
    if not any(row["mean"] is not None and row["mean"] < 1.0 for row in rows[:-1]):
        parts.append("On average no arm beats the naive forecast here.")
    return "\n\n".join(parts)


def _families(study: Study) -> str:
    """What is corrected together, in words."""
    sizes = Counter(h.family for h in study.hypotheses)
    if len(sizes) == 1:
        return f"the {len(study.hypotheses)} hypotheses"
    return "each family of hypotheses (" + ", ".join(f"{n}: {k}" for n, k in sizes.items()) + ")"
