"""What can go wrong, said for people: the argument, the value, what to do."""

from typing import Any

from statewise.text import visible

__all__ = [
    "DataError",
    "ExtraError",
    "ModelError",
    "OutputError",
    "SettingError",
    "StatewiseError",
    "StoreError",
    "StudyError",
    "UnknownSeriesError",
]


class StatewiseError(Exception):
    """The base of every error that statewise raises on purpose.

    Args:
        argument: the name of the argument, option, file or field that is wrong.
        value: what was received.
        problem: what is wrong with it, as the end of a sentence.
        fix: what to do, as a sentence of its own.
    """

    def __init__(self, argument: str, value: Any, problem: str, fix: str) -> None:
        self.argument = argument
        self.value = value
        self.problem = problem
        self.fix = fix
        super().__init__(argument, value, problem, fix)

    def __str__(self) -> str:
        lengths = (
            (self.argument, 300), (shown(self.value), 120), (self.problem, 1000), (self.fix, 1000),
        )  # fmt: skip
        argument, value, problem, fix = (cut(visible(part), most) for part, most in lengths)
        return f"{argument} = {value}: {problem}. {fix}"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def shown(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # Python shows no whole number that is longer
        return "a number of thousands of digits"


class SettingError(StatewiseError, ValueError):
    """A setting is impossible or contradicts another."""


class DataError(StatewiseError, ValueError):
    """The data cannot be used as they are."""


class ExtraError(StatewiseError, ImportError):
    """A package that an extra installs is missing, too old, or cannot be imported."""

    __str__ = StatewiseError.__str__


class ModelError(StatewiseError, OSError):
    """A model's file is not there, not ours, damaged, or from a newer version."""

    __str__ = StatewiseError.__str__


class UnknownSeriesError(DataError, KeyError):
    """There is no series of this name."""

    __str__ = StatewiseError.__str__


class OutputError(StatewiseError, OSError):
    """A result cannot be written."""

    __str__ = StatewiseError.__str__


class StoreError(StatewiseError, OSError):
    """A study's file is not there, not ours, in use, full or damaged."""

    __str__ = StatewiseError.__str__


class StudyError(StatewiseError):
    """A study cannot go on, or is not what it was."""
