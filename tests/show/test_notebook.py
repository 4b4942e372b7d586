from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from statewise.forecasting import Data, Forecaster, Recipe
from statewise.show.notebook import MOST, shown
from statewise.text import visible
from tests.report.test_study_tables import synthetic


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str) -> str:
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "script" not in tags.seen
    assert "table" in tags.seen
    return text


EVIL = "<script>alert(1)</script>"


def test_text_is_escaped_and_long_tables_are_cut() -> None:
    text = checked(shown(EVIL, [{"name": EVIL, "value": i / 7} for i in range(MOST + 5)], EVIL))
    assert "5 more rows are not shown." in text
    assert text.count("<tr>") == MOST + 1
    assert "0.143" in text


@pytest.mark.parametrize("fitted", [False, True])
def test_a_forecaster_shows_its_parameters(fitted: bool) -> None:
    recipe = Recipe(lags=2, members=2, epochs=2)
    model = Forecaster(recipe, 3, data=Data(id_column=EVIL))
    assert "default" in checked(Forecaster()._repr_html_())
    if fitted:
        frame = pd.DataFrame({EVIL: "a", "ds": range(30), "y": np.arange(30.0)})
        model.fit(frame)
    text = checked(model._repr_html_())
    assert ("fitted to 1 series" in text) == fitted
    assert "<td>horizon</td><td>3</td>" in text
    assert "lags=2" in text


def test_a_backtest_shows_its_table() -> None:
    frame = pd.DataFrame({"ds": range(40), "y": np.sin(np.arange(40.0))})
    found = Forecaster(Recipe(lags=2, members=2, epochs=2)).backtest(frame, 4, 2)
    text = checked(found._repr_html_())
    assert "<td>naive</td>" in text
    assert "skill-naive" in text
    assert "test size 4, cutoffs 2" in text


def test_a_study_shows_its_arms() -> None:
    text = checked(synthetic(("a", EVIL), repeats=4)._repr_html_())
    assert "<td>naive</td>" not in text
    assert "&lt;script&gt;" in text
    assert "relative" in text
    assert "share_simple" in text


def test_names_are_escaped_for_page_and_reader() -> None:
    name = "<b>\x1b[2J\u202e"
    html = shown(name, [{name: name, "mae": 1.0}], name)
    assert html.count(r"&lt;b&gt;\x1b[2J\u202e") >= 4
    assert all(line == visible(line) for line in html.split("\n"))
