"""``statewise tune``: search for networks, and test the winner on what no candidate saw."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from statewise.cli.forecast_options import (
    COLUMNS,
    FILE,
    SAID,
    SEARCHED,
    SETTINGS,
    add_columns,
    add_data,
    add_space,
    add_study,
    model_of,
    panel_of,
    said,
)
from statewise.cli.options import say_notes, table_file, unusual
from statewise.cli.progress import say, tell

__all__ = ["add_to"]

NOTE = (
    "of_naive is the RMSE over that of the naive forecast at the inner cutoffs, low and high its "
    "95% interval; of_simple is the same over that of the best simple forecast."
)


def add_to(commands: Any) -> None:
    tune = commands.add_parser(
        "tune",
        help="search for the networks of a forecast, and test what was found",
        description="Try networks at inner cutoffs, a few restarts of all and more of the better "
        "half, and test the winner on the last observations, which no candidate saw, beside the "
        "best simple forecast. The search's own luck is said too.",
    )
    add = tune.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    text = "observations after each cutoff, and of the outer test part (12, or fewer)"
    add("--test-size", type=int, metavar="K", help=text)
    text = "inner cutoffs of each series, before the outer test part (3)"
    add("--cutoffs", type=int, default=3, metavar="C", help=text)
    text = "observations that are forecast before they are seen (a quarter of the test part)"
    add("--horizon", type=int, metavar="H", help=text)
    text = "random restarts of the candidates that stay to the end (64)"
    add("--repeats", type=int, default=64, metavar="N", help=text)
    text = "end the search after so many seconds, with what was finished by then"
    add("--budget", type=float, metavar="S", help=text)
    text = "write the table of candidates: .csv, or .parquet"
    add("--out", type=table_file, metavar="FILE", help=text)
    add("--store", type=Path, metavar="FILE.db", help="keep the runs, to resume or extend")
    tune.later += [add_data, add_columns, add_study, add_space]
    names = {"regime": "--regimes", "frame": "DATA", "space": "--lags and others"}
    tune.set_defaults(run=run_tune, said=SAID | names, future=None, combine=True, bounds=None)


def run_tune(options: argparse.Namespace) -> int:
    """Search, and print the candidates, what was found, and how to forecast with it."""
    from statewise.auto.tune import tune
    from statewise.base.checks import one_of
    from statewise.base.files import check_writable
    from statewise.model.regime import REGIMES
    from statewise.show.progress import showing
    from statewise.show.tables import table, wrap

    if options.out is not None:
        check_writable(options.out)
    for name in options.regimes or ():
        one_of("--regimes", name, REGIMES)
    given = {name: getattr(options, name) for name in SEARCHED}
    given = {"regime": options.regimes} | given
    space = {name: values for name, values in given.items() if values and len(values) > 1}
    for name, values in given.items():
        setattr(options, name, values[0] if values and len(values) == 1 else None)
    panel = panel_of(options)
    say_notes(panel, options.said)
    model = model_of(options, panel, options.known or ())
    how = {name: getattr(options, name) for name in ("test_size", "cutoffs", "repeats", "budget")}
    try:
        with showing():
            found = tune(model, panel, space or None, store=options.store, on_rung=say_rung, **how)
    except KeyboardInterrupt:
        kept = f"every finished run is in {options.store}" if options.store else "nothing was kept"
        raise KeyboardInterrupt(kept) from None
    tell(f"{table(found.rows)}\n{wrap(NOTE)}\n\n{found.summary}\n")
    if options.out is not None:
        write_rows(found.rows, options.out)
    tell(f"Forecast with the winner's settings:\n{shlex.join(command_of(options, found))}")
    return 0


def write_rows(rows: Any, path: Path) -> None:
    """Write the table of candidates."""
    import pandas as pd

    from statewise.data.files import write_file

    write_file(pd.DataFrame(rows), path)


def say_rung(number: int, candidates: int, restarts: int) -> None:
    """How far the search is."""
    say(f"rung {number}: {candidates} candidates with {restarts} restarts")


def command_of(options: argparse.Namespace, found: Any) -> list[str]:
    """``statewise forecast`` with a winner's settings, and with what was said of the file."""
    settings = {name: how for name, how in SETTINGS.items() if name not in {"bounds", "threads"}}
    columns: dict[str, Any] = {name: {} for name in ("id_column", "time_column", "column")}
    given = said(options, columns | FILE | COLUMNS | settings) | unusual(options)
    given = {"horizon": found.horizon} | given | found.recipe.changed()
    words = ["statewise", "forecast", str(options.data)]
    for name, value in given.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", in_words(value)]
    return [*words, *(["--future", "FUTURE.csv"] if options.known else [])]


def in_words(value: Any) -> str:
    """A value as an option takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "all" if value is True else str(value)
