"""Figures as SVG that a page can carry, with what each mark shows said where a pointer rests."""

import io
import json
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.path import Path

from statewise.show.style import VARIABLES, clean, styled

__all__ = ["hover", "inline", "titled"]

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
TITLES = "titles "  # begins the id of a group that is given titles
STRIPS = 60  # of a figure, at most


def titled(artist: Any, *titles: str) -> None:
    """Say what a mark shows where a pointer rests on it: one text, or one for each marker."""
    artist.set_gid(TITLES + json.dumps([clean(title) for title in titles]))


def hover(axes: Any, at: Sequence[float], titles: Sequence[str], *, rows: bool = False) -> None:
    """Strips over the whole of the axes, each of which says what is drawn near its place.

    They lie at ``at`` on the horizontal axis, or with ``rows`` on the vertical one, and are as wide
    as the places are apart: a curve is too thin to point at. At most sixty, evenly spaced.
    """
    kept = np.unique(np.linspace(0, len(at) - 1, min(STRIPS, len(at))).round().astype(int))
    if not len(kept):
        return
    figure, box = axes.figure, axes.get_position()
    axes.get_xlim(), axes.get_ylim()  # which brings the limits, and so the transforms, up to date
    sizes = 72.0 * figure.get_size_inches() * (box.width, box.height)  # in points
    middle, places = np.full(len(kept), 0.5), np.asarray(at, np.float64)[kept]
    x, y = (middle, places) if rows else (places, middle)
    transform = axes.get_yaxis_transform() if rows else axes.get_xaxis_transform()
    along = 1 if rows else 0
    on_page = np.sort(transform.transform(np.column_stack((x, y)))[:, along]) * 72.0 / figure.dpi
    apart = np.median(np.diff(on_page)) if len(kept) > 1 else sizes[along]
    width, height = (sizes[0], apart) if rows else (apart, sizes[1])
    corners = 0.5 * np.array([[-width, -height], [width, -height], [width, height],
                              [-width, height], [-width, -height]])  # fmt: skip
    [strips] = axes.plot(
        x, y, lw=0, transform=transform, marker=Path(corners, closed=True),
        ms=max(width, height), mfc="none", mec="none", mew=0, zorder=8, scalex=False, scaley=False,
    )  # fmt: skip
    titled(strips, *(titles[i] for i in kept))


@styled
def inline(figure: Figure, key: str, label: str) -> str:
    """The figure as an ``<svg>`` element of a page, with ``label`` as its description.

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
    found = element.attrib.pop("id", "")
    if found in used:
        element.set("id", f"{key}-{found}")
    elif found.startswith(TITLES):
        _say(element, json.loads(found.removeprefix(TITLES)))
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
            rounded = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", value)
            short = " ".join(rounded.split())
            element.set(name, re.sub(r"M (\S+ \S+) L \1(?= |$)", r"M\1h0", short))


def _say(group: ElementTree.Element, titles: Sequence[str]) -> None:
    """Give a group its title, or each of its markers, of which nothing is seen, its own."""
    group.set("pointer-events", "all")
    elements = [group]
    if len(titles) > 1:
        group.set("fill", "none")
        elements = list(group.iter(f"{{{SVG}}}use"))
    for element, title in zip(elements, titles, strict=True):
        if element is not group:
            element.attrib.pop("style", None)
        said = ElementTree.Element(f"{{{SVG}}}title")
        said.text = title
        element.insert(0, said)
