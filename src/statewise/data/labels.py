"""Columns of text as numbers: a column of noughts and ones for each value."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.data.choose import check_column

__all__ = ["noughts_and_ones", "with_labels"]


def noughts_and_ones(
    column: str, texts: Sequence[str], names: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """A column for each value, ``column=value``, (rows,) 1 where it is there.

    Args:
        column: what the texts are of.
        texts: (rows,) the values.
        names: the columns to make, where these are known; others are left out.

    Example:
        >>> noughts_and_ones("city", ["Ulm", "Bonn", "Ulm"])["city=Ulm"].tolist()
        [1.0, 0.0, 1.0]
    """
    made = [f"{column}={text}" for text in texts]
    wanted = sorted(set(made)) if names is None else names
    rows = np.array(made)
    return {name: 1.0 * (rows == name) for name in wanted if name.startswith(f"{column}=")}


def with_labels(frame: Any, labels: Sequence[str], names: Sequence[str] | None = None) -> Any:
    """A frame with noughts and ones in place of those of its columns that are text.

    Args:
        frame: of any library.
        labels: the columns; those of numbers stay.
        names: as for ``noughts_and_ones``.

    Raises:
        DataError: the frame has no such column.
    """
    if not labels:
        return frame
    import narwhals as nw

    from statewise.data.columns import as_table

    table = as_table(frame)
    for column in labels:
        check_column(table.columns, "static", column)
        if table[column].dtype.is_numeric():
            continue
        made = noughts_and_ones(column, [str(value) for value in table[column].to_list()], names)
        parts = [
            nw.new_series(name, values, backend=table.implementation)
            for name, values in made.items()
        ]
        table = table.with_columns(*parts).drop(column)
    return table.to_native()
