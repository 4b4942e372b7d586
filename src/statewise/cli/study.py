"""``statewise study`` and ``statewise compare``: declare, run, resume, look, export."""

import argparse
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statewise.cli.forecast_options import SAID
from statewise.cli.options import folder, say_notes
from statewise.cli.planning import add_looks, add_plan, begun, with_looks
from statewise.cli.progress import Runs, runs_by_arm, runs_of_an_arm, say, tell
from statewise.cli.score_files import add_compare_files
from statewise.cli.set_up import add_set_up, study_of
from statewise.errors import SettingError, StudyError
from statewise.text import visible

if TYPE_CHECKING:
    from statewise.study import Decided, Study

__all__ = ["add_to"]

NAMED = {"regime": "--regimes", "regimes": "--regimes", "frame": "DATA", "data": "DATA"}


def add_to(commands: Any) -> None:
    study = commands.add_parser(
        "study",
        help="declare arms and hypotheses in a file, run them, lose nothing",
        description="A study is declared in a TOML file and kept in a store beside it.",
    )
    actions = study.add_subparsers(dest="action", required=True, metavar="ACTION")

    init = actions.add_parser(
        "init",
        help="write a commented study file for a file of series",
        description="The study is the one that compare would run: every pair of regimes, and every "
        "regime against the best simple and the naive forecast.",
    )
    init.add_argument("--out", type=Path, default=Path("study.toml"), metavar="FILE.toml")
    add_set_up(init)
    init.set_defaults(run=run_init, said=SAID | NAMED)

    for name, text, run in (
        ("run", "run what is missing, and settle the hypotheses", run_run),
        ("resume", "run what is missing of a study that was begun", run_resume),
        ("status", "how many runs of each arm are there", run_status),
        ("report", "write one HTML page, and its numbers as CSV", run_report),
        ("export", "write every table as CSV or Parquet", run_export),
    ):
        action = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        add = action.add_argument
        add("file", type=Path, metavar="FILE.toml")
        if name in ("run", "resume"):
            add("--threads", type=int, metavar="K", help="threads (all processors)")
            add("--processes", type=int, metavar="K", help="processes instead")
            add_looks(action)
            what = "Dask instead: the scheduler there, or a cluster of this machine"
            add("--dask", nargs="?", const="", metavar="tcp://HOST:PORT", help=what)
        if name == "status":
            add("--check", action="store_true", help="read all, look for damage")
        if name in ("export", "report"):
            add("--out", type=folder, required=name == "export", metavar="DIR")
        if name == "export":
            forms = ("csv", "parquet")
            add("--format", choices=forms, default="csv", help="of the files (csv)")
        said = {"workers": "--processes", "address": "--dask", "looks": "looks"}
        action.set_defaults(run=run, said=said)

    add_plan(actions)
    add_compare_files(actions)

    calibrate = actions.add_parser(
        "calibrate",
        help="how often each test finds a difference where there is none",
        description="Split an arm's restarts at random, many times, and test one half against the "
        "other: every finding is false.",
    )
    calibrate.add_argument("file", type=Path, metavar="FILE.toml")
    calibrate.add_argument("--arm", metavar="NAME", help="the arm to split (the first)")
    calibrate.add_argument("--splits", type=int, default=1000, metavar="N", help="splits (1000)")
    calibrate.set_defaults(run=run_calibrate)

    salvage = actions.add_parser("salvage", help="copy what is whole of a damaged store")
    salvage.add_argument("store", type=Path, metavar="DAMAGED.db")
    salvage.add_argument("new", type=Path, metavar="NEW.db")
    salvage.set_defaults(run=run_salvage)

    compare = commands.add_parser(
        "compare",
        help="compare state regimes on series, in one line",
        description="Every pair of regimes, and every regime against the best simple and the naive "
        "forecast. The networks are those that forecast would make, on the same columns, and are "
        "scored over the horizon.",
    )
    compare.add_argument("--store", type=Path, metavar="FILE.db", help="keep the runs, to resume")
    add_looks(compare)
    add_set_up(compare)
    compare.set_defaults(run=run_compare, said=SAID | NAMED)


