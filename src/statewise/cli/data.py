"""``statewise data``: the series that ship with the package, as CSV."""

import argparse
from typing import Any

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    data = commands.add_parser(
        "data",
        help="print a series that ships with statewise as CSV",
        description="Print a series that ships with statewise as CSV, to try a study on.",
    )
    data.add_argument("name", metavar="NAME", help="nile, shampoo or sunspots")
    data.set_defaults(run=run_data)


def run_data(options: argparse.Namespace) -> int:
    """Print the file."""
    from statewise.data.datasets import csv_text

    print(csv_text(options.name), end="")
    return 0
