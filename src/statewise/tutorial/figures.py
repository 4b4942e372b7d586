"""The tutorial's own figures: its series, its comparisons, and what a regime does when."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from statewise.data.panel import Series
from statewise.model.regime import StateRegime
from statewise.show.style import BARS, GRID, INK, NAIVE_LINE, PALETTE, labels_of, short, styled

__all__ = ["box_plot", "regime_plot", "series_plot"]

BLUE, ORANGE, GREEN = PALETTE[:3]


@styled
def series_plot(series: Series, test_size: int) -> Figure:
    """A series as a line, its test part set off."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    size, name = len(series), short(series.unique_id, 60)
    first = size - test_size
    axes.axvspan(first - 0.5, size - 0.5, color=ORANGE, alpha=0.08, lw=0)
    axes.plot(np.arange(size), series.y, color=BLUE, lw=1.6, marker="o", ms=3)
    axes.text(first - 0.3, axes.get_ylim()[1], f"test: last {test_size}", color=ORANGE, va="bottom")
    axes.set_xlim(-0.5, size - 0.5)
    ticks = np.unique(np.linspace(0, size - 1, min(13, size)).astype(int))
    axes.set_xticks(ticks, [short(series.ds[i], 12) for i in ticks])
    axes.set_ylabel(name)
    axes.set_title(f"{name}: {size} observations", loc="left")
    axes.grid(axis="y", color=GRID, lw=0.6)
    return figure


@styled
def box_plot(
    title: str,
    scores: Mapping[str, NDArray[np.float64]],
    bars: Mapping[str, float],
    published: Mapping[str, float],
) -> Figure:
    """Box and whiskers of every arm's scores, with the errors of two simple forecasts as lines.

    ``bars`` are their names with their errors, the naive one first; ``published`` are means to
    mark beside the boxes, by arm.
    """
    figure = Figure(figsize=(max(6.0, 1.7 * len(scores)), 4.8), layout="constrained")
    axes = figure.subplots()
    places = np.arange(1, len(scores) + 1)
    finite = [s[np.isfinite(s)] for s in scores.values()]
    blue = {"color": BLUE}
    axes.boxplot(
        finite, positions=places, widths=0.5, patch_artist=True, whiskerprops=blue, capprops=blue,
        boxprops={"facecolor": "#ddf0ff", "edgecolor": BLUE},
        medianprops={"color": INK, "lw": 1.6},
        flierprops={"marker": ".", "ms": 4, "mec": "none", "mfc": BLUE, "alpha": 0.4},
    )  # fmt: skip
    axes.scatter(places, [s.mean() if len(s) else np.nan for s in finite], marker="D", s=22,
                 color=INK, zorder=3, label="mean of all repeats")  # fmt: skip
    marked = [(p, published[n]) for p, n in zip(places, scores, strict=True) if n in published]
    if marked:
        at, means = zip(*marked, strict=True)
        axes.scatter(at, means, marker="x", s=40, color=ORANGE, zorder=3,
                     label="published mean of 10")  # fmt: skip
    for (name, error), look in zip(bars.items(), BARS.values(), strict=False):
        axes.axhline(error, lw=1.3, label=f"{name} ({error:.1f})", **look)
    axes.set_xticks(places, labels_of(list(scores), 16))
    axes.set_ylabel("test RMSE")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))
    axes.grid(axis="y", color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    return figure


@styled
def regime_plot(regimes: Mapping[str, StateRegime]) -> Figure:
    """When each regime carries the state from one moment to the next, and when it resets it."""
    moments = (("training", 0), ("training", 1), ("warm-up", 0), ("forecast", 0))
    starts = dict(zip(moments, (0.0, 4.6, 9.6, 13.4), strict=True))
    colours = {"training": BLUE, "warm-up": ORANGE, "forecast": GREEN}
    figure = Figure(figsize=(10, 0.6 * len(regimes) + 0.8), layout="constrained")
    axes = figure.subplots()
    for row, (name, regime) in enumerate(regimes.items()):
        axes.text(-0.9, -row, name, ha="right", va="center", size=10, family="monospace")
        for moment in regime.timeline():
            at = starts[moment.phase, moment.epoch] + moment.step
            if moment.reset:
                red: Any = {"color": NAIVE_LINE, "weight": "bold"}
                axes.text(at - 0.5, -row, "0", ha="center", va="center", **red)
            else:
                arrow = {"arrowstyle": "->", "color": "#8c959f", "lw": 1.4}
                axes.annotate("", (at - 0.28, -row), (at - 0.73, -row), arrowprops=arrow)
            box = Rectangle((at - 0.28, -row - 0.25), 0.56, 0.5, color=colours[moment.phase], lw=0)
            axes.add_patch(box)
            shuffled = regime.shuffle and moment.phase == "training"
            label = "?" if shuffled else str(moment.step + 1)
            axes.text(at, -row, label, ha="center", va="center", color="white", size=8)
    for (phase, epoch), at in starts.items():
        heading = f"{phase}, epoch {epoch + 1}" if phase == "training" else phase
        axes.text(at - 0.28, 0.6, heading, size=9, color=INK)
    key = "0  reset to zero     \N{RIGHTWARDS ARROW}  carried"
    axes.text(-0.9, 0.6, key, ha="right", size=9, color=INK)
    axes.set_xlim(-5.5, 16)
    axes.set_ylim(-len(regimes) + 0.4, 1)
    axes.axis("off")
    return figure
