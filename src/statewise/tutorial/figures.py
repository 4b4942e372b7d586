"""Draw the tables. Every function takes rows or results and returns a matplotlib figure."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from statewise.data.panel import Series
from statewise.model.regime import StateRegime

__all__ = ["box_plot", "cumulative_plot", "forecast_plot", "regime_plot", "series_plot"]

INK, MUTED, RED = "#24292f", "#8c959f", "#cf222e"
BLUE, ORANGE, GREEN = "#0969da", "#d1570c", "#1a7f37"
Rows = Sequence[Mapping[str, Any]]


def series_plot(series: Series, test_size: int) -> Figure:
    """A series as a line, its test part set off."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    at = np.arange(len(series))
    first = len(series) - test_size
    axes.axvspan(first - 0.5, len(series) - 0.5, color=ORANGE, alpha=0.08, lw=0)
    axes.plot(at, series.y, color=BLUE, lw=1.6, marker="o", ms=3)
    axes.text(
        first - 0.3,
        axes.get_ylim()[1],
        f"test: last {test_size}",
        color=ORANGE,
        va="bottom",
        size=9,
    )
    axes.set_xlim(-0.5, len(series) - 0.5)
    ticks = np.unique(np.linspace(0, len(series) - 1, min(13, len(series))).astype(int))
    axes.set_xticks(ticks, [_plain(series.ds[i], 12) for i in ticks])
    name = _plain(series.unique_id)
    axes.set_ylabel(name)
    axes.set_title(f"{name}: {len(series)} observations", loc="left")
    _tidy([axes])
    return figure


def box_plot(
    title: str,
    scores: Mapping[str, NDArray[np.float64]],
    naive: float,
    published: Mapping[str, float],
) -> Figure:
    """Box and whiskers of every arm's scores, with the naive forecast's error as a line.

    ``published`` are means to mark beside the boxes, by arm.
    """
    wide = max(6.0, 1.7 * len(scores))
    figure = Figure(figsize=(wide, 4.8), layout="constrained")
    axes = figure.subplots()
    places = np.arange(1, len(scores) + 1)
    finite = [s[np.isfinite(s)] for s in scores.values()]
    axes.boxplot(
        finite,
        positions=places,
        widths=0.5,
        patch_artist=True,
        boxprops={"facecolor": "#ddf0ff", "edgecolor": BLUE},
        whiskerprops={"color": BLUE},
        capprops={"color": BLUE},
        medianprops={"color": INK, "lw": 1.6},
        flierprops={"marker": ".", "ms": 4, "mec": "none", "mfc": BLUE, "alpha": 0.4},
    )
    axes.scatter(places, [s.mean() if len(s) else np.nan for s in finite], marker="D", s=22,
                 color=INK, zorder=3, label="mean of all repeats")  # fmt: skip
    marked = [(p, published[n]) for p, n in zip(places, scores, strict=True) if n in published]
    if marked:
        at, means = zip(*marked, strict=True)
        axes.scatter(at, means, marker="x", s=40, color=ORANGE, zorder=3,
                     label="published mean of 10")  # fmt: skip
    axes.axhline(naive, color=GREEN, ls="--", lw=1.2, label=f"persistence ({naive:.1f})")
    axes.set_xticks(places, _labels(list(scores)), size=8)
    axes.set_ylabel("test RMSE")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))
    _tidy([axes])
    return figure


def cumulative_plot(rows: Rows, naive: float) -> Figure:
    """Mean and median against the number of repeats, with one standard error of the mean."""
    figure, grid = _small_multiples(rows)
    for axes, name, part in grid:
        n = np.array([r["repeats"] for r in part])
        mean, median, error = (
            np.array([np.nan if r[key] is None else r[key] for r in part])
            for key in ("mean", "median", "standard_error")
        )
        axes.fill_between(n, mean - error, mean + error, color=BLUE, alpha=0.18, lw=0,
                          label="± one standard error")  # fmt: skip
        axes.plot(n, mean, color=BLUE, lw=1.4, label="mean")
        axes.plot(n, median, color=ORANGE, lw=1.2, label="median")
        axes.set_xscale("log")
        axes.set_title(name, size=9, loc="left")
    _label_grid(
        figure, [panel for panel, _, _ in grid], "repeats", "test RMSE of the first repeats"
    )
    figure.suptitle(f"How the averages settle (persistence: {naive:.1f})", x=0.01, ha="left")
    return figure


