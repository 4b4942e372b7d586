"""Draw a study's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statewise.report.figure_parts import (
    Bars,
    Places,
    bar_lines,
    column,
    dots,
    panel,
    plain_ticks,
    score_axis,
    spots,
)
from statewise.show.style import (
    BARS,
    GRID,
    INK,
    PALETTE,
    WIDTH,
    Rows,
    colour_of,
    dash_of,
    labels_of,
    short,
    styled,
)
from statewise.show.svg import hover, titled
from statewise.show.words import counted, number

__all__ = [
    "cumulative_scores_plot",
    "difference_plot",
    "ensemble_plot",
    "half_width_plot",
    "loss_plot",
    "rank_plot",
    "score_plot",
]

HEIGHT = 2.9  # inches
OTHERS: Any = {"color": GRID, "lw": 1.2, "zorder": 1}  # of arms that stand behind one


@styled
def score_plot(cells: Rows, strip: Rows, places: Places, bars: Bars) -> Figure:
    """Boxes and single scores, a row an arm, and the forecasts to beat as lines."""
    labels = labels_of([row["arm"] for row in cells], 20)
    labels = [
        f"{label}\n{row['diverged']:,} of {row['n']:,} diverged" if row["diverged"] else label
        for label, row in zip(labels, cells, strict=True)
    ]
    lines = sum(max(2, label.count("\n") + 1) for label in labels)
    left = 0.2 + 0.062 * max(len(line) for label in labels for line in label.split("\n"))
    figure, axes = panel(max(HEIGHT, 0.75 + 0.2 * lines), left=left)
    for i, row in enumerate(cells):
        colour = colour_of(places[row["arm"]])
        scores = np.array([r["score"] for r in strip if r["arm"] == row["arm"]])
        jitter = (np.arange(len(scores)) * 0.618034) % 1.0  # spreads evenly, without chance
        dots(axes, scores, i + 0.08 + 0.3 * jitter, colour)
        if row["whisker_low"] is not None:
            box = {"med": row["p50"], "q1": row["p25"], "q3": row["p75"],
                   "whislo": row["whisker_low"], "whishi": row["whisker_high"]}  # fmt: skip
            line = {"color": colour, "lw": 1.2}
            axes.bxp([box], positions=[i - 0.18], widths=0.28, orientation="horizontal",
                     showfliers=False, boxprops=line, whiskerprops=line, capprops=line,
                     medianprops={"color": INK, "lw": 1.8})  # fmt: skip
        if row["mean"] is not None:
            axes.plot([row["mean"]], [i - 0.18], marker="D", ms=4, color=INK, lw=0)
    bar_lines(axes, bars)
    shown = {row["arm"] for row in cells}
    score_axis(axes, [r["score"] for r in strip if r["arm"] in shown], bars)
    axes.set_yticks(range(len(cells)), labels)
    axes.set_ylim(len(cells) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("test RMSE")
    axes.grid(axis="x", color=GRID, lw=0.6)
    hover(axes, range(len(cells)), [_scores_said(row) for row in cells], rows=True)
    return figure


def _scores_said(row: Mapping[str, Any]) -> str:
    """The distribution of an arm's scores in a line."""
    keys = (("mean", "mean"), ("median", "p50"), ("quartiles", "p25"), ("and", "p75"),
            ("least", "min"), ("most", "max"))  # fmt: skip
    numbers = ", ".join(f"{word} {number(row[key])}" for word, key in keys)
    lost = f"; {row['diverged']:,} diverged" if row["diverged"] else ""
    return f"{row['arm']}: {numbers.replace(', and', ' and')}; {counted(row['n'], 'run')}{lost}"


@styled
def cumulative_scores_plot(
    cumulative: Rows, places: Places, bars: Bars, *, height: float = HEIGHT
) -> Figure:
    """The share of runs with a score no higher: a line for each arm that has a place.

    The others stand behind in grey.
    """
    figure, axes = panel(height)
    curves = {}
    for arm in dict.fromkeys(row["arm"] for row in cumulative):
        part = [r for r in cumulative if r["arm"] == arm]
        i = places.get(arm)
        step = 1 if i is not None else max(1, len(part) // 30)
        x, y = [r["score"] for r in part[::step]], [r["share"] for r in part[::step]]
        look = OTHERS if i is None else {"color": colour_of(i), "ls": dash_of(i), "lw": 1.6}
        axes.plot([x[0], *x], [0.0, *y], drawstyle="steps-post", **look)
        if i is not None:
            curves[arm] = np.array(x), np.array([0.0, *y])
    bar_lines(axes, bars)
    score_axis(axes, [r["score"] for r in cumulative], bars)
    axes.set_ylim(0.0, 1.02)
    axes.set_xlabel("test RMSE")
    axes.set_ylabel("share at or below")
    axes.grid(color=GRID, lw=0.6)
    at = spots(axes, 40)
    titles = [
        f"{number(score)}: "
        + "; ".join(f"{y[x.searchsorted(score, 'right')]:.0%} of {arm}"
                    for arm, (x, y) in curves.items())
        for score in at
    ]  # fmt: skip
    hover(axes, at, titles)
    return figure


@styled
def difference_plot(row: Mapping[str, Any], histogram: Rows) -> Figure:
    """What is compared in one hypothesis, the mean difference with its interval, and the margin.

    Of pairs the differences, from zero; of unpaired arms both distributions of scores, from the
    second arm's mean.
    """
    figure, axes = panel(2.4)
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
    noun, said = ("pair", {"difference": ""}) if paired else (
        "run", {of: f" of {row[of]}" for of in ("first", "second")}
    )  # fmt: skip
    counts: dict[tuple[float, float], list[str]] = {}
    for bar in histogram:
        counts.setdefault((bar["left"], bar["right"]), []).append(
            f"{counted(bar['count'], noun)}{said[bar['of']]}"
        )
    titles = [f"{number(a)} to {number(b)}: {'; '.join(each)}" for (a, b), each in counts.items()]
    hover(axes, [(a + b) / 2.0 for a, b in counts], titles)
    return figure


@styled
def half_width_plot(widths: Rows, differences: Rows, places: Mapping[int, int]) -> Figure:
    """The interval's half-width against the number of repeats, a line a hypothesis."""
    figure, axes = panel(HEIGHT)
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
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)
    axes.set_xlabel("repeats")
    axes.set_ylabel("half-width of the interval")
    axes.grid(color=GRID, lw=0.6)
    said: dict[int, list[str]] = {}
    for row in widths:
        if row["hypothesis"] in places:
            numbers = said.setdefault(row["repeats"], [])
            numbers.append(f"{row['hypothesis']}: {number(row['half_width'])}")
    hover(axes, list(said), [f"{counted(n, 'repeat')}: {'; '.join(said[n])}" for n in said])
    return figure


