"""The options of a file of series, and of the model that forecasts them."""

import argparse
from dataclasses import replace
from typing import Any

from statewise.cli.options import add_reading, line_options, reading, table_file, word_or_number

__all__ = [
    "SAID",
    "add_columns",
    "add_data",
    "add_forecast",
    "add_networks",
    "add_output",
    "add_recipe",
    "add_space",
    "add_study",
    "future_of",
    "levels",
    "model_of",
    "panel_of",
    "said",
    "untrained",
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


def fractions(text: str) -> tuple[float, ...]:
    """Numbers between 0 and 1: 0.1,0.5,0.9."""
    found = tuple(numbers(text, float))
    if not all(0.0 < each < 1.0 for each in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text!r} is not fractions such as 0.1,0.5,0.9")
    return found


def whole(text: str) -> tuple[int, ...]:
    """Whole numbers: 24,168."""
    return tuple(numbers(text, int))


def one_or_more(text: str) -> int | tuple[int, ...]:
    """A whole number, or several."""
    found = whole(text)
    return found[0] if len(found) == 1 else found


def count_or_share(text: str) -> int | float:
    """A whole number, or a fraction."""
    return int(text) if text.isdecimal() else float(text)


def bounds(text: str) -> Any:
    """The least and the greatest: 0,100; either of them, or both, may be none."""
    if text in {"auto", "none"}:
        return text
    found = [None if part == "none" else numbers(part, float)[0] for part in text.split(",")]
    if len(found) != 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not LOW,HIGH, auto or none")
    return tuple(found)


def scale(text: str) -> Any:
    """The least and the greatest, or a word."""
    return text if text in {"standard", "none"} else tuple(numbers(text, float))


def numbers(text: str, kind: Any) -> list[Any]:
    """Numbers that are separated by commas."""
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers separated by commas") from None


def names(text: str) -> bool | tuple[str, ...]:
    """Names that are separated by commas; all of them, or none."""
    return (text == "all" or ()) if text in {"all", "none"} else listed(text)


def listed(text: str) -> tuple[str, ...]:
    """Names that are separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


# How the options of settings are parsed; what they mean is in the tables of the settings.
RECIPE: dict[str, dict[str, Any]] = {
    "scope": {"choices": ("local", "global")},
    "members": {"type": int, "metavar": "N"},
    "transform": {"metavar": "HOW"},
    "lags": {"type": int, "metavar": "L"},
    "steps": {"type": int, "metavar": "S"},
    "outputs": {"type": int, "metavar": "H"},
    "difference": {"type": one_or_more, "metavar": "1,12"},
    "relative": {"choices": ("none", "last", "mean")},
    "scale": {"type": scale, "metavar": "HOW"},
    "samples": {"type": int, "metavar": "N"},
    "max_samples": {"type": int, "metavar": "N"},
    "units": {"type": int, "metavar": "U"},
    "epochs": {"type": int, "metavar": "E"},
    "batch_size": {"type": int, "metavar": "B"},
    "learning_rate": {"type": float, "metavar": "R"},
    "schedule": {"choices": ("constant", "cosine")},
    "clip_error": {"type": float, "metavar": "E"},
    "validation": {"type": count_or_share, "metavar": "V"},
    "early_stopping": {"type": int, "metavar": "E"},
    "initial_state": {"choices": ("zeros", "learned")},
    "profile": {"metavar": "NAME"},
}
ONE = "difference", "scale"
"""Settings of networks whose values have commas of their own, so that one is given."""
SEARCHED = {
    name: how for name, how in RECIPE.items() if name not in {"scope", "members", "transform", *ONE}
}
SETTINGS: dict[str, dict[str, Any]] = {
    "season": {"type": whole, "metavar": "24,168"},
    "bounds": {"type": bounds, "metavar": "LOW,HIGH|none"},
    "seed": {"type": int, "metavar": "S"},
    "threads": {"type": int, "metavar": "K"},
}
COLUMNS: dict[str, dict[str, Any]] = {
    "known": {"type": names, "metavar": "A,B"},
    "past": {"type": names, "metavar": "A,B"},
    "static": {"type": listed, "metavar": "A,B"},
    "calendar": {"type": listed, "metavar": "A,B"},
}
FILE: dict[str, dict[str, Any]] = {
    "freq": {"metavar": "F"},
    "fill": {"type": word_or_number, "metavar": "HOW"},
}
SAID = {
    "file": "DATA", "frame": "DATA", "target_column": "--column", "h": "--horizon",
    "X": "--future", "exogenous": "--past", "patience": "--early-stopping", "path": "--model",
}  # fmt: skip
"""The command line's names of those arguments of the library that its options call otherwise."""


def add_output(command: Any) -> None:
    """Add what is forecast beside the point, and where it is written."""
    add = command.add_argument
    add("--level", type=levels, default=(), metavar="80,95", help="of intervals, in percent")
    text = "between 0 and 1: columns q-0.1 and so on"
    add("--quantiles", type=fractions, default=(), metavar="0.1,0.9", help=text)
    add("--out", type=table_file, metavar="FILE", help="write the forecasts: .csv, or .parquet")


def add_data(command: Any) -> None:
    """Add how a file is read."""
    from statewise.forecasting.settings import Data

    group = command.add_argument_group("the file")
    add = group.add_argument
    add("--id-column", metavar="NAME", help="names the series of a row (unique_id, if there)")
    add("--time-column", metavar="NAME", help="of times (ds, or the first); or year,month")
    add("--column", metavar="NAME", help="of values (y, or the only one left)")
    add_settings(group, FILE, Data)
    add_reading(group)


def add_columns(command: Any) -> None:
    """Add what networks are shown beside the series."""
    from statewise.forecasting.settings import Data

    text = "Further columns of DATA that are text are left out. Say all or none for these."
    add_settings(command.add_argument_group("columns", text), COLUMNS, Data)


def add_forecast(command: Any) -> None:
    """Add the settings of a forecaster."""
    from statewise.forecasting.settings import Settings

    group = command.add_argument_group("the forecast")
    text = "the networks alone, not combined with simple forecasts"
    group.add_argument("--no-combine", dest="combine", action="store_false", help=text)
    add_settings(group, SETTINGS, Settings)


def add_study(command: Any) -> None:
    """Add the settings of a forecaster that a study has too."""
    from statewise.forecasting.settings import Settings

    group = command.add_argument_group("the study")
    told = {name: how for name, how in SETTINGS.items() if name != "bounds"}
    add_settings(group, told, Settings)


def add_networks(command: Any) -> None:
    """Add the recipe of networks."""
    from statewise.forecasting.settings import Recipe

    group = networks(command)
    text = "how state is kept, as stateful-warm; auto: what does best on inner cutoffs"
    group.add_argument("--regime", metavar="auto|NAME", help=text)
    add_settings(group, RECIPE, Recipe)


def add_recipe(command: Any) -> None:
    """Add the recipe of networks of several regimes, each series with its own."""
    from statewise.forecasting.settings import Recipe

    command.set_defaults(regime=None, scope=None, members=None)
    told = {name: how for name, how in RECIPE.items() if name not in {"scope", "members"}}
    add_settings(networks(command), told, Recipe)


def add_space(command: Any) -> None:
    """Add the recipe of networks, with several values for settings that are searched."""
    from statewise.forecasting.settings import Recipe

    command.set_defaults(regime=None, scope=None, members=None)
    text = "One value is what all candidates have, several separated by commas are searched over. "
    text += "If there is nothing to search over, it is regimes, lags and units about those that "
    text += "forecast decides."
    group = command.add_argument_group("the networks", text)
    group.add_argument("--regimes", type=listed, metavar="A,B", help="names of presets")
    add_settings(group, {name: RECIPE[name] for name in ("transform", *ONE)}, Recipe)
    add_settings(group, {name: several_of(how) for name, how in SEARCHED.items()}, Recipe)


def several_of(how: dict[str, Any]) -> dict[str, Any]:
    """How an option is parsed that takes several values of what another takes one of."""
    kind, choices = how.get("type", str), how.get("choices")

    def several(text: str) -> list[Any]:
        try:
            found = [kind(part) for part in text.split(",")]
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not values such as 4,8") from None
        if choices and (wrong := [each for each in found if each not in choices]):
            known = ", ".join(choices)
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is not one of {known}")
        return found

    return {"type": several, "metavar": "A,B"}


def networks(command: Any) -> Any:
    """The group of options of networks."""
    text = "What is not said is decided from the series, and printed."
    return command.add_argument_group("the networks", text)


def add_settings(group: Any, options: dict[str, dict[str, Any]], table: type) -> None:
    """Add options for settings, in the words of their own table."""
    from statewise.forecasting.settings import words

    said = words(table)
    for name, parsed in options.items():
        text = said[name].replace("``", "").replace("True for", "or").replace("%", "%%")
        group.add_argument(f"--{name.replace('_', '-')}", help=text, **parsed)


def panel_of(options: argparse.Namespace, model: Any = None, *, even: bool = True) -> Any:
    """The series of the file, with the columns of a model, or all that are numbers.

    Times must be ``even`` for a forecast; a study needs their order alone.
    """
    from statewise.data.choose import check_column
    from statewise.data.files import read_file
    from statewise.errors import DataError

    how = {name: getattr(options, name) for name in ("id_column", "time_column", "freq")}
    how |= reading(options) | {"fill": options.fill or "linear", "target_column": options.column}
    how |= {"exogenous": "numbers", "static": options.static or ()}
    if model is not None:
        origin, how["static"] = model.origin_, model.data.static
        how["target_column"] = options.column or origin.kind.target_column
        how["freq"] = options.freq or origin.frequency
        if not model.data.static:
            how["exogenous"] = origin.columns
    elif options.past is not None and options.future is None:
        how["exogenous"] = named(options)
    if getattr(options, "minimal", False):
        how |= {"exogenous": False, "static": ()}
    try:
        panel = read_file(options.data, **how)
    except DataError as error:
        if even or options.fill or options.freq:
            raise
        panel = read_file(options.data, **how | {"fill": None})
        if panel.frequency is not None:
            raise
        note = f"the order of the times is all that is used: {error.argument} {error.problem}"
        panel = replace(panel, notes=(*panel.notes, note))
    if even:
        panel.checked_frequency()
    for argument in ("known", "past"):
        for name in given if isinstance(given := getattr(options, argument), tuple) else ():
            check_column(panel.columns, argument, name)
    return panel


def named(options: argparse.Namespace) -> Any:
    """The further columns that are named, or which are meant by all."""
    if options.known is True or options.past is True or options.static:
        return "numbers"
    return (*(options.known or ()), *(options.past or ()))


def future_of(options: argparse.Namespace, origin: Any, known: Any) -> tuple[Any, tuple[str, ...]]:
    """The columns that are known over the horizon, checked before training, and which these are.

    Args:
        options: of the command.
        origin: where the series stand, with all their columns.
        known: the names of the columns; None for those that the file has.
    """
    from statewise.data.append import read_future
    from statewise.data.choose import check_column
    from statewise.data.files import read_further
    from statewise.errors import DataError, SettingError

    if known is True:
        known = origin.columns
    if options.future is None:
        if known:
            problem = "must be known over the horizon"
            raise SettingError("--known", tuple(known), problem, "Give --future FILE.")
        return None, ()
    if options.horizon is None:
        problem = "is over a horizon that is not said"
        raise SettingError("--future", str(options.future), problem, "Give a --horizon too.")
    if known:
        origin = replace(origin, columns=tuple(known))
    found = read_further(options.future, origin, None, **line_options(options))
    columns = getattr(found, "column_names", None) or list(found.columns)
    for name in known or ():
        check_column(columns, "--future", name)
    known = tuple(name for name in origin.columns if name in columns)
    if not known:
        problem, fix = "is of columns that DATA does not have", "Leave it out, or add them to DATA."
        raise DataError("--future", str(options.future), problem, fix)
    read_future(found, replace(origin, columns=known), options.horizon)
    return found, known


def model_of(options: argparse.Namespace, panel: Any, known: Any = ()) -> Any:
    """A forecaster with the settings that the options name, checked."""
    from statewise.base.checks import at_least, one_of
    from statewise.forecasting import Forecaster
    from statewise.forecasting.settings import Data, Recipe
    from statewise.model.regime import REGIMES

    if options.regime is not None:
        one_of("--regime", options.regime, ("auto", *REGIMES))
    if options.threads is not None:
        at_least("--threads", options.threads, 1)
    kind = panel.kind
    data = Data(
        id_column=kind.id_column or "unique_id",
        time_column=kind.time.name,
        target_column=kind.target_column,
        known=known,
        **said(options, {**FILE, "past": {}, "static": {}, "calendar": {}}),
    )
    given = said(options, RECIPE)
    if options.regime not in {None, "auto"}:
        given["regime"] = options.regime
    settings = said(options, SETTINGS)
    if settings.get("bounds") == "none":
        settings["bounds"] = None
    model = Forecaster(
        recipe=Recipe(**given) if given else "auto",
        horizon=options.horizon,
        combine=options.combine,
        data=data,
        progress=True,
        **settings,
    )
    model.check()
    return model


def said(options: argparse.Namespace, table: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings of a table that the options say something of."""
    values = {name: getattr(options, name) for name in table}
    return {name: value for name, value in values.items() if value is not None}


def untrained(options: argparse.Namespace) -> None:
    """Raise SettingError if an option says how to train, where a model is given."""
    from statewise.errors import SettingError

    given = said(options, {**RECIPE, **SETTINGS, **COLUMNS, "regime": {}, "plot_loss": {}})
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        fix = f"Leave {option} or --model out."
        raise SettingError(option, value, "is of training, and the model is trained", fix)
