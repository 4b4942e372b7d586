"""What other tests say of the hypotheses: folded away, since no verdict rests on them."""

from collections.abc import Callable, Sequence

from statewise.show.markup import Content, Markup, table, tag
from statewise.show.tables import Row
from statewise.show.words import NONE, number, p_value, percent, shorten, signed
from statewise.study.results import StudyResult

__all__ = ["forecasts_over_time", "other_tests"]


def other_tests(result: StudyResult, rows: Sequence[Row]) -> Markup:
    """Every test of every hypothesis, on the unit of its verdict."""
    unit, level = result.unit, f"{rows[0]['level']:.4g}"
    amount = signed if unit == "restart" else percent
    lines: list[dict[str, Content]] = []
    for row in rows:
        bootstrap = interval(row["bootstrap_low"], row["bootstrap_high"], amount)
        line: dict[str, Content] = {
            "hypothesis": f"{row['hypothesis']}. {shorten(row['claim'])}",
            "difference": NONE if row["difference"] is None else amount(row["difference"]),
            "t interval": interval(row["low"], row["high"], amount),
            "p (t)": p_value(row["p_t"]),
            "p (perm.)": p_value(row["p_permutation"]),
            "BCa interval": bootstrap + (" *" if row["bootstrap"] == "percentile" else ""),
        }
        if unit != "restart":
            line["two-stage interval"] = interval(
                row["two_stage_low"], row["two_stage_high"], amount
            )
        line |= {
            "p (ranks)": p_value(row["p_ranks"]),
            "first is better": f"{row['probability_better']:.0%} "
            f"[{row['probability_low']:.0%}, {row['probability_high']:.0%}]",
            "effect": number(row["effect"]),
        }
        lines.append(line)
    scale = "" if unit == "restart" else f" Differences are of means within each {unit}, as shares "
    scale += "" if unit == "restart" else "of the naive forecast's RMSE."
    two = (
        f" The two-stage bootstrap draws {unit if unit == 'series' else 'cutoffs'}, and restarts "
        "within them."
        if unit != "restart"
        else ""
    )
    note = (
        "The verdicts rest on the t-tests, and on which arm wins where runs diverged; the others "
        "are to see whether they depend on that choice. None is corrected for the other "
        f"hypotheses; intervals are at {level}.{scale} "
        "Permutations are sign flips of pairs, or scores dealt anew to unpaired arms; ranks are "
        "Wilcoxon's signed ranks of pairs, or Brunner and Munzel's test of unpaired arms. BCa is a "
        f"bootstrap interval; a star marks the percentile one, where BCa is undefined.{two} The "
        "effect is the mean difference in standard deviations: of the differences for pairs, "
        "of both arms' root mean square otherwise."
    )
    return tag(
        "details",
        tag("summary", "The same hypotheses by other tests"),
        table(lines, "The same hypotheses by other tests", {"hypothesis"}),
        tag("p", note, class_="note"),
    )


def forecasts_over_time(rows: Sequence[Row]) -> Markup:
    """Diebold and Mariano's test of mean forecasts on one series from one cutoff."""
    lines: list[dict[str, Content]] = [
        {
            "forecasts": f"{row['hypothesis']}. {shorten(row['first'])} against "
            f"{shorten(row['second'])}",
            "times": f"{row['steps']:,}",
            "RMSE, first": number(row["rmse_first"]),
            "RMSE, second": number(row["rmse_second"]),
            "statistic": NONE if row["statistic"] is None else signed(row["statistic"]),
            "p": p_value(row["p_value"]),
        }
        for row in rows
    ]
    return tag(
        "details",
        tag("summary", "Forecasts over time: Diebold-Mariano tests of the mean forecasts"),
        table(lines, "Diebold-Mariano tests of the mean forecasts", {"forecasts"}),
        tag(
            "p",
            "This asks another question: whether one forecast, the mean of an arm's restarts, was "
            "more accurate than another over the times of this test part, and might be at other "
            "times of this series. It is not about restarts, and no verdict rests on it. Squared "
            "errors, one step ahead, corrected for few times (Harvey, Leybourne and Newbold 1997), "
            "not for the number of tests.",
            class_="note",
        ),
    )


def interval(low: float | None, high: float | None, amount: Callable[[float], str]) -> str:
    """Both ends of an interval, or a dash."""
    return NONE if low is None or high is None else f"[{amount(low)}, {amount(high)}]"
