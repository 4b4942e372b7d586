"""``statewise study plan``, and the options of a study that ends when it is decided."""

import argparse
from pathlib import Path
from typing import Any

from statewise.cli.options import folder
from statewise.cli.progress import say
from statewise.errors import SettingError, StoreError

__all__ = ["add_looks", "add_plan", "looks_begun", "with_looks"]

LOOKS = 5  # that a study is given with --until decided


def add_looks(action: Any) -> None:
    """Add the options of a study that ends when it is decided."""
    action.add_argument(
        "--until",
        choices=("decided",),
        help="stop at the first planned look at which every hypothesis is decided",
    )
    action.add_argument(
        "--looks", type=int, metavar="K", help=f"planned looks up to all repeats ({LOOKS})"
    )


def with_looks(study: Any, options: argparse.Namespace) -> Any:
    """The study with the planned looks that the options ask for, or else its own."""
    from dataclasses import replace

    from statewise.base.checks import at_least

    if options.looks is not None:
        return replace(study, looks=at_least("--looks", options.looks, 1))
    if options.until and study.looks == 1:
        return replace(study, looks=max(1, min(LOOKS, study.repeats // 2)))
    return study


def looks_begun(study: Any, path: Path) -> Any:
    """The study with the looks that it was begun with, which the command line may have given."""
    from dataclasses import replace

    from statewise.study import Store

    with Store.read(path) as store:
        found = store.specification()
    return study if found is None else replace(study, looks=found[0]["looks"])


def add_plan(actions: Any) -> None:
    """Add the command to the parser."""
    plan = actions.add_parser(
        "plan",
        help="how many repeats the hypotheses need, from those that are there",
        description="From the runs that are there, as a pilot: how many repeats (or cutoffs, or "
        "series) each hypothesis needs for a narrow interval and for a decision.",
    )
    plan.add_argument("file", type=Path, metavar="FILE.toml")
    plan.add_argument(
        "--half-width",
        type=float,
        metavar="W",
        help="of the interval of the mean difference: in RMSE for one series and cutoff, else a "
        "fraction of the naive RMSE (the practical margin)",
    )
    plan.add_argument(
        "--power", type=float, default=0.8, metavar="P", help="probability of a decision (0.8)"
    )
    plan.add_argument("--out", type=folder, metavar="DIR", help="of tables and figures (FILE.plan)")
    plan.set_defaults(run=run_plan)


def run_plan(options: argparse.Namespace) -> int:
    """Print how many repeats each hypothesis needs, and draw how the intervals narrow."""
    from statewise.base.files import Staging
    from statewise.report.plan import plan_figure, plan_rows, plan_text, width_rows
    from statewise.show.tables import to_csv
    from statewise.study import Store
    from statewise.study.file import read
    from statewise.study.planning import plan_hypotheses

    study, path = read(options.file)
    if not study.hypotheses:
        raise SettingError(
            "hypotheses", str(options.file), "has none to plan for", "Declare hypotheses."
        )
    study = looks_begun(study, path)
    with Store.read(path) as store:
        result = pilot_of(study, store)
    plans = plan_hypotheses(result, options.half_width, options.power)
    rows, widths = plan_rows(plans), width_rows(plans, result.study.alpha)
    print(plan_text(result, plans, options.power))
    out = options.out or path.with_suffix(".plan")
    with Staging(out) as staging:
        staging.text("plan.csv", to_csv(rows))
        if widths:
            staging.text("half_widths.csv", to_csv(widths))
            figure = plan_figure(rows, widths)
            figure.savefig(staging.path("half_widths.png"), dpi=150)
            figure.savefig(staging.path("half_widths.svg"))
    say(f"The numbers and the curves of half-widths are in {out}/.")
    return 0


def pilot_of(study: Any, store: Any) -> Any:
    """The results of the first repeats, as many as every arm has everywhere."""
    from dataclasses import replace

    import numpy as np

    from statewise.study import read_results
    from statewise.study.shards import cells_of

    there = study.repeats
    for arm in study.arms:
        for _, _, cell in cells_of(study, arm):
            repeats = store.repeats(cell.key)
            there = min(there, int((repeats == np.arange(len(repeats))).sum()))
    if there < 2:
        raise StoreError(
            "store", str(store.path), f"has {there} repeats of every arm", "Run two or more first."
        )
    return read_results(
        replace(study, repeats=there, looks=1, alpha=study.alpha / study.looks), store
    )
