"""Results as text for a terminal."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from statewise.show.tables import Row, table, wrap
from statewise.study import Verdict
from statewise.study.design import SIMPLE, Study
from statewise.study.results import StudyResult, arm_rows
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
    engines = {row["engine"] for row in rows}
    rows += simple_rows(result)
    keys = [key for key in rows[0] if key != "engine" or engines != {"statewise"}]
    shown = [{key: row.get(key) for key in keys} for row in rows]
    series = len(study.panel.series)
    ahead = "one step" if study.horizon == 1 else f"{study.horizon} steps"
    head = (
        f"{series} series, {study.cutoffs} cutoff{'s' if study.cutoffs > 1 else ''} each, the "
        f"{study.test_size} observations after it forecast {ahead} at a time; {study.repeats} "
        f"repeats, seed {study.seed}. RMSE relative to the naive forecast's (persistence); lower "
        f"is better. {chosen(result)}"
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
        head = f"{number}. {visible(verdict.hypothesis.claim)}: {verdict.said.upper()}"
        parts.append(f"{head}\n{wrap(verdict.reason, '   ')}")
    parts.append(wrap(against_simple(result)))
    return "\n\n".join(parts)


def simple_rows(result: StudyResult) -> list[Row]:
    """A row a simple forecast: its scores over the naive one's, over all cells."""
    naive = np.array(list(result.naive_scores.values()))
    rows: list[Row] = []
    for name in (SIMPLE, *result.study.simple_names):
        scores = np.array(list(result.simple_scores(name).values())) / naive
        label = "simple (chosen in training)" if name == SIMPLE else name
        row: Row = {"arm": label, "mean": float(scores.mean())}
        rows.append(row | ({"median": float(np.median(scores))} if len(scores) > 1 else {}))
    return rows


def chosen(result: StudyResult) -> str:
    """Which simple forecast the arms have to beat, in a sentence."""
    counts = result.chosen()
    if len(result.simple) == 1:
        return f"The best simple forecast on the training part is {next(iter(counts))}."
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"The best simple forecast is chosen on each training part ({listed})."


def against_simple(result: StudyResult) -> str:
    """How many runs do better than the naive and the best simple forecast, in sentences."""
    naive = np.array(list(result.naive_scores.values()))
    simple = float((np.array(list(result.simple_scores(SIMPLE).values())) / naive).mean())
    rows = arm_rows(result)
    parts = [
        f"{row['arm']}: {row['share']:.1%} of runs beat naive, {row['share_simple']:.1%} the best "
        "simple forecast."
        for row in rows
    ]
    relative = [row["relative"] for row in rows if row["relative"] is not None]
    if not any(each < min(1.0, simple) for each in relative):
        which = "the naive" if simple >= 1.0 else "the best simple"
        parts.append(f"On average no arm beats {which} forecast here.")
    return " ".join(parts)


def _families(study: Study) -> str:
    """What is corrected together, in words."""
    sizes = Counter(h.family for h in study.hypotheses)
    if len(sizes) == 1:
        return f"the {len(study.hypotheses)} hypotheses"
    return "each family of hypotheses (" + ", ".join(f"{n}: {k}" for n, k in sizes.items()) + ")"
