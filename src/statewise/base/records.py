"""Frozen records of settings: fields put in their plainest form, written down, and read back."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from statewise.base.checks import one_of
from statewise.errors import SettingError

__all__ = ["as_document", "from_document", "settle"]

R = TypeVar("R")


def settle(record: Any, **values: Any) -> None:
    """Put checked values in place of those that a frozen record was given."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


@cache
def records_in(kind: Any) -> dict[str, dict[str, Any]]:
    """By the name of a field: the records that its type allows, by their own names."""
    hints = get_type_hints(kind)
    return {
        field.name: {
            each.__name__: each
            for each in kinds_of(hints[field.name])
            if isinstance(each, type) and is_dataclass(each)
        }
        for field in fields(kind)
    }


def kinds_of(hint: Any) -> tuple[Any, ...]:
    """What a type allows, one by one."""
    return get_args(hint) or (hint,)


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
        allowed = records_in(type(value))
        document = {}
        for field in fields(value):
            each = getattr(value, field.name)
            document[field.name] = as_document(each)
            if len(allowed[field.name]) > 1 and is_dataclass(each):
                document[field.name] = {"kind": type(each).__name__, **document[field.name]}
        return document
    if isinstance(value, tuple | list):
        return [as_document(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def from_document(kind: type[R], name: str, document: Mapping[str, Any]) -> R:
    """The record that a document describes, or a table that was written by hand.

    Fields that are left out have their defaults, and a record of several kinds is of the first one
    unless it says its ``kind``. A regime may be named.

    Args:
        kind: the class of the record.
        name: what it is called in errors.
        document: from ``as_document``, or written by hand.

    Raises:
        SettingError: a field is unknown, missing, or refused by the record.
    """
    if not isinstance(document, Mapping):
        raise SettingError(name, document, "is not a table of fields", "Give its fields by name.")
    allowed: dict[str, dict[str, Any]] = records_in(kind)  # type: ignore[arg-type]
    values, hints = {}, get_type_hints(kind)
    for field, value in document.items():
        one_of(f"{name} field", field, allowed)
        named = str not in kinds_of(hints[field])
        values[field] = value_of(allowed[field], field, value, named)
    for each in fields(kind):  # type: ignore[arg-type]
        required = each.default is MISSING and each.default_factory is MISSING
        if required and each.name not in values:
            problem = f"has no {each.name}"
            raise SettingError(name, dict(document), problem, f"Give it a {each.name}.")
    return kind(**values)


def value_of(records: Mapping[str, Any], name: str, value: Any, named: bool) -> Any:
    """A field's value, where a dictionary, or a preset's name if ``named``, stands for a record."""
    if isinstance(value, list):
        return tuple(value)
    if not records:
        return value
    first = next(iter(records.values()))
    if named and isinstance(value, str) and hasattr(first, "named"):
        return first.named(value)
    if not isinstance(value, Mapping):
        return value
    fields_of = dict(value)
    kind = one_of(f"{name} kind", fields_of.pop("kind", first.__name__), records)
    return from_document(records[kind], name, fields_of)
