"""A study as one page: the answer first, then what it rests on, and how to repeat it.

The page is a single file that asks the network for nothing. Its words are in the templates, and
all it says or draws is in the rows of ``report_tables``, which are made cells and figures here.
"""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from statewise.report.answer import asked, came_out, set_up, simple_said
from statewise.report.cell_figures import STEPS, details
from statewise.report.study_figures import rank_plot
from statewise.report.study_tables import SHOWN, report_tables, simple_rows
from statewise.scoring.simple_forecasts import NAIVE, SIMPLE
from statewise.show.pages import environment, swatch
from statewise.show.style import clean
from statewise.show.tables import Row
from statewise.show.words import NONE, counted, number, p_value, percent, shorten, signed
from statewise.study.observations import UNPAIRED
from statewise.study.results import StudyResult, Unit
from statewise.study.verdicts import Verdict

__all__ = ["html_report", "report_tables"]

LISTED = 200  # series in the page's table, at most

Tables = Mapping[str, list[Row]]


def html_report(
    result: StudyResult,
    verdicts: list[Verdict] | None = None,
    *,
    title: str | None = None,
    tables: Tables | None = None,
    command: Sequence[str] = (),
) -> str:
    """One page that holds a study's result, as a whole file: no fonts, scripts or pictures beside.

    Args:
        result: of a finished study.
        verdicts: from ``settle``; without them the page has everything but the verdicts.
        title: the page's heading; by default it names the series.
        tables: of ``report_tables`` for the same result and verdicts, if they are there already.
        command: the words of the command line that runs the study; the last is the study's file.

    Returns:
        The text of the HTML file.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.network import Training
        >>> from statewise.model.regime import StateRegime
        >>> from statewise.model.spec import Model
        >>> from statewise.study import Arm, Study, run_study
        >>> arm = Arm("stateless", Model(StateRegime(), training=Training(epochs=5)))
        >>> page = html_report(run_study(Study((arm,), shampoo(), test_size=12, repeats=4)))
        >>> page.split("<h1>")[1].split("</h1>")[0]
        'Forecasting Sales: 1 arm compared'
    """
    tables = report_tables(result, verdicts) if tables is None else tables
    study, series, arms = result.study, result.study.panel.series, tables["arms"]
    names = shorten(series[0].unique_id) if len(series) == 1 else f"{len(series)} series"
    against = {SIMPLE: f"the best simple forecast ({simple_said(result)})",
               NAIVE: "the naive forecast"}  # fmt: skip
    page = environment("statewise.report").get_template("page.html")
    return page.render(
        title=clean(title or f"Forecasting {names}: {counted(len(arms), 'arm')} compared"),
        study=study,
        unit=result.unit,
        series=len(series),
        name=series[0].unique_id,
        cells=len(result.naive_scores),
        shown=SHOWN,
        arms=arms,
        several="series" if result.unit == "series" else "cutoffs",
        asked=asked(study),
        came_out=came_out(result),
        set_up=set_up(study),
        chosen=simple_said(result),
        arm_cells=arm_cells(result, arms),
        swatches=[*(swatch(i) for i in range(len(arms))), swatch("simple"), swatch("naive")],
        runs=sum(r["runs"] for r in arms),
        diverged=sum(r["diverged"] for r in arms),
        families=Counter(h.family for h in study.hypotheses),
        settled=verdicts is not None,
        verdicts=[row | nouns(row["test"]) | {"against": against.get(row["second"], row["second"])}
                  for row in tables.get("verdicts", [])],
        evidence=[evidence_cells(row, result.unit) for row in tables.get("evidence", [])],
        ranks=tables.get("ranks"),
        rank_values=[
            {"arm": shorten(row["arm"]), "average rank": number(row["average_rank"])}
            for row in tables.get("ranks", [])
        ],
        rank_figure=rank_plot(tables["ranks"]) if "ranks" in tables else None,
        details=details(result, tables),
        steps=STEPS,
        **specification(result, tables, command),
    )  # fmt: skip


