import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from statewise.data.panel import Panel
from statewise.model.network import Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.report.answer import asked
from statewise.report.html import html_report, report_tables
from statewise.study import Arm, Study, better, equivalent, run_study, settle
from tests.report.test_study_tables import HYPOTHESES, several, synthetic

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "link", "br", "wbr"}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, dict(attrs)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, dict(attrs)))

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def checked(text: str) -> Page:
    """The page, parsed, after what must hold for every page."""
    page = Page(text)
    names = [name for name, _ in page.tags]
    assert not {"script", "img", "iframe", "object", "image", "foreignobject", "i"} & set(names)
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    for name, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes)
        for key in ("href", "src", "xlink:href"):
            target = attributes.get(key)
            assert target is None or target.startswith("#") or target == "data:,", (name, target)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    figures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert figures
    for figure in figures:
        root = ElementTree.fromstring(figure)
        assert root.get("aria-hidden") or (root.get("role") == "img" and root.get("aria-label"))
    assert names.count("figcaption") == names.count("figure")
    return page


def test_the_answer_comes_first_and_the_rest_in_order() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=5, diverge=0.05)
    verdicts = settle(result)
    page = checked(html_report(result, verdicts))
    order = [
        asked(result.study), "Best on average is a", "Set-up: LSTM of",
        "runs diverged", "The questions", verdicts[0].reason, "All arms", "Scores by arm",
        "Differences between arms",
        "Would more repeats help?", "Forecasts", "Training loss", "What this cannot show",
        "There is one series", "There is one cutoff", "Specification", "How to repeat it",
        "numba", "seed=1",
    ]  # fmt: skip
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    badges = [a["class"] for n, a in page.tags if n == "span" and "badge" in (a["class"] or "")]
    assert badges == [f"badge {v.outcome.value.replace(' ', '-')}" for v in verdicts]


def test_names_cannot_become_markup() -> None:
    arms = ("a & b", "q\"uo'te", "$x^2$ <i>", "\x1b[31m")
    result = synthetic(
        arms,
        several((EVIL, "$\\alpha$", "]]>", "--><!--", "'\" onload=x")),
        hypotheses=(better(arms[0], arms[1]), equivalent(arms[2], arms[0], EVIL)),
        repeats=5,
    )
    text = html_report(result, title=f"{EVIL} & $body")
    text.encode()
    page = checked(text)
    for name in (EVIL, *arms[:3], "$\\alpha$", "$body"):
        assert name in page.text


def test_a_study_without_a_better_arm_says_so() -> None:
    result = synthetic(spread=1.5)
    page = checked(html_report(result))
    assert "no arm beats the best simple forecast or the naive forecast here" in page.text
    assert "The questions and their answers" not in page.text
    assert "Ranks" not in page.text


def test_unpaired_arms_are_said_and_drawn_as_such() -> None:
    result = synthetic(hypotheses=HYPOTHESES, restarts=(0, 1, 0))
    page = checked(html_report(result, settle(result)))
    assert "a against b, Welch, unpaired; the first is better in" in page.text
    assert "a against c, paired by repeat" in page.text
    assert "share no initial weights" in page.text
    assert "50 runs each; Welch, unpaired." in page.text


def test_families_are_named() -> None:
    claims = (better("a", "b", family="arms"), *HYPOTHESES[1:])
    result = synthetic(hypotheses=claims)
    page = checked(html_report(result, settle(result)))
    assert "each family of hypotheses (arms (1), study (2)), and not all together, at" in page.text
    one = synthetic(hypotheses=HYPOTHESES)
    assert "the family of 3 hypotheses at 0.05" in checked(html_report(one, settle(one))).text


