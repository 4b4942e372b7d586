"""The bottom of a study's page: what it cannot show, what it was, and how to repeat it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from statewise.show.markup import Content, Markup, table, tag
from statewise.show.tables import Row
from statewise.show.words import NONE, counted, shorten
from statewise.study.design import Study
from statewise.study.results import StudyResult

__all__ = ["limits", "specification"]

LISTED = 200  # series in the page's table, at most


def limits(result: StudyResult, tables: Mapping[str, list[Row]]) -> Iterator[Markup]:
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


def specification(
    result: StudyResult, tables: Mapping[str, list[Row]], command: Sequence[str] = ()
) -> Iterator[Markup]:
    study = result.study
    yield tag("h2", "Specification")
    rows = tables["specification"]
    settings = [
        {"setting": r["setting"], "value": shorten(str(r["value"]))}
        for r in rows
        if r["part"] == "study"
    ]
    yield table(settings, "Settings of the study", {"setting", "value"})
    arms: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["part"] == "arm":
            arms.setdefault(row["name"], {})[row["setting"]] = shorten(str(row["value"]))
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
                {"claim": f"{i}. {shorten(h.claim, 400)}", "family": shorten(h.family),
                 "kind": h.kind,
                 "first": shorten(h.first), "second": shorten(h.second),
                 "margin": _margin(h.margin, h.relative, study.margin)}
                for i, h in enumerate(study.hypotheses, start=1)
            ],
            "Hypotheses",
            {"claim", "family", "kind", "first", "second", "margin"},
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
    install = (
        f"pip install statewise=={found['statewise']} numpy=={found['numpy']} "
        f"numba=={found['numba']} scipy=={found['scipy']}"
    )
    if command:
        yield tag("p", "On the command line, beside the study's file and its data:")
        yield tag("pre", tag("code", f"{install}\n\n{shlex.join(command)}"))
        if "--looks" not in command:
            yield tag("p", "In Python:")
            yield tag("pre", tag("code", _python(study, Path(command[-1]))))
    else:
        yield tag("pre", tag("code", f"{install}\n\n{_python(study, None)}"))


def _python(study: Study, file: Path | None) -> str:
    """The lines that run a study again."""
    reading = (
        "from pathlib import Path\n\nfrom statewise import run_study, settle\n"
        "from statewise.report.html import html_report\nfrom statewise.study.file import read\n\n"
        f"study, store = read(Path({str(file)!r}))\nresult = run_study(study, store=store)\n"
        if file is not None
        else "from statewise import run_study, settle\n"
        "from statewise.report.html import html_report\n\n"
        f"result = run_study(study)  # as declared, with seed={study.seed}\n"
    )
    return f"{reading}page = html_report(result, settle(result))"


def _margin(margin: float | None, relative: bool, default: float) -> str:
    if margin is None:
        return f"{default:.3g} of naive"
    return f"{margin:.3g} of naive" if relative else f"{margin:.6g}"
