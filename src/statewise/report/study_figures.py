"""Draw a study's rows, and turn the figures into SVG that a page can carry.

The colours are those of the light theme. ``inline`` replaces each by a CSS variable, so that the
page decides, and text stays text in the reader's own font.
"""

import functools
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar
from xml.etree import ElementTree

import numpy as np
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

__all__ = [
    "DASHES",
    "PALETTE",
    "clean",
    "cumulative_scores_plot",
    "difference_plot",
    "ensemble_plot",
    "half_width_plot",
    "inline",
    "loss_plot",
    "rank_plot",
    "score_plot",
]

Rows = Sequence[Mapping[str, Any]]
P = ParamSpec("P")
R = TypeVar("R")

PALETTE = (
    "#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#1b7c83", "#57606a",
)  # fmt: skip
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
INK, GRID, NAIVE_LINE = "#24292f", "#d8dee4", "#cf222e"
VARIABLES = {
    INK: "var(--ink)",
    GRID: "var(--grid)",
    NAIVE_LINE: "var(--naive)",
    **{colour: f"var(--c{i})" for i, colour in enumerate(PALETTE, start=1)},
}
WIDTH = 4.6  # inches; narrow enough that text stays legible on a phone
SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a dollar is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "none",
}


def clean(text: str) -> str:
    r"""A user's text on one line, without what neither XML nor a reader can take.

    Example:
        >>> clean("a\x00b\n c")
        'a b c'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw in the page's style, whatever the reader's own matplotlib settings are."""

    @functools.wraps(draw)
    def drawing(*args: P.args, **kwargs: P.kwargs) -> R:
        with rc_context(), warnings.catch_warnings():
            rcdefaults()
            rcParams.update(STYLE)
            # The reader's browser has a font for it.
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            return draw(*args, **kwargs)

    return drawing


