"""Options that commands share."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from statewise.errors import StatewiseError

__all__ = ["folder", "for_command_line"]


SAID = {"out": "--out"}
"""The options that are called otherwise in the library, for every command."""


def for_command_line(
    error: StatewiseError, said: Mapping[str, str] | None = None
) -> StatewiseError:
    """The error with the option's name where the library's argument has another.

    ``said`` are the names of one command, which go first.
    """
    names = SAID | dict(said or {})
    error.argument = names.get(error.argument, error.argument)
    return error


def folder(text: str) -> Path:
    """A path that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)
