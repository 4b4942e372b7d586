"""Frozen records of settings: fields put in their plainest form, written down, and read back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from statewise.base.checks import finite, nearest, one_of
from statewise.errors import SettingError

__all__ = [
    "as_document",
    "from_document",
    "made",
    "needed",
    "read_fields",
    "settle",
    "types_in",
    "within",
]

R = TypeVar("R")


def settle(record: Any, **values: Any) -> None:
    """Put checked values in place of those that a frozen record was given."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


@cache
def types_in(kind: Any) -> dict[str, Any]:
    """The types of a record's fields, by name."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def kinds_of(hint: Any) -> tuple[Any, ...]:
    """What a type allows, one by one."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def records_of(hint: Any) -> dict[str, Any]:
    """The records that a type allows, by their own names."""
    kinds = kinds_of(hint)
    return {each.__name__: each for each in kinds if isinstance(each, type) and is_dataclass(each)}


def as_document(value: Any) -> Any:
    """A value of settings as plain values that JSON and TOML can hold.

    A record becomes a dictionary of its fields; where a field may hold one of several kinds of
    records, it says its ``kind``. Tuples become lists, and numbers of NumPy those of Python.

    Example:
        >>> from statewise.model.network import SGD, Training
        >>> as_document(Training(optimizer=SGD(1)))["optimizer"]
        {'kind': 'SGD', 'learning_rate': 1.0, 'momentum': 0.0}
    """
    if is_dataclass(value) and not isinstance(value, type):
        allowed = types_in(type(value))
        document = {}
        for field in fields(value):
            each = getattr(value, field.name)
            document[field.name] = as_document(each)
            if is_dataclass(each) and len(records_of(allowed[field.name])) > 1:
                document[field.name] = {"kind": type(each).__name__, **document[field.name]}
        return document
    if isinstance(value, tuple | list):
        return [as_document(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def from_document(kind: type[R], path: str, document: Any) -> R:
    """The record that a document describes, or a table that was written by hand.

    Every value is of the type that its field declares, and numbers are finite; what more a record
    asks for, it says itself. Fields that are left out have their defaults, and a record of several
    kinds is of the first one unless it says its ``kind``. A regime may be named.

    Args:
        kind: the class of the record.
        path: where it stands, for errors, which name the field as ``path.field``.
        document: from ``as_document``, or written by hand.

    Raises:
        SettingError: a field is unknown, missing, of another type, or refused by the record.

    Example:
        >>> from statewise.model.network import Training
        >>> from_document(Training, "training", {"epochs": "3"})
        Traceback (most recent call last):
        statewise.errors.SettingError: training.epochs = '3': is text. Give a whole number.
    """
    values = read_fields(types_in(kind), path, document)  # type: ignore[arg-type]
    for each in fields(kind):  # type: ignore[arg-type]
        if each.default is MISSING and each.default_factory is MISSING:
            needed(path, document, each.name)
    return made(kind, path, values)


def needed(path: str, document: Mapping[str, Any], *names: str) -> None:
    """Raise SettingError if a table lacks one of these fields."""
    for name in names:
        if name not in document:
            raise SettingError(path, dict(document), f"has no {name}", f"Give it a {name}.")


def made(kind: type[R], path: str, values: Mapping[str, Any]) -> R:
    """A record of these values; errors have the path of the field that they name."""
    try:
        return kind(**values)
    except SettingError as error:
        raise within(error, kind, path) from None


def within(error: SettingError, kind: Any, path: str) -> SettingError:
    """The error of a record, or of a record in it, with the path of the field that it names."""
    types = types_in(kind)
    owners = [
        name
        for name, hint in types.items()
        if any(error.argument in types_in(record) for record in records_of(hint).values())
    ]
    inner = f"{owners[0]}." if owners and error.argument not in types else ""
    error.argument = f"{path}.{inner}{error.argument}"
    return error


def read_fields(types: Mapping[str, Any], path: str, document: Any) -> dict[str, Any]:
    """The fields of a table, each of its type; raises SettingError where one is not.

    ``path`` may be empty, and fields may be left out.
    """
    if not isinstance(document, Mapping):
        raise unfit(path, document, dict)
    values = {}
    for name, value in document.items():
        place = f"{path}.{name}" if path else name
        if name not in types:
            fix = f"{nearest(name, types)}The fields are {', '.join(types)}."
            raise SettingError(place, value, "is not a known field", fix)
        values[name] = read_value(types[name], place, value)
    return values


def read_value(hint: Any, path: str, value: Any) -> Any:
    """A value as its type has it: records for tables, tuples for lists, and others as they are."""
    kind = next((each for each in kinds_of(hint) if fits(each, value)), None)
    if kind is None:
        raise unfit(path, value, hint)
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return one_of(path, value, inner)
    if kind is float:
        finite(path, value)
    if isinstance(value, list | tuple) and inner:
        if inner[-1] is not ... and get_origin(kind) is tuple:
            if len(value) != len(inner):
                problem = f"is a list of {len(value)}"
                raise SettingError(path, value, problem, f"Give {len(inner)} values.")
        else:
            inner = inner[:1] * len(value)
        pairs = enumerate(zip(inner, value, strict=True))
        return tuple(read_value(each, f"{path}[{at}]", one) for at, (each, one) in pairs)
    if not is_dataclass(kind):
        return value
    if isinstance(value, str):
        try:
            return kind.named(value)  # type: ignore[attr-defined]
        except SettingError as error:
            error.argument = path
            raise
    if len(records := records_of(hint)) > 1:
        value = dict(value)
        kind = records[one_of(f"{path}.kind", value.pop("kind", kind.__name__), records)]
    return from_document(kind, path, value)


def fits(kind: Any, value: Any) -> bool:
    """Whether a value is of the sort that a type asks for, whatever is in it."""
    origin = get_origin(kind) or kind
    if origin is Literal:
        return isinstance(value, str)
    if is_dataclass(origin):
        return isinstance(value, Mapping) or (isinstance(value, str) and hasattr(kind, "named"))
    if origin in SORTS:
        return isinstance(value, SORTS[origin][0]) and (origin is bool) == isinstance(value, bool)
    return origin is Any or not isinstance(origin, type) or isinstance(value, origin)


SORTS: dict[Any, tuple[Any, str]] = {
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: (float | int, "a number"),
    str: (str, "text"),
    dict: (Mapping, "a table of fields"),
    tuple: (list | tuple, "a list"),
    Sequence: (list | tuple, "a list"),
    NoneType: (NoneType, "nothing"),
}
"""By what a type asks for: of which types values are, and what these are called."""


def unfit(path: str, value: Any, hint: Any) -> SettingError:
    """That a value is of another type than its field."""
    sorts = [*SORTS.values(), (dt.date | dt.time, "a date or time")]
    called = (name for sort, name in sorts if isinstance(value, sort))
    problem = f"is {next(called, f'of type {type(value).__name__}')}"
    wanted = []
    for kind in kinds_of(hint):
        if get_origin(kind) is Literal:
            wanted += [repr(each) for each in get_args(kind)]
        elif is_dataclass(kind):
            wanted += ["a name"] * hasattr(kind, "named") + ["a table of fields"]
        elif kind is not NoneType:
            wanted.append(SORTS[get_origin(kind) or kind][1])
    fix = f"Give {' or '.join(dict.fromkeys(wanted))}."
    if isinstance(value, dt.date | dt.time):
        value = value.isoformat()  # as a study file has it
    return SettingError(path, value, problem, fix)
