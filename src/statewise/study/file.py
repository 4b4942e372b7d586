"""The TOML file that declares a study."""

import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from statewise.base.files import content_of
from statewise.base.records import read_fields
from statewise.data.calendar import with_calendar
from statewise.data.files import read_file
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError, StatewiseError
from statewise.study.design import Study, arm_path
from statewise.study.specification import TYPES, arm_from

__all__ = ["read"]

DATA = {  # fields that say how to read the data, and what the reader calls them
    "data": "file",
    "column": "target_column",
    "time_column": "time_column",
    "id_column": "id_column",
    "freq": "freq",
    "date_format": "date_format",
    "decimal": "decimal",
    "fill": "fill",
    "skip_lines": "skip_lines",
    "skip_footer": "skip_footer",
    "encoding": "encoding",
    "max_rows": "max_rows",
}
COLUMNS = ("known", "past", "static", "calendar")  # that networks see, by their names
SHARED = ("framing", "network", "training")
NOT_HERE = ("panel", "columns", "past")  # of a study's fields
LARGEST = 16 * 2**20  # bytes of a study file


@cache
def types() -> dict[str, Any]:
    """The types of the fields of a study file."""
    how = get_type_hints(read_file)
    reading = {field: how.get(name, str) for field, name in DATA.items()}
    own = {name: hint for name, hint in TYPES.items() if name not in NOT_HERE}
    columns = dict.fromkeys(COLUMNS, tuple[str, ...])
    return {**reading, **columns, **dict.fromkeys(SHARED, dict), "store": str, **own}


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
    columns = {name: values.pop(name) for name in COLUMNS if name in values}
    store = store_of(path, values.pop("store", path.with_suffix(".db").name))
    own = values.pop("arms")
    try:
        arms = tuple(arm_from(with_shared(arm, shared), at) for at, arm in enumerate(own))
        panel, past = panel_of(path.parent, reading, columns)
        return Study(arms, panel, past=past, **values), store
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


def panel_of(
    folder: Path, reading: dict[str, Any], columns: Mapping[str, tuple[str, ...]]
) -> tuple[Panel, int]:
    """The series of a study file, and how many columns are not known ahead; errors name its fields.

    Columns that are known ahead come first, then what the calendar says, then all others.
    """
    known, past, static, dates = (columns.get(name, ()) for name in COLUMNS)
    named = (*known, *past, *static)
    try:
        panel = read_file(
            folder / reading.pop("file"),
            **reading,
            exogenous=named if columns else False,
            static=static,
        )
        count = len(panel.columns) - len(known)
        return with_calendar(panel, dates, count), count
    except StatewiseError as error:
        of_column = next((field for field, names in columns.items() if error.value in names), None)
        field = next((field for field, name in DATA.items() if name == error.argument), None)
        if error.argument == "exogenous":
            field = of_column
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
