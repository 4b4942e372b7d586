"""The store of a study: write-once runs in one SQLite file.

The contract, for every reader of this module and every test of it:

- One writer. A second one on the same file is refused while the first lives.
- A shard's runs land in one transaction, with their forecasts and loss curves, or not at all.
- A run's key is its cell (arm, series, cutoff, seed: everything its result depends on) and its
  repeat. A second write of a key changes nothing.
- What was written reads back to the bit, and damage is detected: the file's structure by SQLite,
  every run by a checksum of its own.
- Readers open read-only, at any time.

The rollback journal is used, and not the write-ahead log, which had a defect with two connections
before SQLite 3.51.3; network file systems are refused, since their locks cannot be trusted.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from statewise.errors import StoreError

__all__ = ["Cell", "CellRuns", "Store", "salvage"]

SCHEMA = 1
APPLICATION = 0x53575354  # "SWST" in the file's header: a statewise study
PATIENCE = 60.0  # seconds that a reader or the writer waits for the other
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"}

TABLES = """
CREATE TABLE specification (
    number INTEGER PRIMARY KEY, written TEXT NOT NULL, hash TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE cell (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, arm TEXT NOT NULL, series TEXT NOT NULL,
    cutoff INTEGER NOT NULL
);
CREATE TABLE run (
    cell INTEGER NOT NULL REFERENCES cell (id), repeat INTEGER NOT NULL, score REAL NOT NULL,
    diverged_epoch INTEGER NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (cell, repeat)
) WITHOUT ROWID;
CREATE TABLE curve (
    cell INTEGER NOT NULL, repeat INTEGER NOT NULL, forecasts BLOB NOT NULL, loss BLOB NOT NULL,
    PRIMARY KEY (cell, repeat)
) WITHOUT ROWID;
"""

RUNS = """
SELECT run.repeat, score, diverged_epoch, checksum, forecasts, loss
FROM run LEFT JOIN curve ON curve.cell = run.cell AND curve.repeat = run.repeat
WHERE run.cell = ? AND run.repeat >= ? AND run.repeat < ?
"""
LAST = 1 << 40  # beyond any repeat


class Cell(NamedTuple):
    """Where a run belongs. ``key`` is a hash of everything its result depends on but the repeat."""

    key: str
    arm: str
    series: str
    cutoff: int


@dataclass(frozen=True)
class CellRuns:
    """Finished runs of one cell, a run along the first axis.

    Attributes:
        cell: where they belong.
        repeats: (runs,) which.
        scores: (runs,) infinite for a run that diverged.
        diverged_epoch: (runs,) zero for a run that did not.
        forecasts: (runs, test_size).
        loss: (runs, epochs), or (runs, 0) if it was not kept.
    """

    cell: Cell
    repeats: NDArray[np.int64]
    scores: NDArray[np.float64]
    diverged_epoch: NDArray[np.int32]
    forecasts: NDArray[np.float64]
    loss: NDArray[np.float32]


class Store:
    """One SQLite file, or a store in memory that forgets.

    Open it with ``Store.create``, ``Store.write_to``, ``Store.read`` or ``Store.in_memory``, as a
    context manager or with ``close()``.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, lock: FileLock | None
    ) -> None:
        self._connection = connection
        self._cells: dict[str, int] = {}
        self._lock = lock
        self.path = path

    @classmethod
    def in_memory(cls) -> Self:
        """A store that lives as long as the process."""
        # The executor's threads hand their results to one thread, which may not be the opener.
        store = cls(sqlite3.connect(":memory:", check_same_thread=False), None, None)
        store._make_tables()
        return store

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """A new store at ``path``, opened for writing.

        Raises:
            StoreError: the file exists, or cannot be made, or lies on a network file system.
        """
        path = Path(path)
        if path.exists():
            raise StoreError(
                "store", str(path), "exists already", "Resume the study, or choose another file."
            )
        lock = take_lock(path)
        try:
            with said(path):
                # Made aside and moved into place whole: a kill leaves no file that is half a store.
                aside = path.with_name(f"{path.name}.new")
                for left_over in (aside, journal_of(aside)):
                    left_over.unlink(missing_ok=True)
                made = cls(connect(aside, "rwc"), aside, None)
                made._make_tables()
                made.close()
                journal_of(aside).unlink(missing_ok=True)
                aside.rename(path)
                sync_folder(path)
                return cls(connect(path, "rw"), path, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def write_to(cls, path: str | Path) -> Self:
        """The store at ``path``, opened for writing.

        Raises:
            StoreError: there is none, another process writes to it, or it is damaged or not ours.
        """
        path = existing(path)
        lock = take_lock(path)
        try:
            with said(path):
                store = cls(connect(path, "rw"), path, lock)
                store._check_header()
        except BaseException:
            lock.release()
            raise
        return store

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The store at ``path``, opened for reading, also while another process writes to it.

        Raises:
            StoreError: there is none, or it is damaged or not ours.
        """
        path = existing(path)
        with said(path):
            store = cls(connect(path, "query"), path, None)
            store._check_header()
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
            connection.execute(
                "INSERT INTO specification (written, hash, document) VALUES (?, ?, ?)", row
            )

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
        with said(self.path):
            row = self._connection.execute(
                "SELECT document, hash FROM specification ORDER BY number DESC LIMIT 1"
            ).fetchone()
        return None if row is None else (json.loads(row[0]), row[1])

    def cells(self) -> dict[str, Cell]:
        """Every cell with at least one run, by its key."""
        with said(self.path):
            rows = self._connection.execute("SELECT key, arm, series, cutoff FROM cell ORDER BY id")
            return {row[0]: Cell(*row) for row in rows}

    def counts(self) -> dict[str, int]:
        """The number of runs of each cell, by its key."""
        with said(self.path):
            return dict(
                self._connection.execute(
                    "SELECT key, COUNT(*) FROM run JOIN cell ON cell.id = run.cell GROUP BY cell"
                ).fetchall()
            )

    def repeats(self, key: str) -> NDArray[np.int64]:
        """The repeats of a cell that are there, in order."""
        return self._columns(
            "SELECT repeat FROM run WHERE cell = (SELECT id FROM cell WHERE key = ?) "
            "ORDER BY repeat",
            key,
            [np.int64],
        )[0]

    def scores(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32]]:
        """The repeats of a cell in order, with their scores and the epoch each diverged at."""
        repeats, scores, diverged = self._columns(
            "SELECT repeat, score, diverged_epoch FROM run "
            "WHERE cell = (SELECT id FROM cell WHERE key = ?) ORDER BY repeat",
            key,
            [np.int64, np.float64, np.int32],
        )
        return repeats, scores, diverged

    def curves(self, key: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """A cell's forecasts (runs, test_size) and loss curves (runs, epochs), in repeat order."""
        with said(self.path):
            rows = self._connection.execute(
                "SELECT forecasts, loss FROM curve "
                "WHERE cell = (SELECT id FROM cell WHERE key = ?) ORDER BY repeat",
                (key,),
            ).fetchall()
        forecasts, loss = ([decode(row[i]) for row in rows] for i in range(2))
        return np.array(forecasts), np.array(loss)

    def damage(self) -> list[str]:
        """What is wrong with the file, a sentence each; empty if it is whole.

        Reads everything: SQLite's own integrity check, then the checksum of every run.
        """
        try:
            said_by_sqlite = [r[0] for r in self._connection.execute("PRAGMA integrity_check(20)")]
            if said_by_sqlite != ["ok"]:
                return [f"the file's structure is damaged: {line}" for line in said_by_sqlite]
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

    def _columns(self, query: str, key: str, types: Sequence[Any]) -> list[NDArray[Any]]:
        with said(self.path):
            rows = self._connection.execute(query, (key,)).fetchall()
        columns = zip(*rows, strict=True) if rows else ([] for _ in types)
        return [np.array(column, t) for column, t in zip(columns, types, strict=True)]

    def _cell_id(self, connection: sqlite3.Connection, cell: Cell) -> int:
        if cell.key not in self._cells:
            connection.execute(
                "INSERT OR IGNORE INTO cell (key, arm, series, cutoff) VALUES (?, ?, ?, ?)", cell
            )
            row = connection.execute("SELECT id FROM cell WHERE key = ?", (cell.key,)).fetchone()
            self._cells[cell.key] = row[0]
        return self._cells[cell.key]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with said(self.path):
            try:
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except BaseException:
                self._cells.clear()  # cells of a transaction that was rolled back are not there
                raise

    def _make_tables(self) -> None:
        self._connection.executescript(
            f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}; {TABLES}"
        )

    def _check_header(self) -> None:
        application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION:
            raise StoreError("store", str(self.path), "is not a statewise study", "Check the path.")
        if version > SCHEMA:
            raise StoreError(
                "store",
                str(self.path),
                f"was written by a newer statewise (schema {version}, this one knows {SCHEMA})",
                "Update statewise.",
            )


