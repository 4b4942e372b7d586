from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from statewise.report.study_figures import (
    cumulative_scores_plot,
    difference_plot,
    ensemble_plot,
    half_width_plot,
    loss_plot,
    rank_plot,
    score_plot,
)
from statewise.report.study_tables import report_tables
from statewise.show.svg import inline
from statewise.study import settle
from tests.report.test_study_tables import HYPOTHESES, several, synthetic

PLACES = {"a": 0, "b": 1, "c": 2}
BARS: Any = {"simple": ("autoregression", 86.73), "naive": ("naive", 136.76)}


def drawn(figure: Any, key: str = "k") -> ElementTree.Element:
    return ElementTree.fromstring(inline(figure, key, "seen"))


def words(root: ElementTree.Element) -> list[str]:
    return ["".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("text")]


def test_all_figures_are_well_formed_text_and_themed() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=5, diverge=0.1)
    tables = report_tables(result, settle(result))
    rows = tables["differences"]
    figures = [
        score_plot(tables["cells"], tables["strip"], PLACES, BARS),
        cumulative_scores_plot(tables["cumulative"], PLACES, BARS),
        difference_plot(rows[0], [r for r in tables["histogram"] if r["hypothesis"] == 1]),
        half_width_plot(tables["half_widths"], rows, {1: 0, 2: 1, 3: 2}),
        ensemble_plot([r for r in tables["forecasts"] if r["arm"] == "b"], 1, BARS),
        loss_plot(tables["loss"], PLACES),
        rank_plot(report_tables(synthetic(panel=several("rstuv")))["ranks"]),
    ]
    for i, figure in enumerate(figures):
        text = inline(figure, f"f{i}", "What is seen")
        root = ElementTree.fromstring(text)
        assert root.get("role") == "img"
        assert root.get("aria-label") == "What is seen"
        assert words(root)
        assert "#24292f" not in text
        assert "var(--ink)" in text
        assert "<style" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        for element in root.iter():
            name = element.get("id")
            assert name is None or name.startswith(f"f{i}-")
            target = element.get("href", "#")[1:] or element.get("clip-path", "")[5:-1]
            assert not target or any(e.get("id") == target for e in root.iter())


def test_names_are_text_whatever_is_in_them() -> None:
    arms = ("<script>alert(1)</script>", "$x^2$ & \\frac", "\"q'\x1b", "日本")
    tables = report_tables(synthetic(arms))
    places = {arm: i for i, arm in enumerate(arms)}
    found = words(drawn(score_plot(tables["cells"], tables["strip"], places, BARS)))
    for text in ("<script>alert(1)</scr", "$x^2$ & \\frac", "\"q'", "日本"):
        assert any(text[:18] in word for word in found), (text, found)


def test_the_readers_own_settings_are_neither_used_nor_changed() -> None:
    tables = report_tables(synthetic())
    plain = inline(score_plot(tables["cells"], tables["strip"], PLACES, BARS), "k", "seen")
    with mpl.rc_context({"svg.fonttype": "path", "text.parse_math": True, "font.size": 30}):
        other = inline(score_plot(tables["cells"], tables["strip"], PLACES, BARS), "k", "seen")
        assert mpl.rcParams["font.size"] == 30
    assert plain == other


@pytest.mark.parametrize("repeats", [1, 2])
def test_few_repeats_can_be_drawn(repeats: int) -> None:
    result = synthetic(repeats=repeats, hypotheses=HYPOTHESES)
    tables = report_tables(result)
    drawn(score_plot(tables["cells"], tables["strip"], PLACES, BARS))
    drawn(cumulative_scores_plot(tables["cumulative"], PLACES, BARS))
    drawn(difference_plot(tables["differences"][0], tables["histogram"][:5]))


def test_scores_far_apart_are_drawn_on_a_logarithmic_scale() -> None:
    result = synthetic()
    result.arms["b"].scores[3] *= 1e9
    tables = report_tables(result)
    [axes] = score_plot(tables["cells"], tables["strip"], PLACES, BARS).axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlim()[1] > result.arms["b"].scores[3]


def test_bars_join_the_arms_that_are_not_told_apart() -> None:
    rows = [
        {"arm": name, "average_rank": rank, "critical_difference": 1.0}
        for name, rank in (("d", 4.0), ("a", 1.0), ("c", 2.4), ("b", 1.8))
    ]
    [axes] = rank_plot(rows).axes
    lines = [line for line in axes.lines if line.get_linewidth() == 3.2]
    bars = [np.asarray(line.get_xdata(), np.float64).round(2).tolist() for line in lines]
    assert bars == [[0.97, 1.83], [1.77, 2.43]]


def titles(root: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in root.iter() if e.tag.endswith("title")]


def test_every_figure_says_its_values_where_a_pointer_rests() -> None:
    result = synthetic(hypotheses=HYPOTHESES, epochs=5, diverge=0.1)
    tables = report_tables(result)
    rows, median = tables["differences"], tables["cells"][1]["p50"]
    found = titles(drawn(score_plot(tables["cells"], tables["strip"], PLACES, BARS)))
    assert "naive: 136.76" in found
    assert "autoregression: 86.73" in found
    assert any("b: mean" in t and f"median {median:.2f}" in t and "diverged" in t for t in found)
    found = titles(drawn(cumulative_scores_plot(tables["cumulative"], PLACES, BARS)))
    assert sum("of a; " in title for title in found) == 40
    bars = [r for r in tables["histogram"] if r["hypothesis"] == 1]
    found = titles(drawn(difference_plot(rows[0], bars)))
    assert [int(t.split(": ")[1].split()[0]) for t in found] == [bar["count"] for bar in bars]
    found = titles(drawn(half_width_plot(tables["half_widths"], rows, {1: 0, 2: 1, 3: 2})))
    assert found[0].startswith("5 repeats: 1: ")
    forecasts = [r for r in tables["forecasts"] if r["arm"] == "b"]
    found = titles(drawn(ensemble_plot(forecasts, 1, BARS)))
    assert len(found) == 12
    assert found[0].startswith("3-01: actual 339.70, median ")
    assert f"autoregression {forecasts[0]['simple']:.2f}, naive 342.30" in found[0]
    found = titles(drawn(loss_plot(tables["loss"], PLACES)))
    assert [t.split(":")[0] for t in found] == [f"epoch {i}" for i in range(1, 6)]


def test_strips_to_point_at_are_not_seen_and_cover_the_axes() -> None:
    tables = report_tables(synthetic())
    root = drawn(ensemble_plot([r for r in tables["forecasts"] if r["arm"] == "b"], 1, BARS))
    [group] = [e for e in root.iter() if e.get("pointer-events")]
    assert (group.get("fill"), group.get("pointer-events")) == ("none", "all")
    uses = [e for e in group.iter() if e.tag.endswith("use")]
    assert all(len(list(use)) == 1 and use.get("style") is None for use in uses)
    places = [float(use.get("x", "")) for use in uses]
    assert np.ptp(np.diff(places)) < 0.1
    assert max(places) - min(places) > 200.0


def test_the_other_arms_stand_behind_in_grey() -> None:
    tables = report_tables(synthetic(epochs=5))
    for figure in (
        cumulative_scores_plot(tables["cumulative"], {"b": 1}, BARS),
        loss_plot(tables["loss"], {"b": 1}),
    ):
        colours = [line.get_color() for line in figure.axes[0].lines]
        assert colours.count("#d8dee4") == 2
        assert colours.count("#bc4c00") == 1
