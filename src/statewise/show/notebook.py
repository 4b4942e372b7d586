"""What a notebook shows of a value: small tables, escaped, without scripts."""

from collections.abc import Mapping, Sequence
from typing import Any

from statewise.show.markup import Content, join, table, tag
from statewise.show.tables import Row
from statewise.show.words import number

__all__ = ["shown"]

MOST = 30  # rows


def shown(heading: str, rows: Sequence[Row], note: str = "") -> str:
    """A heading, rows that share their keys as a table, and a note, as HTML.

    Example:
        >>> shown("A & B", [{"method": "naive", "mae": 1.5}]).split("</div>")[0][:31]
        '<div><p><strong>A &amp; B</stro'
    """
    words = {key for key in rows[0] if any(isinstance(row[key], str) for row in rows)}
    cells: list[Mapping[str, Content]] = [
        {key: cell(value) for key, value in row.items()} for row in rows[:MOST]
    ]
    left_out = f"{len(rows) - MOST} more rows are not shown." if len(rows) > MOST else ""
    notes = [tag("p", tag("small", text)) for text in (left_out, note) if text]
    head = tag("p", tag("strong", heading))
    return tag("div", join([head, table(cells, heading, words), *notes])).text


def cell(value: Any) -> str:
    """A value as a cell."""
    if value is None or isinstance(value, float):
        return number(value)
    return str(value)
