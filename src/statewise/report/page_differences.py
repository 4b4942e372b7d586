"""The hypotheses on one series from one cutoff: differences, and their precision."""

from collections.abc import Iterator, Mapping

from statewise.report.study_figures import difference_plot, half_width_plot
from statewise.show.markup import Markup, drawing, key_line, tag
from statewise.show.tables import Row
from statewise.show.words import counted, number, shorten, signed
from statewise.study.observations import UNPAIRED

__all__ = ["differences"]

LINES = 12  # hypotheses in one figure
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


def differences(key: str, rows: Mapping[str, list[Row]], most: int) -> Iterator[Markup]:
    """The hypotheses of one cell: differences, and how their precision grows with repeats."""
    found = rows.get("differences", [])
    if not found:
        return
    yield tag("h4", "Differences between arms")
    tests = {row["test"] for row in found}
    if tests - {UNPAIRED}:
        yield tag("p", PAIRED, class_="note")
    if UNPAIRED in tests:
        yield tag("p", APART, class_="note")
    panels = []
    for row in found[:most]:
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
    if len(found) > most:
        yield tag("p", f"The first {most} of {len(found)} hypotheses.", class_="note")
    if rows.get("half_widths"):
        yield from _precision(key, rows["half_widths"], found)


def _precision(key: str, widths: list[Row], found: list[Row]) -> Iterator[Markup]:
    """How the intervals narrow with more repeats, where they are widest beside their margin."""
    order = sorted(
        range(len(found)),
        key=lambda i: (found[i]["planning_sd"] or 0.0) / (found[i]["margin"] or 1.0),
        reverse=True,
    )
    places = {found[i]["hypothesis"]: i for i in sorted(order[:LINES])}
    shown = [row for row in found if row["hypothesis"] in places]
    yield tag("h4", "Would more repeats help?")
    yield tag(
        "ul",
        *(
            tag("li", key_line(i), f"{row['hypothesis']}. {shorten(row['claim'])}")
            for i, row in zip(places.values(), shown, strict=True)
        ),
        class_="keys",
    )
    drawn = drawing(
        half_width_plot(widths, shown, places),
        f"{key}-precision",
        "Half-width of the interval by repeats",
        "Planned with the upper 80% limit of the standard deviation seen here. Dot: this "
        "study. Dotted: the practical margin. Where the dot lies far below the margin, more "
        "repeats decide nothing new.",
    )
    yield tag("div", drawn, class_="figures wide")
    if len(shown) < len(found):
        told = f"The {len(shown)} of {len(found)} hypotheses whose intervals are widest."
        yield tag("p", told, class_="note")


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