def run_init(options: argparse.Namespace) -> int:
    """Write a study file to start from."""
    from statewise.base.files import Staging, clear_stale
    from statewise.study.template import template

    clear_stale(options.out.parent)  # of one that was killed when the file was there already
    if os.path.lexists(options.out):
        fix = "Choose another name with --out."
        raise SettingError("--out", str(options.out), "exists already", fix)
    study, given = study_of(options)
    data = options.data
    if not data.is_absolute():  # a study file's paths are relative to its folder
        data = data.parent.resolve() / data.name
        with suppress(ValueError):  # another drive: there is no way from one to the other
            data = Path(os.path.relpath(data, options.out.parent.resolve()))
    with Staging(options.out.parent) as staging:
        staging.text(options.out.name, template(data, study, given))
    run = shlex.join(["statewise", "study", "run", str(options.out)])
    say(f"Wrote {options.out}. Look it through, then: {run}")
    return 0


def run_run(options: argparse.Namespace) -> int:
    """Run what is missing of a study, and print what it settles."""
    from statewise.study.file import read

    study, store = read(options.file)
    say_notes(study.panel, {})
    return run_and_settle(with_looks(study, options), store, options)


def run_resume(options: argparse.Namespace) -> int:
    """Go on with a study that was begun."""
    with begun(options.file) as (study, store):
        path = store.path
    return run_and_settle(with_looks(study, options), path, options)


def run_and_settle(study: "Study", path: Path | None, options: argparse.Namespace) -> int:
    """Run what is missing, and print the tables and verdicts."""
    from statewise.report.text import study_text
    from statewise.show.progress import showing
    from statewise.study import (
        DaskExecutor,
        ProcessExecutor,
        ThreadExecutor,
        open_store,
        run_until_decided,
    )
    from statewise.study.cost import expected
    from statewise.study.executors import ShardExecutor

    processes, dask = getattr(options, "processes", None), getattr(options, "dask", None)

    def make_executor() -> ShardExecutor:
        if dask is not None:
            return DaskExecutor(dask or None)
        if processes is not None:
            return ProcessExecutor(processes)
        return ThreadExecutor(options.threads)

    make_executor()  # refuses bad settings before the store is touched
    again = "the same command"
    if hasattr(options, "file"):
        again = f"statewise study resume {options.file}"
    kept = "and none was kept" if path is None else f"in {path}; to go on: {again}"
    with (
        showing() as progress,
        open_store(study, path) as store,
        Runs(study, store, progress, kept) as runs,
    ):
        if dask is None:
            progress.announce(*expected(study, store, processes or options.threads))
        decided = run_until_decided(study, store, make_executor, runs.shard)
    tell(study_text(decided.result, decided.verdicts))
    if path is not None:
        write_decided(decided, path.with_suffix(".report"), options)
    if decided.summary:
        tell(f"\n{decided.summary}")
    return 0


