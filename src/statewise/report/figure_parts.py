"""Parts of the figures of a study."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from statewise.show.style import BARS, WIDTH, Rows
from statewise.show.svg import titled
from statewise.show.words import number

__all__ = ["Bars", "Places", "bar_lines", "column", "dots", "panel", "plain_ticks", "score_axis",
           "spots"]  # fmt: skip

Places = Mapping[str, int]
"""The place of each arm in its study, which sets its colour."""

Bars = Mapping[str, tuple[str, float]]
"""The forecasts that arms have to beat, by their look in ``style.BARS``: name and score."""


def panel(height: float, left: float = 0.68, below: float = 0.48) -> tuple[Figure, Any]:
    """A figure of one panel; its margins are set in inches, without trying."""
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes(
        (left / WIDTH, below / height, 1.0 - (left + 0.15) / WIDTH, 1.0 - (below + 0.1) / height)
    )
    axes.set_axisbelow(True)
    return figure, axes


def dots(axes: Any, x: Any, y: Any, colour: str) -> None:
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


def bar_lines(axes: Any, bars: Bars) -> None:
    """The scores of the forecasts that arms have to beat, as lines."""
    for look, (name, score) in bars.items():
        titled(axes.axvline(score, lw=1.3, zorder=9, **BARS[look]), f"{name}: {number(score)}")


def score_axis(axes: Any, scores: Sequence[float], bars: Bars) -> None:
    """Show all scores and the bars; on a logarithmic scale where a few would hide the rest."""
    values = np.array([*scores, *(score for _, score in bars.values())])
    if values.min() > 0.0 and values.max() > 20.0 * np.median(values):
        axes.set_xscale("log")
        axes.set_xlim(values.min() / 1.1, values.max() * 1.1)
        return
    wide = float(values.max() - values.min()) or float(abs(values[0])) or 1.0
    axes.set_xlim(values.min() - 0.04 * wide, values.max() + 0.04 * wide)


def plain_ticks(axis: Any) -> None:
    """Numbers as people write them on a logarithmic axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    few = low <= 0.0 or high / low < 100.0
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def column(rows: Rows, key: str) -> Any:
    return np.array([np.nan if r[key] is None else r[key] for r in rows], np.float64)


def spots(axes: Any, count: int) -> Any:
    """Values that lie evenly on the horizontal axis."""
    axes.get_xlim()
    across = np.column_stack(((np.arange(count) + 0.5) / count, np.full(count, 0.5)))
    return axes.transData.inverted().transform(axes.transAxes.transform(across))[:, 0]