def forecast_plot(rows: Rows, unit: str) -> Figure:
    """Actual values, the naive forecast, and the median and 90% band of every arm's repeats."""
    figure, grid = _small_multiples(rows)
    for axes, name, part in grid:
        at = np.arange(len(part))
        columns = {
            key: np.array([np.nan if r[key] is None else r[key] for r in part])
            for key in ("actual", "naive", "median", "lo-90", "hi-90")
        }
        axes.fill_between(at, columns["lo-90"], columns["hi-90"], color=BLUE, alpha=0.18, lw=0,
                          label="90% of repeats")  # fmt: skip
        axes.plot(at, columns["median"], color=BLUE, lw=1.5, label="median of repeats")
        axes.plot(at, columns["naive"], color=GREEN, lw=1, ls="--", label="persistence")
        axes.plot(at, columns["actual"], color=INK, lw=1, marker="o", ms=3, label="actual")
        ticks = np.unique(np.linspace(0, len(part) - 1, min(4, len(part))).astype(int))
        axes.set_xticks(ticks, [_plain(part[i]["ds"], 12) for i in ticks], size=8)
        axes.set_title(name, size=9, loc="left")
    _label_grid(figure, [panel for panel, _, _ in grid], "", _plain(unit))
    figure.suptitle("One-step forecasts against actual values", x=0.01, ha="left")
    return figure


def regime_plot(regimes: Mapping[str, StateRegime]) -> Figure:
    """When each regime carries the state from one moment to the next, and when it resets it."""
    starts = {
        ("training", 0): 0.0,
        ("training", 1): 4.6,
        ("warm-up", 0): 9.6,
        ("forecast", 0): 13.4,
    }
    colours = {"training": BLUE, "warm-up": ORANGE, "forecast": GREEN}
    figure = Figure(figsize=(10, 0.6 * len(regimes) + 0.8), layout="constrained")
    axes = figure.subplots()
    for row, (name, regime) in enumerate(regimes.items()):
        axes.text(-0.9, -row, name, ha="right", va="center", size=10, family="monospace")
        for moment in regime.timeline():
            at = starts[moment.phase, moment.epoch] + moment.step
            if moment.reset:
                axes.text(at - 0.5, -row, "0", ha="center", va="center", color=RED, weight="bold")
            else:
                arrow = {"arrowstyle": "->", "color": MUTED, "lw": 1.4}
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


def _small_multiples(rows: Rows) -> tuple[Figure, list[tuple[Any, str, list[Any]]]]:
    """One panel an arm, sharing their vertical axis: the panel, its label, its rows."""
    groups = {k: list(g) for k, g in itertools.groupby(rows, key=lambda r: r["arm"])}
    parts = list(groups.values())
    labels = _labels(list(groups), width=30)
    across = min(4, len(parts))
    down = -(-len(parts) // across)
    figure = Figure(figsize=(3.4 * across, 2.5 * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
    for spare in panels[len(parts) :]:
        spare.set_visible(False)
    return figure, list(zip(panels, labels, parts, strict=False))


def _label_grid(figure: Figure, panels: list[Any], x: str, y: str) -> None:
    figure.supxlabel(x, size=10)
    figure.supylabel(y, size=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower right", frameon=False, fontsize=9)
    _tidy(panels)


def _tidy(panels: list[Any]) -> None:
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#eaeef2", lw=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8, color=MUTED)


def _labels(names: list[str], width: int = 16) -> list[str]:
    """Names as labels: without the words that all start with, and wrapped."""
    words = [name.split("_") for name in names]
    while len(words) > 1 and min(map(len, words)) > 1 and len({w[0] for w in words}) == 1:
        words = [w[1:] for w in words]
    return [_wrapped("_".join(w), width) for w in words]


def _plain(text: str, longest: int = 60) -> str:
    """A user's text as matplotlib shows it: one line, not too long, and no mathematics."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    shown = line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return shown.replace("$", r"\$")


def _wrapped(name: str, width: int) -> str:
    """A long name over several lines, cut at underscores."""
    lines = [""]
    for part in _plain(name).split("_"):
        joined = f"{lines[-1]}_{part}" if lines[-1] else part
        if len(joined) > width and lines[-1]:
            lines[-1] += "_"
            lines.append(part)
        else:
            lines[-1] = joined
    return "\n".join(lines)
