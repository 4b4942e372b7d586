"""The TOML file that declares a study."""

import json
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from statewise.base.files import content_of
from statewise.base.records import read_fields
from statewise.data.files import read_file
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError, StatewiseError
from statewise.study.design import Study, arm_path
from statewise.study.specification import TYPES, arm_from

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
NOT_HERE = ("panel", "columns", "adjust", "past")  # of a study's fields
LARGEST = 16 * 2**20  # bytes of a study file


@cache
def types() -> dict[str, Any]:
    """The types of the fields of a study file."""
    how = get_type_hints(read_file)
    reading = {field: how.get(name, str) for field, name in DATA.items()}
    own = {name: hint for name, hint in TYPES.items() if name not in NOT_HERE}
    return {**reading, **dict.fromkeys(SHARED, dict), "store": str, **own}


def read(path: Path) -> tuple[Study, Path]:
    """The study that a TOML file declares, and where its store is; paths are relative to the file.

    Raises:
        DataError: the file or its data cannot be read.
        SettingError: something that it declares is unknown or impossible, with its path in the
            file: of arms and hypotheses, their places from zero.
    """
    document = document_of(path)
    values = read_fields(types(), "", document)
    for name in ("data", "test_size", "repeats", "arms"):
        if name not in values:
            raise SettingError("study file", str(path), f"has no {name}", f"Add {name} to it.")
    shared = {name: values.pop(name) for name in SHARED if name in values}
    reading = {DATA[name]: values.pop(name) for name in DATA if name in values}
    store = store_of(path, values.pop("store", path.with_suffix(".db").name))
    own = values.pop("arms")
    try:
        arms = tuple(arm_from(with_shared(arm, shared), at) for at, arm in enumerate(own))
        return Study(arms, panel_of(path.parent, reading), **values), store
    except SettingError as error:
        error.argument = place_in_file(error.argument, own, shared)
        raise


def document_of(path: Path) -> dict[str, Any]:
    """What a TOML file holds; raises DataError if it cannot be read."""
    fix = "Correct it."
    try:
        return tomllib.loads(content_of(path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        problem, fix = f"cannot be read ({error.strerror})", "Check the path."
    except UnicodeDecodeError as error:
        problem, fix = f"is not text in UTF-8 ({error.reason})", "Save it in UTF-8."
    except RecursionError:
        problem = "is not TOML that is read (tables or lists are nested too deep)"
    except ValueError as error:
        problem = f"is not TOML ({error})"
    raise DataError("study file", str(path), problem, fix)


def store_of(path: Path, name: str) -> Path:
    """Where the store of a study file is; raises SettingError if no file can be there."""
    store = path.parent / name
    try:
        mode = store.stat().st_mode
        if not stat.S_ISDIR(mode) and not store.samefile(path):
            return store
        problem = "is a folder, or the study file itself"
    except FileNotFoundError:
        return store
    except (OSError, ValueError) as error:
        problem = f"is no path of a file ({getattr(error, 'strerror', None) or error})"
    raise SettingError("store", name, problem, 'Name a file, for example "study.db".')


def panel_of(folder: Path, reading: dict[str, Any]) -> Panel:
    """The series of a study file; errors name its fields."""
    try:
        return read_file(folder / reading.pop("file"), **reading, exogenous=False)
    except StatewiseError as error:
        field = next((field for field, name in DATA.items() if name == error.argument), None)
        error.argument = field or error.argument
        raise


def place_in_file(place: str, arms: Sequence[dict[str, Any]], shared: Mapping[str, Any]) -> str:
    """The place of a field of an arm, or of the table at the top that the arm has it from."""
    for at, arm in enumerate(arms):
        head = f"{arm_path(at, arm.get('name'))}."
        table, *inner = re.split(r"[.\[]", place.removeprefix(head))
        if place.startswith(head) and table in shared:
            mine = arm.get(table, {})
            return place if inner and inner[0] in mine else place.removeprefix(head)
    return place


def with_shared(arm: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """An arm's table with the tables that all arms share; its own fields go first."""
    own = {name: arm.get(name, {}) for name in shared}
    merged = {
        name: {**shared[name], **mine} for name, mine in own.items() if isinstance(mine, dict)
    }
    return {**arm, **merged}


def template(data: Path, panel: Panel, given: Mapping[str, Any]) -> str:
    """A commented study file for a data file, ready to run; ``given`` are fields of how it is read.

    Their values are text and numbers.

    Raises:
        SettingError: a text cannot be written in UTF-8, as a name of a file in other bytes.
    """
    fields = "".join(f"{name} = {written(name, value)}\n" for name, value in given.items())
    shortest = min(len(series) for series in panel.series)
    test_size = max(1, min(12, shortest // 4))
    return f"""\
# A study: arms, repeated from random restarts, and the hypotheses they are to settle.
#   statewise study run FILE.toml
# Runs are kept in FILE.db beside this file: stop whenever you like, and run it again to go on.
# More repeats, arms or series extend the study. Anything else that changes is refused, since
# hypotheses are declared before their results are seen.

data = {written("file", data.as_posix())}
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


def written(name: str, value: str | float) -> str:
    """Text or a number as TOML has it; raises SettingError for text that UTF-8 does not have.

    Example:
        >>> print(written("column", "Umsatz T€"))
        "Umsatz T€"
    """
    if not isinstance(value, str):
        return repr(value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        problem = "has bytes that are no text in UTF-8, which a study file is"
        raise SettingError(name, value, problem, "Give it another name.")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
