"""Options that commands share."""

import argparse
from pathlib import Path

__all__ = ["folder"]


def folder(text: str) -> Path:
    """A path that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)
