from io import BytesIO

import numpy as np
from matplotlib.figure import Figure

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Study, run_study
from statewise.tutorial.figures import box_plot, regime_plot, series_plot

NAMES = ("experiment_one", "experiment_$two$_with_a_long_name")
ARMS = tuple(Arm(n, Model(REGIMES["stateful"], training=Training(3))) for n in NAMES)
RESULT = run_study(Study(ARMS, shampoo(), test_size=12, repeats=8))


def drawn(figure: Figure) -> None:
    for form in ("png", "svg"):
        content = BytesIO()
        figure.savefig(content, format=form)
        assert len(content.getvalue()) > 5000


def test_series_plot_shows_every_observation() -> None:
    figure = series_plot(shampoo().only, 12)
    [line] = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_ydata(), shampoo().only.y)
    drawn(figure)
    drawn(series_plot(Panel.from_values([1.0, 2.0, 1.5]).only, 1))


def test_box_plot_shows_arms_both_bars_and_published() -> None:
    scores = {name: arm.scores for name, arm in RESULT.arms.items()}
    scores["diverged"] = np.full(8, np.inf)
    figure = box_plot("A title", scores, {"persistence": 136.8, "ETS": 90.0}, {NAMES[0]: 100.0})
    axes = figure.axes[0]
    assert len(axes.get_xticks()) == 3
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    bars = ["persistence (136.8)", "ETS (90.0)"]
    assert labels == ["mean of all repeats", "published mean of 10", *bars]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert [name.split("\n")[0] for name in names] == ["experiment_one", "experiment_", "diverged"]
    assert "$two$" in names[1]
    drawn(figure)


def test_regime_plot_draws_every_moment() -> None:
    figure = regime_plot(REGIMES)
    assert len(figure.axes[0].patches) == sum(len(r.timeline()) for r in REGIMES.values())
    drawn(figure)
