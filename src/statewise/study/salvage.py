"""Copy what is whole of a damaged store."""

import contextlib
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from statewise.study.rows import LAST, RUNS, Cell, is_whole, runs_of
from statewise.study.sqlite_file import connect, existing, journal_of, store_errors
from statewise.study.store import Store

__all__ = ["salvage"]


def salvage(damaged: str | Path, path: str | Path) -> tuple[int, int]:
    """Copy what is whole of a damaged store into a new one: runs recovered, and runs left behind.

    A run is whole if it can be read and its checksum is right. Runs that cannot be read at all are
    not counted, since their number is lost with them. The damaged file is left as it is.

    Raises:
        StoreError: the new file exists, or nothing at all can be read.
    """
    damaged = existing(damaged)
    with tempfile.TemporaryDirectory(dir=Path(path).absolute().parent) as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(damaged, copy)
        if journal_of(damaged).exists():
            shutil.copyfile(journal_of(damaged), journal_of(copy))
        mend_length(copy)
        connection = connect(copy, "query")
        try:
            with store_errors(damaged):
                cells = connection.execute("SELECT * FROM cell").fetchall()
            with Store.create(path) as new:
                recovered, lost = 0, 0
                with contextlib.suppress(sqlite3.DatabaseError):
                    query = "SELECT hash, document FROM specification ORDER BY number"
                    for digest, document in connection.execute(query):
                        new.declare(json.loads(document), digest)
                for cell in cells:
                    rows = readable(connection, cell[0])
                    whole = [row for row in rows if is_whole(cell[1], row)]
                    lost += len(rows) - len(whole)
                    if whole:
                        recovered += new.write(runs_of(Cell(*cell[1:]), row) for row in whole)
        finally:
            connection.close()
    return recovered, lost


def mend_length(path: Path) -> None:
    """Fill a truncated file up with zeros, without which SQLite reads none of it."""
    with path.open("r+b") as file:
        header = file.read(100)
        if len(header) == 100 and header.startswith(b"SQLite format 3"):
            page = int.from_bytes(header[16:18], "big")
            length = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
            if path.stat().st_size < length:
                file.truncate(length)


def readable(connection: sqlite3.Connection, cell: int) -> list[tuple[Any, ...]]:
    """The rows of a cell that can be read: from its start, from its end, and in between."""
    backward = f"{RUNS} ORDER BY run.repeat DESC"
    head, _ = until_damage(connection, RUNS, (cell, 0, LAST))
    tail, _ = until_damage(connection, backward, (cell, 0, LAST))
    rows = {row[0]: row for row in (*head, *tail)}
    gaps = [(head[-1][0] + 1, tail[-1][0])] if head and tail else []
    while gaps:
        low, high = gaps.pop()
        found, whole = until_damage(connection, RUNS, (cell, low, high))
        rows |= {row[0]: row for row in found}
        if not whole and found:
            gaps.append((found[-1][0] + 1, high))
        elif not whole and high - low > 1:
            middle = (low + high) // 2
            gaps += [(low, middle), (middle, high)]
    return list(rows.values())


def until_damage(
    connection: sqlite3.Connection, query: str, arguments: tuple[int, ...]
) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows of a query up to the first that cannot be read, and whether these are all."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in connection.execute(query, arguments):
            rows.append(row)  # noqa: PERF402
    except sqlite3.DatabaseError:
        return rows, False
    return rows, True
