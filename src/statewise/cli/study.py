"""``statewise study`` and ``statewise compare``: declare, run, resume, look, export."""

import argparse
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from statewise.cli.options import folder
from statewise.cli.planning import add_looks, add_plan, looks_begun, with_looks
from statewise.cli.progress import Progress, say
from statewise.errors import SettingError, StoreError

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    study = commands.add_parser(
        "study",
        help="declare arms and hypotheses in a file, run them, lose nothing",
        description="A study is declared in a TOML file and kept in a store beside it.",
    )
    actions = study.add_subparsers(dest="action", required=True, metavar="ACTION")

    init = actions.add_parser("init", help="write a commented study file for a CSV file")
    init.add_argument("data", type=Path, metavar="DATA.csv")
    init.add_argument("--out", type=Path, default=Path("study.toml"), metavar="FILE.toml")
    init.set_defaults(run=run_init)

    for name, text, run in (
        ("run", "run what is missing, and settle the hypotheses", run_run),
        ("resume", "the same, of a study that was begun", run_resume),
        ("status", "how many runs of each arm are there", run_status),
        ("report", "write one HTML page, and its numbers as CSV", run_report),
        ("export", "write every table as CSV or Parquet", run_export),
    ):
        action = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        action.add_argument("file", type=Path, metavar="FILE.toml")
        if name in ("run", "resume"):
            action.add_argument("--threads", type=int, metavar="K", help="threads (all processors)")
            action.add_argument("--processes", type=int, metavar="K", help="processes instead")
            add_looks(action)
            action.add_argument(
                "--dask",
                nargs="?",
                const="",
                metavar="tcp://HOST:PORT",
                help="Dask instead: the scheduler there, or a cluster of this machine",
            )
        if name == "status":
            action.add_argument("--check", action="store_true", help="read all, look for damage")
        if name in ("export", "report"):
            action.add_argument("--out", type=folder, required=name == "export", metavar="DIR")
        if name == "export":
            action.add_argument(
                "--format", choices=("csv", "parquet"), default="csv", help="of the files (csv)"
            )
        action.set_defaults(run=run)

    add_plan(actions)

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
        help="compare state regimes on a series, in one line",
        description="Every pair of regimes, and every regime against the naive forecast.",
    )
    add = compare.add_argument
    add("data", type=Path, metavar="DATA.csv")
    add("--regimes", default="stateful,stateless", metavar="A,B", help="names of presets")
    add("--repeats", type=int, default=200, metavar="N", help="random restarts of each (200)")
    add("--test-size", type=int, default=12, metavar="K", help="observations to test on (12)")
    add("--cutoffs", type=int, default=1, metavar="C", help="cutoffs of each series (1)")
    add("--epochs", type=int, default=1000, metavar="E", help="epochs of training (1000)")
    add("--units", type=int, default=1, metavar="U", help="units of the network (1)")
    add("--lags", type=int, default=1, metavar="L", help="past values shown at a step (1)")
    add("--seed", type=int, default=1, metavar="S", help="key of all randomness (1)")
    add("--column", metavar="NAME", help="the column of values")
    add("--encoding", default="utf-8", metavar="E", help="how the file's bytes are read (utf-8)")
    add("--store", type=Path, metavar="FILE.db", help="keep the runs, to resume or extend")
    add("--threads", type=int, metavar="K", help="threads (all processors)")
    add_looks(compare)
    compare.set_defaults(run=run_compare)


def run_init(options: argparse.Namespace) -> int:
    """Write a study file to start from."""
    from statewise.data.panel import Panel
    from statewise.study.file import template

    if options.out.exists():
        raise SettingError(
            "--out", str(options.out), "exists already", "Choose another name with --out."
        )
    panel = Panel.from_csv(options.data)
    data = options.data
    if not data.is_absolute():  # a study file's paths are relative to its folder
        data = Path(os.path.relpath(data.resolve(), options.out.parent.resolve()))
    options.out.write_text(template(data, panel), encoding="utf-8")
    say(f"Wrote {options.out}. Look it through, then: statewise study run {options.out}")
    return 0


def run_run(options: argparse.Namespace) -> int:
    """Run what is missing of a study, and print what it settles."""
    from statewise.study.file import read

    study, store = read(options.file)
    return run_and_settle(with_looks(study, options), store, options)


