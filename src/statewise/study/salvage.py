"""Copy what is whole of a damaged store.

A store is a file of pages, and its rows lie on leaves of the trees that are its tables. What leads
to the leaves may be damaged as much as they may, so the trees are not followed: in a copy, each
leaf in turn takes the place of its table's root, and SQLite reads it as if it were the whole table.
The first page, with the header and the names of the tables, is that of a new store. A row is whole
if its checksum says so, wherever it was found.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from statewise.base.files import Staging
from statewise.errors import StoreError
from statewise.study.rows import SHIFT, Cell, Columns, altered, is_whole, runs_of
from statewise.study.schema import PAGE, make_tables
from statewise.study.sqlite_file import (
    PATIENCE,
    UNREADABLE,
    connect,
    existing,
    journal_of,
    readable_text,
)
from statewise.study.store import Store, Total

__all__ = ["Salvaged", "salvage"]

Row = tuple[Any, ...]

TABLES = ("total", "specification", "cell", "run")  # whose roots are the second page and on
LEAF = 0x0D  # how a page begins that holds rows


@dataclass(frozen=True)
class Salvaged:
    """What came of a damaged store.

    Attributes:
        recovered: runs in the new store.
        lost: runs that were written and are not in it; None if their number was lost too.
        specifications: in the new store, the newest of them in force.
        lost_specifications: as for the runs.
    """

    recovered: int
    lost: int | None
    specifications: int
    lost_specifications: int | None

    def __str__(self) -> str:
        if self.lost is None:
            return (
                f"{runs(self.recovered)} recovered; how many were left behind is not known. The "
                f"newest of {self.specifications} specifications recovered is in force."
            )
        said = f"{runs(self.recovered)} recovered, and {runs(self.lost)} left behind."
        if self.lost_specifications:
            said += " A specification was lost: the next run declares the study anew."
        return said


def salvage(damaged: str | Path, path: str | Path) -> Salvaged:
    """Copy what is whole of a damaged store into a new one; the damaged file is left as it is.

    A run is whole if its row and what its cell says agree with its checksum; no specification is
    needed. One that is whole goes along, and so ``statewise study run`` holds the study to it.

    Raises:
        StoreError: the new file exists, or cannot be written, or nothing could be recovered; then
            there is no new file.
    """
    damaged, path = existing(damaged), Path(path)
    if path.exists():
        raise StoreError("store", str(path), "exists already", "Choose another file.")
    with Staging(path.parent) as staging, TemporaryDirectory(dir=staging.path(".")) as folder:
        new = Path(folder) / "new.db"
        found = whole_rows(Leaves(damaged, Path(folder)))
        try:
            recovered = write(found, new)
        except StoreError as error:  # it names the file aside
            fix = "Free some space, or choose another disk."
            raise StoreError("store", str(path), error.problem, fix) from None
        if not recovered:
            problem, fix = "holds no run that could be recovered", "Run the study anew."
            raise StoreError("store", str(damaged), problem, fix)
        new.rename(staging.path(path.name))
    total, there = found.total, len(found.specifications)
    return Salvaged(
        recovered,
        None if total is None else total.runs - recovered,
        there,
        None if total is None else total.specifications - there,
    )


@dataclass
class Found:
    """The rows that are whole: specifications by number, runs by cell, and by repeat."""

    total: Total | None
    specifications: dict[int, Row]
    runs: dict[tuple[Cell, int, int], dict[int, Row]]  # with the lengths of their bytes


def whole_rows(leaves: "Leaves") -> Found:
    """All that is whole on any leaf."""
    totals: list[Total] = []
    found = Found(None, {}, {})
    cells: dict[int, set[Cell]] = {}
    for total, specification, cell in leaves.rows("total", "specification", "cell"):
        totals += [Total(*row[:-1]) for row in total if is_whole("total", row)]
        whole = (row for row in specification if is_whole("specification", row))
        found.specifications |= {row[0]: row for row in whole}
        for row in cell:  # one that was altered, too: the checksums of its runs will tell
            if all(isinstance(row[i], str) for i in (1, 2, 3, 5)) and isinstance(row[4], int):
                cells.setdefault(row[0], set()).add(Cell(*row[1:6]))
    found.total = max(totals, default=None)
    for [run] in leaves.rows("run"):
        for number, of_cell in groupby(run, key=lambda row: row[0] >> SHIFT):
            rows = [(id_ - (number << SHIFT), *rest) for id_, *rest in of_cell]
            for its in cells.get(number, ()):
                bad = set(altered(number, its, columns_of(rows)))
                for row in (row for i, row in enumerate(rows) if i not in bad):
                    group = its, len(row[3]), len(row[4])
                    found.runs.setdefault(group, {})[row[0]] = row
    return found


def write(found: Found, path: Path) -> int:
    """Write what was found into a new store; the number of runs."""
    with Store.create(path) as store:
        for _, row in sorted(found.specifications.items()):
            store.declare(json.loads(row[3]), row[2])
        return store.write(
            runs_of(cell, columns_of([rows[repeat] for repeat in sorted(rows)]))
            for (cell, *_), rows in found.runs.items()
        )


def runs(count: int) -> str:
    """A number of runs, with its verb."""
    return f"{count} run was" if count == 1 else f"{count} runs were"


def columns_of(rows: list[Row]) -> Columns:
    """Rows of runs, column by column."""
    return Columns(*zip(*rows, strict=True))


class Leaves:
    """The leaves of a damaged store, in a copy of it."""

    def __init__(self, damaged: Path, folder: Path) -> None:
        self._copy = folder / "copy.db"
        try:
            copy_rolled_back(damaged, self._copy)
        except OSError as error:
            problem = f"cannot be copied ({error.strerror})"
            raise StoreError("store", str(damaged), problem, "Choose another disk.") from None
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            make_tables(connection)
            first = bytearray(connection.serialize()[:PAGE])
        self._pages = max(-(-self._copy.stat().st_size // PAGE), 1 + len(TABLES))
        first[28:32] = self._pages.to_bytes(4, "big")
        with self._copy.open("r+b") as file:
            file.truncate(self._pages * PAGE)  # filled up with zeros
            file.write(first)

    def rows(self, *tables: str) -> Iterator[list[list[Row]]]:
        """What can be read of every leaf, as rows of each of these tables."""
        uri = f"{self._copy.absolute().as_uri()}?mode=ro&immutable=1"
        with self._copy.open("r+b", buffering=0) as file:
            roots = file.read((1 + len(TABLES)) * PAGE)[PAGE:]
            for page in range(1, self._pages):
                file.seek(page * PAGE)
                at = (page - 1) * PAGE
                content = roots[at : at + PAGE] or file.read(PAGE)
                if content[0] != LEAF:
                    continue
                file.seek(PAGE)
                file.write(content * len(TABLES))
                with closing(sqlite3.connect(uri, uri=True)) as connection:
                    connection.text_factory = readable_text
                    yield [readable(connection, table) for table in tables]
            file.seek(PAGE)
            file.write(roots)


def copy_rolled_back(damaged: Path, copy: Path) -> None:
    """Copy a store as it was before the transaction that a killed writer left half done."""
    uri = f"{damaged.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, PATIENCE, isolation_level=None, uri=True)) as reader:
        with suppress(*UNREADABLE):
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM sqlite_master").fetchall()  # a writer waits meanwhile
        shutil.copyfile(damaged, copy)
        if journal_of(damaged).exists():
            shutil.copyfile(journal_of(damaged), journal_of(copy))
    with suppress(*UNREADABLE), closing(connect(copy, "query")) as connection:
        connection.execute("SELECT * FROM sqlite_master").fetchall()


def readable(connection: sqlite3.Connection, table: str) -> list[Row]:
    """The rows of a leaf, from its start and from its end up to what cannot be read."""
    rows: list[Row] = []
    for order in ("ASC", "DESC"):
        try:
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid {order}"):  # noqa: S608
                rows.append(row)  # noqa: PERF402
            break
        except UNREADABLE:
            continue
    return rows
