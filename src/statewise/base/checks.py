"""The few checks that settings share."""

import math
import operator
from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Any

import numpy as np

from statewise.errors import SettingError

__all__ = [
    "INT32",
    "SEED",
    "at_least",
    "at_least_zero",
    "finite",
    "fraction",
    "instance",
    "label",
    "one_of",
    "percent",
    "positive",
    "truth",
]

INT32, INT64, SEED = 2**31 - 1, 2**63 - 1, 2**64 - 1
"""The greatest numbers that a count, any whole number, and a seed may be."""

LONGEST = 200  # characters of a name


def at_least(argument: str, value: Any, low: int, most: int = INT64) -> int:
    """``value`` as an int from ``low`` to ``most``; raises SettingError otherwise."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < low:
        problem = f"must be a whole number of at least {low}"
        raise SettingError(argument, value, problem, f"Use {low} or more.")
    if number > most:
        raise SettingError(argument, value, "is too large", f"Use at most {most}.")
    return number


def positive(argument: str, value: Any) -> float:
    """``value`` as a finite float above zero; raises SettingError otherwise."""
    number = finite(argument, value)
    if number <= 0.0:
        raise SettingError(argument, value, "must be above zero", "Use for example 0.001.")
    return number


def at_least_zero(argument: str, value: Any) -> float:
    """``value`` as a finite float of at least zero; raises SettingError otherwise."""
    number = finite(argument, value)
    if number < 0.0:
        raise SettingError(argument, value, "must be at least zero", "Use for example 10.")
    return number


def fraction(argument: str, value: Any) -> float:
    """``value`` as a float from zero up to, but not, one; raises SettingError otherwise."""
    number = finite(argument, value)
    if not 0.0 <= number < 1.0:
        raise SettingError(
            argument, value, "must be at least zero and below one", "Use for example 0.9."
        )
    return number


def percent(argument: str, value: Any) -> float:
    """``value`` as a float from 1 up to, but not, 100; raises SettingError otherwise."""
    number = finite(argument, value)
    if 0.0 < number < 1.0:
        fix = f"Did you mean {100.0 * number:g}?"
        raise SettingError(argument, value, "is not in percent", fix)
    if not 0.0 < number < 100.0:
        raise SettingError(
            argument, value, "is not a percentage between 0 and 100", "Use for example 80 or 95."
        )
    return number


def finite(argument: str, value: Any) -> float:
    """``value`` as a finite float; raises SettingError otherwise."""
    try:
        number = math.nan if isinstance(value, str | bytes | bool | np.bool_) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SettingError(argument, value, "is not a finite number", "Use a finite number.")
    return number


def instance(argument: str, value: Any, kind: type | UnionType, fix: str) -> None:
    """Raise SettingError with ``fix`` if ``value`` is not of the kind."""
    if not isinstance(value, kind):
        raise SettingError(argument, value, f"is a {type(value).__name__}", fix)


def truth(argument: str, value: Any) -> bool:
    """``value`` as a bool; raises SettingError for anything that is not one."""
    if not isinstance(value, bool | np.bool_):
        raise SettingError(argument, value, "must be true or false", "Use True or False.")
    return bool(value)


def label(argument: str, value: Any, longest: int = LONGEST) -> str:
    """``value`` as text that names something in tables; raises SettingError otherwise."""
    instance(argument, value, str, "Give it a name.")
    if not value.strip():
        raise SettingError(argument, value, "is no name", "Give it a name.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        problem = "has a zero byte, or half of a character"
        raise SettingError(argument, value, problem, "Give it a name without.")
    if len(value) > longest:
        problem = f"is longer than {longest} characters"
        raise SettingError(argument, value, problem, "Give it a shorter name.")
    return str(value)


def one_of(argument: str, value: Any, choices: Iterable[str]) -> str:
    """``value`` if it is one of ``choices``; raises SettingError that lists them otherwise."""
    names = list(choices)
    if not isinstance(value, str) or value not in names:
        fix = f"Use one of {', '.join(repr(name) for name in names)}."
        raise SettingError(argument, value, "is not a known name", nearest(value, names) + fix)
    return str(value)


def nearest(value: Any, names: Iterable[str]) -> str:
    """A question whether the nearest name was meant, if one is near; else nothing."""
    near = get_close_matches(value, names, 1) if isinstance(value, str) else ()
    return "".join(f"Did you mean {name!r}? " for name in near)