def test_other_tests_are_folded_away() -> None:
    result = synthetic(panel=several("rst"), hypotheses=HYPOTHESES, repeats=10)
    text = html_report(result, settle(result))
    page = checked(text)
    assert page.text.index("The questions") < page.text.index("by other tests")
    folded = re.findall(r"<details.*?</details>", text, re.DOTALL)
    assert ["two-stage interval" in part for part in folded[:2]] == [True, False]
    assert "needs both: restarts that show a difference, and times that do" in page.text
    assert "no verdict rests on it" not in page.text
    assert sum("Diebold-Mariano" in part for part in folded) == 3
    assert "signed ranks of pairs" in folded[0]
    assert "intervals are at 0.95. Differences are of means within each series" in page.text
    one = synthetic(hypotheses=HYPOTHESES)
    assert "two-stage" not in html_report(one)


def test_of_many_arms_the_best_and_the_worst_are_drawn_and_all_are_in_the_tables() -> None:
    arms = [f"arm {i}" for i in range(45)]
    result = synthetic(arms, repeats=10, hypotheses=[better(a, "naive") for a in arms[:15]])
    page = checked(html_report(result))
    told = "The figure of scores shows the 27 best and 13 worst of 45 arms by median score"
    assert told in page.text
    assert "show the 8 best and 4 worst of 45 arms" in page.text
    assert "The 6 of 15 hypotheses whose intervals are widest." in page.text
    assert {r["arm"] for r in report_tables(result)["cumulative"]} == set(arms)


def test_the_page_says_how_to_repeat_the_study() -> None:
    result = synthetic(hypotheses=HYPOTHESES)
    command = ["statewise", "study", "run", "my study.toml"]
    text = checked(html_report(result, command=command)).text
    assert "statewise study run 'my study.toml'" in text
    assert "read(Path('my study.toml'))" in text
    alone = checked(html_report(result)).text
    assert "statewise study run" not in alone
    assert "run_study(study) # as declared, with seed=1" in alone


def test_a_gain_that_may_be_chance_is_not_called_one() -> None:
    result = synthetic(("a",), repeats=4)
    result.arms["a"].scores[:] = result.naive_rmse * np.array([0.5, 1.4, 0.6, 1.3])
    assert "it beats the naive forecast may be chance" in checked(html_report(result)).text


def test_several_series_have_ranks_and_separate_verdicts() -> None:
    result = synthetic(panel=several("rstuvwx"), hypotheses=HYPOTHESES[:1], cutoffs=2)
    page = checked(html_report(result))
    assert "The verdicts across series are reported separately" in page.text
    assert "The first 6 of 14 test parts" in page.text
    assert "Friedman p =" in page.text
    assert "The 7 series are the unit" in page.text
    assert "The 2 cutoffs" in page.text


@pytest.mark.parametrize("repeats", [1, 2])
def test_few_repeats(repeats: int) -> None:
    result = synthetic(hypotheses=HYPOTHESES, repeats=repeats)
    checked(html_report(result, settle(result)))


def test_runs_that_all_diverged_leave_a_page() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=3, diverge=1.0)
    page = checked(html_report(result, settle(result)))
    assert "100 of 150 runs diverged: b (50), c (50)" in page.text
    assert "No pair is left" in page.text
    for cell in result.arms["a"].cells.values():
        cell.scores[:] = np.inf
    assert "No arm has a score" in checked(html_report(result)).text


def test_a_naive_forecast_without_error_has_no_skill_to_compare() -> None:
    flat = Panel.from_values([5.0] * 40, unique_id="flat")
    result = synthetic(("a", "b"), flat, hypotheses=(equivalent("a", "b", margin=1.0),))
    with_errors: Any = result.arms["a"].cells["flat", 28].scores
    with_errors += np.linspace(0.1, 1.0, 50)
    assert "nothing can be better" in checked(html_report(result)).text


def test_a_page_is_the_same_every_time() -> None:
    result = synthetic(hypotheses=HYPOTHESES)
    assert html_report(result) == html_report(result)


def test_the_page_of_a_hundred_thousand_runs_stays_small() -> None:
    arms = [f"arm_{i}" for i in range(10)]
    claims = [better(a, "arm_9") for a in arms[:6]]
    one = synthetic(arms, repeats=10_000, hypotheses=claims, epochs=20, diverge=0.001)
    many = synthetic(arms, several([f"s{i}" for i in range(50)]), 200, claims)
    for result in (one, many):
        assert len(html_report(result).encode()) < 5_000_000