def salvage(damaged: str | Path, path: str | Path) -> tuple[int, int]:
    """Copy what is whole of a damaged store into a new one: runs recovered, and runs left behind.

    A run is whole if it can be read and its checksum is right. Runs that cannot be read at all are
    not counted: nobody knows how many they were. The damaged file is left as it is.

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
            with said(damaged):
                cells = connection.execute("SELECT * FROM cell").fetchall()
            with Store.create(path) as new:
                recovered, lost = 0, 0
                with contextlib.suppress(sqlite3.DatabaseError):
                    for digest, document in connection.execute(
                        "SELECT hash, document FROM specification ORDER BY number"
                    ):
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


def is_whole(key: str, row: tuple[Any, ...]) -> bool:
    """Whether a row of ``RUNS`` is what was written."""
    repeat, score, diverged, check, forecasts, loss = row
    return bool(
        forecasts is not None and checksum(key, repeat, score, diverged, forecasts, loss) == check
    )


def runs_of(cell: Cell, row: tuple[Any, ...]) -> CellRuns:
    """A row of ``RUNS`` as a run."""
    repeat, score, diverged, _, forecasts, loss = row
    return CellRuns(
        cell,
        np.array([repeat], np.int64),
        np.array([score], np.float64),
        np.array([diverged], np.int32),
        decode(forecasts)[None],
        decode(loss)[None],
    )


def rows_of(cell: int, part: CellRuns) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The row of each run in the tables ``run`` and ``curve``."""
    columns = zip(
        part.repeats.tolist(),
        part.scores.tolist(),
        part.diverged_epoch.tolist(),
        part.forecasts,
        part.loss,
        strict=True,
    )
    for repeat, score, diverged, forecasts, loss in columns:
        f, g = encode(forecasts), encode(loss)
        check = checksum(part.cell.key, repeat, score, diverged, f, g)
        yield (cell, repeat, score, diverged, check), (cell, repeat, f, g)


