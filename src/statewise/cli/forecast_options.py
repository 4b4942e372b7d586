"""The options of a file of series, and of the model that forecasts them."""

import argparse
from typing import Any

from statewise.cli.options import (
    add_reading,
    line_options,
    reading,
    say_notes,
    table_file,
    word_or_number,
)

__all__ = [
    "SAID",
    "add_data",
    "add_model",
    "add_output",
    "future_of",
    "levels",
    "model_of",
    "panel_of",
]


def levels(text: str) -> tuple[float, ...]:
    """Percentages: 80,95."""
    found = tuple(numbers(text, float))
    if any(0.0 < each < 1.0 for each in found):
        meant = ",".join(f"{100.0 * each:g}" for each in found)
        raise argparse.ArgumentTypeError(f"{text!r} is not in percent; did you mean {meant}?")
    if not all(0.0 < each < 100.0 for each in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} is not percentages such as 80,95")
    return found


def lags_apart(text: str) -> int | tuple[int, ...]:
    """Lags of differences: 1 or 1,12; 0 for none."""
    found = tuple(numbers(text, int))
    return found[0] if len(found) == 1 else found


def numbers(text: str, kind: Any) -> list[Any]:
    """Numbers that are separated by commas."""
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers separated by commas") from None


def names(text: str) -> tuple[str, ...]:
    """Names that are separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


# Settings of a forecaster that are often changed, and how they are parsed.
MODEL: dict[str, dict[str, Any]] = {
    "lags": {"type": int, "metavar": "L"},
    "units": {"type": int, "metavar": "U"},
    "members": {"type": int, "metavar": "N"},
    "epochs": {"type": int, "metavar": "E"},
    "scope": {"choices": ("local", "global")},
    "difference": {"type": lags_apart, "metavar": "1,12"},
    "transform": {"type": word_or_number, "metavar": "HOW"},
    "intervals": {"choices": ("conformal", "ensemble", "none")},
    "calibration": {"type": int, "metavar": "K"},
    "seed": {"type": int, "metavar": "S"},
    "threads": {"type": int, "metavar": "K"},
}
DATA: dict[str, Any] = {
    "freq": {"metavar": "F"},
    "fill": {"type": word_or_number, "metavar": "HOW"},
}
SAID = {"file": "DATA", "frame": "DATA", "target_column": "--column", "h": "--horizon",
        "X": "--future"}  # fmt: skip
"""The command line's names of those arguments of the library that its options call otherwise."""


def add_output(command: Any) -> None:
    """Add what is written of a forecast."""
    add = command.add_argument
    add("--level", type=levels, default=(), metavar="80,95", help="of intervals, in percent")
    add("--out", type=table_file, metavar="FILE", help="write the forecasts: .csv, or .parquet")


def add_data(command: Any) -> None:
    """Add how a file is read."""
    group = command.add_argument_group("the file")
    add = group.add_argument
    add("--id-column", metavar="NAME", help="names the series of a row (unique_id, if there)")
    add("--time-column", metavar="NAME", help="of times (ds, or the first); or year,month")
    add("--column", metavar="NAME", help="of values (y, or the only one left)")
    add("--exogenous", type=names, metavar="A,B", help="further columns that are known beforehand")
    add_settings(group, DATA)
    add_reading(group)


def add_model(command: Any) -> None:
    """Add the settings of a forecaster that are often changed."""
    add_settings(command.add_argument_group("the model"), MODEL)


def add_settings(group: Any, options: dict[str, dict[str, Any]]) -> None:
    """Add options for settings of a forecaster, in the words of their own table."""
    from statewise.forecasting.settings import Settings, words

    said = words()
    for name, parsed in options.items():
        default = getattr(Settings, name)
        text = said[name] if default is None else f"{said[name]} ({default})"
        group.add_argument(f"--{name}", help=text.replace("``", ""), **parsed)


def panel_of(options: argparse.Namespace) -> Any:
    """The series of the file; further columns if they are asked for, or known over the horizon."""
    from statewise.data.files import read_file

    exogenous = options.future is not None if options.exogenous is None else options.exogenous
    how = {name: getattr(options, name) for name in ("id_column", "time_column", "freq")}
    how |= {"target_column": options.column, "exogenous": exogenous}
    panel = read_file(options.data, **how, **reading(options))
    panel.checked_frequency()
    say_notes(panel, options.said)
    return panel


def future_of(options: argparse.Namespace, panel: Any) -> Any:
    """The further columns over the horizon, checked before anything is trained; None of none."""
    from statewise.data.append import read_future
    from statewise.data.files import read_further
    from statewise.errors import DataError, SettingError

    if not panel.columns:
        if options.future is None:
            return None
        problem = "is of columns that DATA does not have"
        fix = "Leave it out, or add them to DATA."
        raise DataError("--future", str(options.future), problem, fix)
    if options.future is None:
        problem = "must be known over the horizon"
        raise SettingError("--exogenous", panel.columns, problem, "Give --future FILE.")
    found = read_further(options.future, panel.origin, panel.columns, **line_options(options))
    read_future(found, panel.origin, options.horizon)
    return found


def model_of(options: argparse.Namespace, panel: Any, horizon: int) -> Any:
    """A forecaster with the parameters that the options name, checked."""
    from statewise.base.checks import at_least, one_of, positive
    from statewise.forecasting import Forecaster
    from statewise.model.regime import REGIMES

    one_of("--regime", options.regime, ("auto", *REGIMES))
    positive("--budget", options.budget)
    if options.threads is not None:
        at_least("--threads", options.threads, 1)
    given = {name: getattr(options, name) for name in {*MODEL, *DATA} - {"intervals"}}
    intervals = options.intervals
    if intervals is None:
        intervals = "conformal" if options.level or options.save is not None else "none"
    kind = panel.kind
    model = Forecaster(
        regime="stateless" if options.regime == "auto" else options.regime,
        intervals=None if intervals == "none" else intervals,
        id_column=kind.id_column or "unique_id",
        time_column=kind.time.name,
        target_column=kind.target_column,
        exogenous=panel.columns,
        **{name: value for name, value in given.items() if value is not None},
    )
    least = model.recipe.model.framing.shortest
    if intervals == "conformal" and options.calibration is None:
        model.set_params(calibration=calibration_for(int(panel.lengths.min()), least, horizon))
    return model


def calibration_for(shortest: int, least: int, horizon: int) -> int | None:
    """How many observations to hold back, for ten origins that reach the horizon if there is room.

    None is the usual number, where that is enough.
    """
    from statewise.forecasting.calibration import LEAST, MOST

    wanted = horizon + 9
    if max(LEAST, min(MOST, shortest // 4)) >= wanted:
        return None
    return max(horizon, LEAST, min(wanted, shortest - least))
