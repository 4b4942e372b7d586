"""Pages and parts of pages from templates, in which whatever is not markup is escaped."""

import functools

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from statewise.show import words
from statewise.show.style import BARS, PALETTE, dash_of
from statewise.show.svg import inline
from statewise.text import visible

__all__ = ["environment", "swatch"]


@functools.cache
def environment(package: str = "statewise.show") -> Environment:
    """The templates of a package, and the elements that all pages share.

    Example:
        >>> environment().from_string("<p>{{ name }}").render(name="a < b")
        '<p>a &lt; b'
    """
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("statewise.show")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for word in (words.counted, words.number, words.p_value, words.percent, words.shorten,
                 words.signed):  # fmt: skip
        found.filters[word.__name__] = word
    found.filters |= {"breakable": breakable, "drawn": drawn, "swatch": swatch}
    return found


def printable(value: object) -> object:
    """A value; of a text that is not markup, escapes for characters that cannot be shown."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "\n".join(map(visible, value.split("\n")))


def breakable(text: str) -> Markup:
    """A name with its underscores as places where a line may break."""
    if isinstance(text, Markup):
        return text
    return Markup("_<wbr>").join(str(printable(text)).split("_"))


def drawn(figure: Figure, key: str, heading: str, caption: Markup, seen: str) -> Markup:
    """A figure as SVG; who cannot see it is told the heading, the caption and what is in it."""
    label = ". ".join(part for part in (heading, caption.unescape(), seen) if part)
    return Markup(inline(figure, key, words.shorten(label, 1200)))  # noqa: S704, made just now


def swatch(place: int | str) -> tuple[str, str]:
    """The colour, as the page's name of it, and the dashes of a line in a legend.

    Of an arm or a hypothesis, by its place, or of a forecast that they have to beat, by its name.
    """
    dash = BARS[place]["ls"] if isinstance(place, str) else dash_of(place)
    colour = place if isinstance(place, str) else f"c{place % len(PALETTE) + 1}"
    return colour, "none" if isinstance(dash, str) else " ".join(f"{1.4 * d:g}" for d in dash[1])
