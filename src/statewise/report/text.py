"""Results as text for a terminal."""

import textwrap
from collections import Counter
from collections.abc import Sequence

import numpy as np

from statewise.report.tables import Row, against_naive, summarise
from statewise.study import Verdict
from statewise.study.design import Study
from statewise.study.execute import StudyResult
from statewise.study.observations import unit_of
from statewise.tutorial.experiments import COMPARISONS, Tutorial

__all__ = ["study_text", "table", "tutorial_text"]

WIDTH = 100


def table(rows: Sequence[Row], digits: int = 3) -> str:
    """Rows with the same keys as aligned columns: words to the left, numbers to the right.

    Floats are written with so many digits after the point.

    Example:
        >>> print(table([{"arm": "a", "n": 10, "mean": 1.5}]))
        arm   n   mean
        a    10  1.500
    """
    header = list(rows[0])
    cells = [[_cell(row[key], digits) for key in header] for row in rows]
    widths = [max(len(r[i]) for r in (header, *cells)) for i in range(len(header))]
    left = [any(isinstance(row[key], str) for row in rows) for key in header]
    lines = [
        "  ".join(
            c.ljust(w) if to_left else c.rjust(w)
            for c, w, to_left in zip(r, widths, left, strict=True)
        )
        for r in (header, *cells)
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def tutorial_text(tutorial: Tutorial) -> str:
    """What ``statewise tutorial`` prints."""
    result = tutorial.result
    study = result.study
    series = study.panel.only
    profile = study.arms[0].network.profile
    label = study.arms[0].engine.label(study.arms[0])
    engine = "" if label == "statewise" else f", {study.arms[0].training.epochs} epochs of {label}"
    head = (
        f"{series.unique_id}: {len(series)} observations, the last {study.test_size} forecast one "
        f"step at a time. {study.repeats} repeats, profile {profile}, seed {study.seed}{engine}. "
        f"Persistence (the last observation as forecast) has RMSE {result.naive_rmse:.3f}; lower "
        "is better."
    )
    parts = [_wrap(head)]
    for comparison in COMPARISONS:
        rows = [
            {"experiment": "", "repeats": "persistence", "mean": result.naive_rmse},
            *tutorial.comparison(comparison),
        ]
        keys = [k for k in rows[-1] if k != "diverged" or any(r.get(k) for r in rows)]
        shown = [{k: row.get(k) for k in keys} for row in (*rows[1:], rows[0])]
        previous = None
        for row in shown:
            name, row["experiment"] = (
                row["experiment"],
                ("" if row["experiment"] == previous else row["experiment"]),
            )
            previous = name
        parts.append(f"{comparison.title}\n{table(shown)}")
    rows = [
        {k: v for k, v in row.items() if k not in ("n", "naive")} for row in against_naive(result)
    ]
    heading = "Against persistence: skill is 1 - mean / persistence; share of restarts that beat it"
    parts.append(f"{heading}\n{table(rows)}")
    parts.append(_wrap(_rules(tutorial)))
    parts += [_verdict(row) for row in tutorial.verdict_rows()]
    if tutorial.identical:
        lines = [_wrap(f"{a} and {b}: {reason}", "  ") for a, b, reason in tutorial.identical]
        parts.append("Equal to the bit, by construction\n" + "\n".join(lines))
    if result.trained_runs:
        rate = result.trained_runs / result.train_seconds
        parts.append(
            f"Trained {result.trained_runs} runs in {result.train_seconds:.2f} s ({rate:,.0f} a "
            "second); arms that train alike share their runs."
        )
    else:
        parts.append("Every run was in the store; none was trained.")
    return "\n\n".join(parts)


def _rules(tutorial: Tutorial) -> str:
    study = tutorial.result.study
    return (
        "The six expectations. The difference is the mean RMSE of the first arm minus that of the "
        "second, paired by restart, with a 95% interval; p is of the paired t-test; P(better) is "
        "the probability that a restart of the first beats its pair. Verdicts use Holm's "
        f"correction over the six at {study.alpha:.0%}, and a practical margin of "
        f"{study.margin:.0%} of the persistence RMSE ({tutorial.result.margin:.2f}), declared "
        "before the run. They speak of restarts on this one series and test set, not of other "
        'series. The origin\'s "seeding" (seed, noseed) is called warm-up here; a seed is always '
        "a random seed."
    )


def study_text(result: StudyResult, verdicts: Sequence[Verdict]) -> str:
    """What ``statewise study run`` and ``statewise compare`` print."""
    study, unit = result.study, unit_of(result)
    rows: list[Row] = []
    for name, arm in result.arms.items():
        relative = [cell.scores / result.naive_scores[key] for key, cell in arm.cells.items()]
        summary = summarise(np.concatenate(relative))
        rows.append(
            {"arm": name, "engine": arm.arm.engine.label(arm.arm), "runs": summary.n,
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
    parts = [_wrap(head), table(shown)]
    if study.hypotheses:
        limits = {
            "restart": "They speak of restarts on this one series and test part.",
            "cutoff": "They speak of cutoffs of this series; restarts are averaged within them.",
            "series": "They speak of series like these; restarts and cutoffs are averaged within "
            "them.",
        }
        parts.append(
            _wrap(
                f"Verdicts use Holm's correction over {_families(study)} at {study.alpha:.3g}, and "
                "margins declared before the run. "
                f"{limits[unit]}"
            )
        )
    for number, verdict in enumerate(verdicts, start=1):
        head = f"{number}. {verdict.hypothesis.claim}: {verdict.outcome.value.upper()}"
        parts.append(f"{head}\n{_wrap(verdict.reason, '   ')}")
    if not any(row["mean"] is not None and row["mean"] < 1.0 for row in rows[:-1]):
        parts.append("On average no arm beats the naive forecast here.")
    return "\n\n".join(parts)


def _families(study: Study) -> str:
    """What is corrected together, in words."""
    sizes = Counter(h.family for h in study.hypotheses)
    if len(sizes) == 1:
        return f"the {len(study.hypotheses)} hypotheses"
    return "each family of hypotheses (" + ", ".join(f"{n}: {k}" for n, k in sizes.items()) + ")"


def _verdict(row: Row) -> str:
    head = f"{row['expectation']}. {row['claim']}: {row['verdict'].upper()}"
    numbers = f"{row['first']} against {row['second']}"
    if row["difference"] is not None and row["interval"] is not None:
        low, high = row["interval"]
        numbers += (
            f"\n   difference {row['difference']:+.3f} [{low:+.3f}, {high:+.3f}], "
            f"p = {row['p_value']:.2g}, P(better) = {row['probability_better']:.3f}"
        )
    return f"{head}\n   {numbers}\n{_wrap(row['reason'], '   ')}"


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
