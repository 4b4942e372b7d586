"""Text from elsewhere, such as names, made fit for whoever sees it: a terminal, a page, a sheet."""

import re
from unicodedata import category

__all__ = ["for_csv", "from_csv", "visible"]

# What scripts and emoji are joined with, and what may divide a word.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{SOFT HYPHEN}"
# What a cell begins with that spreadsheets take for a formula, some of them the wide forms too; and
# what a line of our own files begins with that is a comment.
FORMULA = (
    "[-=+@#\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    "\N{FULLWIDTH COMMERCIAL AT}]"
)
# A sheet that is set to semicolons divides there too, whatever the quotes of commas say.
BEGINS = re.compile(rf"(?:^|(?<=;))(?='*{FORMULA})")
GUARDED = re.compile(rf"(?:^|(?<=;))'(?='*{FORMULA})")
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", re.ASCII)


def visible(text: str) -> str:
    r"""A text in which characters that steer a terminal, or mislead a reader, are escapes.

    They are those of control, line breaks, marks that turn the direction of reading, halves of
    characters, and what has no meaning in Unicode.

    Example:
        >>> print(visible("sales\x1b[2J\n in \u202e\u20ac"))
        sales\x1b[2J\n in \u202e€
    """
    if text.isprintable():
        return text
    return "".join(c if is_seen(c) else c.encode("unicode_escape").decode() for c in text)


def is_seen(character: str) -> bool:
    return character.isprintable() or character in JOINERS or category(character) in {"Zs", "Co"}


def for_csv(text: str) -> str:
    """A text as a cell of a CSV file: visible, no formula to a spreadsheet, and no comment.

    An apostrophe stands before what one would compute, which shows the rest as it is (OWASP, "CSV
    Injection"). Plain numbers stay as they are. ``from_csv`` takes the apostrophe away.

    Example:
        >>> for_csv("=1+1"), for_csv("'=1"), for_csv("-5"), for_csv("-5%"), for_csv("a;@b")
        ("'=1+1", "''=1", '-5', "'-5%", "a;'@b")
    """
    shown = visible(text)
    return shown if NUMBER.fullmatch(shown) else BEGINS.sub("'", shown)


def from_csv(cell: str) -> str:
    """A cell of a CSV file without the apostrophes that ``for_csv`` put there.

    Example:
        >>> [from_csv(for_csv(text)) for text in ("=1+1", "'=1", "-5", "'quoted'")]
        ['=1+1', "'=1", '-5', "'quoted'"]
    """
    return GUARDED.sub("", cell)
