"""The tables of a store."""

import sqlite3
from functools import cache
from pathlib import Path

from statewise.errors import StoreError
from statewise.study.rows import with_checksum
from statewise.study.sqlite_file import damaged

__all__ = ["PAGE", "check_tables", "make_tables"]

APPLICATION = 0x53575354  # "SWST" in the file's header: a statewise study
SCHEMA = 4  # in the file's header; a file with another number is refused
PAGE = 4096  # bytes of a page

# No table has an index, which could disagree with it. The roots of the tables are the pages from
# the second on, in this order; salvage counts on that.
TABLES = """
CREATE TABLE total (  -- one row: what was written, so that what was lost is missed
    specifications INTEGER NOT NULL, cells INTEGER NOT NULL, runs INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE specification (
    number INTEGER PRIMARY KEY, written TEXT NOT NULL, hash TEXT NOT NULL, document TEXT NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE cell (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, arm TEXT NOT NULL, series TEXT NOT NULL,
    cutoff INTEGER NOT NULL, restarts TEXT NOT NULL, runs INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,  -- (number of the cell << 32) + repeat
    score REAL NOT NULL, diverged_epoch INTEGER NOT NULL, forecasts BLOB NOT NULL,
    loss BLOB NOT NULL, checksum INTEGER NOT NULL
);
"""
FOUND = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new store, all or none."""
    connection.executescript(
        f"PRAGMA page_size = {PAGE}; PRAGMA auto_vacuum = NONE; BEGIN IMMEDIATE; {TABLES} "
        f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};"
    )
    connection.execute("INSERT INTO total VALUES (?, ?, ?, ?)", with_checksum("total", 0, 0, 0))
    connection.execute("COMMIT")


def check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError if the file is not a study as this version's code makes one."""
    [[application]] = connection.execute("PRAGMA application_id")
    [[schema]] = connection.execute("PRAGMA user_version")
    found = connection.execute(FOUND).fetchall()
    if application != APPLICATION and found != tables():
        raise StoreError("store", str(path), "is not a statewise study", "Check the path.")
    if application != APPLICATION:
        raise damaged(path, "its header does not say that it is a study")
    if schema != SCHEMA:
        problem = (
            f"was written by another version of statewise (its schema is {schema}, and this one "
            f"reads {SCHEMA}), or its header is damaged"
        )
        fix = "Use the version that wrote it, or run the study into a new store."
        raise StoreError("store", str(path), problem, fix)
    if found != tables():
        names = sorted({f"{kind} {name}" for kind, name, *_ in set(found) ^ set(tables())})
        raise damaged(path, f"its tables are not as they were made: {', '.join(names)}")


@cache
def tables() -> list[tuple[str, str, str, str]]:
    """What a whole file says of its tables."""
    connection = sqlite3.connect(":memory:")
    try:
        make_tables(connection)
        return connection.execute(FOUND).fetchall()
    finally:
        connection.close()
