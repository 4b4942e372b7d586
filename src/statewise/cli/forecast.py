"""``statewise forecast``, ``update`` and ``backtest``: forecasts of the series of a file."""

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from statewise.cli.forecast_options import (
    SAID,
    add_columns,
    add_data,
    add_forecast,
    add_networks,
    add_output,
    future_of,
    levels,
    model_of,
    panel_of,
    untrained,
)
from statewise.cli.options import add_lines, folder, in_options, line_options, say_notes, table_file
from statewise.cli.progress import say, tell

__all__ = ["add_to"]

SHOWN = 60  # rows of a printed forecast
PICTURES = ".png, .svg or .pdf"


def add_to(commands: Any) -> None:
    forecast = commands.add_parser(
        "forecast",
        help="forecast the series of a CSV or Parquet file",
        description="Forecast the series of a file: recurrent networks are trained on them, tried "
        "beside simple forecasts on their last observations, and combined with these. Everything "
        "is decided from the series, and said before the forecasts.",
    )
    add = forecast.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    text = "observations to forecast (what is usual for the frequency)"
    add("--horizon", type=int, metavar="H", help=text)
    add_output(forecast)
    add("--plot", type=Path, metavar="FILE.png", help=f"draw the forecasts ({PICTURES})")
    add("--save", type=Path, metavar="MODEL", help="keep the model in this file")
    text = (
        "forecast with a model that was kept, which need not know these series; nothing is trained"
    )
    add("--model", type=Path, metavar="MODEL", help=text)
    text = "the further columns of DATA that are known over the horizon"
    add("--future", type=Path, metavar="FILE", help=text)
    text = "write how much each forecast counts in the combination, a row a series"
    add("--weights", type=table_file, metavar="FILE", help=text)
    text = "draw the error of the networks over the epochs"
    add("--plot-loss", type=Path, metavar="FILE.png", help=text)
    forecast.later += [add_data, add_columns, add_forecast, add_networks]
    forecast.set_defaults(run=run_forecast, said=SAID)

    update = commands.add_parser(
        "update",
        help="move a saved model on with new observations, without training",
        description="Advance the state of a saved model by the observations that follow, and "
        "rewrite it. If one of them cannot be used, nothing is changed. Updates of one model "
        "wait for each other.",
    )
    add = update.add_argument
    add("model", type=Path, metavar="MODEL", help="from forecast --save")
    add("new", type=Path, metavar="NEW", help="a CSV or Parquet file")
    add("--horizon", type=int, metavar="H", help="forecast so many observations")
    add_output(update)
    add("--save", type=Path, metavar="MODEL", help="write it here, and leave the old one")
    text = "seconds to wait for another update of MODEL (as long as it takes)"
    add("--wait", type=float, metavar="S", help=text)
    text = "the further columns that are known over the horizon"
    add("--future", type=Path, metavar="FILE", help=text)
    add_lines(update)
    said = {"path": "MODEL", "file": "NEW", "frame": "NEW", "id_column": "column"}
    update.set_defaults(run=run_update, said=SAID | said)

    backtest = commands.add_parser(
        "backtest",
        help="forecast the last observations of a file as if they were not known",
        description="Walk forward through the last observations of every series, beside simple "
        "forecasts, and the one of them that does best on the training part.",
    )
    add = backtest.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    text = "observations after a cutoff (12, or what shorter series allow)"
    add("--test-size", type=int, metavar="K", help=text)
    add("--cutoffs", type=int, default=3, metavar="C", help="cutoffs of each series (3)")
    add("--horizon", type=int, metavar="H", help="of each forecast (the whole test part at once)")
    walks, text = ("carried", "re-encoded"), "carry the state on, or begin anew at each origin"
    add("--walk", choices=walks, default="carried", help=f"{text} (carried)")
    text = "train at each cutoff, or at the first alone (each)"
    add("--refit", choices=("each", "first"), default="each", help=text)
    text = "AutoETS, AutoARIMA, DynamicOptimizedTheta: of the extra statewise[baselines]"
    add("--beside", default="", metavar="A,B", help=text)
    add("--level", type=levels, default=(), metavar="80,95", help="of intervals, in percent")
    add("--out", type=folder, metavar="DIR", help="write tables, forecasts and a figure")
    add("--format", choices=("csv", "parquet"), default="csv", help="of the forecasts (csv)")
    backtest.later += [add_data, add_columns, add_forecast, add_networks]
    backtest.set_defaults(run=run_backtest, said=SAID, future=None)


