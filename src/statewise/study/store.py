"""The store of a study: write-once runs in one SQLite file.

The contract, for every reader of this module and every test of it:

- One writer. A second one on the same file is refused while the first lives.
- A shard's runs land in one transaction, with their forecasts and loss curves, or not at all.
- A run's key is its cell (arm, series, cutoff, seed: everything its result depends on) and its
  repeat. A second write of a key changes nothing.
- What was written reads back to the bit, and damage is detected: the file's structure by SQLite,
  every run by a checksum of its own.
- Readers open read-only, at any time.
- A file of another schema is refused.

The rollback journal is used, and not the write-ahead log, which had a defect with two connections
before SQLite 3.51.3; network file systems are refused, since their locks cannot be trusted.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from statewise.base.files import sync_folder
from statewise.base.locks import Lock
from statewise.errors import StoreError
from statewise.study.rows import LAST, RUNS, Cell, CellRuns, decode, is_whole, rows_of
from statewise.study.schema import check_tables, make_tables
from statewise.study.sqlite_file import (
    connect,
    existing,
    journal_of,
    store_errors,
    take_lock,
)

__all__ = ["Store"]


class Store:
    """One SQLite file, or a store in memory that forgets.

    Open it with ``Store.create``, ``Store.write_to``, ``Store.read`` or ``Store.in_memory``, as a
    context manager or with ``close()``.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, lock: Lock | None
    ) -> None:
        self._connection = connection
        self._cells: dict[Cell, int] = {}
        self._lock = lock
        self.path = path

    @classmethod
    def in_memory(cls) -> Self:
        """A store that lives as long as the process."""
        # The executor's threads hand their results to one thread, which may not be the opener.
        store = cls(sqlite3.connect(":memory:", check_same_thread=False), None, None)
        make_tables(store._connection)
        return store

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """A new store at ``path``, opened for writing.

        Raises:
            StoreError: the file exists, or cannot be made, or lies on a network file system.
        """
        path = Path(path)
        if path.exists():
            fix = "Resume the study, or choose another file."
            raise StoreError("store", str(path), "exists already", fix)
        with ExitStack() as undo:
            lock = take_lock(path)
            undo.callback(lock.release)
            with store_errors(path):
                # Made aside and moved into place whole: a kill leaves no file that is half a store.
                aside = path.with_name(f"{path.name}.new")
                for left_over in (aside, journal_of(aside)):
                    left_over.unlink(missing_ok=True)
                with closing(connect(aside, "rwc")) as connection:
                    make_tables(connection)
                journal_of(aside).unlink(missing_ok=True)
                aside.rename(path)
                sync_folder(path.absolute().parent)
                store = cls(connect(path, "rw"), path, lock)
            undo.pop_all()
        return store

    @classmethod
    def write_to(cls, path: str | Path) -> Self:
        """The store at ``path``, opened for writing.

        Raises:
            StoreError: there is none, another process writes to it, or it is damaged or not ours.
        """
        return cls._open(existing(path), "rw")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The store at ``path``, opened for reading, also while another process writes to it.

        Raises:
            StoreError: there is none, or it is damaged or not ours.
        """
        return cls._open(existing(path), "query")

    @classmethod
    def _open(cls, path: Path, mode: Literal["rw", "query"]) -> Self:
        with ExitStack() as undo, store_errors(path):
            lock = take_lock(path) if mode == "rw" else None
            if lock is not None:
                undo.callback(lock.release)
            store = cls(connect(path, mode), path, lock)
            undo.callback(store.close)
            check_tables(store._connection, path)
            undo.pop_all()
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let the next writer in."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    # Writing

    def declare(self, document: dict[str, Any], digest: str) -> None:
        """Add a specification; the newest is the one in force."""
        row = (datetime.now(UTC).isoformat(timespec="seconds"), digest, json.dumps(document))
        with self._transaction() as connection:
            connection.execute("INSERT INTO specification VALUES (NULL, ?, ?, ?)", row)

    def write(self, parts: Iterable[CellRuns]) -> int:
        """Write the runs of a shard in one transaction; the number that were new.

        When this returns, the runs are on the disk.
        """
        with self._transaction() as connection:
            added = 0
            for part in parts:
                cell = self._cell_id(connection, part.cell)
                runs, curves = zip(*rows_of(cell, part), strict=True)
                before = connection.total_changes
                connection.executemany("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?)", runs)
                added += connection.total_changes - before
                connection.executemany("INSERT OR IGNORE INTO curve VALUES (?, ?, ?, ?)", curves)
        return added

    # Reading

    def specification(self) -> tuple[dict[str, Any], str] | None:
        """The newest specification and its hash, or None if none was declared."""
        query = "SELECT document, hash FROM specification ORDER BY number DESC LIMIT 1"
        with store_errors(self.path):
            row = self._connection.execute(query).fetchone()
        return None if row is None else (json.loads(row[0]), row[1])

    def cells(self) -> dict[str, Cell]:
        """Every cell with at least one run, by its key."""
        with store_errors(self.path):
            rows = self._connection.execute("SELECT * FROM cell ORDER BY id")
            return {row[1]: Cell(*row[1:]) for row in rows}

    def check_restarts(self, cell: Cell) -> None:
        """Raise StoreError if the cell is there, and its runs derive from other restarts."""
        query = "SELECT restarts FROM cell WHERE key = ?"
        with store_errors(self.path):
            row = self._connection.execute(query, (cell.key,)).fetchone()
        if row is not None and row[0] != cell.restarts:
            problem = (
                f"holds runs of {cell.arm} on {cell.series} from other restarts ({row[0]}) than "
                f"the study's ({cell.restarts}), so they are no pairs with the other arms' runs"
            )
            raise StoreError("store", str(self.path), problem, "Run the study into a new store.")

    def counts(self) -> dict[str, int]:
        """The number of runs of each cell, by its key."""
        query = "SELECT key, COUNT(*) FROM run JOIN cell ON cell.id = run.cell GROUP BY cell"
        with store_errors(self.path):
            return dict(self._connection.execute(query).fetchall())

    def repeats(self, key: str) -> NDArray[np.int64]:
        """The repeats of a cell that are there, in order."""
        return np.array([row[0] for row in self._rows("repeat FROM run", key)], np.int64)

    def scores(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32]]:
        """The repeats of a cell in order, with their scores and the epoch each diverged at."""
        rows = self._rows("repeat, score, diverged_epoch FROM run", key)
        repeats, scores, diverged = zip(*rows, strict=True) if rows else ((), (), ())
        return np.array(repeats, np.int64), np.array(scores, float), np.array(diverged, np.int32)

    def curves(self, key: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """A cell's forecasts (runs, test_size) and loss curves (runs, epochs), in repeat order."""
        rows = self._rows("forecasts, loss FROM curve", key)
        forecasts, loss = ([decode(row[i]) for row in rows] for i in range(2))
        return np.array(forecasts), np.array(loss)

    def damage(self) -> list[str]:
        """What is wrong with the file, a sentence each; empty if it is whole.

        Reads everything: SQLite's own integrity check, then the checksum of every run.
        """
        try:
            found = [r[0] for r in self._connection.execute("PRAGMA integrity_check(20)")]
            if found != ["ok"]:
                return [f"the file's structure is damaged: {line}" for line in found]
            bad: list[str] = []
            for cell in self._connection.execute("SELECT * FROM cell").fetchall():
                rows = self._connection.execute(RUNS, (cell[0], 0, LAST))
                bad += [
                    f"{cell[2]}, {cell[3]}, repeat {row[0]}: its checksum is wrong"
                    for row in rows
                    if not is_whole(cell[1], row)
                ]
            counts = self._connection.execute(
                "SELECT (SELECT COUNT(*) FROM run), (SELECT COUNT(*) FROM curve)"
            ).fetchone()
        except (sqlite3.DatabaseError, ValueError) as error:
            return [f"the file is damaged: {error}"]
        if counts[0] != counts[1]:
            bad.append(f"{counts[0]} runs have {counts[1]} forecasts")
        return bad

    # Inside

    def _rows(self, columns_of_table: str, key: str) -> list[tuple[Any, ...]]:
        """What is there of a cell's runs, in the order of their repeats."""
        where = "WHERE cell = (SELECT id FROM cell WHERE key = ?) ORDER BY repeat"
        with store_errors(self.path):
            return self._connection.execute(f"SELECT {columns_of_table} {where}", (key,)).fetchall()

    def _cell_id(self, connection: sqlite3.Connection, cell: Cell) -> int:
        if cell not in self._cells:
            connection.execute("INSERT OR IGNORE INTO cell VALUES (NULL, ?, ?, ?, ?, ?)", cell)
            self.check_restarts(cell)
            row = connection.execute("SELECT id FROM cell WHERE key = ?", (cell.key,)).fetchone()
            self._cells[cell] = row[0]
        return self._cells[cell]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with store_errors(self.path):
            try:
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except BaseException:
                self._cells.clear()  # cells of a transaction that was rolled back are not there
                raise
