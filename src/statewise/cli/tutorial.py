"""``statewise tutorial``: the origin experiments, on the shampoo sales or on your own series."""

import argparse
from pathlib import Path
from typing import Any

from statewise.cli.forecast_options import SAID, add_data
from statewise.cli.options import folder
from statewise.cli.progress import Runs, tell
from statewise.cli.set_up import read_as, series_of

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    tutorial = commands.add_parser(
        "tutorial",
        help="reproduce the origin experiments and settle their six expectations",
        description="Run the eleven origin experiments with all repeats, write their results, "
        "tables and figures, and print the verdict on each of the six expectations.",
    )
    add = tutorial.add_argument
    add("--repeats", type=int, metavar="N",
        help="random restarts of each (1000; 10 with keras)")  # fmt: skip
    add("--profile", default="keras-3", metavar="NAME", help="keras-2 or keras-3 (keras-3)")
    add("--out", type=folder, default=Path("tutorial-results"), metavar="DIR",
        help="output folder (tutorial-results)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="S", help="key of all randomness (1)")
    add("--epochs", type=int, default=1000, metavar="E", help="epochs of training (1000)")
    add("--engine", default="statewise", metavar="NAME",
        help="statewise, or keras, on the origin's own system (statewise)")  # fmt: skip
    add("--store", type=Path, metavar="FILE.db",
        help="keep the runs, to resume (with keras tutorial.db in the output folder)")  # fmt: skip
    add("--threads", type=int, metavar="K", help="threads to train on (all processors)")
    add("--json", action="store_true", help="print one JSON document and nothing else")
    own = tutorial.add_argument_group("your own series instead of the shampoo sales")
    add = own.add_argument
    add("--data", type=Path, metavar="FILE.csv", help="a CSV file with a header line")
    text = "last observations to test on (12, or a quarter of a shorter series)"
    add("--test-size", type=int, metavar="K", help=text)
    tutorial.later += [add_data]
    nothing = dict.fromkeys(("known", "past", "static", "future"))
    tutorial.set_defaults(run=run_tutorial, said=SAID | {"file": "--data"}, minimal=True, **nothing)


def run_tutorial(options: argparse.Namespace) -> int:
    """Run the experiments, write everything, print what came out."""
    from statewise.base.checks import at_least, one_of
    from statewise.errors import SettingError
    from statewise.model.network import PROFILES

    one_of("--engine", options.engine, ("statewise", "keras"))
    on_keras = options.engine == "keras"
    if options.repeats is None:
        options.repeats = 10 if on_keras else 1000
    for name, least in (("repeats", 1), ("epochs", 1), ("seed", 0)):
        at_least(f"--{name}", getattr(options, name), least)
    one_of("--profile", options.profile, PROFILES)
    if options.threads is not None:
        at_least("--threads", options.threads, 1)
    panel = None
    if options.data is not None:
        panel = series_of(options)
    elif given := read_as(options):
        name, value = next(iter(given.items()))
        problem, fix = "says how to read a file, and there is none", "Add --data FILE.csv."
        raise SettingError(name, value, problem, fix)

    from statewise.auto.like_forecast import usual_test_size
    from statewise.base.files import Staging
    from statewise.engine import available_threads
    from statewise.show.progress import showing
    from statewise.study import open_store, run_study
    from statewise.study.cost import expected
    from statewise.study.engines import engine_from
    from statewise.tutorial.experiments import conclude, largest_test_size, tutorial_study

    largest = largest_test_size(panel)
    if options.test_size is None:
        options.test_size = 12 if panel is None else max(2, usual_test_size(panel))
    at_least("--test-size", options.test_size, 2)
    if options.test_size > largest:
        problem, fix = "leaves too few observations to train on", f"Use at most {largest}."
        if largest < 2:
            fix = "Give a series of at least 6 observations."
        raise SettingError("--test-size", options.test_size, problem, fix)
    names = ("test_size", "repeats", "profile", "seed", "epochs")
    how = {name: getattr(options, name) for name in names}
    study = tutorial_study(panel, engine=engine_from(options.engine), **how)
    path = options.store or (options.out / "tutorial.db" if on_keras else None)
    kept = f"in {path}; to go on: the same command" if path else "and none was kept"
    with showing() as progress, Staging(options.out) as staging, open_store(study, path) as store:
        threads = options.threads or available_threads()
        with Runs(study, store, progress, kept) as runs:
            progress.announce(*expected(study, store, threads))
            result = run_study(study, store=store, threads=threads, on_shard=runs.shard)
            tutorial = conclude(result)
            progress.at("drawing")
            write(tutorial, staging)
        document = tutorial.to_json(threads)
        staging.text("tutorial.json", document + "\n")
    if options.json:
        print(document)
    else:
        from statewise.tutorial.text import tutorial_text

        tell(tutorial_text(tutorial))
        tell(f"\nResults, tables and figures are in {options.out}/")
    return 0


def write(tutorial: Any, staging: Any) -> None:
    """Write the page, every table as CSV, and the tutorial's own figures as PNG."""
    from statewise.cli.study import stage_report
    from statewise.show.style import save
    from statewise.show.tables import to_csv

    name = tutorial.result.study.panel.only.unique_id
    title = "The origin experiments" if tutorial.published else f"Eleven experiments on {name}"
    stage_report(staging, "report.html", tutorial.result, tutorial.verdicts, title=title)
    for name, rows in tutorial.tables().items():
        staging.text(f"{name}.csv", to_csv(rows))
    for name, figure in tutorial.figures().items():
        save(figure, staging.path(f"{name}.png"), dpi=120)
