"""Figures in one style.

The colours are those of the light theme. ``svg.inline`` replaces each by a CSS variable, so that
the page decides, and text stays text in the reader's own font.
"""

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure

from statewise.text import visible

__all__ = [
    "BARS",
    "DASHES",
    "GRID",
    "INK",
    "NAIVE_LINE",
    "PALETTE",
    "WIDTH",
    "Rows",
    "clean",
    "colour_of",
    "dash_of",
    "labels_of",
    "save",
    "short",
    "styled",
]

Rows = Sequence[Mapping[str, Any]]
P = ParamSpec("P")
R = TypeVar("R")

PALETTE = (
    "#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#1b7c83", "#57606a",
)  # fmt: skip
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
INK, GRID, NAIVE_LINE, SIMPLE_LINE = "#24292f", "#d8dee4", "#cf222e", "#82071e"
BARS: dict[str, dict[str, Any]] = {
    "naive": {"color": NAIVE_LINE, "ls": (0, (5, 2))},
    "simple": {"color": SIMPLE_LINE, "ls": (0, (1.5, 1.2))},
}
"""How the lines of forecasts look that anything else has to beat."""

VARIABLES = {
    INK: "var(--ink)",
    GRID: "var(--grid)",
    NAIVE_LINE: "var(--naive)",
    SIMPLE_LINE: "var(--simple)",
    **{colour: f"var(--c{i})" for i, colour in enumerate(PALETTE, start=1)},
}
MISSING = "Glyph .* missing from"
WIDTH = 4.6  # inches; narrow enough that text stays legible on a phone
STYLE: Any = {
    **dict.fromkeys(
        ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color"), INK
    ),
    **dict.fromkeys(("axes.spines.right", "axes.spines.top"), False),
    **dict.fromkeys(("axes.labelsize", "font.size"), 9),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), 8),
    "text.parse_math": False,  # a dollar is a dollar
    "svg.fonttype": "none",
}


def clean(text: str) -> str:
    r"""A user's text on one line, with escapes for characters that cannot be shown.

    Example:
        >>> print(clean("a\x00b   c "))
        a\x00b c
    """
    return " ".join(visible(text).split())


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw in the page's style, whatever the reader's own matplotlib settings are."""

    @functools.wraps(draw)
    def drawing(*args: P.args, **kwargs: P.kwargs) -> R:
        with rc_context(), warnings.catch_warnings():
            rcdefaults()
            rcParams.update(STYLE)
            # The reader's browser has a font for it.
            warnings.filterwarnings("ignore", MISSING, UserWarning)
            return draw(*args, **kwargs)

    return drawing


def save(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure to a file; a character that no font here has is a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", MISSING, UserWarning)
        figure.savefig(path, dpi=dpi)


def colour_of(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def dash_of(place: int) -> Any:
    return DASHES[place // len(PALETTE) % len(DASHES)]


def labels_of(names: Sequence[str], width: int) -> list[str]:
    """Names as labels of up to two lines: without the first word where all have the same."""
    words = [clean(name).split("_") for name in names]
    while len(words) > 1 and min(map(len, words)) > 1 and len({w[0] for w in words}) == 1:
        words = [w[1:] for w in words]
    labels = []
    for parts in words:
        text = short("_".join(parts), 2 * width)
        cut = max((i + 1 for i, c in enumerate(text) if c in "_ " and i < width), default=width)
        tail = text[cut:] if len(text) > width else ""
        labels.append(f"{text[:cut]}\n{short(tail, width)}" if tail else text)
    return labels


def short(text: str, longest: int) -> str:
    """The text, its middle left out where it is too long."""
    text = clean(text)
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - (longest - head - 1) :]}"
