"""The few checks that settings share."""

import math
from collections.abc import Iterable
from types import UnionType
from typing import Any

from statewise.errors import SettingError

__all__ = [
    "at_least",
    "at_least_zero",
    "finite",
    "fraction",
    "instance",
    "one_of",
    "percent",
    "positive",
]


def at_least(argument: str, value: Any, low: int) -> int:
    """``value`` as an int of at least ``low``; raises SettingError otherwise."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < low:
        raise SettingError(
            argument, value, f"must be a whole number of at least {low}", f"Use {low} or more."
        )
    return int(value.__index__())


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
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise SettingError(argument, value, "is not a finite number", "Use a finite number.")
    return number


def instance(argument: str, value: Any, kind: type | UnionType, fix: str) -> None:
    """Raise SettingError with ``fix`` if ``value`` is not of the kind."""
    if not isinstance(value, kind):
        raise SettingError(argument, value, f"is a {type(value).__name__}", fix)


def one_of(argument: str, value: Any, choices: Iterable[str]) -> str:
    """``value`` if it is one of ``choices``; raises SettingError that lists them otherwise."""
    names = list(choices)
    if value not in names:
        listed = ", ".join(repr(name) for name in names)
        raise SettingError(argument, value, "is not a known name", f"Use one of {listed}.")
    return str(value)