def run_forecast(options: argparse.Namespace) -> int:
    """Train, or take a model; forecast, keep and print."""
    from statewise.base.checks import at_least
    from statewise.base.files import check_writable
    from statewise.show.progress import showing

    if options.horizon is not None:
        at_least("--horizon", options.horizon, 1)
    for path in (options.out, options.save, options.plot, options.plot_loss, options.weights):
        if path is not None:
            check_writable(path)
    for name in ("plot", "plot_loss"):
        if (path := getattr(options, name)) is not None:
            check_format(f"--{name.replace('_', '-')}", path)
    with showing() as progress:
        progress.at("reading the file")
        model, panel, future = applied_model(options) if options.model else trained(options)
        horizon = options.horizon or model.fitted_.decisions.horizon
        asked = {"level": options.level, "X": future}
        progress.at(f"forecasting {len(panel):,} series")
        frame = model.predict(horizon, quantiles=options.quantiles, **asked)
    if options.plot is not None:
        write_figure(model.plot(horizon, history=panel, **asked), options.plot)
    for line in model.explain().splitlines():
        say(in_options(line, options.said))
    say("")
    write(frame, options.out)
    show(frame, options.out)
    if options.weights is not None:
        write_weights(model.fitted_, options.weights)
    if options.plot_loss is not None:
        write_figure(model.plot_training(), options.plot_loss)
    if options.save is not None:
        model.save(options.save, on_wait=say_waiting)
        say(f"The model is {options.save}. Later: statewise update {options.save} NEW.csv")
    return 0


