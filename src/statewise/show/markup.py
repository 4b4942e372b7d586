"""Elements of a page. Text is escaped where it enters (``tag``)."""

import functools
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from statewise.show.style import DASHES, PALETTE, clean, inline
from statewise.show.words import shorten

__all__ = ["Content", "Markup", "drawing", "join", "key_line", "line", "table", "tag"]


@dataclass(frozen=True)
class Markup:
    """Text that is HTML already."""

    text: str


Content = Markup | str | None


def tag(name: str, *content: Content, **attributes: str) -> Markup:
    """An element; strings in it are escaped, and an attribute loses underscores around its name.

    Example:
        >>> tag("p", "a < b", tag("b", "c"), class_="note").text
        '<p class="note">a &lt; b<b>c</b></p>'
    """
    shown = "".join(
        f' {key.strip("_").replace("_", "-")}="{html.escape(clean(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{shown}>{join(content).text}</{name}>")


def join(content: Sequence[Content], between: str = "") -> Markup:
    """Elements and escaped strings after one another."""
    return Markup(
        between.join(
            part.text if isinstance(part, Markup) else html.escape(printable(part))
            for part in content
            if part is not None
        )
    )


def printable(text: str) -> str:
    """The text without characters that are not shown, which a page must not hold."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def table(rows: Sequence[Mapping[str, Content]], label: str, words: set[str]) -> Markup:
    """A table that scrolls where it is too wide; columns that are not ``words`` are numbers."""
    header = list(rows[0])
    kinds: list[dict[str, str]] = [{} if key in words else {"class_": "number"} for key in header]
    head = tag("tr", *(tag("th", k, scope="col", **a) for k, a in zip(header, kinds, strict=True)))
    lines = [
        tag("tr", *(tag("td", row[k], **a) for k, a in zip(header, kinds, strict=True)))
        for row in rows
    ]
    inside = tag("table", tag("thead", head), tag("tbody", *lines))
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=label)


def drawing(figure: Figure, key: str, heading: str, caption: str, seen: str = "") -> Markup:
    """A figure with its caption; who cannot see it is told the heading and what is in it."""
    label = ". ".join(part for part in (heading, caption, seen) if part)
    drawn = Markup(inline(figure, key, shorten(label, 1200)))
    return tag("figure", drawn, tag("figcaption", tag("b", heading), caption))


@functools.cache
def key_line(place: int) -> Markup:
    """The line with which an arm, or a hypothesis, is drawn."""
    dash = DASHES[place // len(PALETTE) % len(DASHES)]
    pattern = "" if isinstance(dash, str) else " ".join(f"{1.4 * d:g}" for d in dash[1])
    return line(f"c{place % len(PALETTE) + 1}", pattern)


def line(variable: str, dashes: str) -> Markup:
    return Markup(
        '<svg class="key" viewBox="0 0 26 10" aria-hidden="true"><path d="M0 6H26" style="stroke: '
        f'var(--{variable}); stroke-width: 3; stroke-dasharray: {dashes or "none"}"/></svg>'
    )
