"""What a notebook shows of a value: small tables, escaped, without scripts."""

from collections.abc import Sequence

from statewise.show.pages import environment
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
    return environment().get_template("notebook.html").render(
        heading=heading,
        rows=[{key: cell(value) for key, value in row.items()} for row in rows[:MOST]],
        words={key for key in rows[0] if any(isinstance(row[key], str) for row in rows)},
        left_out=max(0, len(rows) - MOST),
        note=note,
    )  # fmt: skip


def cell(value: object) -> str:
    return number(value) if value is None or isinstance(value, float) else str(value)
