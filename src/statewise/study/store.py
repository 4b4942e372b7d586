"""The store of a study: write-once runs in one SQLite file.

The contract, for every reader of this module and every test of it:

- One writer. A second one on the same file is refused while the first lives.
- A shard's runs land in one transaction, with their forecasts and loss curves, or not at all.
- A run's key is its cell (arm, series, cutoff, seed: everything its result depends on) and its
  repeat. A second write of a key changes nothing.
- What was written reads back to the bit, or not at all. Every row has a checksum, a run's covers
  its cell, and totals say how many rows there are. Whatever is read is verified before it is given
  out, so a row that was altered, added or lost is an error to whoever reads.
- Readers open read-only, at any time. What one call gives is from one moment, and since runs are
  written once, what several calls give fits together.
- A file whose tables are not those that this module makes is refused.

The rollback journal is used, and not the write-ahead log, which had a defect with two connections
before SQLite 3.51.3; network file systems are refused, since their locks cannot be trusted.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from statewise.base.files import sync_folder
from statewise.base.locks import Lock
from statewise.errors import StoreError
from statewise.study.rows import (
    NONE,
    Cell,
    CellRuns,
    Columns,
    altered,
    is_whole,
    rows_of,
    runs_of,
    with_checksum,
)
from statewise.study.schema import check_tables, make_tables
from statewise.study.sqlite_file import (
    connect,
    damaged,
    existing,
    journal_of,
    readable_text,
    store_errors,
    take_lock,
)

__all__ = ["Store", "Total"]

RUNS = """
SELECT id - (:cell << 32), score, diverged_epoch, forecasts, loss, checksum FROM run
WHERE id >= :cell << 32 AND id < :cell + 1 << 32 ORDER BY id
"""


class Total(NamedTuple):
    """How many rows were written to each of the other tables."""

    specifications: int
    cells: int
    runs: int


class Store:
    """One SQLite file, or a store in memory that forgets.

    Open it with ``Store.create``, ``Store.write_to``, ``Store.read`` or ``Store.in_memory``, as a
    context manager or with ``close()``.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, lock: Lock | None
    ) -> None:
        self._connection = connection
        self._numbers: dict[str, int] = {}  # of the cells that were seen, by their keys
        self._lock = lock
        self.path = path

    @classmethod
    def in_memory(cls) -> Self:
        """A store that lives as long as the process."""
        # The executor's threads hand their results to one thread, which may not be the opener.
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.text_factory = readable_text
        make_tables(connection)
        return cls(connection, None, None)

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
                    undo.callback(left_over.unlink, missing_ok=True)
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
        when = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction() as connection:
            total = self._total()
            number = total.specifications + 1
            row = with_checksum("specification", number, when, digest, json.dumps(document))
            connection.execute("INSERT INTO specification VALUES (?, ?, ?, ?, ?)", row)
            self._set_total(total._replace(specifications=number))

    def write(self, parts: Iterable[CellRuns]) -> int:
        """Write the runs of a shard in one transaction; the number that were new.

        When this returns, the runs are on the disk.

        Raises:
            StoreError: they cannot be written, or a cell holds runs from other restarts.
        """
        with self._transaction() as connection:
            before = total = self._total()
            for part in parts:
                number = self._number(part.cell.key, total) or total.cells + 1
                new = number > total.cells
                cell, there = (part.cell, 0) if new else self._cell(number, part.cell)
                changes = connection.total_changes
                rows = rows_of(number, cell, part)
                connection.executemany("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, ?)", rows)
                added = connection.total_changes - changes
                row = with_checksum("cell", number, *cell, there + added)
                connection.execute("REPLACE INTO cell VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                self._numbers[cell.key] = number
                total = total._replace(cells=total.cells + new, runs=total.runs + added)
            self._set_total(total)
        return total.runs - before.runs

    # Reading

    def specification(self) -> tuple[dict[str, Any], str] | None:
        """The newest specification and its hash, or None if none was declared."""
        newest = "SELECT * FROM specification ORDER BY number DESC LIMIT 1"
        with self._reading() as connection:
            written = self._total().specifications
            [[there]] = connection.execute("SELECT COUNT(*) FROM specification")
            row = connection.execute(newest).fetchone()
            if there != written or (row is not None and row[0] != written):
                raise damaged(self.path, f"it holds {there} of {written} specifications")
            return None if row is None else self._document(row)

    def cells(self) -> dict[str, Cell]:
        """Every cell with at least one run, by its key."""
        with self._reading():
            return {cell.key: cell for _, cell, _ in self._all_cells(self._total())}

    def counts(self) -> dict[str, int]:
        """The number of runs of each cell, by its key; every run is read and verified."""
        with self._reading():
            return {
                cell.key: len(self._columns(number, cell, there).repeats)
                for number, cell, there in self._all_cells(self._total())
            }

    def repeats(self, key: str) -> NDArray[np.int64]:
        """The repeats of a cell that are there, in order."""
        with self._reading():
            number = self._number(key, self._total())
            found = NONE if number is None else self._columns(number, *self._cell(number))
            return np.array(found.repeats, np.int64)

    def runs(self, cell: Cell) -> CellRuns:
        """What is there of a cell, in the order of the repeats.

        Raises:
            StoreError: its runs are damaged, or from other restarts than ``cell`` says.
        """
        with self._reading():
            number = self._number(cell.key, self._total())
            found = NONE if number is None else self._columns(number, *self._cell(number, cell))
        try:
            return runs_of(cell, found)
        except ValueError as error:
            raise damaged(self.path, f"{cell.arm} on {cell.series}: {error}") from None

    def damage(self) -> list[str]:
        """What is wrong with the file, a sentence each; empty if it is whole.

        Reads everything: SQLite's own integrity check, then every row.
        """
        try:
            with self._reading() as connection:
                found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
                if found != ["ok"]:
                    return [f"the file's structure is damaged: {line}" for line in found]
                total = self._total()
                self.specification()
                for row in connection.execute("SELECT * FROM specification"):
                    self._document(row)
                bad = [line for each in self._all_cells(total) for line in self._altered(*each)[1]]
                [[there]] = connection.execute("SELECT COUNT(*) FROM run")
                if not bad and there != total.runs:
                    bad = [f"it holds {there} of {total.runs} runs"]
                return bad
        except StoreError as error:
            return [error.problem]

    # Inside: rows are selected by these alone, and verified as they are

    def _total(self) -> Total:
        rows = self._connection.execute("SELECT * FROM total").fetchall()
        if len(rows) != 1 or not is_whole("total", rows[0]):
            raise damaged(self.path, "its totals are altered")
        return Total(*rows[0][:-1])

    def _set_total(self, total: Total) -> None:
        row = with_checksum("total", *total)
        statement = "UPDATE total SET specifications = ?, cells = ?, runs = ?, checksum = ?"
        self._connection.execute(statement, row)

    def _number(self, key: str, total: Total) -> int | None:
        """The number of a cell, if it is there."""
        if key not in self._numbers and len(self._numbers) != total.cells:
            self._all_cells(total)  # another process writes, or this one just opened the file
        return self._numbers.get(key)

    def _all_cells(self, total: Total) -> list[tuple[int, Cell, int]]:
        """Every cell with its number and its number of runs."""
        rows = self._connection.execute("SELECT * FROM cell ORDER BY number").fetchall()
        cells = [self._checked(row) for row in rows]
        numbers = {cell.key: number for number, cell, _ in cells}
        if list(numbers.values()) != list(range(1, total.cells + 1)):
            raise damaged(self.path, f"it holds {len(rows)} of {total.cells} cells")
        self._numbers = numbers
        return cells

    def _cell(self, number: int, wanted: Cell | None = None) -> tuple[Cell, int]:
        """A cell as it was first written, and its number of runs.

        ``wanted`` is what the caller takes it for; its names may be others, but not its restarts.
        """
        query = "SELECT * FROM cell WHERE number = ?"
        row = self._connection.execute(query, (number,)).fetchone()
        if row is None:
            raise damaged(self.path, f"cell {number} is not there")
        _, cell, runs = self._checked(row)
        if wanted is not None and cell.restarts != wanted.restarts:
            problem = (
                f"holds runs of {wanted.arm} on {wanted.series} from other restarts "
                f"({cell.restarts}) than the study's ({wanted.restarts}), so they are no pairs "
                "with the other arms' runs"
            )
            raise StoreError("store", str(self.path), problem, "Run the study into a new store.")
        return cell, runs

    def _checked(self, row: tuple[Any, ...]) -> tuple[int, Cell, int]:
        """A row of the table ``cell``: its number, the cell, its number of runs."""
        if not is_whole("cell", row):
            names = f"arm {row[2]!r:.60}, series {row[3]!r:.60}"
            raise damaged(self.path, f"the row of cell {row[0]} is altered (it says {names})")
        return row[0], Cell(*row[1:6]), row[6]

    def _document(self, row: tuple[Any, ...]) -> tuple[dict[str, Any], str]:
        """A row of the table ``specification``: the document and its hash."""
        if not is_whole("specification", row):
            raise damaged(self.path, f"its specification {row[0]} is altered")
        return json.loads(row[3]), row[2]

    def _columns(self, number: int, cell: Cell, written: int) -> Columns:
        """The runs of a cell, verified."""
        columns, bad = self._altered(number, cell, written)
        if bad:
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            raise damaged(self.path, f"{bad[0]}{more}")
        return columns

    def _altered(self, number: int, cell: Cell, written: int) -> tuple[Columns, list[str]]:
        """The runs of a cell as they are found, and what is wrong with them, a line each."""
        rows = self._connection.execute(RUNS, {"cell": number}).fetchall()
        columns = Columns(*zip(*rows, strict=True)) if rows else NONE
        where = f"{cell.arm} on {cell.series}, cutoff {cell.cutoff}"
        bad = [
            f"{where}, repeat {columns.repeats[i]} is altered"
            for i in altered(number, cell, columns)
        ]
        distinct = len(set(columns.repeats))
        if not bad and not len(rows) == distinct == written:
            bad = [f"{where}: it holds {len(rows)} of {written} runs"]
        return columns, bad

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One moment of the file, for all that is read within."""
        with store_errors(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.rollback()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with store_errors(self.path):
            try:
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except BaseException:
                self._numbers.clear()  # cells of a transaction that was rolled back are not there
                raise
