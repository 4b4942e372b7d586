"""The top of a study's page: what was asked, and what came out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from statewise.report.page_evidence import other_tests
from statewise.show.markup import Markup, tag
from statewise.show.tables import Row
from statewise.show.words import counted, number, percent, shorten
from statewise.study.design import Study
from statewise.study.observations import UNPAIRED
from statewise.study.results import StudyResult

__all__ = ["answer"]


def answer(result: StudyResult, tables: Mapping[str, list[Row]], given: bool) -> Iterator[Markup]:
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
            f"Declared before the run. Holm's correction holds {_families(study)} at "
            f"{study.alpha:.3g}; unless a hypothesis says otherwise, differences below "
            f"{study.margin:.3g} of the naive score do not matter in practice.",
            class_="note",
        )
        yield other_tests(result, tables["evidence"])
        return
    several = len(result.naive_scores) > 1
    yield tag(
        "p",
        "The verdicts across series are reported separately. The hypotheses were:"
        if several
        else "The verdicts are reported separately. The hypotheses were:",
    )
    yield tag("ol", *(tag("li", shorten(h.claim, 400)) for h in study.hypotheses))
    yield other_tests(result, tables["evidence"])


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
        else f"a mean RMSE of {best['relative']:.3f} times the naive one, averaged over "
        f"{'series' if best['unit'] == 'series' else 'cutoffs'}"
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


def _families(study: Study) -> str:
    """What is corrected together, in words."""
    sizes = Counter(h.family for h in study.hypotheses)
    if len(sizes) == 1:
        return f"the family of {counted(sizes.total(), 'hypothesis')}"
    listed = ", ".join(f"{shorten(name)} ({size})" for name, size in sizes.items())
    return f"each family of hypotheses ({listed}), and not all together,"


def _verdict(row: Row) -> Markup:
    noun = {"paired by series": "series", "paired by cutoff": "cutoffs"}.get(row["test"], "pairs")
    what = "run" if row["test"] == UNPAIRED else noun.removesuffix("s")
    lost = f"; {counted(row['left_out'], what)} left out (diverged)" if row["left_out"] else ""
    numbers = (
        f"{shorten(row['first'])} against {shorten(row['second'])}, {row['test']}; the first is "
        f"better in {row['probability_better']:.1%} of {noun}{lost}."
    )
    return tag(
        "li",
        tag("span", row["verdict"], class_=f"badge {row['verdict'].replace(' ', '-')}"),
        tag("span", f"{row['hypothesis']}. {shorten(row['claim'], 400)}", class_="claim"),
        Markup("<br>"),
        row["reason"],
        tag("div", numbers, class_="note"),
    )
