"""What ``statewise tutorial`` prints."""

from statewise.report.answer import came_out, set_up, simple_said
from statewise.report.comparison_tables import verdict_rows
from statewise.scoring.simple_forecasts import SIMPLE
from statewise.show.tables import Row, table, wrap
from statewise.show.words import percent
from statewise.stats.comparison import share_interval
from statewise.study.results import arm_rows
from statewise.tutorial.experiments import COMPARISONS, Tutorial

__all__ = ["tutorial_text"]


def tutorial_text(tutorial: Tutorial) -> str:
    """What ``statewise tutorial`` prints."""
    result = tutorial.result
    study = result.study
    series = study.panel.only
    model = study.arms[0].model
    profile = model.network.profile
    label = study.arms[0].engine.label(model)
    engine = "" if label == "statewise" else f", {model.training.epochs} epochs of {label}"
    simple, chosen = next(iter(result.simple_scores(SIMPLE).values())), simple_said(result)
    head = (
        f"{series.unique_id}: {len(series)} observations. {set_up(study)} Profile {profile}"
        f"{engine}. Lower is better: persistence (the last observation as forecast) has RMSE "
        f"{result.naive_rmse:.3f}, and the best simple forecast on the training part, {chosen}, "
        f"{simple:.3f}."
    )
    parts = [wrap(head)]
    for comparison in COMPARISONS:
        rows = tutorial.comparison(comparison)
        rows.append({"experiment": "", "repeats": "persistence", "mean": result.naive_rmse})
        rows.append({"experiment": "", "repeats": chosen, "mean": simple})
        keys = [k for k in rows[0] if k != "diverged" or any(row.get(k) for row in rows)]
        shown = [{k: row.get(k) for k in keys} for row in rows]
        for above, row in zip(rows, shown[1:], strict=False):
            if row["experiment"] == above["experiment"]:
                row["experiment"] = ""
        parts.append(f"{comparison.title}\n{table(shown)}")
    rows = [_against_both(row) for row in arm_rows(result)]
    heading = (
        f"Against persistence and {chosen}: 1 - mean / theirs, and the restarts that beat them"
    )
    parts += [f"{heading}\n{table(rows)}", wrap(" ".join(came_out(result)))]
    parts.append(wrap(_rules(tutorial)))
    parts += [_verdict(row) for row in verdict_rows(tutorial.verdicts)]
    if tutorial.identical:
        lines = [wrap(f"{a} and {b}: {reason}", "  ") for a, b, reason in tutorial.identical]
        parts.append("Equal to the bit, by construction\n" + "\n".join(lines))
    if result.trained_runs:
        rate = result.trained_runs / result.train_seconds
        took = f"{result.train_seconds:.2f} s ({rate:,.0f} a second)"
        shared = "arms that train alike share their runs."
        parts.append(f"Trained {result.trained_runs} runs in {took}; {shared}")
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


def _against_both(row: Row) -> Row:
    """An arm against both bars, with exact intervals of the shares that beat them."""
    kept: Row = {"arm": row["arm"], "mean": row["mean"]}
    for bar, skill, share in (
        ("persistence", row["skill"], row["share"]),
        ("simple", row["skill_simple"], row["share_simple"]),
    ):
        low, high = share_interval(share, row["runs"], 0.95)
        kept |= {f"to {bar}": percent(skill), f"beat {bar}": f"{share:.1%} [{low:.1%}, {high:.1%}]"}
    return kept


def _verdict(row: Row) -> str:
    head = f"{row['hypothesis']}. {row['claim']}: {row['said'].upper()}"
    numbers = f"{row['first']} against {row['second']}"
    if row["difference"] is not None and row["low"] is not None:
        numbers += (
            "\n   difference {difference:+.3f} [{low:+.3f}, {high:+.3f}], p = {p_value:.2g}, "
            "P(better) = {probability_better:.3f}"
        ).format(**row)
    return f"{head}\n   {numbers}\n{wrap(row['reason'], '   ')}"
