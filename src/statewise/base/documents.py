"""What was written down as plain values, read again with every field checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from statewise.errors import DataError

__all__ = ["Document"]


@dataclass(frozen=True)
class Document:
    """The fields of one value, of whatever kind they turn out to be.

    Each method gives a field of the kind that it is named after, and raises DataError otherwise.

    Example:
        >>> Document.of("origin", {"columns": ["price"]}, ["columns"]).texts("columns")
        ['price']
    """

    name: str
    fields: dict[str, Any]

    @classmethod
    def of(cls, name: str, value: Any, fields: Sequence[str]) -> "Document":
        """The document, if these are its fields and no other; raises DataError otherwise."""
        found = cls(name, value if isinstance(value, dict) else {})
        if set(found.fields) != set(fields):
            problem = f"does not have the fields {', '.join(fields)}"
            raise DataError(name, value, problem, "Load a file that is as it was saved.")
        return found

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]

    def damaged(self, field: str) -> DataError:
        """The error of a field that cannot be what was written."""
        problem = "is not what was written there"
        where = f"{self.name}, field {field!r}"
        return DataError(where, self[field], problem, "Load a file that is as it was saved.")

    def text(self, field: str, choices: Sequence[str] | None = None) -> str:
        """A text, one of the choices if there are any."""
        if is_text(value := self[field]) and (choices is None or value in choices):
            return str(value)
        raise self.damaged(field)

    def flag(self, field: str) -> bool:
        """True or False."""
        if isinstance(value := self[field], bool):
            return value
        raise self.damaged(field)

    def numbers(self, field: str) -> list[int]:
        """A list of whole numbers that fit into 64 bits."""
        values = self[field]
        if isinstance(values, list) and all(is_whole(value) for value in values):
            return values
        raise self.damaged(field)

    def texts(self, field: str) -> list[str]:
        """A list of texts."""
        values = self[field]
        if isinstance(values, list) and all(is_text(value) for value in values):
            return values
        raise self.damaged(field)

    def names(self, field: str) -> list[int | str]:
        """A list of texts or whole numbers, no two of which are written alike."""
        values = self[field]
        if (
            isinstance(values, list)
            and all(is_text(value) or is_whole(value) for value in values)
            and len({str(value) for value in values}) == len(values) > 0
        ):
            return values
        raise self.damaged(field)


def is_text(value: Any) -> bool:
    """Whether a value is text that can be written to any file."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def is_whole(value: Any) -> bool:
    """Whether a value is an int of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
