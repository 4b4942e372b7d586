"""What can go wrong, said for people: the argument, the value, what to do."""

from typing import Any

__all__ = [
    "DataError",
    "ExtraError",
    "OutputError",
    "SettingError",
    "StatewiseError",
    "StoreError",
    "StudyError",
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
        shown = repr(self.value)
        if len(shown) > 120:
            shown = shown[:117] + "..."
        return f"{self.argument} = {shown}: {self.problem}. {self.fix}"


class SettingError(StatewiseError, ValueError):
    """A setting is impossible or contradicts another."""


class DataError(StatewiseError, ValueError):
    """The data cannot be used as they are."""


class ExtraError(StatewiseError, ImportError):
    """A package that an extra installs is missing, too old, or cannot be imported."""

    __str__ = StatewiseError.__str__


class OutputError(StatewiseError, OSError):
    """A result cannot be written."""

    __str__ = StatewiseError.__str__


class StoreError(StatewiseError, OSError):
    """A study's file is not there, not ours, in use, full or damaged."""

    __str__ = StatewiseError.__str__


class StudyError(StatewiseError):
    """A study cannot go on, or is not what it was."""