def run_resume(options: argparse.Namespace) -> int:
    """Go on with a study that was begun."""
    from statewise.study.file import read

    study, store = read(options.file)
    if not store.exists():
        raise StoreError(
            "store", str(store), "is not there", f"Begin with: statewise study run {options.file}"
        )
    study = with_looks(looks_begun(study, store), options)
    return run_and_settle(study, store, options)


def run_and_settle(study: Any, path: Path | None, options: argparse.Namespace) -> int:
    """Run what is missing, and print the tables and verdicts."""
    from statewise.base.checks import at_least
    from statewise.report.text import study_text
    from statewise.study import DaskExecutor, ProcessExecutor, ThreadExecutor, open_store
    from statewise.study.executors import ShardExecutor
    from statewise.study.sequential import run_until_decided

    for name in ("threads", "processes"):
        if getattr(options, name, None) is not None:
            at_least(f"--{name}", getattr(options, name), 1)
    processes, dask = getattr(options, "processes", None), getattr(options, "dask", None)

    def make_executor() -> ShardExecutor:
        if dask is not None:
            return DaskExecutor(dask or None)
        return ProcessExecutor(processes) if processes else ThreadExecutor(options.threads)

    make_executor()  # refuses bad settings before the store is touched
    kept = "and nothing was kept" if path is None else f"and every finished run is in {path}"
    with (
        open_store(study, path) as store,
        Progress(study, kept, runs_by_arm(study, store)) as progress,
    ):
        decided = run_until_decided(study, store, make_executor, progress.shard)
    print(study_text(decided.result, decided.verdicts))
    if path is not None:
        out = path.with_suffix(".report")
        command = command_of(options, study.looks)
        write_report(decided.result, decided.verdicts, out, command)
    if decided.planned > 1:
        last = decided.taken[-1]
        print(
            f"\nEnded at look {len(decided.taken)} of {decided.planned} planned, at "
            f"{last.repeats} repeats; each look was given an error of {last.alpha:.2%}."
        )
    return 0


def runs_by_arm(study: Any, store: Any) -> dict[str, int]:
    """How many of an arm's runs are in the store."""
    from statewise.study.shards import cells_of

    counts = store.counts()
    return {
        arm.name: sum(
            min(counts.get(cell.key, 0), study.repeats) for _, _, cell in cells_of(study, arm)
        )
        for arm in study.arms
    }


