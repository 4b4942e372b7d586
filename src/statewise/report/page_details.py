"""The figures of each series and cutoff."""

import itertools
from collections.abc import Iterator, Mapping

from statewise.inference.observations import UNPAIRED
from statewise.report.markup import Markup, drawing, key_line, line, tag
from statewise.report.page_evidence import forecasts_over_time
from statewise.report.study_figures import (
    cumulative_scores_plot,
    difference_plot,
    ensemble_plot,
    half_width_plot,
    loss_plot,
    score_plot,
)
from statewise.report.study_tables import SHOWN
from statewise.report.tables import Row
from statewise.report.words import counted, number, shorten, signed
from statewise.study.execute import StudyResult

__all__ = ["details"]

STEPS = 200  # forecasts in a figure, at most
PANELS = 60  # figures of one kind on a page, at most
PAIRED = (
    "Paired by repeat: first arm minus second in pairs that share their initial weights; left of "
    "zero the first is better. Above the bars: mean and interval. Band: the practical margin. The "
    "outermost bars hold what lies beyond them."
)
APART = (
    "Welch, unpaired: these arms share no initial weights, so there are no pairs to take "
    "differences of. Filled: scores of the first arm; outlined: of the second, with its mean as a "
    "line and the practical margin about it as a band. Above the bars: where the first arm's mean "
    "lies, with the interval of the difference laid off from the second's mean."
)


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
    arms, naive = [r["arm"] for r in cells], cells[0]["naive"]
    keys = tag(
        "ul",
        *(tag("li", key_line(i), shorten(arm)) for i, arm in enumerate(arms)),
        tag("li", line("naive", "5 2"), f"naive ({number(naive)})"),
        class_="keys",
    )
    gone = sum(r["diverged"] for r in cells)
    lost = f" {counted(gone, 'run')} that diverged cannot be drawn." if gone else ""
    yield tag("h4", "Scores")
    yield keys
    found = [
        drawing(
            score_plot(cells, rows.get("strip", [])),
            f"{key}-scores",
            "Scores by arm",
            "Box: quartiles, with whiskers to 1.5 quartile ranges; diamond: mean; dots: single "
            f"runs, at most 500 an arm. Dashed: naive.{lost}",
            "; ".join(
                f"{r['arm']} median {number(r['p50'])}, mean {number(r['mean'])}"
                for r in cells[:20]
            ),
        )
    ]
    if "cumulative" in rows:
        caption = "The share of runs with a score no higher. A curve to the left is better."
        ends = " One that ends below 1 has runs that diverged." if gone else ""
        found.append(
            drawing(
                cumulative_scores_plot(rows["cumulative"], arms, naive),
                f"{key}-shares",
                "Cumulative distribution of the scores",
                caption + ends,
            )
        )
    yield tag("div", *found, class_="figures wide")
    yield from _pairs(key, rows, most)
    if "forecast_accuracy" in rows:
        yield forecasts_over_time(rows["forecast_accuracy"])
    yield tag("h4", "Forecasts")
    panels = [
        drawing(
            ensemble_plot(list(part)[-STEPS:], i),
            f"{key}-forecasts-{i}",
            shorten(arm),
            "",
            "actual values, naive forecast, median and 90% band of the repeats",
        )
        for i, (arm, part) in enumerate(
            itertools.islice(itertools.groupby(rows["forecasts"], lambda r: r["arm"]), most)
        )
    ]
    yield tag("p", "Solid with dots: actual. Dashed: naive. Coloured: median of the repeats that "
              "did not diverge, with their 5% to 95% band.", class_="note")  # fmt: skip
    yield tag("div", *panels, class_="figures")
    steps = len(rows["forecasts"]) // len(arms)
    if steps > STEPS:
        yield tag("p", f"The last {STEPS} of {steps:,} forecasts.", class_="note")
    if len(arms) > most:
        yield tag("p", f"The first {most} of {len(arms)} arms.", class_="note")
    if "loss" in rows:
        yield tag("h4", "Training loss")
        drawn = drawing(
            loss_plot(rows["loss"], arms),
            f"{key}-loss",
            "Loss by epoch",
            "Median and 5% to 95% band of the runs that did not diverge; colours as above.",
        )
        yield tag("div", drawn, class_="figures wide")


def _pairs(key: str, rows: Mapping[str, list[Row]], most: int) -> Iterator[Markup]:
    """The hypotheses of one cell: differences, and how their precision grows with repeats."""
    differences = rows.get("differences", [])
    if not differences:
        return
    yield tag("h4", "Differences between arms")
    tests = {row["test"] for row in differences}
    if tests - {UNPAIRED}:
        yield tag("p", PAIRED, class_="note")
    if UNPAIRED in tests:
        yield tag("p", APART, class_="note")
    panels = []
    for row in differences[:most]:
        bars = [r for r in rows.get("histogram", []) if r["hypothesis"] == row["hypothesis"]]
        heading = f"{row['hypothesis']}. {shorten(row['claim'])}"
        numbers = _difference(row)
        if bars:
            panels.append(
                drawing(
                    difference_plot(row, bars),
                    f"{key}-difference-{row['hypothesis']}",
                    heading,
                    numbers,
                )
            )
        else:
            panels.append(tag("figure", tag("figcaption", tag("b", heading), numbers)))
    yield tag("div", *panels, class_="figures")
    if len(differences) > most:
        yield tag("p", f"The first {most} of {len(differences)} hypotheses.", class_="note")
    if rows.get("half_widths"):
        yield tag("h4", "Would more repeats help?")
        drawn = drawing(
            half_width_plot(rows["half_widths"], differences[:most]),
            f"{key}-precision",
            "Half-width of the interval by repeats",
            "Planned with the upper 80% limit of the standard deviation seen here. Dot: this "
            "study. Dotted: the practical margin. Where the dot lies far below the margin, more "
            "repeats decide nothing new.",
        )
        keys = tag(
            "ul",
            *(
                tag("li", key_line(i), f"{r['hypothesis']}. {shorten(r['claim'])}")
                for i, r in enumerate(differences[:most])
            ),
            class_="keys",
        )
        yield keys
        yield tag("div", drawn, class_="figures wide")


def _difference(row: Row) -> str:
    noun = "run" if row["test"] == UNPAIRED else "pair"
    lost = f" {counted(row['left_out'], noun)} left out: a run diverged." if row["left_out"] else ""
    if row["difference"] is None:
        return f"No {noun} is left.{lost}"
    interval = "" if row["low"] is None else f" [{signed(row['low'])}, {signed(row['high'])}]"
    of = f"{row['n']:,} runs each" if noun == "run" else counted(row["n"], noun)
    return (
        f"{shorten(row['first'])} minus {shorten(row['second'])}: {signed(row['difference'])}"
        f"{interval}, margin {number(row['margin'])}, {of}; {row['test']}.{lost}"
    )
