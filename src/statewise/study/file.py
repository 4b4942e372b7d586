"""The TOML file that declares a study."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statewise.base.checks import one_of
from statewise.base.files import content_of
from statewise.base.records import from_document
from statewise.data.files import read_file
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError, StatewiseError
from statewise.study.design import Hypothesis, Study
from statewise.study.specification import arm_from

__all__ = ["read", "template"]

DATA = {  # fields that say how to read the data, and what the reader calls them
    "data": "file",
    "column": "target_column",
    "time_column": "time_column",
    "id_column": "id_column",
    "date_format": "date_format",
    "decimal": "decimal",
    "fill": "fill",
    "skip_lines": "skip_lines",
    "skip_footer": "skip_footer",
    "encoding": "encoding",
    "max_rows": "max_rows",
}
SHARED = ("framing", "network", "training")
LARGEST = 16 * 2**20  # bytes of a study file
NUMBERS = (
    "test_size",
    "repeats",
    "cutoffs",
    "seed",
    "margin",
    "alpha",
    "keep_loss",
    "looks",
    "horizon",
    "season",
)


def read(path: Path) -> tuple[Study, Path]:
    """The study that a TOML file declares, and where its store is; paths are relative to the file.

    Raises:
        DataError: the file or its data cannot be read.
        SettingError: something that it declares is unknown or impossible.
    """
    try:
        document = tomllib.loads(content_of(path, LARGEST).decode("utf-8"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise DataError("study file", str(path), problem, "Check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError("study file", str(path), f"is not TOML ({error})", "Correct it.") from None
    for name in document:
        one_of("study field", name, (*DATA, *SHARED, *NUMBERS, "store", "arms", "hypotheses"))
    for name in ("data", "test_size", "repeats", "arms"):
        if name not in document:
            raise SettingError("study file", str(path), f"has no {name}", f"Add {name} to it.")
    shared = {name: document[name] for name in SHARED if name in document}
    study = Study(
        arms=tuple(arm_from(with_shared(arm, shared)) for arm in document["arms"]),
        panel=panel_of(path.parent, document),
        hypotheses=tuple(
            from_document(Hypothesis, "hypothesis", h) for h in document.get("hypotheses", ())
        ),
        **{name: document[name] for name in NUMBERS if name in document},
    )
    return study, path.parent / document.get("store", path.with_suffix(".db").name)


def panel_of(folder: Path, document: dict[str, Any]) -> Panel:
    """The series of a study file; errors name its fields."""
    options = {DATA[name]: document[name] for name in DATA if name in document}
    try:
        return read_file(folder / options.pop("file"), **options, exogenous=False)
    except StatewiseError as error:
        field = next((field for field, name in DATA.items() if name == error.argument), None)
        error.argument = field or error.argument
        raise


def with_shared(arm: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """An arm's table with the tables that all arms share; its own fields go first."""
    return {**arm, **{name: {**table, **arm.get(name, {})} for name, table in shared.items()}}


def template(data: Path, panel: Panel, given: Mapping[str, Any]) -> str:
    """A commented study file for a data file, ready to run; ``given`` are fields of how it is read.

    Their values are text and numbers.
    """
    fields = "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items())
    shortest = min(len(series) for series in panel.series)
    test_size = max(1, min(12, shortest // 4))
    return f"""\
# A study: arms, repeated from random restarts, and the hypotheses they are to settle.
#   statewise study run FILE.toml
# Runs are kept in FILE.db beside this file: stop whenever you like, and run it again to go on.
# More repeats, arms or series extend the study. Anything else that changes is refused, since
# hypotheses are declared before their results are seen.

data = {json.dumps(data.as_posix())}
{fields}test_size = {test_size}  # observations after each cutoff
horizon = 1  # of them are forecast before they are seen, again and again
cutoffs = 1  # test parts of each series, which do not overlap
repeats = 200  # random restarts of each arm
seed = 1
margin = 0.01  # of the naive forecast's RMSE: smaller differences do not matter
looks = 1  # planned looks on the way to all repeats; stops when everything is decided
alpha = 0.05  # error rate of each family of hypotheses, corrected by Holm

[framing]  # shared by all arms, unless an arm has its own
transform = "none"  # or "log", "box-cox", for positive series
difference = 1  # model changes; 0 models the values; [1, 12] also removes a yearly season of months
lags = 1  # past values shown at each time step
steps = 1  # time steps of a window

[network]
units = 1
profile = "keras-3"

[training]
epochs = 1000
batch_size = 1

[[arms]]
name = "stateless"
regime = "stateless"  # a preset, or a table: {{ reset_training = "batch", warm_up = "none" }}

[[arms]]
name = "stateful"
regime = "stateful-warm"

[[hypotheses]]
kind = "better"  # or "equivalent", "no_worse"
first = "stateless"
second = "stateful"
# family = "study"  # hypotheses of one family are corrected together

[[hypotheses]]
kind = "better"
first = "stateless"
second = "simple"  # the simple forecast that did best on the training part, or one by its name:
# "naive" (the last observation), "mean", "drift", "seasonal naive", "autoregression", "ETS" or
# "Theta"

[[hypotheses]]
kind = "better"
first = "stateful"
second = "simple"
"""
