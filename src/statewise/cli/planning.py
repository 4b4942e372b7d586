"""``statewise study plan``, and the options of a study that ends when it is decided."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statewise.cli.options import folder
from statewise.cli.progress import say, tell
from statewise.errors import SettingError, StoreError

if TYPE_CHECKING:
    from statewise.study import Store, Study

__all__ = ["add_looks", "add_plan", "begun", "with_looks"]

LOOKS = 5  # that a study is given with --until decided


def add_looks(action: Any) -> None:
    """Add the options of a study that ends when it is decided."""
    add = action.add_argument
    text = "stop at the first planned look at which every hypothesis is decided"
    add("--until", choices=("decided",), help=text)
    add("--looks", type=int, metavar="K", help=f"planned looks up to all repeats ({LOOKS})")


def with_looks(study: "Study", options: argparse.Namespace) -> "Study":
    """The study with the planned looks that the options ask for, or else its own."""
    if options.looks is not None:
        try:
            return replace(study, looks=options.looks)
        except SettingError as error:
            error.argument = "--looks"
            raise
    if options.until and study.looks == 1:
        return replace(study, looks=max(1, min(LOOKS, study.repeats // 2)))
    return study


@contextmanager
def begun(file: Path) -> Iterator[tuple["Study", "Store"]]:
    """The study of a file, with the looks that it was begun with, and its store to read.

    Raises:
        StoreError: it was not begun, or its store cannot be read.
        StudyError: it was begun with another specification.
    """
    from statewise.study import Store
    from statewise.study.execute import refuse_changes
    from statewise.study.file import read

    study, path = read(file)
    if not path.exists():
        fix = f"Begin with: statewise study run {file}"
        raise StoreError("store", str(path), "is not there", fix)
    with Store.read(path) as store:
        found = store.specification()
        if found is not None and study.looks == 1:  # the command line may have given them
            study = replace(study, looks=found[0]["looks"])
        refuse_changes(study, store)
        yield study, store


def add_plan(actions: Any) -> None:
    plan = actions.add_parser(
        "plan",
        help="how many repeats the hypotheses need, from those that are there",
        description="From the runs that are there, as a pilot: how many repeats (or cutoffs, or "
        "series) each hypothesis needs for a narrow interval and for a decision.",
    )
    add = plan.add_argument
    add("file", type=Path, metavar="FILE.toml")
    text = "of the interval of the mean difference: in RMSE for one series and cutoff, else a "
    text += "fraction of the naive RMSE (the practical margin)"
    add("--half-width", type=float, metavar="W", help=text)
    add("--power", type=float, default=0.8, metavar="P", help="probability of a decision (0.8)")
    add("--out", type=folder, metavar="DIR", help="of tables and figures (FILE.plan)")
    plan.set_defaults(run=run_plan)


def run_plan(options: argparse.Namespace) -> int:
    """Print how many repeats each hypothesis needs, and draw how the intervals narrow."""
    from statewise.base.files import Staging
    from statewise.report.plan import plan_figure, plan_rows, plan_text, width_rows
    from statewise.show.style import save
    from statewise.show.tables import to_csv
    from statewise.study import pilot_of, plan_hypotheses

    with begun(options.file) as (study, store):
        if not study.hypotheses:
            fix = "Declare hypotheses."
            raise SettingError("hypotheses", str(options.file), "has none to plan for", fix)
        result = pilot_of(study, store)
        out = options.out or Path(str(store.path)).with_suffix(".plan")
    plans = plan_hypotheses(result, options.half_width, options.power)
    rows, widths = plan_rows(plans), width_rows(plans, result.study.alpha)
    tell(plan_text(result, plans, options.power))
    with Staging(out) as staging:
        staging.text("plan.csv", to_csv(rows))
        if widths:
            staging.text("half_widths.csv", to_csv(widths))
            figure = plan_figure(rows, widths)
            for name in ("half_widths.png", "half_widths.svg"):
                save(figure, staging.path(name))
    say(f"The numbers and the curves of half-widths are in {out}/.")
    return 0