def trained(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """A forecaster that was trained on the series of the file, these, and what is known ahead."""
    panel = panel_of(options)
    future, known = future_of(options, panel.origin, options.known)
    model = model_of(options, panel, known)
    if options.regime == "auto":
        choose(model, panel)
    return model.fit(panel), panel, future


def applied_model(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """A forecaster that was kept, for the series of the file; these, and what is known ahead."""
    from statewise.forecasting import Forecaster
    from statewise.forecasting.reading import read
    from statewise.forecasting.unseen import applied

    untrained(options)
    model = Forecaster.load(options.model)
    panel = panel_of(options, model)
    panel, past = read(model.data, panel, model.origin_.columns)
    model.fitted_ = applied(model.fitted_, panel, past)
    future, _ = future_of(options, model.origin_, model.fitted_.ahead)
    return model, panel, future


def run_update(options: argparse.Namespace) -> int:
    """Advance a model, forecast if that is asked for, and write it."""
    from statewise.base.checks import at_least
    from statewise.data.files import read_further
    from statewise.errors import SettingError
    from statewise.forecasting import Forecaster

    if options.horizon is not None:
        at_least("--horizon", options.horizon, 1)
    for name in ("level", "quantiles", "out", "future"):
        if getattr(options, name) and options.horizon is None:
            value = str(getattr(options, name))
            raise SettingError(f"--{name}", value, "is of a forecast", "Give a --horizon too.")
    how, frame = line_options(options), None
    turn = {"save": options.save, "wait": options.wait, "on_wait": say_waiting}
    with Forecaster.updating(options.model, **turn) as model:
        before = model.origin_
        columns = (before.kind.target_column, *before.columns)
        new = read_further(options.new, before, columns, static=model.data.static, **how)
        model.update(new)
        if options.horizon is not None:
            future = None
            if options.future is not None:
                future = read_further(options.future, model.origin_, model.fitted_.ahead, **how)
            asked = {"level": options.level, "quantiles": options.quantiles}
            frame = model.predict(options.horizon, X=future, **asked)
            write(frame, options.out)  # before the model moves, lest these be missing if it fails
    moved = model.origin_.last != before.last
    series = f"{int(moved.sum())} of {len(moved)} series" if len(moved) > 1 else before.ids[0]
    latest = before.kind.time.show(model.origin_.last.max())
    target = options.save or options.model
    say(f"Moved {series} on by {len(new)} observations, up to {latest}. The model is {target}.")
    if frame is not None:
        show(frame, options.out)
    return 0


def run_backtest(options: argparse.Namespace) -> int:
    """Walk through the test parts, print and write what was found."""
    from statewise.base.checks import at_least, one_of
    from statewise.cli.forecast_options import panel_of
    from statewise.show.progress import showing
    from statewise.show.tables import table

    beside = [name.strip() for name in options.beside.split(",") if name.strip()]
    if beside:
        from statewise.scoring.baselines import STATISTICAL

        for name in beside:
            one_of("--beside", name, STATISTICAL)
    if options.test_size is not None:
        at_least("--test-size", options.test_size, 1)
    at_least("--cutoffs", options.cutoffs, 1)
    if options.horizon is not None:
        at_least("--horizon", options.horizon, 1)
    panel = panel_of(options)
    say_notes(panel, options.said)
    model = model_of(options, panel, options.known or ())
    if options.test_size is None:
        from statewise.auto.like_forecast import usual_test_size

        options.test_size = usual_test_size(panel, options.cutoffs)
    known = panel.lengths - options.test_size * options.cutoffs
    names = ("test_size", "cutoffs", "horizon", "walk", "refit", "level")
    how = {name: getattr(options, name) for name in names}
    season = None if options.season is None else options.season[0]
    with showing():
        if options.regime == "auto" and known.min() > 0:
            model.set_params(horizon=options.horizon or options.test_size)
            choose(model, panel.until(known))
        found = model.backtest(panel, beside=beside, season=season, **how)
    tell(f"{table(found.table)}\n{found.summary}\n{against_simple(found)}")
    if options.out is not None:
        write_backtest(found, options.out, options.format)
    return 0


def choose(model: Any, panel: Any) -> None:
    """Give a model the regime that does best on inner cutoffs of a panel, and say what was found.

    It is said on standard error, like all that is no forecast.
    """
    from statewise.forecasting.regime_choice import choose_regime
    from statewise.show.tables import table

    choice = choose_regime(model, panel)
    if choice.rows:
        say("Mean absolute errors of networks over those of the naive forecast:")
        for line in table(choice.rows).splitlines():
            say(line)
    say(choice.summary)
    say("")
    recipe = model.group("recipe")
    model.set_params(recipe=replace(recipe, regime=choice.regime))


def say_waiting(text: str) -> None:
    """Say that another process writes the model, and is waited for."""
    say(f"statewise: {text}")


def write(frame: Any, out: Path | None) -> None:
    """Write a forecast, if a file was named for it."""
    from statewise.data.files import write_file

    if out is not None:
        write_file(frame, out)


def show(frame: Any, out: Path | None) -> None:
    """Print a forecast, or its first rows if there are many, and say where all of it is."""
    import narwhals as nw
    import numpy as np

    from statewise.show.tables import table

    rows = [
        {k: v if isinstance(v, float) else str(v).removesuffix(" 00:00:00") for k, v in row.items()}
        for row in nw.from_native(frame, eager_only=True).iter_rows(named=True)
    ]
    largest = max(abs(v) for row in rows for v in row.values() if isinstance(v, float))
    digits = int(np.clip(4 - np.floor(np.log10(max(largest, 1e-12))), 0, 12))
    tell(table(rows[:SHOWN], digits))
    if len(rows) > SHOWN:
        tell(f"... and {len(rows) - SHOWN} rows more" + (" (--out writes all)" if not out else ""))
    if out is not None:
        say(f"Wrote {len(rows)} rows to {out}.")


def against_simple(found: Any) -> str:
    """How a backtest's forecasts stand to the naive and to the best simple one, in a sentence."""
    from statewise.forecasting.folds import MODEL

    row = next(row for row in found.table if row["method"] == MODEL)
    best = min(found.table, key=lambda each: each["mase"])["method"]
    bars = {"naive": "the naive forecast", "simple": "the simple one chosen in training"}
    skills = {said: row[f"skill-{key}"] for key, said in bars.items() if f"skill-{key}" in row}
    parts = [
        f"{abs(skill):.1%} {'below' if skill > 0.0 else 'above'} that of {said}"
        for said, skill in skills.items()
    ]
    if not all(map(math.isfinite, skills.values())):
        return "A simple forecast makes no error here, so nothing can be better than it."
    said = f"{MODEL}: mean MASE {' and '.join(parts)}."
    return said if best == MODEL else f"{said} The best here is {best}."


def write_backtest(found: Any, out: Path, form: str) -> None:
    """Write the table, the scores of every series, all forecasts and a figure."""
    from statewise.base.files import Staging
    from statewise.data.files import write_file
    from statewise.show.style import save
    from statewise.show.tables import to_csv

    scores = [
        {"unique_id": name, "method": method, **{m: float(v[i]) for m, v in metrics.items()}}
        for i, name in enumerate(found.panel.ids)
        for method, metrics in found.scores.items()
    ]
    names = list(dict.fromkeys(key for row in scores for key in row))
    with Staging(out) as staging:
        staging.text("table.csv", to_csv(found.table))
        staging.text("scores.csv", to_csv([{k: row.get(k) for k in names} for row in scores]))
        forecasts = f"forecasts.{form}"
        write_file(found.forecasts, staging.path(forecasts))
        save(found.plot(), staging.path("backtest.png"))
    say(f"Wrote table.csv, scores.csv, {forecasts} and backtest.png to {out}/.")


def write_weights(model: Any, path: Path) -> None:
    """Write how much each forecast counts, series by series."""
    import pandas as pd

    from statewise.data.files import write_file
    from statewise.forecasting.words import weights_table

    write_file(pd.DataFrame(weights_table(model)), path)


def check_format(option: str, path: Path) -> None:
    """Raise SettingError if no figure can be written in the format that the name says."""
    from matplotlib.figure import Figure

    from statewise.errors import SettingError

    if path.suffix[1:] not in Figure().canvas.get_supported_filetypes():
        raise SettingError(option, str(path), "is of no known format", f"Use {PICTURES}.")


def write_figure(figure: Any, path: Path) -> None:
    """Write a figure whole or not at all."""
    from statewise.base.files import Staging
    from statewise.show.style import save

    with Staging(path.parent) as staging:
        save(figure, staging.path(path.name))
