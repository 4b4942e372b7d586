"""The set-up of a study of regimes on a file: its options, and the study that they make."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statewise.cli.forecast_options import (
    add_columns,
    add_data,
    add_recipe,
    add_study,
    model_of,
    panel_of,
)
from statewise.cli.options import say_notes, unusual

if TYPE_CHECKING:
    from statewise.data.panel import Panel
    from statewise.forecasting.settings import Data
    from statewise.study import Study

__all__ = ["REGIMES", "add_set_up", "read_as", "series_of", "study_of"]

REGIMES = "stateful-warm,stateless"  # that are compared, if nobody says which


def add_set_up(command: Any) -> None:
    """Add the file, the regimes, and all that a study of them and a forecast both have."""
    add = command.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    add("--regimes", default=REGIMES, metavar="A,B", help=f"names of presets ({REGIMES})")
    add("--repeats", type=int, default=200, metavar="N", help="random restarts of each (200)")
    text = "observations to test on (12, or a quarter of the shortest series)"
    add("--test-size", type=int, metavar="K", help=text)
    add("--cutoffs", type=int, default=1, metavar="C", help="cutoffs of each series (1)")
    text = "observations that are forecast before they are seen (a quarter of the test part)"
    add("--horizon", type=int, metavar="H", help=text)
    how = command.add_mutually_exclusive_group()
    text = "the networks that forecast would make, on the same columns and horizon (this)"
    how.add_argument("--like-forecast", action="store_true", help=text)
    text = "the set-up of the origin study: one unit that sees the last change, one step ahead"
    how.add_argument("--minimal", action="store_true", help=text)
    command.later += [add_data, add_columns, add_study, add_recipe]
    command.set_defaults(future=None, combine=True, bounds=None)


def study_of(options: argparse.Namespace) -> tuple["Study", dict[str, Any]]:
    """The study that the options of ``add_set_up`` ask for, and how a study file reads its data."""
    from statewise.auto.like_forecast import like_forecast, minimal_study

    names = [name.strip() for name in options.regimes.split(",")]
    how = {each: getattr(options, each) for each in ("test_size", "cutoffs", "repeats")}
    panel = series_of(options)
    model = model_of(options, panel, options.known or ())
    study = (minimal_study if options.minimal else like_forecast)(model, panel, names, **how)
    filled = {"fill": "linear"} if panel.frequency is not None else {}
    return study, filled | read_as(options) | columns_of(model.data, study)


def series_of(options: argparse.Namespace) -> "Panel":
    """The series of a file as a study takes them, whose times need not be even; notes are said."""
    panel: Panel = panel_of(options, even=False)
    say_notes(panel, options.said)
    return panel


def read_as(options: argparse.Namespace) -> dict[str, Any]:
    """What the options of a file say beside their defaults, as the fields of a study file."""
    names = ("column", "time_column", "id_column", "freq")
    given = {name: getattr(options, name) for name in names}
    return {name: value for name, value in given.items() if value is not None} | unusual(options)


def columns_of(data: "Data", study: "Study") -> dict[str, Any]:
    """Which columns of the file a study's networks see, as the fields of a study file."""
    columns, ahead = study.panel.columns, len(study.panel.columns) - study.past
    dates = 2 * len(data.calendar) if columns else 0
    past = [name for name in columns[ahead:] if name.split("=")[0] not in data.static]
    there = {"known": columns[: ahead - dates], "static": data.static, "calendar": data.calendar}
    asked = {name: list(each) for name, each in there.items() if each and columns}
    return {"past": past, **asked}