@styled
def ensemble_plot(forecasts: Rows, place: int, bars: Bars) -> Figure:
    """Actual values, the forecasts to beat, and the median and 90% band of one arm's repeats."""
    figure, axes = panel(2.3, below=0.3)
    at = np.arange(len(forecasts))
    low, median, high = (column(forecasts, key) for key in ("lo-90", "median", "hi-90"))
    colour, marker = colour_of(place), "o" if len(forecasts) <= 60 else ""
    axes.fill_between(at, low, high, color=colour, alpha=0.25, lw=0)
    axes.plot(at, median, color=colour, lw=1.6)
    for look in bars:
        axes.plot(at, column(forecasts, look), lw=1.1, **BARS[look])
    axes.plot(at, column(forecasts, "actual"), color=INK, lw=1.0, marker=marker, ms=2.8)
    ticks = np.unique(np.linspace(0, len(forecasts) - 1, min(4, len(forecasts))).astype(int))
    axes.set_xticks(ticks, [short(forecasts[i]["ds"], 12) for i in ticks])
    axes.set_ylabel(short(forecasts[0]["series"], 30))
    axes.grid(axis="y", color=GRID, lw=0.6)
    shown = {"actual": "actual", "median": "median", "from": "lo-90", "to": "hi-90"}
    shown |= {name: look for look, (name, _) in bars.items()}
    titles = [
        f"{row['ds']}: " + ", ".join(f"{word} {number(row[key])}" for word, key in shown.items())
        for row in forecasts
    ]
    hover(axes, range(len(forecasts)), titles)
    return figure


@styled
def loss_plot(loss: Rows, places: Places, *, height: float = HEIGHT) -> Figure:
    """Median training loss by epoch with a 90% band: a line for each arm that has a place.

    The others stand behind in grey, without their bands.
    """
    figure, axes = panel(height)
    said: dict[int, list[str]] = {}
    for arm in dict.fromkeys(row["arm"] for row in loss):
        part = [r for r in loss if r["arm"] == arm and r["median"] is not None]
        epochs, median = [r["epoch"] for r in part], column(part, "median")
        i = places.get(arm)
        if i is None:
            axes.plot(epochs, median, **OTHERS)
            continue
        low, high, alpha = column(part, "lo-90"), column(part, "hi-90"), 0.5 / (len(places) + 2)
        axes.fill_between(epochs, low, high, color=colour_of(i), alpha=alpha, lw=0)
        axes.plot(epochs, median, color=colour_of(i), ls=dash_of(i), lw=1.6)
        for row in part:
            said.setdefault(row["epoch"], []).append(f"{arm} {number(row['median'])}")
    values = [r["median"] for r in loss if r["median"] is not None]
    if values and min(values) > 0.0:
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss")
    axes.grid(color=GRID, lw=0.6)
    hover(axes, list(said), [f"epoch {epoch:,}: {'; '.join(said[epoch])}" for epoch in said])
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
        [line] = axes.plot([at[j], at[j], edge], [0, y, y], color=colour_of(i), lw=1.1)
        titled(line, f"{ranks[i]['arm']}: average rank {at[j]:.2f}")
        shift = -0.03 * reach if left else 0.03 * reach
        axes.text(edge + shift, y, labels[i], ha="right" if left else "left", va="center", size=8)
    return figure


def _cliques(ranks: Sequence[float], critical: float) -> list[tuple[float, float]]:
    """The longest stretches of sorted ranks that are no wider than the critical difference."""
    found: list[tuple[int, int]] = []
    for i, low in enumerate(ranks):
        last = max(j for j, high in enumerate(ranks) if high - low <= critical)
        if last > i and (not found or last > found[-1][1]):
            found.append((i, last))
    return [(ranks[i], ranks[j]) for i, j in found]
