"""Options that commands share."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statewise.cli.progress import say
from statewise.data.limits import MOST_ROWS

__all__ = [
    "add_lines", "add_reading", "folder", "in_options", "line_options", "reading", "say_notes",
    "table_file", "unusual", "word_or_number",
]  # fmt: skip

LINES = ("skip_lines", "skip_footer", "encoding", "max_rows")


def folder(text: str) -> Path:
    """A path that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)


def add_reading(command: Any) -> None:
    """Add how a file of series is read."""
    add = command.add_argument
    text = "how times are written, as %%d/%%m/%%Y; %%q is the quarter"
    add("--date-format", metavar="FORM", help=text)
    add("--decimal", choices=(".", ","), metavar="MARK", help="before decimals: a point or a comma")
    add_lines(command)


def add_lines(command: Any) -> None:
    """Add which lines of a file are read, how many, and how its bytes are."""
    add = command.add_argument
    add("--skip-lines", type=int, default=0, metavar="N", help="lines above the table (0)")
    add("--skip-footer", type=int, default=0, metavar="N", help="lines below the table (0)")
    add("--encoding", default="utf-8", metavar="E", help="of CSV files (utf-8)")
    text = f"rows to read at most; more are refused before they are read ({MOST_ROWS:,})"
    add("--max-rows", type=int, default=MOST_ROWS, metavar="N", help=text)


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of a file say, as arguments of ``read_file``."""
    names = ("date_format", "decimal", "fill")
    return {name: getattr(options, name) for name in names} | line_options(options)


def line_options(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of ``add_lines`` say, as arguments of ``read_file`` and ``read_further``."""
    return {name: getattr(options, name) for name in LINES}


def unusual(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of a file say beside their defaults."""
    usual = {"skip_lines": 0, "skip_footer": 0, "encoding": "utf-8", "max_rows": MOST_ROWS}
    return {name: value for name, value in reading(options).items() if value != usual.get(name)}


def in_options(text: str, said: Mapping[str, str]) -> str:
    """A sentence that names arguments of the library, as ``name='value'``, with options for them.

    Example:
        >>> in_options("Say fill='forward' or a number.", {"fill": "--fill"})
        'Say --fill forward or a number.'
    """

    def option(found: re.Match[str]) -> str:
        name, quoted, plain = found.groups()
        named = said.get(name, "")
        return f"{named} {quoted or plain or ''}".rstrip() if named[:2] == "--" else found[0]

    return re.sub(r"\b([a-z_]+)=(?:'([^']*)'|([\w.]*\w))?", option, text)


def say_notes(panel: Any, said: Mapping[str, str]) -> None:
    """Print what was settled when a file was read."""
    for note in panel.notes:
        say(f"statewise: note: {in_options(note, said)}")


def table_file(text: str) -> Path:
    """A path whose name ends in a format that tables are written in."""
    from statewise.data.files import check_form
    from statewise.errors import SettingError

    try:
        check_form(Path(text))
    except SettingError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error.problem}. {error.fix[:-1]}") from None
    return Path(text)


def word_or_number(text: str) -> str | float:
    """A number if it is one, else the word."""
    try:
        return float(text)
    except ValueError:
        return text
