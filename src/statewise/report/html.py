"""A study as one page: the answer first, then what it rests on, and how to repeat it.

The page is a single file that asks the network for nothing. Whatever it says or draws is in the
rows of ``report_tables``. Text is escaped where it enters the page (``tag``); only what ``tag`` or
``inline`` made goes in as it is.
"""

import functools
import html
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from matplotlib.figure import Figure

from statewise.inference.verdicts import Verdict
from statewise.report.study_figures import (
    DASHES,
    PALETTE,
    clean,
    cumulative_scores_plot,
    difference_plot,
    ensemble_plot,
    half_width_plot,
    inline,
    loss_plot,
    rank_plot,
    score_plot,
)
from statewise.report.study_tables import SHOWN, report_tables
from statewise.report.tables import Row
from statewise.study.execute import StudyResult

__all__ = ["html_report", "report_tables"]

STEPS = 200  # forecasts in a figure, at most
PANELS = 60  # figures of one kind on a page, at most
LISTED = 200  # series in the page's table, at most
LONGEST = 120  # characters of a name
NONE = "\N{EN DASH}"


@dataclass(frozen=True)
class Markup:
    """Text that is HTML already."""

    text: str


Content = Markup | str | None


def tag(name: str, *content: Content, **attributes: str) -> Markup:
    """An element; strings in it are escaped, and an attribute loses underscores around its name.

    Example:
        >>> tag("p", "a < b", tag("b", "c"), class_="note").text
        '<p class="note">a &lt; b<b>c</b></p>'
    """
    shown = "".join(
        f' {key.strip("_").replace("_", "-")}="{html.escape(clean(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{shown}>{join(content).text}</{name}>")


def join(content: Sequence[Content], between: str = "") -> Markup:
    """Elements and escaped strings after one another."""
    return Markup(
        between.join(
            part.text if isinstance(part, Markup) else html.escape(printable(part))
            for part in content
            if part is not None
        )
    )


def printable(text: str) -> str:
    """The text without characters that are not shown, which a page must not hold."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def html_report(
    result: StudyResult, verdicts: list[Verdict] | None = None, *, title: str | None = None
) -> str:
    """One page that holds a study's result, as a whole file: no fonts, scripts or pictures beside.

    Args:
        result: of a finished study.
        verdicts: from ``settle``; without them the page has everything but the verdicts.
        title: the page's heading; by default it names the series.
    """
    tables = report_tables(result, verdicts)
    heading = clean(title or _title(result))
    body = [
        tag("h1", heading),
        *_answer(result, tables, verdicts is not None),
        *_overall(result, tables),
        *_ranking(result, tables),
        *_details(result, tables),
        *_limits(result, tables),
        *_repeat(result, tables),
    ]
    template = Template(files("statewise.report").joinpath("page.html").read_text("utf-8"))
    return template.substitute(title=html.escape(heading), body=join(body, "\n").text)


def _title(result: StudyResult) -> str:
    series = result.study.panel.series
    names = shorten(series[0].unique_id) if len(series) == 1 else f"{len(series)} series"
    return f"Forecasting {names}: {counted(len(result.arms), 'arm')} compared"


# What was asked, and what came out.


def _answer(result: StudyResult, tables: Mapping[str, list[Row]], given: bool) -> Iterator[Markup]:
    study = result.study
    size = len(study.panel.series)
    where = shorten(study.panel.series[0].unique_id) if size == 1 else f"{size} series"
    cutoffs = f" after each of {study.cutoffs} cutoffs" if study.cutoffs > 1 else ""
    yield tag(
        "p",
        f"{counted(len(result.arms), 'arm')} trained from "
        f"{counted(study.repeats, 'random restart')} each on {where}; "
        f"{counted(study.test_size, 'observation')} forecast one step at a time{cutoffs}. The "
        "score is the test RMSE, lower is better. The naive forecast is the last observation.",
    )
    rows = tables["arms"]
    yield tag("div", *(tag("p", line) for line in _best(result, rows)), class_="answer")
    diverged, runs = sum(r["diverged"] for r in rows), sum(r["runs"] for r in rows)
    if diverged:
        who = ", ".join(f"{shorten(r['arm'])} ({r['diverged']:,})" for r in rows if r["diverged"])
        yield tag(
            "div",
            tag(
                "p",
                f"{diverged:,} of {counted(runs, 'run')} diverged: {who}. Means are of the other "
                "runs; shares, quantiles and ranks count a run that diverged as worse than any.",
            ),
            class_="answer warning",
        )
    if not study.hypotheses:
        yield tag("p", "The study declared no hypotheses, so there are no verdicts.")
        return
    yield tag("h2", "The questions and their answers")
    if given:
        yield tag("ol", *(_verdict(row) for row in tables.get("verdicts", [])), class_="verdicts")
        yield tag(
            "p",
            f"Declared before the run. Holm's correction holds the family at {study.alpha:.3g}; "
            f"unless a hypothesis says otherwise, differences below {study.margin:.3g} of the "
            "naive score do not matter in practice.",
            class_="note",
        )
        return
    several = len(result.naive_scores) > 1
    yield tag(
        "p",
        "The verdicts across series are reported separately. The hypotheses were:"
        if several
        else "The verdicts are reported separately. The hypotheses were:",
    )
    yield tag("ol", *(tag("li", shorten(h.claim, 400)) for h in study.hypotheses))


def _best(result: StudyResult, rows: Sequence[Row]) -> Iterator[str]:
    """The best arm and its gain over the naive forecast, in words."""
    single = len(result.naive_scores) == 1
    usable = [r for r in rows if r["relative"] is not None]
    if not usable:
        if all(score == 0.0 for score in result.naive_scores.values()):
            yield "The naive forecast makes no error here, so nothing can be better than it."
        else:
            yield "No arm has a score that can be compared with the naive forecast's."
        return
    best = min(usable, key=lambda r: r["relative"])
    name, skill, level = shorten(best["arm"]), best["skill"], f"{1.0 - result.study.alpha:.0%}"
    interval = (
        f" ({level} interval {percent(best['skill_low'])} to {percent(best['skill_high'])}, "
        f"over {counted(best['units'], best['unit'])})"
        if best["skill_low"] is not None
        else " (one observation, so there is no interval)"
    )
    score = (
        f"a mean RMSE of {number(best['mean'])} against {number(best['naive'])}"
        if single
        else f"a mean RMSE of {best['relative']:.3f} times the naive one, averaged over series"
    )
    if skill <= 0.0:
        yield (
            f"No arm beats the naive forecast. The best arm by mean score, {name}, has {score}: "
            f"a skill of {percent(skill)}{interval}."
        )
    else:
        yield (
            f"The best arm by mean score is {name}, with {score} of the naive forecast: a skill of "
            f"{percent(skill)}{interval}."
            if single
            else f"The best arm by mean score is {name}, with {score}: a skill of "
            f"{percent(skill)}{interval}."
        )
        if best["skill_low"] is None or best["skill_low"] <= 0.0:
            yield "That is not shown to be better than the naive forecast: it may be chance."
    share = f"{best['beat_naive']:,} of {counted(best['runs'], 'run')} of it"
    more = " It was picked after seeing the scores, which flatters it a little."
    yield f"{share} beat the naive forecast.{more if len(rows) > 1 else ''}"
    if best["cells_left_out"]:
        yield (
            f"{counted(best['cells_left_out'], 'test part')} could not be compared: no run finished"
            ", or the naive forecast makes no error."
        )


def _verdict(row: Row) -> Markup:
    lost = f"; {counted(row['left_out'], 'pair')} left out (diverged)" if row["left_out"] else ""
    numbers = (
        f"{shorten(row['first'])} against {shorten(row['second'])}; the first is better in "
        f"{row['probability_better']:.1%} of pairs{lost}."
    )
    return tag(
        "li",
        tag("span", row["verdict"], class_=f"badge {row['verdict'].replace(' ', '-')}"),
        tag("span", f"{row['hypothesis']}. {shorten(row['claim'], 400)}", class_="claim"),
        Markup("<br>"),
        row["reason"],
        tag("div", numbers, class_="note"),
    )


# What it rests on.


def _overall(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    single = len(result.naive_scores) == 1
    yield tag("h2", "All arms")
    rows = tables["arms"]
    shown = []
    for i, row in enumerate(rows):
        line: dict[str, Content] = {"arm": join([_key(i), shorten(row["arm"])])}
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


def _ranking(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
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


def _details(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
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
        *(tag("li", _key(i), shorten(arm)) for i, arm in enumerate(arms)),
        tag("li", _line("naive", "5 2"), f"naive ({number(naive)})"),
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
    yield tag("h4", "Paired differences")
    yield tag(
        "p",
        "First arm minus second in pairs that share their initial weights: left of zero the first "
        "is better. Above the bars: mean and interval. Band: the practical margin. The outermost "
        "bars hold what lies beyond them.",
        class_="note",
    )
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
                tag("li", _key(i), f"{r['hypothesis']}. {shorten(r['claim'])}")
                for i, r in enumerate(differences[:most])
            ),
            class_="keys",
        )
        yield keys
        yield tag("div", drawn, class_="figures wide")


def _difference(row: Row) -> str:
    lost = (
        f" {counted(row['left_out'], 'pair')} left out: a run diverged." if row["left_out"] else ""
    )
    if row["difference"] is None:
        return f"No pair is left.{lost}"
    interval = "" if row["low"] is None else f" [{signed(row['low'])}, {signed(row['high'])}]"
    return (
        f"{shorten(row['first'])} minus {shorten(row['second'])}: {signed(row['difference'])}"
        f"{interval}, margin {number(row['margin'])}, {counted(row['n'], 'pair')}.{lost}"
    )


# What it cannot show.


def _limits(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    study = result.study
    series = len(study.panel.series)
    yield tag("h2", "What this cannot show")
    restarts = (
        f"{study.repeats:,} restarts show how far chance in training moves a score on the same "
        "test observations; more of them make the averages sharper, and say nothing about other "
        "data."
        if study.repeats > 1
        else "With a single restart, nothing is known of how far chance in training moves a score."
    )
    if series == 1:
        data = (
            "There is one series, so no interval here speaks of any other series, however narrow "
            "it is."
        )
    elif series < 10:
        data = (
            f"The {series} series are the unit of what is said across series; so few of them show "
            "a large and steady gain at best, and speak of others only as far as they are like "
            "these."
        )
    else:
        data = (
            f"The {series} series are the unit of what is said across series, and speak of others "
            "only as far as these were drawn like them."
        )
    time = (
        f"There is one cutoff: {counted(study.test_size, 'test observation')} from one stretch of "
        "time, which another stretch may contradict."
        if study.cutoffs == 1
        else f"The {study.cutoffs} cutoffs show whether a result holds over time, but they share "
        "their past, and are no independent repetitions."
    )
    yield tag("p", f"{restarts} {data} {time}")
    if sum(r["diverged"] for r in tables["arms"]):
        yield tag(
            "p",
            "A mean over runs that did not diverge is a mean over survivors, and flatters an arm "
            "that diverges often.",
        )


# How to repeat it.


def _repeat(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
    study = result.study
    yield tag("h2", "Specification")
    rows = tables["specification"]
    settings = [
        {"setting": r["setting"], "value": plain(r["value"])} for r in rows if r["part"] == "study"
    ]
    yield table(settings, "Settings of the study", {"setting", "value"})
    arms: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["part"] == "arm":
            arms.setdefault(row["name"], {})[row["setting"]] = plain(row["value"])
    names = list(dict.fromkeys(key for settings in arms.values() for key in settings))
    values = {key: [settings.get(key, NONE) for settings in arms.values()] for key in names}
    varied = [key for key in names if len(set(values[key])) > 1]
    shared = [key for key in names if key not in varied]
    if varied:
        yield tag("h3", "Where the arms differ")
        lines: list[dict[str, Content]] = [
            {"arm": shorten(name), **{key: settings.get(key, NONE) for key in varied}}
            for name, settings in arms.items()
        ]
        yield table(lines, "Settings in which the arms differ", {"arm", *varied})
    yield tag("h3", "What all arms share" if len(arms) > 1 else "The arm")
    yield table(
        [{"setting": key, "value": values[key][0]} for key in shared],
        "Settings that all arms share",
        {"setting", "value"},
    )
    if study.hypotheses:
        yield tag("h3", "Hypotheses")
        yield table(
            [
                {"claim": f"{i}. {shorten(h.claim, 400)}", "kind": h.kind,
                 "first": shorten(h.first), "second": shorten(h.second),
                 "margin": _margin(h.margin, h.relative, study.margin)}
                for i, h in enumerate(study.hypotheses, start=1)
            ],
            "Hypotheses",
            {"claim", "kind", "first", "second", "margin"},
        )  # fmt: skip
    yield tag("h3", "Data")
    series: list[dict[str, Content]] = [
        {"series": shorten(r["series"]), "observations": f"{r['observations']:,}",
         "first": shorten(r["first"], 30), "last": shorten(r["last"], 30),
         "cutoffs": shorten(r["cutoffs"], 60), "hash": tag("code", r["hash"])}
        for r in tables["series"]
    ]  # fmt: skip
    words = {"series", "first", "last", "cutoffs", "hash"}
    drawn = table(series[:LISTED], "The series", words)
    if len(series) > 12:
        drawn = tag("details", tag("summary", f"{len(series)} series"), drawn)
    yield drawn
    if len(series) > LISTED:
        yield tag("p", f"The first {LISTED} of {len(series)}.", class_="note")
    yield tag("h2", "How to repeat it")
    found = {r["name"]: r["version"] for r in tables["versions"]}
    yield tag("p", "Made with ", ", ".join(f"{k} {v}" for k, v in found.items()), ".")
    yield tag(
        "p",
        "A run is a function of its specification alone. The same study gives the same scores to "
        "the bit, on any number of threads or processes; compare the two hashes above. The study "
        "is in the file or script that declared it, and in the store that holds its runs.",
    )
    yield tag(
        "pre",
        tag(
            "code",
            f"pip install statewise=={found['statewise']} numpy=={found['numpy']} "
            f"numba=={found['numba']} scipy=={found['scipy']}\n\n"
            "from statewise import run_study\n"
            "from statewise.report.html import html_report\n\n"
            f"result = run_study(study)  # as declared, with seed={study.seed}\n"
            "page = html_report(result)",
        ),
    )


def _margin(margin: float | None, relative: bool, default: float) -> str:
    if margin is None:
        return f"{default:.3g} of naive"
    return f"{margin:.3g} of naive" if relative else f"{margin:.6g}"


# Pieces of a page.


def table(rows: Sequence[Mapping[str, Content]], label: str, words: set[str]) -> Markup:
    """A table that scrolls where it is too wide; columns that are not ``words`` are numbers."""
    header = list(rows[0])
    kinds: list[dict[str, str]] = [{} if key in words else {"class_": "number"} for key in header]
    head = tag("tr", *(tag("th", k, scope="col", **a) for k, a in zip(header, kinds, strict=True)))
    lines = [
        tag("tr", *(tag("td", row[k], **a) for k, a in zip(header, kinds, strict=True)))
        for row in rows
    ]
    inside = tag("table", tag("thead", head), tag("tbody", *lines))
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=label)


def drawing(figure: Figure, key: str, heading: str, caption: str, seen: str = "") -> Markup:
    """A figure with its caption; who cannot see it is told the heading and what is in it."""
    label = ". ".join(part for part in (heading, caption, seen) if part)
    drawn = Markup(inline(figure, key, shorten(label, 1200)))
    return tag("figure", drawn, tag("figcaption", tag("b", heading), caption))


@functools.cache
def _key(place: int) -> Markup:
    """The line with which an arm, or a hypothesis, is drawn."""
    dash = DASHES[place // len(PALETTE) % len(DASHES)]
    pattern = "" if isinstance(dash, str) else " ".join(f"{1.4 * d:g}" for d in dash[1])
    return _line(f"c{place % len(PALETTE) + 1}", pattern)


def _line(variable: str, dashes: str) -> Markup:
    return Markup(
        '<svg class="key" viewBox="0 0 26 10" aria-hidden="true"><path d="M0 6H26" style="stroke: '
        f'var(--{variable}); stroke-width: 3; stroke-dasharray: {dashes or "none"}"/></svg>'
    )


def shorten(text: str, longest: int = LONGEST) -> str:
    """A user's text on one line, cut where it is too long."""
    line = clean(text)
    return line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "run"), counted(1200, "run"), counted(3, "series")
        ('1 run', '1,200 runs', '3 series')
    """
    return f"{count:,} {noun}{'' if count == 1 or noun.endswith('s') else 's'}"


def number(value: float | None) -> str:
    """A number with four digits, or a dash."""
    if value is None:
        return NONE
    size = abs(value)
    if size == 0.0 or 1e-3 <= size < 1e7:
        digits = 3 if size < 10.0 else 2 if size < 1000.0 else 0
        return f"{value:,.{digits if size >= 0.1 or size == 0.0 else 5}f}"
    return f"{value:.3g}"


def signed(value: float) -> str:
    """A number with its sign."""
    return number(value) if value < 0.0 else f"+{number(value)}"


def percent(value: float | None) -> str:
    """A share with its sign, or a dash."""
    return NONE if value is None else f"{value:+,.1%}"


def plain(value: Any) -> str:
    """A setting as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return shorten(str(value))
