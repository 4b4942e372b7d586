"""From a frame to a panel whose columns are known ahead first, and known up to now after them."""

from dataclasses import replace
from typing import Any

from statewise.data.columns import as_table, has_time_index
from statewise.data.frames import read_frame
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.settings import Data

__all__ = ["read"]


def read(data: Data, frame: Any) -> tuple[Panel, int]:
    """The series of a frame, or a panel as ``read_file`` gives it, and how many columns are past.

    Args:
        data: what is read of it.
        frame: of pandas, polars or pyarrow, or a panel.

    Raises:
        DataError: what is in the frame cannot be used.
        SettingError: a column is both known ahead and not.
    """
    if isinstance(frame, Panel):
        known, past = split(data, list(frame.columns))
        places = [frame.columns.index(name) for name in (*known, *past)]
        columns = frame.exogenous[:, places]
        return replace(frame, exogenous=columns, columns=(*known, *past)), len(past)
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
