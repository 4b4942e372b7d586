"""Draw forecasts, backtests and states over time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.diagnostics import Fan, Trace
from statewise.forecasting.folds import MODEL, NAIVE, SIMPLE, Fold
from statewise.forecasting.training_curve import Curve
from statewise.scoring.baselines import STATISTICAL
from statewise.show.style import GRID, INK, NAIVE_LINE, PALETTE, short, styled

__all__ = ["backtest_figure", "forecast_figure", "state_figure", "training_figure"]

SEASONAL = "seasonal naive"
BAND = 0.16  # how opaque an interval is
SERIES = 9  # panels of a figure, at most
STATES = 3  # series whose state is drawn, at most
UNITS = 8  # lines of a panel of states, at most
LONGEST = 40  # characters of a name
FIRST, LAST = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")  # of what matplotlib draws


@styled
def forecast_figure(fans: Sequence[Fan], label: str = "forecast") -> Figure:
    """History, forecast and intervals, a panel a series: the first nine, and the title says so."""
    figure, panels = grid(len(fans))
    for axes, fan in zip(panels, fans, strict=False):
        axes.plot(fan.ds, fan.y, color=INK, lw=1.1, label="observed" if len(fan.y) else None)
        band(axes, fan.ahead, fan.bounds)
        joined = len(fan.y) > 0 and fan.ds[-1] < fan.ahead[0]
        ds = np.concatenate([fan.ds[-1:], fan.ahead]) if joined else fan.ahead
        point = np.concatenate([fan.y[-1:], fan.point]) if joined else fan.point
        mark = "." if len(fan.ahead) < 40 else None
        axes.plot(ds, point, color=PALETTE[0], lw=1.5, marker=mark, ms=4, label=label)
        axes.set_title(short(fan.name, LONGEST), loc="left", fontsize=9)
    finish(figure, panels, len(fans))
    return figure


@styled
def backtest_figure(
    panel: Panel, folds: Sequence[Fold], series: Sequence[str] | None = None
) -> Figure:
    """What came and what had been forecast, a panel a series; a line begins at a fold.

    Beside the model's stand the simple forecast that was chosen, and the naive ones.

    Raises:
        SettingError: a series is not in the backtest.
    """
    named = list(panel.ids if series is None else series)
    for name in named:
        if name not in panel.ids:
            known = ", ".join(panel.ids[:3])
            raise SettingError("series", name, "is not in the backtest", f"There are {known}, ...")
    figure, panels = grid(len(named))
    each_step = all(fold.actual.shape[1] == 1 for fold in folds)
    named_too = (MODEL, SIMPLE, NAIVE, *STATISTICAL)
    methods = [m for m in folds[0].forecasts if m in named_too or m.startswith(SEASONAL)]
    for axes, name in zip(panels, named, strict=False):
        at = panel.ids.index(name)
        start, end = (int(edge) for edge in panel.offsets[at : at + 2])
        first = start + int(folds[0].known[at])
        shown = slice(max(start, first - max(24, end - first)), end)
        axes.plot(panel.ds[shown], panel.y[shown], color=INK, lw=1.1, label="observed")
        for i, method in enumerate([m for m in methods if m != MODEL] + [MODEL]):
            own = method == MODEL
            colour = PALETTE[0] if own else NAIVE_LINE if method == NAIVE else PALETTE[i % 6 + 1]
            ds, values = lines_of(panel, folds, at, [o.forecasts[method][at] for o in folds])
            dots = "." if each_step or len(ds) < 40 else None
            width, dashes, size = (1.5, "-", 4) if own else (0.9, (0, (4, 2)), 2)
            axes.plot(ds, values, color=colour, lw=width, ls=dashes, marker=dots, ms=size,
                      label=method)  # fmt: skip
        for level in folds[0].bounds:
            low, high = (
                lines_of(panel, folds, at, [o.bounds[level][side][at] for o in folds])[1]
                for side in (0, 1)
            )
            band(axes, ds, {level: (low, high)})
        axes.set_title(short(name, LONGEST), loc="left", fontsize=9)
    finish(figure, panels, len(named))
    return figure


@styled
def state_figure(traces: Sequence[Trace], member: int = 1) -> Figure:
    """The state of a member over time, h and c, a line a unit; red marks stand where it was reset.

    The first three series and the first eight units are drawn, and the title says so.

    Raises:
        SettingError: there is no such member.
    """
    members, units = traces[0].h.shape[1:]
    if not 1 <= member <= members:
        raise SettingError("member", member, f"is none of {members}", f"Use 1 to {members}.")
    shown = traces[:STATES]
    wide = 8.0 if len(shown) == 1 else 4.6 * len(shown) + 0.4
    figure = Figure(figsize=(wide, 4.6), layout="constrained")
    panels = figure.subplots(2, len(shown), sharex="col", squeeze=False)
    for column, trace in zip(panels.T, shown, strict=True):
        for axes, part, name in zip(column, (trace.h, trace.c), "hc", strict=True):
            for unit in range(min(units, UNITS)):
                axes.plot(trace.ds, part[:, member - 1, unit], color=PALETTE[unit], lw=1.1,
                          label=f"unit {unit + 1}")  # fmt: skip
            at = trace.ds[trace.reset]
            axes.plot(at, np.full(len(at), 0.02), "|", color=NAIVE_LINE, ms=7, mew=1.2,
                      transform=axes.get_xaxis_transform(), label="reset")  # fmt: skip
            axes.set_ylabel(name)
            tidy(axes)
        column[0].set_title(short(trace.name, LONGEST), loc="left", fontsize=9)
        time_axis(column[1], trace.ds)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    left_out = [f"{STATES} of {len(traces)} series"] if len(traces) > STATES else []
    left_out += [f"{UNITS} of {units} units"] if units > UNITS else []
    said = f" ({', '.join(left_out)})" if left_out else ""
    figure.suptitle(f"State of member {member} of {members}{said}", x=0.01, ha="left", fontsize=10)
    return figure


@styled
def training_figure(curve: Curve) -> Figure:
    """The error of every epoch: the median of all networks, and the middle half of them."""
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    axes: Any = figure.subplots()
    lines = [("training", curve.training, PALETTE[0]), ("validation", curve.validation, PALETTE[1])]
    for name, errors, colour in lines:
        if errors is None:
            continue
        epochs = np.arange(1, errors.shape[1] + 1)
        low, middle, high = np.nanquantile(errors, (0.25, 0.5, 0.75), axis=0)
        axes.plot(epochs, middle, color=colour, lw=1.5, label=name)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.16, lw=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"root mean squared error\n{curve.unit}")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_title(curve.sentence, loc="left", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    tidy(axes)
    return figure


def grid(count: int) -> tuple[Figure, list[Any]]:
    """A figure with a panel for each of ``count`` series, up to a limit."""
    drawn = min(count, SERIES)
    across = 1 if drawn == 1 else 2 if drawn in {2, 4} else 3
    down = -(-drawn // across)
    wide = 8.0 if across == 1 else 4.2 * across
    figure = Figure(figsize=(wide, 3.6 if down == 1 else 2.5 * down + 0.6), layout="constrained")
    panels = list(figure.subplots(down, across, squeeze=False).ravel())
    for spare in panels[drawn:]:
        spare.set_visible(False)
    return figure, panels[:drawn]


def band(axes: Any, ds: NDArray[Any], bounds: dict[float, tuple[Any, Any]]) -> None:
    """Intervals, the wider ones behind; the legend shows each as dark as it is over the others."""
    for behind, level in enumerate(sorted(bounds, reverse=True), start=1):
        low, high = bounds[level]
        look = {"color": PALETTE[0], "lw": 0}
        axes.fill_between(ds, low, high, alpha=BAND, **look)
        shade = 1.0 - (1.0 - BAND) ** behind
        axes.fill_between(ds[:0], low[:0], high[:0], alpha=shade, label=f"{level:g}%", **look)


def lines_of(
    panel: Panel, folds: Sequence[Fold], at: int, parts: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """One value for each time that was forecast, with a gap before each fold of several steps."""
    ds: list[NDArray[Any]] = []
    values: list[NDArray[np.float64]] = []
    for fold, part in zip(folds, parts, strict=True):
        begin = int(panel.offsets[at] + fold.known[at])
        times = panel.ds[begin : begin + len(part)]
        gap = len(part) > 1 and len(values) > 0
        ds += [times[:1], times] if gap else [times]
        values += [np.array([np.nan]), part] if gap else [part]
    return np.concatenate(ds), np.concatenate(values)


def time_axis(axes: Any, ds: NDArray[Any]) -> None:
    """Few ticks, at whole numbers or round dates."""
    if ds.dtype.kind == "M":
        locator: Any = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        written: Any = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(written)
        # The margin beside the first years of the calendar is before them, and cannot be drawn.
        lowest, highest = axes.get_xlim()
        axes.set_xlim(max(lowest, date2num(FIRST)), min(highest, date2num(LAST)))  # type: ignore[no-untyped-call]
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def tidy(axes: Any) -> None:
    axes.grid(axis="y", color=GRID, lw=0.6)
    axes.set_axisbelow(True)


def finish(figure: Figure, panels: Sequence[Any], count: int) -> None:
    """Ticks, one legend, and how many series there are beyond those drawn."""
    for axes in panels:
        time_axis(axes, axes.lines[-1].get_xdata(orig=True))
        tidy(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    columns = min(len(labels), 5 if len(panels) == 1 else 7)
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=8
    )
    if count > len(panels):
        figure.suptitle(
            f"The first {len(panels)} of {count} series", x=0.01, ha="left", fontsize=10
        )
