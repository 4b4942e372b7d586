"""``statewise study compare-files``: sets of scores from result files, settled."""

import argparse
from pathlib import Path
from typing import Any

from statewise.cli.options import add_lines, line_options
from statewise.cli.progress import tell

__all__ = ["add_compare_files"]


def add_compare_files(actions: Any) -> None:
    command = actions.add_parser(
        "compare-files",
        help="settle sets of scores, as in result files, two by two",
        description="Each CSV file has a column of scores, one a repeat, called results or the "
        "only one; several named columns are a set each. Every set is compared with those after "
        "it, and with the naive forecast if its score is given.",
    )
    add = command.add_argument
    add("files", type=Path, nargs="+", metavar="FILE.csv")
    text = "the same row of all files is of the same restart (unpaired, by Welch's tests)"
    add("--paired", action="store_true", help=text)
    add("--naive", type=float, metavar="X", help="the score of the naive forecast")
    text = "a difference that matters to nobody (1%% of the naive score, or of the first mean)"
    add("--margin", type=float, metavar="M", help=text)
    add("--alpha", type=float, default=0.05, metavar="A", help="of all verdicts together (0.05)")
    add("--decimal", choices=(".", ","), metavar="MARK", help="before decimals: a point or a comma")
    add_lines(command)
    command.set_defaults(run=run_compare_files, said={"sets": "FILE.csv", "files": "FILE.csv"})


def run_compare_files(options: argparse.Namespace) -> int:
    """Read the sets of scores, and print what they settle."""
    from statewise.study import compare_scores, read_scores

    sets = read_scores(options.files, decimal=options.decimal, **line_options(options))
    how = {name: getattr(options, name) for name in ("paired", "margin", "naive", "alpha")}
    tell(str(compare_scores(sets, **how)))
    return 0