def test_a_long_test_part_is_drawn_in_part() -> None:
    study = Study(
        (Arm("a", Model(StateRegime(), training=Training(epochs=1))),), several("r", 400), 300, 2
    )
    page = checked(html_report(run_study(study)))
    assert "The last 200 of 300 forecasts." in page.text


def test_a_study_that_was_run() -> None:
    regime = StateRegime()
    arms = tuple(Arm(n, Model(regime, training=Training(epochs=2))) for n in ("one", "two"))
    result = run_study(Study(arms, several("r"), 6, 3, (better("one", "two"),), keep_loss=True))
    page = checked(html_report(result, settle(result)))
    assert "identical" in page.text


def tables_of(text: str) -> list[str]:
    return re.findall(r'role="region" aria-label="([^"]*)"', text)


def test_both_bars_are_in_tables_legends_and_figures() -> None:
    result = synthetic(hypotheses=(better("a", "simple"),))
    page = checked(html_report(result, settle(result)))
    assert "autoregression, the best simple forecast (86.73)" in page.text
    assert "naive (136.76)" in page.text
    assert "a against the best simple forecast (autoregression), paired by repeat" in page.text
    assert "over naiveintervalover best simplebeat naivebeat best simple" in page.text
    assert "best simple forecast86.730.634" in page.text
    svg = [
        a["style"] for n, a in page.tags if n == "path" and "var(--simple)" in str(a.get("style"))
    ]
    assert len(svg) > 4


def test_an_effect_too_small_to_matter_is_said_in_its_badge() -> None:
    result = synthetic(hypotheses=(better("a", "b"),))
    [verdict] = settle(result)
    small = replace(verdict, small=True)
    page = checked(html_report(result, [small]))
    assert f"{verdict.outcome.value}, too small to matter" in page.text
    assert 'class="badge supported small"' in html_report(result, [small])


def test_every_figure_has_its_values_as_a_table_too() -> None:
    text = html_report(synthetic(hypotheses=HYPOTHESES, epochs=5))
    assert text.count("<summary>Values as a table</summary>") == 5
    assert tables_of(text)[2:8] == [
        "Scores by arm", "Differences between arms", "Half-widths by repeats",
        "Diebold-Mariano tests of the mean forecasts",
        "Forecasts: median and 90% band of the repeats", "Median training loss by epoch",
    ]  # fmt: skip
    assert text.count('class="scroll" tabindex="0" role="region"') == len(tables_of(text))
    assert "no-repeat local" in text


def test_many_arms_have_a_small_figure_each() -> None:
    arms = [f"arm {i}" for i in range(7)]
    few, many = (html_report(synthetic(arms[:n], repeats=5, epochs=3)) for n in (6, 7))
    assert few.count("cumulative distribution of the scores") == 0
    assert many.count("cumulative distribution of the scores") == 7
    assert many.count(". training loss by epoch") == 7
    assert "Grey: the other arms." in checked(many).text


def test_cutoffs_of_one_series_are_not_called_series() -> None:
    result = synthetic(panel=several("r"), hypotheses=HYPOTHESES, cutoffs=3)
    page = checked(html_report(result, settle(result)))
    assert "Cutoff by cutoff" in page.text
    assert "intervals are over cutoffs, each of which counts once" in page.text
    answer = page.text[: page.text.index("What this cannot show")].removeprefix("Forecasting")
    assert "across series" not in answer
    assert "over series" not in answer
    assert "Series by series" not in answer


def test_simple_forecasts_that_differ_by_a_constant_share_a_line_of_precision() -> None:
    claims = (better("a", "simple"), better("a", "naive"), better("b", "a"))
    page = checked(html_report(synthetic(hypotheses=claims)))
    assert "1. a beats simple; 2. a beats naive" in page.text