def checksum(
    key: str, repeat: int, score: float, diverged: int, forecasts: bytes, loss: bytes
) -> int:
    """A CRC-32 of a run and of where it belongs."""
    start = zlib.crc32(key.encode() + struct.pack("<qdq", repeat, score, diverged))
    return zlib.crc32(loss, zlib.crc32(forecasts, start))


def encode(array: NDArray[Any]) -> bytes:
    """A row of numbers as bytes that say their type: ``<f8``, then the numbers."""
    little = array.dtype.newbyteorder("<")
    return little.str.encode() + array.astype(little, copy=False).tobytes()


def decode(blob: bytes) -> NDArray[Any]:
    """The inverse of ``encode``."""
    return np.frombuffer(blob, np.dtype(blob[:3].decode()), offset=3)


def connect(path: Path, mode: Literal["rw", "rwc", "query"]) -> sqlite3.Connection:
    """A connection that waits for its turn, and whose transactions are on disk when they end.

    A reader's, ``query``, may not write. It is opened for writing all the same where that is
    allowed, since SQLite rolls back what a killed writer left half done when the file is next read.
    """
    if mode == "query":
        writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
        connection = opened(path, "rw" if writable else "ro")
        connection.execute("PRAGMA query_only = ON")
        return connection
    connection = opened(path, mode)
    connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )


def journal_of(path: Path) -> Path:
    """The file in which SQLite keeps what a transaction may have to undo."""
    return path.with_name(f"{path.name}-journal")


def existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise StoreError("store", str(path), "is not a file", "Check the path.")
    return path


def take_lock(path: Path) -> FileLock:
    """The writer's lock, which the system releases when the process ends, however it ends."""
    kind = file_system(path.absolute().parent)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            "store",
            str(path),
            f"lies on a network file system ({kind}), whose locks cannot be trusted",
            "Keep the study on a local disk.",
        )
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            "store",
            str(path),
            "is being written by another process",
            "Wait for it to end, or stop it.",
        ) from None
    except OSError as error:
        raise StoreError(
            "store", str(path), f"cannot be written ({error.strerror})", "Choose another folder."
        ) from None
    return lock


def file_system(folder: Path) -> str | None:
    """The kind of file system that ``folder`` lies on, where the system tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [line.split()[1:3] for line in mounts]
    inside = [(point, kind) for point, kind in found if folder.is_relative_to(point)]
    return max(inside, key=lambda mount: len(mount[0]))[1] if inside else None


@contextmanager
def said(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        full = "full" in str(error) or "disk I/O" in str(error)
        raise StoreError(
            "store",
            str(path),
            f"could not be read or written ({error})",
            "Free some space and resume; what was written before is safe."
            if full
            else "Check the file and its folder.",
        ) from None
    except sqlite3.DatabaseError as error:
        raise StoreError(
            "store",
            str(path),
            f"is damaged ({error})",
            "Recover what is whole with: statewise study salvage.",
        ) from None


def sync_folder(path: Path) -> None:
    """Make a new file's name as durable as its content."""
    handle = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
