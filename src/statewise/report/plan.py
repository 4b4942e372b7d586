"""How many repeats a study needs: as rows, as text, and drawn."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from statewise.report.study_figures import half_width_plot
from statewise.show.style import Rows, styled
from statewise.show.tables import Row, table, wrap
from statewise.stats.power import half_widths
from statewise.study.observations import UNPAIRED
from statewise.study.planning import Needed
from statewise.study.results import StudyResult

__all__ = ["plan_figure", "plan_rows", "plan_text", "width_rows"]


def plan_rows(plans: Sequence[Needed]) -> list[Row]:
    """What each hypothesis needs, a row each."""
    return [
        {"hypothesis": number, "claim": p.observed.hypothesis.claim,
         "kind": p.observed.hypothesis.kind, "test": p.observed.test, "unit": p.observed.unit,
         "n": p.observed.n, "planning_sd": p.sd, "margin": p.observed.margin,
         "half_width": p.half_width, "n_for_half_width": p.for_half_width,
         "alpha": p.alpha, "n_for_power": p.for_power}
        for number, p in enumerate(plans, start=1)
    ]  # fmt: skip


def width_rows(plans: Sequence[Needed], alpha: float) -> list[Row]:
    """The curve of half-widths of every hypothesis, to beyond what its target needs."""
    rows = []
    for number, p in enumerate(plans, start=1):
        if p.sd is None:
            continue
        last = max(50, 10 * p.observed.n, min(100_000, 2 * (p.for_half_width or 0)))
        counts = np.unique(np.geomspace(3, last, 60).round().astype(int)).tolist()
        drawn = half_widths(p.sd, counts, 1.0 - alpha)
        rows += [
            {"hypothesis": number, "claim": p.observed.hypothesis.claim, "unit": p.observed.unit,
             "repeats": n, "half_width": width, "margin": p.half_width}
            for n, width in zip(counts, drawn.tolist(), strict=True)
        ]  # fmt: skip
    return rows


@styled
def plan_figure(rows: Rows, widths: Rows) -> Figure:
    """Half-width against the number of observations, a line a hypothesis; dotted: the targets."""
    places = {row["hypothesis"]: i for i, row in enumerate(rows)}
    figure = half_width_plot(widths, [{**row, "low": None} for row in rows], places)
    [axes] = figure.axes
    axes.set_xlabel({"restart": "repeats", "cutoff": "cutoffs"}.get(rows[0]["unit"], "series"))
    axes.legend(fontsize=7, frameon=False, loc="upper right")
    return figure


def plan_text(result: StudyResult, plans: Sequence[Needed], power: float) -> str:
    """What ``statewise study plan`` prints."""
    study, unit = result.study, plans[0].observed.unit
    noun = {"restart": "repeats", "cutoff": "cutoffs"}.get(unit, "series")
    shown: list[Row] = [
        {"hypothesis": f"{number}. {p.observed.hypothesis.claim}", noun: p.observed.n,
         "half-width": p.half_width, "needed for it": p.for_half_width,
         f"needed for power {power:g}": p.for_power}
        for number, p in enumerate(plans, start=1)
    ]  # fmt: skip
    each = " of each arm" if any(p.observed.test == UNPAIRED for p in plans) else ""
    scale = "RMSE" if unit == "restart" else "fractions of the naive RMSE"
    told = (
        f"From {study.repeats} repeats as a pilot: the {noun}{each} that each hypothesis needs. "
        f"Half-widths are of the interval of the mean difference, in {scale}. Power is the "
        "probability that the declared test decides, at the strictest level that Holm's "
        'correction may ask for: "better", if the arms differ by the practical margin; '
        '"equivalent" and "no_worse", if they do not differ. A dash: the arms do not vary, or ten '
        "million would not be enough."
    )
    if unit == "restart" and any(p.observed.fixed for p in plans):
        told += (
            " Against a simple forecast the times of the test part must show the difference too, "
            "which more repeats do not change: that takes more cutoffs, or a longer test part."
        )
    if unit != "restart":
        told += f" More repeats do not stand in for more {noun}."
    return f"{wrap(told)}\n\n{table(shown)}"
