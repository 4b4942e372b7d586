"""Results as text for a terminal."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from statewise.report.answer import asked, came_out, set_up
from statewise.report.study_tables import simple_rows
from statewise.show.tables import Row, table, wrap
from statewise.study import Verdict
from statewise.study.design import SIMPLE, Study
from statewise.study.results import StudyResult, arm_rows
from statewise.study.summary import summarise
from statewise.text import visible

__all__ = ["study_text"]

SIMPLE_SAID = "best simple in training"


def study_text(result: StudyResult, verdicts: Sequence[Verdict]) -> str:
    """What ``statewise study run`` and ``statewise compare`` print."""
    study, unit = result.study, result.unit
    rows: list[Row] = []
    for name, arm in result.arms.items():
        cells = arm.cells.items()
        lost = sum(int(np.isinf(cell.scores).sum()) for _, cell in cells)
        with np.errstate(divide="ignore", invalid="ignore"):  # a naive forecast without an error
            relative = [cell.scores / result.naive_scores[key] for key, cell in cells]
        summary = summarise(np.concatenate(relative))
        rows.append(
            {"arm": name, "engine": arm.arm.engine.label(arm.arm.model), "runs": summary.n,
             "mean": summary.mean, "median": summary.p50,
             "min": summary.min, "max": summary.max, "diverged": lost}
        )  # fmt: skip
    engines = {row["engine"] for row in rows}
    rows += [row | {"arm": SIMPLE_SAID} if row["arm"] == SIMPLE else row
             for row in simple_rows(result)]  # fmt: skip
    keys = [key for key in rows[0] if key != "engine" or engines != {"statewise"}]
    shown = [{key: row.get(key) for key in keys} for row in rows]
    scale = (
        "RMSE over that of the naive forecast (persistence: the last observation); lower is better."
    )
    paragraphs = [asked(study), " ".join(came_out(result)), f"Set-up: {set_up(study)} {scale}"]
    parts = [*map(wrap, paragraphs), table(shown)]
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
    if len(result.arms) > 1:
        parts.append(wrap(beaten(result)))
    return "\n\n".join(parts)


def beaten(result: StudyResult) -> str:
    """How many runs of each arm do better than the best simple and the naive forecast."""
    return " ".join(
        f"{row['arm']}: {row['share_simple']:.1%} of runs beat the best simple forecast, "
        f"{row['share']:.1%} the naive one."
        for row in arm_rows(result)
    )


def _families(study: Study) -> str:
    """What is corrected together, in words."""
    sizes = Counter(h.family for h in study.hypotheses)
    if len(sizes) == 1:
        return f"the {len(study.hypotheses)} hypotheses"
    return "each family of hypotheses (" + ", ".join(f"{n}: {k}" for n, k in sizes.items()) + ")"
