"""From a frame to a panel whose columns are known ahead first, and known up to now after them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw

from statewise.data.choose import check_column
from statewise.data.columns import as_table, has_time_index
from statewise.data.frames import read_frame
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.settings import Data

__all__ = ["encoded", "read"]


def read(data: Data, frame: Any, names: Sequence[str] | None = None) -> tuple[Panel, int]:
    """The series of a frame, or a panel as ``read_file`` gives it, and how many columns are past.

    Args:
        data: what is read of it.
        frame: of pandas, polars or pyarrow, or a panel.
        names: of the columns that a model knows, if this is for one that was fitted.

    Raises:
        DataError: what is in the frame cannot be used.
        SettingError: a column is both known ahead and not.
    """
    if isinstance(frame, Panel):
        known, past = split(data, list(frame.columns))
        places = [frame.columns.index(name) for name in (*known, *past)]
        columns = frame.exogenous[:, places]
        return replace(frame, exogenous=columns, columns=(*known, *past)), len(past)
    frame = encoded(data, frame, names)
    known, past = split(data, further_columns(data, frame))
    panel = read_frame(
        frame,
        id_column=data.id_column,
        time_column=data.time_column,
        target_column=data.target_column,
        freq=data.freq,
        fill=data.fill or "linear",
        exogenous=(*known, *past),
    )
    return panel, len(past)


def encoded(data: Data, frame: Any, names: Sequence[str] | None = None) -> Any:
    """A frame with a column of noughts and ones for each value of a static column of text.

    Args:
        data: which columns are static.
        frame: with them.
        names: of the columns that a model knows; by default one is made for each value there is.

    Raises:
        DataError: the frame has no such column.
    """
    if not data.static:
        return frame
    table = as_table(frame)
    for column in data.static:
        check_column(table.columns, "static", column)
        if table[column].dtype.is_numeric():
            continue
        values = [str(value) for value in table[column].to_list()]
        made = [f"{column}={value}" for value in sorted(set(values))]
        if names is not None:
            made = [name for name in names if name.startswith(f"{column}=")]
        parts = [
            nw.new_series(
                name,
                [float(f"{column}={value}" == name) for value in values],
                backend=table.implementation,
            )
            for name in made
        ]
        table = table.with_columns(*parts).drop(column)
    return table.to_native()


def further_columns(data: Data, frame: Any) -> list[str]:
    """The columns of a frame that are numbers and have no other part in it."""
    if not hasattr(frame, "columns") and not hasattr(frame, "column_names"):
        return []
    table = as_table(frame)
    taken = {data.id_column, data.time_column, data.target_column}
    if has_time_index(frame, data.time_column):
        taken.add(str(frame.index.name or data.time_column))
    return [
        name
        for name, kind in table.schema.items()
        if name not in taken and (kind.is_numeric() or str(kind) == "Boolean")
    ]


def split(data: Data, names: list[str]) -> tuple[list[str], list[str]]:
    """Which columns are known ahead, and which up to now."""
    known = [] if isinstance(data.known, bool) else list(data.known)
    past = [] if isinstance(data.past, bool) else list(data.past)
    if both := sorted(set(known) & set(past)):
        problem = "are both known ahead and not"
        raise SettingError("past", both, problem, "Name each column once.")
    rest = [name for name in names if name not in {*known, *past}]
    if data.known is True:
        return [*known, *rest], past
    return known, [*past, *(rest if data.past is True else [])]
