"""From a frame to a panel whose columns are known ahead first, and known up to now after them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from statewise.data.choose import Chosen, check_column, choose
from statewise.data.columns import Given, as_table, given
from statewise.data.frames import read_frame
from statewise.data.labels import with_labels
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.forecasting.settings import Data

__all__ = ["read"]


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
        known, past = split(data, list(frame.columns if names is None else names))
        there = dict(zip(frame.columns, frame.exogenous.T, strict=True))
        columns = np.zeros((len(frame.y), len(known) + len(past)))
        for column, name in zip(columns.T, (*known, *past), strict=True):
            if name in there or name.split("=")[0] not in data.static:
                check_column(frame.columns, "exogenous", name)
                column[:] = there[name]  # and zeros of a static value that none of these has
        return replace(frame, exogenous=columns, columns=(*known, *past)), len(past)
    frame = with_labels(frame, data.static, names)
    whole, chosen = found(data, frame)
    table = as_table(whole.frame)
    known, past = split(data, further_columns(table, chosen))
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


def found(data: Data, frame: Any) -> tuple[Given, Chosen]:
    """A frame with its times in a column, and which columns are what in it."""
    whole = given(frame, data.time_column, data.target_column)
    table = as_table(whole.frame)
    code = "polars" if table.implementation.is_polars() else "frame"
    return whole, choose(table.columns, data.id_column, whole.time, whole.target, False, frame=code)


def further_columns(table: "nw.DataFrame[Any]", chosen: Chosen) -> list[str]:
    """The columns of a table that are numbers and have no other part in it."""
    taken = {chosen.id, *chosen.time, chosen.target}
    return [
        name
        for name, kind in table.schema.items()
        if name not in taken and (kind.is_numeric() or kind == nw.Boolean)
    ]


def split(data: Data, names: list[str]) -> tuple[list[str], list[str]]:
    """Which columns are known ahead, and which up to now."""
    known = [] if isinstance(data.known, bool) else list(data.known)
    past = [] if isinstance(data.past, bool) else list(data.past)
    if both := sorted(set(known) & set(past)):
        problem = "are both known ahead and not"
        raise SettingError("past", both, problem, "Name each column once.")
    rest = [name for name in names if name not in {*known, *past}]
    static = [name for name in rest if name.split("=")[0] in data.static]
    if data.known is True:
        return [*known, *rest], past
    return known, [*past, *(rest if data.past is True else static)]
