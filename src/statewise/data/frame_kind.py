"""What kind of frame series came from: enough to give one back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import one_of
from statewise.data.time_columns import TimeColumn
from statewise.errors import DataError
from statewise.text import visible

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["FrameKind", "check_apart", "plain"]

LIBRARIES = ("pandas", "polars", "pyarrow", "modin", "cudf")


@dataclass(frozen=True, eq=False)
class FrameKind:
    """What a frame was: enough to give one back in its kind.

    Args:
        backend: the library it came from, as narwhals names it.
        id_column: the column of names, or None of a frame that has none.
        target_column: the column of values.
        keys: (series,) the names, as whole numbers or text.
        time: the column of times.
        column: (series,) the names in their own type; None where it is not known.
        decimal: the mark before decimals, where numbers were text that has one.
    """

    backend: Any
    id_column: str | None
    target_column: str
    keys: tuple[int | str, ...]
    time: TimeColumn
    column: "nw.Series[Any] | None" = None
    decimal: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(series,) the names as text that can be shown: control characters are escapes."""
        return tuple(visible(str(key)) for key in self.keys)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the series of a name is."""
        return {name: place for place, name in enumerate(self.names)}

    def take(self, series: NDArray[np.int64]) -> "FrameKind":
        """The kind of a frame of these series alone."""
        column = None if self.column is None else self.column[series]
        return replace(self, keys=tuple(self.keys[i] for i in series), column=column)

    def write_names(self, series: ArrayLike) -> "nw.Series[Any]":
        """(rows,) the names of these series as a column, in their own type where it is known."""
        import narwhals as nw

        column = self.column
        if column is None:
            whole = all(isinstance(key, int) for key in self.keys)
            names, dtype = (self.keys, nw.Int64) if whole else (map(str, self.keys), nw.String)
            column = nw.new_series("unique_id", list(names), dtype, backend=self.backend)
        return column[np.asarray(series, np.int64)].alias(self.id_column or "unique_id")

    def to_document(self) -> dict[str, Any]:
        """The kind as plain values that JSON can hold, without the types of the columns."""
        return {
            "library": self.backend,
            "id_column": self.id_column,
            "target_column": self.target_column,
            "names": list(self.keys),
            "time": self.time.to_document(),
            "decimal": self.decimal,
        }

    @classmethod
    def from_document(cls, document: Any) -> "FrameKind":
        """The kind that ``to_document`` described.

        Where the library that it came from is not installed, it becomes one of pandas.

        Raises:
            KeyError, TypeError or ValueError: the document is damaged.

        Example:
            >>> import pandas as pd
            >>> from statewise.data.frames import read_frame
            >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]})
            >>> FrameKind.from_document(read_frame(frame).kind.to_document()).names
            ('a',)
        """
        library = one_of("library", document["library"], LIBRARIES)
        if library not in LIBRARIES[:3] or not installed(library):
            library = "pandas"
        keys, time = plain(document["names"]), TimeColumn.from_document(document["time"], library)
        decimal = document["decimal"] and one_of("decimal", document["decimal"], (",", "."))
        named = document["id_column"], document["target_column"]
        found = cls(library, *named, keys, time, decimal=decimal)
        if not len(found.places) == len(keys) > 0:
            raise ValueError(keys)
        return found


def check_apart(argument: str | None, names: Sequence[Any]) -> None:
    """Raise DataError if two names of series, or more, are shown alike."""
    if len({visible(str(name)) for name in names}) < len(names):
        fix = "Use names of one type that differ in what can be seen."
        raise DataError(argument or "unique_id", list(names), "has names alike", fix)


def plain(names: Iterable[Any]) -> tuple[int | str, ...]:
    """Names as whole numbers of 64 bits and text."""
    whole = (int(name) if isinstance(name, np.integer) else name for name in names)
    return tuple(n if type(n) is int and -(2**63) <= n < 2**63 else str(n) for n in whole)


def installed(library: str) -> bool:
    """Whether a library can be imported."""
    try:
        return find_spec(library) is not None
    except ValueError:  # it is blocked
        return False
