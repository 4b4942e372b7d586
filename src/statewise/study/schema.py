"""The tables of a store, and how an older store is brought up to date."""

import sqlite3
from pathlib import Path

from statewise.errors import StoreError

__all__ = ["SCHEMA", "upgrade", "version_of"]

APPLICATION = 0x53575354  # "SWST" in the file's header: a statewise study

# What each version of the schema adds to the one before it.
VERSIONS = (
    """
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
""",
    "ALTER TABLE cell ADD COLUMN restarts TEXT;",  # NULL where version 1 wrote the cell
)
SCHEMA = len(VERSIONS)


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring a store from an older schema, or from none (0), to this one, whole or not at all."""
    if version < SCHEMA:
        connection.executescript(
            f"BEGIN IMMEDIATE; {''.join(VERSIONS[version:])}"
            f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}; COMMIT;"
        )


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The schema of a store.

    Raises:
        StoreError: the file is not ours, or is newer than this code.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise StoreError("store", str(path), "is not a statewise study", "Check the path.")
    if version > SCHEMA:
        raise StoreError(
            "store",
            str(path),
            f"was written by a newer statewise (schema {version}, this one knows {SCHEMA})",
            "Update statewise.",
        )
    return version
