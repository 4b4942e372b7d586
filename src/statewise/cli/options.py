"""Options that commands share."""

import argparse
from pathlib import Path

from statewise.errors import StatewiseError

__all__ = ["folder", "for_command_line"]


def for_command_line(error: StatewiseError) -> StatewiseError:
    """The error with the option's name where the library's argument has another."""
    options = {"out": "--out", "file": "--data", "column": "--column", "encoding": "--encoding"}
    error.argument = options.get(error.argument, error.argument)
    return error


def folder(text: str) -> Path:
    """A path that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)
