"""The tables of a store."""

import sqlite3
from pathlib import Path

from statewise.errors import StoreError

__all__ = ["check_tables", "make_tables"]

APPLICATION = 0x53575354  # "SWST" in the file's header: a statewise study
SCHEMA = 3  # in the file's header; a file with another number is refused

TABLES = """
CREATE TABLE specification (
    number INTEGER PRIMARY KEY, written TEXT NOT NULL, hash TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE cell (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, arm TEXT NOT NULL, series TEXT NOT NULL,
    cutoff INTEGER NOT NULL, restarts TEXT NOT NULL
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


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new store, all or none."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; "
        f"PRAGMA user_version = {SCHEMA}; COMMIT;"
    )


def check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError if the file is not a study, or was not written by this version's code."""
    [[application]] = connection.execute("PRAGMA application_id")
    [[schema]] = connection.execute("PRAGMA user_version")
    if application != APPLICATION:
        raise StoreError("store", str(path), "is not a statewise study", "Check the path.")
    if schema != SCHEMA:
        problem = (
            f"was written by another version of statewise (its schema is {schema}, and this one "
            f"reads {SCHEMA})"
        )
        fix = "Use the version that wrote it, or run the study into a new store."
        raise StoreError("store", str(path), problem, fix)
