"""Numbers and names as a page writes them."""

from collections.abc import Sequence

from statewise.show.style import clean

__all__ = ["NONE", "counted", "listed", "number", "p_value", "percent", "shorten", "signed"]

LONGEST = 120  # characters of a name
NONE = "\N{EN DASH}"


def shorten(text: str, longest: int = LONGEST) -> str:
    """A user's text on one line, cut where it is too long."""
    line = clean(text)
    return line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "run"), counted(1200, "run"), counted(3, "series")
        ('1 run', '1,200 runs', '3 series')
        >>> counted(2, "hypothesis")
        '2 hypotheses'
    """
    if count == 1 or noun == "series":
        return f"{count:,} {noun}"
    return f"{count:,} {noun.removesuffix('is')}es" if noun.endswith("is") else f"{count:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """Names with commas, and an "and" before the last.

    Example:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def number(value: float | None) -> str:
    """A number with four digits, or a dash."""
    if value is None:
        return NONE
    size = abs(value)
    if size == 0.0 or 1e-3 <= size < 1e7:
        digits = 3 if size < 10.0 else 2 if size < 1000.0 else 0
        return f"{value:,.{digits if size >= 0.1 or size == 0.0 else 5}f}"
    return f"{value:.3g}"


def signed(value: float) -> str:
    """A number with its sign."""
    return number(value) if value < 0.0 else f"+{number(value)}"


def percent(value: float | None) -> str:
    """A share with its sign, or a dash."""
    return NONE if value is None else f"{value:+,.1%}"


def p_value(p: float | None) -> str:
    """A p-value, or a dash; one too small for a float is not zero.

    Example:
        >>> p_value(0.0312), p_value(0.0), p_value(None)
        ('0.031', '< 1e-300', '\N{EN DASH}')
    """
    if p is None:
        return NONE
    return f"{p:.2g}" if p > 0.0 else "< 1e-300"
