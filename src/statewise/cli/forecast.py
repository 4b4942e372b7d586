"""``statewise forecast``, ``update`` and ``backtest``: forecasts of the series of a file."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from statewise.cli.forecast_options import SAID, add_data, add_model, add_output, levels, model_of
from statewise.cli.options import add_lines, folder, line_options
from statewise.cli.progress import Progress, on_terminal, say

__all__ = ["add_to"]

SHOWN = 60  # rows of a printed forecast
PICTURES = ".png, .svg or .pdf"


def add_to(commands: Any) -> None:
    forecast = commands.add_parser(
        "forecast",
        help="forecast the series of a CSV or Parquet file",
        description="Train an ensemble of LSTMs on the series of a file, and forecast them.",
    )
    add = forecast.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    add("--horizon", type=int, required=True, metavar="H", help="observations to forecast")
    add_regime(forecast, "(stateless)")
    add_output(forecast)
    add("--save", type=Path, metavar="MODEL", help="keep the model in this file")
    add("--plot", type=Path, metavar="FILE.png", help=f"draw the forecasts ({PICTURES})")
    text = "the further columns of DATA over the horizon, which networks are then shown too"
    add("--future", type=Path, metavar="FILE", help=text)
    forecast.later += [add_data, add_model]
    forecast.set_defaults(run=run_forecast, said=SAID)

    update = commands.add_parser(
        "update",
        help="move a saved model on with new observations, without training",
        description="Advance the state of a saved model by the observations that follow, and "
        "rewrite it. If one of them cannot be used, nothing is changed.",
    )
    add = update.add_argument
    add("model", type=Path, metavar="MODEL", help="from forecast --save")
    add("new", type=Path, metavar="NEW", help="a CSV or Parquet file")
    add("--horizon", type=int, metavar="H", help="forecast so many observations")
    add_output(update)
    add("--save", type=Path, metavar="MODEL", help="write it here, and leave the old one")
    add("--future", type=Path, metavar="FILE", help="the further columns over the horizon")
    add_lines(update)
    said = {"path": "MODEL", "file": "NEW", "frame": "NEW", "id_column": "column"}
    update.set_defaults(run=run_update, said=SAID | said)

    backtest = commands.add_parser(
        "backtest",
        help="forecast the last observations of a file as if they were not known",
        description="Walk forward through the last observations of every series, beside the naive "
        "forecasts.",
    )
    add = backtest.add_argument
    add("data", type=Path, metavar="DATA", help="a CSV or Parquet file")
    add("--test-size", type=int, default=12, metavar="K", help="observations after a cutoff (12)")
    add("--cutoffs", type=int, default=3, metavar="C", help="cutoffs of each series (3)")
    add("--horizon", type=int, metavar="H", help="of each forecast (the whole test part at once)")
    walks, text = ("carried", "re-encoded"), "carry the state on, or begin anew at each origin"
    add("--walk", choices=walks, default="carried", help=f"{text} (carried)")
    text = "train at each cutoff, or at the first alone (each)"
    add("--refit", choices=("each", "first"), default="each", help=text)
    add("--season", type=int, metavar="S", help="observations a season (of the frequency)")
    text = "AutoETS, AutoARIMA, DynamicOptimizedTheta: of the extra statewise[baselines]"
    add("--beside", default="", metavar="A,B", help=text)
    add_regime(backtest, "(stateless); auto sees nothing of the test parts")
    add("--level", type=levels, default=(), metavar="80,95", help="of intervals, in percent")
    add("--out", type=folder, metavar="DIR", help="write tables, forecasts and a figure")
    add("--format", choices=("csv", "parquet"), default="csv", help="of the forecasts (csv)")
    backtest.later += [add_data, add_model]
    backtest.set_defaults(run=run_backtest, said=SAID, future=None, save=None)


def add_regime(command: Any, what: str) -> None:
    """Add the choice of the regime."""
    add, text = command.add_argument, f"a preset; or auto: what wins a small study {what}"
    add("--regime", default="stateless", metavar="auto|NAME", help=text)
    text = "seconds of that study, about (20)"
    add("--budget", type=float, default=20.0, metavar="S", help=text)


def run_forecast(options: argparse.Namespace) -> int:
    """Train, forecast, keep and print."""
    from statewise.base.checks import at_least
    from statewise.base.files import check_writable
    from statewise.cli.forecast_options import future_of, panel_of

    at_least("--horizon", options.horizon, 1)
    panel = panel_of(options)
    model = model_of(options, panel, options.horizon)
    future = future_of(options, panel)
    for path in (options.out, options.save, options.plot):
        if path is not None:
            check_writable(path)
    if options.plot is not None:
        check_format(options.plot)
    if options.regime == "auto":
        report = (options.out or Path("forecast.csv")).with_suffix(".report")
        choose(model, panel, options.budget, report)
    with spoken_warnings():
        model.set_params(progress=on_terminal()).fit(panel)
        frame = model.predict(options.horizon, level=options.level, X=future)
        if options.plot is not None:
            figure = model.plot(options.horizon, history=panel, level=options.level, X=future)
            write_figure(figure, options.plot)
    write(frame, options.out)
    show(frame, options.out)
    if options.save is not None:
        model.save(options.save)
        say(f"The model is {options.save}. Later: statewise update {options.save} NEW.csv")
    return 0


def run_update(options: argparse.Namespace) -> int:
    """Advance a model, forecast if that is asked for, and write it."""
    from statewise.base.checks import at_least
    from statewise.data.files import read_further
    from statewise.data.frequency import show as written
    from statewise.errors import SettingError
    from statewise.forecasting import Forecaster

    if options.horizon is not None:
        at_least("--horizon", options.horizon, 1)
    for name in ("level", "out", "future"):
        if getattr(options, name) and options.horizon is None:
            value = str(getattr(options, name))
            raise SettingError(f"--{name}", value, "is of a forecast", "Give a --horizon too.")
    model = Forecaster.load(options.model)
    before = model.origin_
    how = line_options(options)
    new = read_further(options.new, before, (before.kind.target_column, *before.columns), **how)
    model.update(new)
    frame = future = None
    if options.horizon is not None:
        if options.future is not None:
            future = read_further(options.future, model.origin_, before.columns, **how)
        with spoken_warnings():
            frame = model.predict(options.horizon, level=options.level, X=future)
        write(frame, options.out)
    target = options.save or options.model
    model.save(target)
    moved = model.origin_.last != before.last
    series = f"{int(moved.sum())} of {len(moved)} series" if len(moved) > 1 else before.ids[0]
    latest = written(model.origin_.last.max())
    say(f"Moved {series} on by {len(new)} observations, up to {latest}. The model is {target}.")
    if frame is not None:
        show(frame, options.out)
    return 0


def run_backtest(options: argparse.Namespace) -> int:
    """Walk through the test parts, print and write what was found."""
    from statewise.base.checks import at_least, one_of
    from statewise.cli.forecast_options import panel_of
    from statewise.show.tables import table

    beside = [name.strip() for name in options.beside.split(",") if name.strip()]
    if beside:
        from statewise.scoring.baselines import STATISTICAL

        for name in beside:
            one_of("--beside", name, STATISTICAL)
    at_least("--test-size", options.test_size, 1)
    at_least("--cutoffs", options.cutoffs, 1)
    panel = panel_of(options)
    model = model_of(options, panel, options.horizon or options.test_size)
    if options.regime == "auto":
        known = panel.lengths - options.test_size * options.cutoffs
        report = Path("backtest.report") if options.out is None else options.out / "regimes"
        choose(model, panel.until(known.clip(1)), options.budget, report)
    model.set_params(progress=on_terminal())
    with spoken_warnings():
        names = ("test_size", "cutoffs", "horizon", "walk", "refit", "level", "season")
        how = {name: getattr(options, name) for name in names}
        found = model.backtest(panel, beside=beside, **how)
    print(f"{table(found.table)}\n{found.summary}\n{against_naive(found)}")
    if options.out is not None:
        write_backtest(found, options.out, options.format)
    return 0


def choose(model: Any, panel: Any, budget: float, out: Path) -> None:
    """Give a model the regime that wins a small study; print what was found, and keep its report.

    The study is on standard error, like all that is no forecast.
    """
    from statewise.auto.regime_choice import conclude, plan
    from statewise.cli.study import write_report
    from statewise.show.tables import table
    from statewise.study import run_study, settle

    planned = plan(model, panel, budget)
    study = planned.study
    with Progress(study, "and nothing was kept") as progress:
        result = run_study(study, threads=model.threads, on_shard=progress.shard)
    choice = conclude(result, settle(result), planned.notes)
    write_report(result, choice.verdicts, out, ())
    each = f"{study.cutoffs} test parts of {study.test_size}"
    say(
        f"\nRegimes on {len(study.panel.series)} series, {each}, one step at a time; RMSE relative "
        "to the naive forecast's, of single networks and of all restarts together."
    )
    say(table(choice.rows))
    for line in (choice.summary, *choice.notes):
        say(line)
    say("")
    model.set_params(regime=choice.regime)


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
    print(table(rows[:SHOWN], digits))
    if len(rows) > SHOWN:
        print(f"... and {len(rows) - SHOWN} rows more" + (" (--out writes all)" if not out else ""))
    if out is not None:
        say(f"Wrote {len(rows)} rows to {out}.")


def against_naive(found: Any) -> str:
    """How a backtest's forecasts stand to the naive ones, in a sentence."""
    from statewise.forecasting.folds import MODEL

    row = next(row for row in found.table if row["method"] == MODEL)
    best = min(found.table, key=lambda each: each["mase"])["method"]
    parts = []
    for key in ("naive", "seasonal-naive"):
        if (skill := row.get(f"skill-{key}")) is not None:
            side = "below" if skill > 0.0 else "above"
            parts.append(f"{abs(skill):.1%} {side} that of the {key} forecast")
    said = f"{MODEL}: mean MASE " + " and ".join(parts) + "." if parts else ""
    return said if best == MODEL else f"{said} The best here is {best}."


def write_backtest(found: Any, out: Path, form: str) -> None:
    """Write the table, the scores of every series, all forecasts and a figure."""
    from statewise.base.files import Staging
    from statewise.data.files import write_file
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
        found.plot().savefig(staging.path("backtest.png"), dpi=150)
    say(f"Wrote table.csv, scores.csv, {forecasts} and backtest.png to {out}/.")


def check_format(path: Path) -> None:
    """Raise SettingError if no figure can be written in the format that the name says."""
    from matplotlib.figure import Figure

    from statewise.errors import SettingError

    if path.suffix[1:] not in Figure().canvas.get_supported_filetypes():
        raise SettingError("--plot", str(path), "is of no known format", f"Use {PICTURES}.")


def write_figure(figure: Any, path: Path) -> None:
    """Write a figure whole or not at all."""
    from statewise.base.files import Staging

    with Staging(path.parent) as staging:
        figure.savefig(staging.path(path.name), dpi=150)


@contextmanager
def spoken_warnings() -> Iterator[None]:
    """Print each warning as a line, without the place in the source."""
    import warnings

    heard: Sequence[warnings.WarningMessage] = ()
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            yield
    finally:
        for text in dict.fromkeys(str(each.message) for each in heard):
            say(f"statewise: note: {text}")