def arm_cells(result: StudyResult, arms: Sequence[Row]) -> list[Row]:
    """The table of all arms and simple forecasts; engines where one is not the built-in one."""
    engines, single = any(row["engine"] != "statewise" for row in arms), result.unit == "restart"
    diverged, rows = any(row["diverged"] for row in arms), []
    for row in arms:
        low, high = row["skill_high"], row["skill_low"]
        rows.append(
            {"arm": shorten(row["arm"]), "engine": row["engine"],
             "mean RMSE": number(row["mean"]), "over naive": number(row["relative"]),
             "interval": NONE if low is None else f"[{number(1.0 - low)}, {number(1.0 - high)}]",
             "over best simple": NONE if row["skill_simple"] is None
             else number(1.0 - row["skill_simple"]),
             "beat naive": f"{row['share']:.1%}", "beat best simple": f"{row['share_simple']:.1%}",
             "runs": f"{row['runs']:,}", "diverged": f"{row['diverged']:,}"}
        )  # fmt: skip
    empty = dict.fromkeys(rows[0], NONE)
    relative = {row["arm"]: row["mean"] for row in simple_rows(result)}
    bar = relative[SIMPLE]
    for name in (SIMPLE, NAIVE, *(n for n in relative if n not in (SIMPLE, NAIVE))):
        [score] = result.simple_scores(name).values() if single else [None]
        label = "best simple forecast" if name == SIMPLE else name
        rows.append(
            empty
            | {"arm": shorten(label), "mean RMSE": number(score),
               "over naive": number(relative[name]),
               "over best simple": number(relative[name] / bar) if bar else NONE}
        )  # fmt: skip
    without = [
        name
        for name, there in (("engine", engines), ("mean RMSE", single), ("diverged", diverged))
        if not there
    ]
    return [{k: v for k, v in row.items() if k not in without} for row in rows]


def nouns(test: str) -> Row:
    """What a test compares, many and one of them."""
    many = {"paired by series": "series", "paired by cutoff": "cutoffs"}.get(test, "pairs")
    return {"noun": many, "one": "run" if test == UNPAIRED else many.removesuffix("s")}


def evidence_cells(row: Row, unit: Unit) -> Row:
    """Every test of a hypothesis, on the unit of its verdict."""
    amount = signed if unit == "restart" else percent

    def interval(name: str) -> str:
        low, high = row[f"{name}low"], row[f"{name}high"]
        return NONE if low is None or high is None else f"[{amount(low)}, {amount(high)}]"

    star = " *" if row["bootstrap"] == "percentile" else ""
    several = {} if unit == "restart" else {"two-stage interval": interval("two_stage_")}
    return {
        "hypothesis": f"{row['hypothesis']}. {shorten(row['claim'])}",
        "difference": NONE if row["difference"] is None else amount(row["difference"]),
        "t interval": interval(""),
        "p (t)": p_value(row["p_t"]),
        "p (perm.)": p_value(row["p_permutation"]),
        "BCa interval": interval("bootstrap_") + star,
        **several,
        "p (ranks)": p_value(row["p_ranks"]),
        "first is better": "{probability_better:.0%} [{probability_low:.0%}, "
        "{probability_high:.0%}]".format(**row),
        "effect": number(row["effect"]),
    }


def specification(result: StudyResult, tables: Tables, command: Sequence[str]) -> dict[str, Any]:
    """What the study was, and how to repeat it."""
    study, rows = result.study, tables["specification"]
    arms: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["part"] == "arm":
            arms.setdefault(row["name"], {})[row["setting"]] = shorten(str(row["value"]))
    names = dict.fromkeys(key for settings in arms.values() for key in settings)
    values = {key: [settings.get(key, NONE) for settings in arms.values()] for key in names}
    varied = [key for key in names if len(set(values[key])) > 1]
    from_file = command and "--looks" not in command
    return {
        "settings": [
            {"setting": row["setting"], "value": shorten(str(row["value"]))}
            for row in rows
            if row["part"] == "study"
        ],
        "varied": [
            {"arm": shorten(name), **{key: settings.get(key, NONE) for key in varied}}
            for name, settings in arms.items()
            if varied
        ],
        "shared": [
            {"setting": key, "value": found[0]}
            for key, found in values.items()
            if key not in varied
        ],
        "hypotheses": [
            {"claim": f"{i}. {shorten(h.claim, 400)}", "family": shorten(h.family), "kind": h.kind,
             "first": shorten(h.first), "second": shorten(h.second),
             "margin": f"{h.margin:.6g}" if h.margin is not None and not h.relative
             else f"{study.margin if h.margin is None else h.margin:.3g} of naive"}
            for i, h in enumerate(study.hypotheses, start=1)
        ],
        "most": LISTED,
        "data": [
            {"series": shorten(row["series"]), "observations": f"{row['observations']:,}",
             "first": shorten(row["first"], 30), "last": shorten(row["last"], 30),
             "cutoffs": shorten(row["cutoffs"], 60),
             "hash": Markup("<code>{}</code>").format(row["hash"])}
            for row in tables["series"]
        ],
        "versions": {row["name"]: row["version"] for row in tables["versions"]},
        "command": shlex.join(command),
        "file": repr(str(Path(command[-1]))) if from_file else "",
    }  # fmt: skip