def run_status(options: argparse.Namespace) -> int:
    """Print how many runs each arm has; with --check, whether the file is whole."""
    from statewise.show.tables import table
    from statewise.study import read_decided
    from statewise.study.file import read

    _, path = read(options.file)
    if not path.exists():
        tell(f"{path} is not there: nothing was run yet.")
        return 0
    with begun(options.file) as (study, store):
        damage = store.damage() if options.check else []
        if damage:
            tell("\n".join(map(visible, damage)))
            command = shlex.join(["statewise", "study", "salvage", str(path)])
            say(f"Recover what is whole with: {command} NEW.db")
            return 2
        ended, summary = study, ""
        if study.looks > 1:
            with suppress(StudyError):  # it has not ended yet
                decided = read_decided(study, store)
                ended, summary = decided.result.study, decided.summary
        wanted = runs_of_an_arm(ended)
        rows = [
            {"arm": name, "runs": count, "of": wanted, "missing": wanted - count}
            for name, count in runs_by_arm(ended, store).items()
        ]
    tell(table(rows))
    if summary:
        tell(summary)
    if options.check:
        tell("Every run is whole.")
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Write the report of a study whose runs are there."""
    decided, path = finished(options.file)
    write_decided(decided, options.out or path.with_suffix(".report"), options)
    if decided.summary:
        say(decided.summary)
    return 0


def finished(file: Path) -> tuple["Decided", Path]:
    """How the study of a file ended, and where its store is.

    Raises:
        StudyError: it has not ended yet.
    """
    from statewise.study import read_decided

    with begun(file) as (study, store):
        return read_decided(study, store), Path(str(store.path))


def write_decided(decided: "Decided", out: Path, options: argparse.Namespace) -> None:
    """Write the report of a study, with the words that run it again if it has a file."""
    command, looks = [], len(decided.planned)
    if hasattr(options, "file"):
        more = ["--looks", str(looks)] if looks > 1 else []
        command = ["statewise", "study", "run", *more, options.file.name]
    write_report(decided.result, decided.verdicts, out, command)


def write_report(result: Any, verdicts: Any, out: Path, command: Sequence[str]) -> None:
    """Write the page, and its numbers as CSV and JSON beside it."""
    import json

    from statewise.base.files import Staging

    with Staging(out) as staging:
        tables = stage_report(staging, "index.html", result, verdicts, command=command)
        staging.text("report.json", json.dumps(tables, indent=1, allow_nan=False) + "\n")
    say(f"The report is {out / 'index.html'}, with its numbers beside it.")


def stage_report(staging: Any, page: str, result: Any, verdicts: Any, **told: Any) -> Any:
    """Write the page and the CSV files of its tables; return the tables."""
    from statewise.report.html import html_report, report_tables
    from statewise.show.tables import to_csv

    tables = report_tables(result, verdicts)
    staging.text(page, html_report(result, verdicts, tables=tables, **told))
    for name, rows in tables.items():
        staging.text(f"{name}.csv", to_csv(rows))
    return tables


def run_export(options: argparse.Namespace) -> int:
    """Write every table of a finished study."""
    from statewise.base.files import Staging
    from statewise.report.study_tables import study_tables
    from statewise.show.tables import to_csv, write_parquet

    decided, _ = finished(options.file)
    with Staging(options.out) as staging:
        tables = study_tables(decided.result)
        names = [f"{name}.{options.format}" for name in tables]
        for name, rows in zip(names, tables.values(), strict=True):
            if options.format == "csv":
                staging.text(name, to_csv(rows))
            else:
                write_parquet(rows, staging.path(name))
    say(f"Wrote {', '.join(names)} to {options.out}/")
    if decided.summary:
        say(decided.summary)
    return 0


def run_calibrate(options: argparse.Namespace) -> int:
    """Print the false-positive rate of each test, on each series and cutoff of an arm."""
    from statewise.base.checks import at_least, one_of
    from statewise.show.tables import table
    from statewise.stats import false_positive_rates

    at_least("splits", options.splits, 1)
    decided, _ = finished(options.file)
    result, study = decided.result, decided.result.study
    name = one_of("arm", options.arm or study.arms[0].name, result.arms)
    for (series, cutoff), cell in result.arms[name].cells.items():
        margin = study.margin * result.naive_scores[series, cutoff]
        rows = [
            {"test": f.test, "splits": f.splits, "false": f.rejected, "rate": f.rate,
             "low": f.interval[0], "high": f.interval[1]}
            for f in false_positive_rates(cell.scores, margin, study.alpha, options.splits,
                                          seed=study.seed)
        ]  # fmt: skip
        tell(f"{visible(name)} on {series}, cutoff {cutoff}, at {100.0 * study.alpha:.3g}%")
        tell(f"{table(rows)}\n")
    if decided.summary:
        tell(decided.summary)
    tell("Splits of one sample are not independent of each other: read the rates as a check.")
    return 0


def run_salvage(options: argparse.Namespace) -> int:
    """Copy what is whole of a damaged store."""
    from statewise.study.salvage import salvage

    tell(f"{salvage(options.store, options.new)} The new store is {options.new}.")
    return 0


def run_compare(options: argparse.Namespace) -> int:
    """Compare regimes on series."""
    study, _ = study_of(options)
    return run_and_settle(with_looks(study, options), options.store, options)
