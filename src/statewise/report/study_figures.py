"""Draw a study's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from statewise.show.style import (
    GRID,
    INK,
    NAIVE_LINE,
    PALETTE,
    WIDTH,
    Rows,
    colour_of,
    dash_of,
    labels_of,
    short,
    styled,
)

__all__ = [
    "cumulative_scores_plot",
    "difference_plot",
    "ensemble_plot",
    "half_width_plot",
    "loss_plot",
    "rank_plot",
    "score_plot",
]

Places = Mapping[str, int]
"""The place of each arm in its study, which sets its colour."""


@styled
def score_plot(cells: Rows, strip: Rows, places: Places) -> Figure:
    """Boxes and single scores, a row an arm, with the naive forecast's score as a line."""
    labels = labels_of([row["arm"] for row in cells], 20)
    labels = [
        f"{label}\n{row['diverged']:,} of {row['n']:,} diverged" if row["diverged"] else label
        for label, row in zip(labels, cells, strict=True)
    ]
    lines = sum(max(2, label.count("\n") + 1) for label in labels)
    left = 0.2 + 0.062 * max(len(line) for label in labels for line in label.split("\n"))
    figure, axes = _panel(0.75 + 0.2 * lines, left=left)
    for i, row in enumerate(cells):
        colour = colour_of(places[row["arm"]])
        scores = np.array([r["score"] for r in strip if r["arm"] == row["arm"]])
        jitter = (np.arange(len(scores)) * 0.618034) % 1.0  # spreads evenly, without chance
        _dots(axes, scores, i + 0.08 + 0.3 * jitter, colour)
        if row["whisker_low"] is not None:
            box = {"med": row["p50"], "q1": row["p25"], "q3": row["p75"],
                   "whislo": row["whisker_low"], "whishi": row["whisker_high"]}  # fmt: skip
            line = {"color": colour, "lw": 1.2}
            axes.bxp([box], positions=[i - 0.18], widths=0.28, orientation="horizontal",
                     showfliers=False, boxprops=line, whiskerprops=line, capprops=line,
                     medianprops={"color": INK, "lw": 1.8})  # fmt: skip
        if row["mean"] is not None:
            axes.plot([row["mean"]], [i - 0.18], marker="D", ms=4, color=INK, lw=0)
    axes.axvline(cells[0]["naive"], color=NAIVE_LINE, lw=1.3, ls=(0, (5, 2)))
    shown = {row["arm"] for row in cells}
    _score_axis(axes, [r["score"] for r in strip if r["arm"] in shown], cells[0]["naive"])
    axes.set_yticks(range(len(cells)), labels)
    axes.set_ylim(len(cells) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("test RMSE")
    axes.grid(axis="x", color=GRID, lw=0.6)
    return figure


@styled
def cumulative_scores_plot(cumulative: Rows, places: Places, naive: float) -> Figure:
    """The share of runs with a score no higher, a line for each arm that has a place."""
    figure, axes = _panel(3.1)
    for arm, i in places.items():
        part = [r for r in cumulative if r["arm"] == arm]
        x, y = [r["score"] for r in part], [r["share"] for r in part]
        if part:
            axes.plot([x[0], *x], [0.0, *y], color=colour_of(i), ls=dash_of(i), lw=1.4,
                      drawstyle="steps-post")  # fmt: skip
    axes.axvline(naive, color=NAIVE_LINE, lw=1.3, ls=(0, (5, 2)))
    _score_axis(axes, [r["score"] for r in cumulative if r["arm"] in places], naive)
    axes.set_ylim(0.0, 1.02)
    axes.set_xlabel("test RMSE")
    axes.set_ylabel("share of runs at or below")
    axes.grid(color=GRID, lw=0.6)
    return figure


@styled
def difference_plot(row: Mapping[str, Any], histogram: Rows) -> Figure:
    """What is compared in one hypothesis, the mean difference with its interval, and the margin.

    Of pairs the differences, from zero; of unpaired arms both distributions of scores, from the
    second arm's mean.
    """
    figure, axes = _panel(2.6)
    paired = histogram[0]["of"] == "difference"
    zero, margin = 0.0 if paired else row["mean_second"], row["margin"]
    axes.axvspan(zero - margin, zero + margin, color=PALETTE[2], alpha=0.18, lw=0)
    axes.axvline(zero, color=INK, lw=0.8)
    for of in dict.fromkeys(bar["of"] for bar in histogram):
        bars = [bar for bar in histogram if bar["of"] == of]
        edges = [bars[0]["left"], *(bar["right"] for bar in bars)]
        look: Any = (
            {"color": PALETTE[1], "lw": 1.3}
            if of == "second"
            else {"color": PALETTE[0], "fill": True, "alpha": 0.45}
        )
        axes.stairs([bar["count"] for bar in bars], edges, **look)
    most = max(bar["count"] for bar in histogram)
    at = 1.13 * most
    if row["low"] is not None:
        ends = [zero + row["low"], zero + row["high"]]
        axes.plot(ends, [at, at], color=INK, lw=1.6, marker="|", ms=9)
    axes.plot([zero + row["difference"]], [at], marker="D", ms=3.5, color=INK, lw=0)
    axes.set_ylim(0.0, 1.28 * most)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("difference of test RMSE in a pair of restarts" if paired else "test RMSE")
    axes.set_ylabel("pairs" if paired else "runs")
    return figure


@styled
def half_width_plot(widths: Rows, differences: Rows, places: Mapping[int, int]) -> Figure:
    """The interval's half-width against the number of repeats, a line a hypothesis."""
    figure, axes = _panel(3.1)
    for row in differences:
        part = [r for r in widths if r["hypothesis"] == row["hypothesis"]]
        if not part:
            continue
        i = places[row["hypothesis"]]
        axes.plot([r["repeats"] for r in part], [r["half_width"] for r in part],
                  color=colour_of(i), ls=dash_of(i), lw=1.4,
                  label=f"{row['hypothesis']}. {short(row['claim'], 60)}")  # fmt: skip
        if row["low"] is not None and row["high"] > row["low"]:
            axes.plot([row["n"]], [(row["high"] - row["low"]) / 2.0], marker="o", ms=4.5,
                      color=colour_of(i), lw=0)  # fmt: skip
    for margin in sorted({r["margin"] for r in widths if r["hypothesis"] in places}):
        axes.axhline(margin, color=PALETTE[2], lw=1.0, ls=(0, (1, 1.5)))
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain_ticks(axes.xaxis)
    _plain_ticks(axes.yaxis)
    axes.set_xlabel("repeats")
    axes.set_ylabel("half-width of the interval")
    axes.grid(color=GRID, lw=0.6)
    return figure


@styled
def ensemble_plot(forecasts: Rows, place: int) -> Figure:
    """Actual values, the naive forecast, and the median and 90% band of one arm's repeats."""
    figure, axes = _panel(2.3, below=0.3)
    at = np.arange(len(forecasts))
    low, median, high = (_column(forecasts, key) for key in ("lo-90", "median", "hi-90"))
    colour, marker = colour_of(place), "o" if len(forecasts) <= 60 else ""
    axes.fill_between(at, low, high, color=colour, alpha=0.25, lw=0)
    axes.plot(at, median, color=colour, lw=1.6)
    axes.plot(at, _column(forecasts, "naive"), color=NAIVE_LINE, lw=1.1, ls=(0, (5, 2)))
    axes.plot(at, _column(forecasts, "actual"), color=INK, lw=1.0, marker=marker, ms=2.8)
    ticks = np.unique(np.linspace(0, len(forecasts) - 1, min(4, len(forecasts))).astype(int))
    axes.set_xticks(ticks, [short(forecasts[i]["ds"], 12) for i in ticks])
    axes.set_ylabel(short(forecasts[0]["series"], 30))
    axes.grid(axis="y", color=GRID, lw=0.6)
    return figure


@styled
def loss_plot(loss: Rows, places: Places) -> Figure:
    """Median training loss by epoch with a 90% band, a line for each arm that has a place."""
    figure, axes = _panel(3.1)
    for arm, i in places.items():
        part = [r for r in loss if r["arm"] == arm and r["median"] is not None]
        epochs = [r["epoch"] for r in part]
        low, median, high = (_column(part, key) for key in ("lo-90", "median", "hi-90"))
        axes.fill_between(
            epochs, low, high, color=colour_of(i), alpha=min(0.14, 0.5 / len(places)), lw=0
        )
        axes.plot(epochs, median, color=colour_of(i), ls=dash_of(i), lw=1.4)
    values = [r["lo-90"] for r in loss if r["arm"] in places and r["lo-90"] is not None]
    if values and min(values) > 0.0:
        axes.set_yscale("log")
        _plain_ticks(axes.yaxis)
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss")
    axes.grid(color=GRID, lw=0.6)
    return figure


@styled
def rank_plot(ranks: Rows) -> Figure:
    """A critical-difference diagram: bars join arms that are not told apart (Demsar 2006)."""
    order = sorted(range(len(ranks)), key=lambda i: ranks[i]["average_rank"])
    labels = labels_of([row["arm"] for row in ranks], 20)
    at = [ranks[i]["average_rank"] for i in order]
    critical, count = ranks[0]["critical_difference"], len(ranks)
    bars = _cliques(at, critical)
    half = (count + 1) // 2
    first = 0.75 + 0.3 * len(bars)
    height = first + 0.62 * half
    figure = Figure(figsize=(WIDTH + 0.6, 0.75 + 0.38 * height))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    reach = 0.55 * (count - 1)
    axes.set_xlim(1 - reach, count + reach)
    axes.set_ylim(height, -2.0)
    axes.axis("off")
    axes.plot([1, count], [0, 0], color=INK, lw=1.2)
    for rank in range(1, count + 1):
        axes.plot([rank, rank], [-0.18, 0], color=INK, lw=1.2)
        axes.text(rank, -0.28, str(rank), ha="center", va="bottom", size=8)
    axes.plot([1, 1 + critical], [-1.3, -1.3], color=PALETTE[0], lw=2.2)
    axes.text(1, -1.42, f"critical difference {critical:.2f}", va="bottom", size=8)
    for j, (a, b) in enumerate(bars):
        y = 0.45 + 0.3 * j
        axes.plot([a - 0.03, b + 0.03], [y, y], color=INK, lw=3.2)
    for j, i in enumerate(order):
        left = j < half
        y = first + 0.62 * (j if left else count - 1 - j)
        edge = 1 - 0.05 * reach if left else count + 0.05 * reach
        axes.plot([at[j], at[j], edge], [0, y, y], color=colour_of(i), lw=1.1)
        shift = -0.03 * reach if left else 0.03 * reach
        axes.text(edge + shift, y, labels[i], ha="right" if left else "left", va="center", size=8)
    return figure


def _panel(height: float, left: float = 0.68, below: float = 0.48) -> tuple[Figure, Any]:
    """A figure of one panel; its margins are set in inches, without trying."""
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes(
        (left / WIDTH, below / height, 1.0 - (left + 0.15) / WIDTH, 1.0 - (below + 0.1) / height)
    )
    axes.set_axisbelow(True)
    return figure, axes


def _cliques(ranks: Sequence[float], critical: float) -> list[tuple[float, float]]:
    """The longest stretches of sorted ranks that are no wider than the critical difference."""
    found: list[tuple[int, int]] = []
    for i, low in enumerate(ranks):
        last = max(j for j, high in enumerate(ranks) if high - low <= critical)
        if last > i and (not found or last > found[-1][1]):
            found.append((i, last))
    return [(ranks[i], ranks[j]) for i, j in found]


def _dots(axes: Any, x: Any, y: Any, colour: str) -> None:
    """Dots as a single path, which takes a fifth of the bytes that markers take."""
    if not len(x):
        return
    points = np.repeat(np.column_stack((x, y)), 2, axis=0)
    path = Path(points, np.tile([Path.MOVETO, Path.LINETO], len(x)))
    path.should_simplify = False  # which would leave out lines of no length
    patch = PathPatch(path, fill=False, ec=colour, lw=1.9, alpha=0.6, capstyle="round")
    patch.set_snap(False)
    axes.add_patch(patch)
    axes.autoscale_view()


def _score_axis(axes: Any, scores: Sequence[float], naive: float) -> None:
    """Show all scores and the naive one; on a logarithmic scale where a few would hide the rest."""
    values = np.array([*scores, naive])
    if values.min() > 0.0 and values.max() > 20.0 * np.median(values):
        axes.set_xscale("log")
        axes.set_xlim(values.min() / 1.1, values.max() * 1.1)
        return
    wide = float(values.max() - values.min()) or float(abs(naive)) or 1.0
    axes.set_xlim(values.min() - 0.04 * wide, values.max() + 0.04 * wide)


def _plain_ticks(axis: Any) -> None:
    """Numbers as people write them on a logarithmic axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    few = low <= 0.0 or high / low < 30.0
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def _column(rows: Rows, key: str) -> Any:
    return np.array([np.nan if r[key] is None else r[key] for r in rows], np.float64)