@styled
def score_plot(cells: Rows, strip: Rows) -> Figure:
    """Boxes and single scores, a row an arm, with the naive forecast's score as a line."""
    labels = _labels([row["arm"] for row in cells], 20)
    labels = [
        f"{label}\n{row['diverged']:,} of {row['n']:,} diverged" if row["diverged"] else label
        for label, row in zip(labels, cells, strict=True)
    ]
    lines = sum(max(2, label.count("\n") + 1) for label in labels)
    left = 0.2 + 0.062 * max(len(line) for label in labels for line in label.split("\n"))
    figure, axes = _panel(0.75 + 0.2 * lines, left=left)
    for i, row in enumerate(cells):
        colour = _colour(i)
        scores = np.array([r["score"] for r in strip if r["arm"] == row["arm"]])
        jitter = (np.arange(len(scores)) * 0.618034) % 1.0  # spreads evenly, without chance
        _dots(axes, scores, i + 0.08 + 0.3 * jitter, colour)
        if row["whisker_low"] is not None:
            box = {
                "med": row["p50"],
                "q1": row["p25"],
                "q3": row["p75"],
                "whislo": row["whisker_low"],
                "whishi": row["whisker_high"],
            }
            line = {"color": colour, "lw": 1.2}
            axes.bxp([box], positions=[i - 0.18], widths=0.28, orientation="horizontal",
                     showfliers=False, boxprops=line, whiskerprops=line, capprops=line,
                     medianprops={"color": INK, "lw": 1.8})  # fmt: skip
        if row["mean"] is not None:
            axes.plot([row["mean"]], [i - 0.18], marker="D", ms=4, color=INK, lw=0)
    axes.axvline(cells[0]["naive"], color=NAIVE_LINE, lw=1.3, ls=(0, (5, 2)))
    _score_axis(axes, [r["score"] for r in strip], cells[0]["naive"])
    axes.set_yticks(range(len(cells)), labels)
    axes.set_ylim(len(cells) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("test RMSE")
    axes.grid(axis="x", color=GRID, lw=0.6)
    return figure


@styled
def cumulative_scores_plot(cumulative: Rows, arms: Sequence[str], naive: float) -> Figure:
    """The share of runs with a score no higher, a line an arm."""
    figure, axes = _panel(3.1)
    for i, arm in enumerate(arms):
        part = [r for r in cumulative if r["arm"] == arm]
        x, y = [r["score"] for r in part], [r["share"] for r in part]
        if part:
            axes.plot([x[0], *x], [0.0, *y], color=_colour(i), ls=_dash(i), lw=1.4,
                      drawstyle="steps-post")  # fmt: skip
    axes.axvline(naive, color=NAIVE_LINE, lw=1.3, ls=(0, (5, 2)))
    _score_axis(axes, [r["score"] for r in cumulative], naive)
    axes.set_ylim(0.0, 1.02)
    axes.set_xlabel("test RMSE")
    axes.set_ylabel("share of runs at or below")
    axes.grid(color=GRID, lw=0.6)
    return figure


@styled
def difference_plot(row: Mapping[str, Any], histogram: Rows) -> Figure:
    """The paired differences of one hypothesis, their mean and interval, and the margin."""
    figure, axes = _panel(2.6)
    margin = row["margin"]
    axes.axvspan(-margin, margin, color=PALETTE[2], alpha=0.18, lw=0)
    axes.axvline(0.0, color=INK, lw=0.8)
    counts = [r["count"] for r in histogram]
    axes.stairs(counts, [histogram[0]["left"], *(r["right"] for r in histogram)],
                color=PALETTE[0], fill=True, alpha=0.45)  # fmt: skip
    at = 1.13 * max(counts)
    if row["low"] is not None:
        axes.plot([row["low"], row["high"]], [at, at], color=INK, lw=1.6, marker="|", ms=9)
    axes.plot([row["difference"]], [at], marker="D", ms=3.5, color=INK, lw=0)
    axes.set_ylim(0.0, 1.28 * max(counts))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("difference of test RMSE in a pair of restarts")
    axes.set_ylabel("pairs")
    return figure


@styled
def half_width_plot(widths: Rows, differences: Rows) -> Figure:
    """The interval's half-width against the number of repeats, a line a hypothesis."""
    figure, axes = _panel(3.1)
    for i, row in enumerate(differences):
        part = [r for r in widths if r["hypothesis"] == row["hypothesis"]]
        if not part:
            continue
        axes.plot([r["repeats"] for r in part], [r["half_width"] for r in part],
                  color=_colour(i), ls=_dash(i), lw=1.4)  # fmt: skip
        if row["low"] is not None and row["high"] > row["low"]:
            axes.plot([row["n"]], [(row["high"] - row["low"]) / 2.0], marker="o", ms=4.5,
                      color=_colour(i), lw=0)  # fmt: skip
    for margin in sorted({r["margin"] for r in widths}):
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
    colour, marker = _colour(place), "o" if len(forecasts) <= 60 else ""
    axes.fill_between(at, low, high, color=colour, alpha=0.25, lw=0)
    axes.plot(at, median, color=colour, lw=1.6)
    axes.plot(at, _column(forecasts, "naive"), color=NAIVE_LINE, lw=1.1, ls=(0, (5, 2)))
    axes.plot(at, _column(forecasts, "actual"), color=INK, lw=1.0, marker=marker, ms=2.8)
    ticks = np.unique(np.linspace(0, len(forecasts) - 1, min(4, len(forecasts))).astype(int))
    axes.set_xticks(ticks, [_short(forecasts[i]["ds"], 12) for i in ticks])
    axes.set_ylabel(_short(forecasts[0]["series"], 30))
    axes.grid(axis="y", color=GRID, lw=0.6)
    return figure


@styled
def loss_plot(loss: Rows, arms: Sequence[str]) -> Figure:
    """Median training loss by epoch with a 90% band, a line an arm."""
    figure, axes = _panel(3.1)
    for i, arm in enumerate(arms):
        part = [r for r in loss if r["arm"] == arm and r["median"] is not None]
        epochs = [r["epoch"] for r in part]
        low, median, high = (_column(part, key) for key in ("lo-90", "median", "hi-90"))
        axes.fill_between(
            epochs, low, high, color=_colour(i), alpha=min(0.14, 0.5 / len(arms)), lw=0
        )
        axes.plot(epochs, median, color=_colour(i), ls=_dash(i), lw=1.4)
    values = [r["lo-90"] for r in loss if r["lo-90"] is not None]
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
    labels = _labels([row["arm"] for row in ranks], 20)
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
        axes.plot([at[j], at[j], edge], [0, y, y], color=_colour(i), lw=1.1)
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


@styled
def inline(figure: Figure, key: str, label: str) -> str:
    """The figure as an ``<svg>`` element of a page, described by ``label`` for who cannot see it.

    ``key`` is a word that no other figure of the page has; the ids that are needed start with it.
    """
    rcParams["svg.hashsalt"] = key
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    root = ElementTree.fromstring(text[text.index("<svg") :])  # noqa: S314, we wrote it just now
    used = set(re.findall(r'(?:url\(|href=")#([^")]+)', text))
    for parent in root.iter():
        for child in list(parent):
            # Its style would hold for the whole page; the page has the same for its figures.
            if child.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata"):
                parent.remove(child)
        _lean(parent, key, used)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", clean(label))
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _lean(element: ElementTree.Element, key: str, used: set[str]) -> None:
    """Keep the ids that are needed, made unique; theme the colours; shorten the numbers."""
    found = element.attrib.pop("id", None)
    if found in used:
        element.set("id", f"{key}-{found}")
    target = element.attrib.pop(XLINK, None)
    if target is not None:
        element.set("href", f"#{key}-{target[1:]}")
    for name, value in element.attrib.items():
        if name == "clip-path":
            element.set(name, value.replace("url(#", f"url(#{key}-"))
        elif name == "style":
            style = re.sub(r"font: ([\d.]+)px [^;]*", r"font-size: \1px", value)
            style = re.sub(r"#[0-9a-f]{6}", lambda m: VARIABLES.get(m[0], m[0]), style)
            element.set(name, style)
        elif name in ("d", "x", "y", "transform", "viewBox"):
            short = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", value)
            short = " ".join(short.split())
            element.set(name, re.sub(r"M (\S+ \S+) L \1(?= |$)", r"M\1h0", short))


def _panel(height: float, left: float = 0.68, below: float = 0.48) -> tuple[Figure, Any]:
    """A figure of one panel; its margins are set in inches, without trying."""
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes(
        (left / WIDTH, below / height, 1.0 - (left + 0.15) / WIDTH, 1.0 - (below + 0.1) / height)
    )
    axes.set_axisbelow(True)
    return figure, axes


def _dots(axes: Any, x: Any, y: Any, colour: str) -> None:
    """Dots as a single path, which takes a fifth of the bytes that markers take."""
    if not len(x):
        return
    points = np.repeat(np.column_stack((x, y)), 2, axis=0)
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO]), len(x))
    path = Path(points, codes)
    path.should_simplify = False  # which would leave out lines of no length
    patch = PathPatch(path, fill=False, ec=colour, lw=1.9, alpha=0.6,
                      capstyle="round")  # fmt: skip
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


def _colour(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _dash(place: int) -> Any:
    return DASHES[place // len(PALETTE) % len(DASHES)]


def _column(rows: Rows, key: str) -> Any:
    return np.array([np.nan if r[key] is None else r[key] for r in rows], np.float64)


def _labels(names: Sequence[str], width: int) -> list[str]:
    """Names as labels of up to two lines: without the first word where all have the same."""
    words = [clean(name).split("_") for name in names]
    while len(words) > 1 and min(map(len, words)) > 1 and len({w[0] for w in words}) == 1:
        words = [w[1:] for w in words]
    labels = []
    for parts in words:
        text = _short("_".join(parts), 2 * width)
        cut = max((i + 1 for i, c in enumerate(text) if c in "_ " and i < width), default=width)
        tail = text[cut:] if len(text) > width else ""
        labels.append(f"{text[:cut]}\n{_short(tail, width)}" if tail else text)
    return labels


def _short(text: str, longest: int) -> str:
    """The text, its middle left out where it is too long."""
    text = clean(text)
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - (longest - head - 1) :]}"
