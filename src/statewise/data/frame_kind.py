"""What kind of frame series came from: enough to give one back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.base.documents import Document, is_whole
from statewise.data.dtypes import PLAIN, dtype_name, installed, name_column, time_dtype
from statewise.data.frequency import TIME
from statewise.data.time_columns import PATTERN, TimeColumn, zone_of
from statewise.errors import DataError

__all__ = ["FrameKind"]

LIBRARIES = ("pandas", "polars", "pyarrow", "modin", "cudf")
KINDS = ("datetime", "date", "period", "integer", "text")


@dataclass(frozen=True, eq=False)
class FrameKind:
    """What a frame was: enough to give one back in its kind.

    Args:
        backend: the library it came from, as narwhals names it.
        id_column: the column of names, or None of a frame that has none.
        target_column: the column of values.
        ids: (series,) the names in their own type.
        time: the column of times.
    """

    backend: Any
    id_column: str | None
    target_column: str
    ids: "nw.Series[Any]"
    time: TimeColumn

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(series,) the names as text."""
        return tuple(str(name) for name in self.ids.to_list())

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the series of a name is."""
        return {name: place for place, name in enumerate(self.names)}

    def take(self, series: NDArray[np.int64]) -> "FrameKind":
        """The kind of a frame of these series alone."""
        return replace(self, ids=self.ids[np.asarray(series)])

    def to_document(self) -> dict[str, Any]:
        """The kind as plain values that JSON can hold.

        Names that are neither text nor whole numbers are written as text.
        """
        dtype = dtype_of(self.ids)
        categorical = isinstance(dtype, pd.CategoricalDtype)
        enumerated = categorical or isinstance(dtype, nw.Enum)
        return {
            "library": self.backend.value,
            "id_column": self.id_column,
            "target_column": self.target_column,
            "names": plain(self.ids.to_list()),
            "dtype": dtype_name(dtype.categories.dtype if categorical else dtype),
            "categories": plain(dtype.categories) if enumerated else None,
            "ordered": categorical and bool(dtype.ordered),
            "time": time_document(self.time),
        }

    @classmethod
    def from_document(cls, document: Any) -> "FrameKind":
        """The kind that ``to_document`` described.

        Where the library that it came from is not installed, it becomes one of pandas.

        Raises:
            DataError: the document is damaged.

        Example:
            >>> from statewise.data.frames import read_frame
            >>> frame = pd.DataFrame({"unique_id": "a", "ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]})
            >>> FrameKind.from_document(read_frame(frame).kind.to_document()).names
            ('a',)
        """
        found = Document.of("frame", document, (
            "library", "id_column", "target_column", "names", "dtype", "categories", "ordered",
            "time",
        ))  # fmt: skip
        written = found.text("library", LIBRARIES)
        library = written if written in LIBRARIES[:3] and installed(written) else "pandas"
        time = time_from(found["time"], written, library)
        id_column = None if found["id_column"] is None else found.text("id_column")
        target = found.text("target_column")
        if target in {id_column, time.name} or id_column == time.name:
            raise found.damaged("target_column")
        names = found.names("names")
        categories = None if found["categories"] is None else found.names("categories")
        name = found.text("dtype")
        try:
            ids = name_column(names, name, categories, found.flag("ordered"), library)
        except (TypeError, ValueError, OverflowError, NotImplementedError):
            raise found.damaged("dtype") from None
        if [str(name) for name in ids.to_list()] != [str(name) for name in names]:
            raise found.damaged("names")
        backend = nw.Implementation(library)
        kind = cls(backend, id_column, target, ids.alias(id_column or "unique_id"), time)
        kind.check_writes(np.zeros(1, TIME if time.dated else np.int64))
        return kind

    def check_writes(self, times: NDArray[Any]) -> None:
        """Raise DataError if these times do not fit into the column of times."""
        try:
            written = self.time.write(times, self.backend).to_list()
        except (TypeError, ValueError, OverflowError, nw.exceptions.NarwhalsError):
            written = None
        wrapped = self.time.kind == "integer" and written != times.tolist()
        if written is None or wrapped:
            fix = "Load a file that is as it was saved."
            raise DataError(self.time.name, times, "do not fit their column", fix)


def dtype_of(ids: "nw.Series[Any]") -> Any:
    """The type of a column of names: of pandas and pyarrow their own, else that of narwhals."""
    native = ids.to_native()
    if isinstance(native, pd.Series):
        return native.dtype
    return native.type if ids.implementation is nw.Implementation.PYARROW else ids.dtype


def plain(names: Sequence[Any]) -> list[int | str]:
    """Names as whole numbers and text."""
    whole = (int(n) if isinstance(n, np.integer) else n for n in names)
    return [n if is_whole(n) else str(n) for n in whole]


def time_document(time: TimeColumn) -> dict[str, Any]:
    """A column of times as plain values."""
    return {
        "name": time.name,
        "kind": time.kind,
        "dtype": dtype_name(time.dtype),
        "zone": time.zone,
        "wall": time.wall,
        "pattern": time.pattern,
        "index": time.index,
    }


def time_from(document: Any, written: str, library: str) -> TimeColumn:
    """The column of times that ``time_document`` described; raises DataError if it is damaged.

    Args:
        document: what was written.
        written: the library it was of.
        library: the one it becomes.
    """
    fields = ("name", "kind", "dtype", "zone", "wall", "pattern", "index")
    found = Document.of("time column", document, fields)
    kind: Any = found.text("kind", KINDS)
    zone = None if found["zone"] is None else found.text("zone")
    pattern = found.text("pattern")
    index = found.flag("index")
    if bool(PATTERN.fullmatch(pattern)) != (kind == "text") or len(pattern) > 200:
        raise found.damaged("pattern")
    if index and (written != "pandas" or kind not in {"datetime", "period"}):
        raise found.damaged("index")
    if zone is not None and kind != "datetime":
        raise found.damaged("zone")
    try:
        here = None if zone is None else zone_of(zone)
        held = here if written == "pandas" else zone
        dtype = time_dtype(found.text("dtype"), kind, written, held)
        if library != written:
            dtype = time_dtype(PLAIN[kind], kind, library, here)
    except (ValueError, KeyError, OSError):
        raise found.damaged("dtype" if zone is None else "zone") from None
    return TimeColumn(found.text("name"), kind, dtype, zone, found.flag("wall"), pattern, index)