def run_status(options: argparse.Namespace) -> int:
    """Print how many runs of each arm are there; with --check, whether the file is whole."""
    from statewise.show.tables import table
    from statewise.study import Store
    from statewise.study.file import read

    study, path = read(options.file)
    if not path.exists():
        print(f"{path} is not there: nothing was run yet.")
        return 0
    with Store.read(path) as store:
        counts = runs_by_arm(study, store)
        wanted = study.repeats * study.cutoffs * len(study.panel.series)
        rows = [
            {"arm": name, "runs": count, "of": wanted, "missing": wanted - count}
            for name, count in counts.items()
        ]
        print(table(rows))
        if options.check:
            damage = store.damage()
            print("\n".join(damage) if damage else "Every run is whole.")
            return 2 if damage else 0
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Write the report of a study whose runs are there."""
    from statewise.study import Store, ThreadExecutor, run_until_decided
    from statewise.study.file import read

    study, path = read(options.file)
    study = looks_begun(study, path)
    with Store.write_to(path) as store:
        missing = sum(study_runs(study)[name] - n for name, n in runs_by_arm(study, store).items())
        if missing and study.looks == 1:
            raise StoreError(
                "store", str(path), f"lacks {missing} runs", "Run the study to its end first."
            )
        decided = run_until_decided(study, store, ThreadExecutor)
    out = options.out or path.with_suffix(".report")
    write_report(decided.result, decided.verdicts, out, command_of(options, study.looks))
    return 0


def study_runs(study: Any) -> dict[str, int]:
    """How many runs each arm has in the end."""
    wanted = study.repeats * study.cutoffs * len(study.panel.series)
    return {arm.name: wanted for arm in study.arms}


def command_of(options: argparse.Namespace, looks: int) -> list[str]:
    """The words that run the study of a file again; none for a study without a file."""
    if not hasattr(options, "file"):
        return []
    more = ["--looks", str(looks)] if looks > 1 else []
    return ["statewise", "study", "run", *more, options.file.name]


def write_report(result: Any, verdicts: Any, out: Path, command: Sequence[str]) -> None:
    """Write the page, and every number of it as CSV and JSON beside it."""
    import json

    from statewise.base.files import Staging
    from statewise.report.html import html_report, report_tables
    from statewise.show.tables import to_csv

    with Staging(out) as staging:
        tables = report_tables(result, verdicts)
        staging.text("index.html", html_report(result, verdicts, tables=tables, command=command))
        staging.text("report.json", json.dumps(tables, indent=1, allow_nan=False) + "\n")
        for name, rows in tables.items():
            staging.text(f"{name}.csv", to_csv(rows))
    say(f"The report is {out / 'index.html'}, with its numbers beside it.")


def run_export(options: argparse.Namespace) -> int:
    """Write every table of a finished study."""
    from statewise.base.files import Staging
    from statewise.report.tables import study_tables
    from statewise.show.tables import to_csv, write_parquet
    from statewise.study import Store, read_results
    from statewise.study.file import read

    study, path = read(options.file)
    with Store.read(path) as store:
        result = read_results(study, store)
    with Staging(options.out) as staging:
        tables = study_tables(result)
        names = [f"{name}.{options.format}" for name in tables]
        for name, rows in zip(names, tables.values(), strict=True):
            if options.format == "csv":
                staging.text(name, to_csv(rows))
            else:
                write_parquet(rows, staging.path(name))
    say(f"Wrote {', '.join(names)} to {options.out}/")
    return 0


def run_calibrate(options: argparse.Namespace) -> int:
    """Print the false-positive rate of each test, on each series and cutoff of an arm."""
    from statewise.base.checks import at_least
    from statewise.show.tables import table
    from statewise.stats import false_positive_rates
    from statewise.study import Store, read_results
    from statewise.study.file import read

    at_least("--splits", options.splits, 1)
    study, path = read(options.file)
    arm = study.arm(options.arm or study.arms[0].name)
    with Store.read(path) as store:
        result = read_results(study, store)
    for (series, cutoff), cell in result.arms[arm.name].cells.items():
        margin = study.margin * result.naive_scores[series, cutoff]
        found = false_positive_rates(
            cell.scores, margin, study.alpha, options.splits, seed=study.seed
        )
        rows = [
            {"test": f.test, "splits": f.splits, "false": f.rejected, "rate": f.rate,
             "low": f.interval[0], "high": f.interval[1]}
            for f in found
        ]  # fmt: skip
        print(f"{arm.name} on {series}, cutoff {cutoff}, at {study.alpha:.0%}")
        print(f"{table(rows)}\n")
    print("Splits of one sample are not independent of each other: read the rates as a check.")
    return 0


def run_salvage(options: argparse.Namespace) -> int:
    """Copy what is whole of a damaged store."""
    from statewise.study.salvage import salvage

    recovered, lost = salvage(options.store, options.new)
    print(f"{recovered} runs were recovered into {options.new}; {lost} were damaged.")
    return 0


def run_compare(options: argparse.Namespace) -> int:
    """Compare regimes on a series."""
    from statewise.data.panel import Panel
    from statewise.model.framing import Framing
    from statewise.model.network import Network, Training
    from statewise.model.regime import StateRegime
    from statewise.model.spec import Model
    from statewise.study import NAIVE, Arm, Study, better, equivalent

    names = [name.strip() for name in options.regimes.split(",")]
    network, training = Network(options.units), Training(options.epochs)
    framing = Framing(lags=options.lags)
    study = Study(
        arms=tuple(
            Arm(name, Model(StateRegime.named(name), framing, network, training)) for name in names
        ),
        panel=Panel.from_csv(options.data, column=options.column, encoding=options.encoding),
        test_size=options.test_size,
        repeats=options.repeats,
        cutoffs=options.cutoffs,
        hypotheses=(
            *(equivalent(a, b) for a, b in itertools.combinations(names, 2)),
            *(better(name, NAIVE) for name in names),
        ),
        seed=options.seed,
    )
    return run_and_settle(with_looks(study, options), options.store, options)
