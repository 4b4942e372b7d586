"""All arms over the whole study: a table, and their ranks."""

from collections.abc import Iterator, Mapping

from statewise.report.rank_figure import rank_plot
from statewise.show.markup import Content, Markup, drawing, join, key_line, table, tag
from statewise.show.tables import Row
from statewise.show.words import NONE, counted, number, percent, shorten
from statewise.study.results import StudyResult

__all__ = ["overall", "ranking"]


def overall(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    single = len(result.naive_scores) == 1
    yield tag("h2", "All arms")
    rows = tables["arms"]
    shown = []
    for i, row in enumerate(rows):
        line: dict[str, Content] = {"arm": join([key_line(i), shorten(row["arm"])])}
        if any(each["engine"] != "statewise" for each in rows):
            line["engine"] = row["engine"]
        if single:
            line["mean RMSE"] = number(row["mean"])
        line["over naive"] = number(row["relative"])
        line["skill"] = percent(row["skill"])
        line["interval"] = (
            NONE if row["skill_low"] is None
            else f"{percent(row['skill_low'])} to {percent(row['skill_high'])}"
        )  # fmt: skip
        line["runs that beat naive"] = f"{row['share']:.1%}"
        line["runs"] = f"{row['runs']:,}"
        line["diverged"] = f"{row['diverged']:,}"
        shown.append(line)
    yield table(shown, "Every arm over the whole study", {"arm", "engine"})
    cells = len(result.naive_scores)
    unit = (
        f"Its interval is over restarts on this one series; naive has RMSE "
        f"{number(rows[0]['naive'])}."
        if single
        else f"Averages are over {counted(cells, 'test part')}, each score divided by the naive "
        "one there; the interval is over series, each of which counts once."
    )
    yield tag("p", f"Skill is one minus the score over the naive score. {unit}", class_="note")


def ranking(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    yield tag("h3", "Ranks across series")
    rows = tables.get("ranks")
    if not rows:
        arms, series = len(result.arms), len(result.study.panel.series)
        yield tag(
            "p",
            "A critical-difference diagram needs three arms and five series or more; this study "
            f"has {counted(arms, 'arm')} on {series} series.",
        )
        return
    first = rows[0]
    told = (
        "Bars join arms that are not told apart."
        if first["friedman_p"] < result.study.alpha
        else "Friedman's test shows no difference, so the pairs are not to be read."
    )
    best = ", ".join(
        f"{shorten(r['arm'])} {r['average_rank']:.2f}"
        for r in sorted(rows, key=lambda r: r["average_rank"])
    )
    few = " With fewer than ten series both tests are rough." if first["series"] < 10 else ""
    caption = (
        f"Average rank over {first['series']} series (1 is best): {best}. Friedman p = "
        f"{first['friedman_p']:.2g}, critical difference {first['critical_difference']:.2f} "
        f"(Nemenyi). {told}{few}"
    )
    drawn = drawing(rank_plot(rows), "ranks", "Critical-difference diagram", caption)
    yield tag("div", drawn, class_="figures wide")
