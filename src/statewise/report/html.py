"""A study as one page: the answer first, then what it rests on, and how to repeat it.

The page is a single file that asks the network for nothing. Whatever it says or draws is in the
rows of ``report_tables``. Text is escaped where it enters the page (``tag``); only what ``tag`` or
``inline`` made goes in as it is.
"""

import html
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from statewise.report.page_answer import answer
from statewise.report.page_arms import overall, ranking
from statewise.report.page_details import details
from statewise.report.page_specification import limits, specification
from statewise.report.study_tables import report_tables
from statewise.show.markup import join, tag
from statewise.show.style import clean
from statewise.show.tables import Row
from statewise.show.words import counted, shorten
from statewise.study.results import StudyResult
from statewise.study.verdicts import Verdict

__all__ = ["html_report", "report_tables"]


def html_report(
    result: StudyResult,
    verdicts: list[Verdict] | None = None,
    *,
    title: str | None = None,
    tables: Mapping[str, list[Row]] | None = None,
    command: Sequence[str] = (),
) -> str:
    """One page that holds a study's result, as a whole file: no fonts, scripts or pictures beside.

    Args:
        result: of a finished study.
        verdicts: from ``settle``; without them the page has everything but the verdicts.
        title: the page's heading; by default it names the series.
        tables: of ``report_tables`` for the same result and verdicts, if they are there already.
        command: the words of the command line that runs the study; the last is the study's file.
    """
    tables = report_tables(result, verdicts) if tables is None else tables
    heading = clean(title or title_of(result))
    body = [
        tag("h1", heading),
        *answer(result, tables, verdicts is not None),
        *overall(result, tables),
        *ranking(result, tables),
        *details(result, tables),
        *limits(result, tables),
        *specification(result, tables, command),
    ]
    template = Template(files("statewise.report").joinpath("page.html").read_text("utf-8"))
    return template.substitute(title=html.escape(heading), body=join(body, "\n").text)


def title_of(result: StudyResult) -> str:
    series = result.study.panel.series
    names = shorten(series[0].unique_id) if len(series) == 1 else f"{len(series)} series"
    return f"Forecasting {names}: {counted(len(result.arms), 'arm')} compared"
