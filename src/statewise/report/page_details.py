"""The figures of each series and cutoff."""

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from statewise.report.page_differences import differences
from statewise.report.page_evidence import forecasts_over_time
from statewise.report.study_figures import (
    cumulative_scores_plot,
    ensemble_plot,
    loss_plot,
    score_plot,
)
from statewise.report.study_tables import SHOWN
from statewise.show.markup import Markup, drawing, key_line, line, tag
from statewise.show.tables import Row
from statewise.show.words import counted, number, shorten
from statewise.study.results import StudyResult

__all__ = ["details"]

STEPS = 200  # forecasts in a figure, at most
PANELS = 60  # figures of one kind on a page, at most
ROWS, LINES = 40, 12  # arms in a figure that grows with them, and in one that does not


def details(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    cells = list(result.naive_scores)
    several = len(cells) > 1
    yield tag("h2", "Series by series" if several else "In detail")
    if len(cells) > SHOWN:
        yield tag(
            "p", f"The first {SHOWN} of {len(cells)} test parts; the table of cells has them all."
        )
    most = max(1, PANELS // min(SHOWN, len(cells)))
    for k, (series, cutoff) in enumerate(cells[:SHOWN], start=1):
        here = {
            name: [r for r in rows if (r["series"], r["cutoff"]) == (series, cutoff)]
            for name, rows in tables.items()
            if rows and {"series", "cutoff"} <= rows[0].keys()
        }
        if several:
            yield tag("h3", f"{shorten(series)}, from observation {cutoff + 1}")
        yield from _cell(f"cell{k}", here, most)


def _cell(key: str, rows: Mapping[str, list[Row]], most: int) -> Iterator[Markup]:
    """All figures of one series and cutoff."""
    cells = rows["cells"]
    places = {r["arm"]: i for i, r in enumerate(cells)}
    scored, lined = best_and_worst(cells, ROWS), best_and_worst(cells, min(LINES, most))
    naive = cells[0]["naive"]
    gone = sum(r["diverged"] for r in cells)
    lost = f" {counted(gone, 'run')} that diverged cannot be drawn." if gone else ""
    yield tag("h4", "Scores")
    yield _keys([r["arm"] for r in scored], places, naive)
    left_out = [_left_out("figure of scores", len(scored), len(cells))]
    found = [
        drawing(
            score_plot(scored, rows.get("strip", []), places),
            f"{key}-scores",
            "Scores by arm",
            "Box: quartiles, with whiskers to 1.5 quartile ranges; diamond: mean; dots: single "
            f"runs, at most 500 an arm. Dashed: naive.{lost}",
            "; ".join(
                f"{r['arm']} median {number(r['p50'])}, mean {number(r['mean'])}"
                for r in scored[:20]
            ),
        )
    ]
    drawn_arms = {r["arm"]: places[r["arm"]] for r in lined}
    if "cumulative" in rows:
        caption = "The share of runs with a score no higher. A curve to the left is better."
        ends = " One that ends below 1 has runs that diverged." if gone else ""
        found.append(
            drawing(
                cumulative_scores_plot(rows["cumulative"], drawn_arms, naive),
                f"{key}-shares",
                "Cumulative distribution of the scores",
                caption + ends,
            )
        )
    left_out.append(_left_out("other figures", len(lined), len(cells)))
    yield tag("div", *found, class_="figures wide")
    yield from (tag("p", told, class_="note") for told in left_out if told)
    yield from differences(key, rows, most)
    if "forecast_accuracy" in rows:
        yield forecasts_over_time(rows["forecast_accuracy"])
    yield tag("h4", "Forecasts")
    panels = [
        drawing(
            ensemble_plot(list(part)[-STEPS:], drawn_arms[arm]),
            f"{key}-forecasts-{drawn_arms[arm]}",
            shorten(arm),
            "",
            "actual values, naive forecast, median and 90% band of the repeats",
        )
        for arm, part in itertools.groupby(rows["forecasts"], lambda r: r["arm"])
        if arm in drawn_arms
    ]
    yield tag("p", "Solid with dots: actual. Dashed: naive. Coloured: median of the repeats that "
              "did not diverge, with their 5% to 95% band.", class_="note")  # fmt: skip
    yield tag("div", *panels, class_="figures")
    steps = len(rows["forecasts"]) // len(cells)
    if steps > STEPS:
        yield tag("p", f"The last {STEPS} of {steps:,} forecasts.", class_="note")
    if "loss" in rows:
        yield tag("h4", "Training loss")
        drawn = drawing(
            loss_plot(rows["loss"], drawn_arms),
            f"{key}-loss",
            "Loss by epoch",
            "Median and 5% to 95% band of the runs that did not diverge; colours as above.",
        )
        yield tag("div", drawn, class_="figures wide")


def best_and_worst(cells: list[Row], most: int) -> list[Row]:
    """At most so many arms in their order: two thirds the best by median score, the rest the worst.

    Example:
        >>> rows = [{"arm": name, "p50": score} for name, score in zip("abcde", (5, None, 1, 3, 2))]
        >>> [row["arm"] for row in best_and_worst(rows, 3)]
        ['b', 'c', 'e']
    """
    order = sorted(
        range(len(cells)), key=lambda i: np.inf if cells[i]["p50"] is None else cells[i]["p50"]
    )
    if len(order) > most:
        worst = most // 3
        order = order[: most - worst] + order[len(order) - worst :]
    return [cells[i] for i in sorted(order)]


def _left_out(where: str, shown: int, arms: int) -> str:
    if shown == arms:
        return ""
    worst = shown // 3
    return (
        f"The {where} show{'s' if where.startswith('figure ') else ''} the {shown - worst} best "
        f"and {worst} worst of {arms} arms by median score; the CSV files have them all."
    )


def _keys(arms: list[str], places: Mapping[str, int], naive: float) -> Markup:
    return tag(
        "ul",
        *(tag("li", key_line(places[arm]), shorten(arm)) for arm in arms),
        tag("li", line("naive", "5 2"), f"naive ({number(naive)})"),
        class_="keys",
    )
