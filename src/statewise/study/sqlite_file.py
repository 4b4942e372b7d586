"""An SQLite file on a disk: opened, locked for one writer, and synced."""

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from statewise.base.locks import Lock, network_file_system
from statewise.errors import StoreError

__all__ = [
    "PATIENCE", "UNREADABLE", "connect", "damaged", "existing", "journal_of", "readable_text",
    "store_errors", "take_lock",
]  # fmt: skip

PATIENCE = 60.0  # seconds that a reader or the writer waits for the other
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises; the second where SQLite quotes it in a message."""
ELSEWHERE = ("BUSY", "LOCKED", "FULL", "IOERR", "READONLY", "CANTOPEN", "PERM", "AUTH")
"""What SQLite's errors are called whose cause is not the content of the file."""


def connect(path: Path, mode: Literal["rw", "rwc", "query"]) -> sqlite3.Connection:
    """A connection that waits for its turn, and whose transactions are on disk when they end.

    A reader's, ``query``, may not write. It is opened for writing all the same where that is
    allowed, since SQLite rolls back what a killed writer left half done when the file is next read.
    """
    opened: str = mode
    pragmas = ["journal_mode = TRUNCATE", "synchronous = FULL"]
    if mode == "query":
        writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
        opened, pragmas = "rw" if writable else "ro", ["query_only = ON"]
    uri = f"{path.absolute().as_uri()}?mode={opened}"
    connection = sqlite3.connect(
        uri, PATIENCE, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.text_factory = readable_text
    for pragma in (*pragmas, "trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def readable_text(content: bytes) -> str:
    """Text that was found; what is not UTF-8 is replaced, and so belies its row's checksum."""
    return content.decode(errors="replace")


def journal_of(path: Path) -> Path:
    """The file in which SQLite keeps what a transaction may have to undo."""
    return path.with_name(f"{path.name}-journal")


def existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise StoreError("store", str(path), "is not a file", "Check the path.")
    return path


def take_lock(path: Path) -> Lock:
    """The writer's lock, on a file beside the store, whose own locks are those of SQLite."""
    if kind := network_file_system(path):
        problem = f"lies on a network file system ({kind}), whose locks cannot be trusted"
        raise StoreError("store", str(path), problem, "Keep the study on a local disk.")
    lock = Lock(path, beside=True)
    try:
        lock.take(wait=0.0)
    except TimeoutError:
        problem, fix = "is being written by another process", "Wait for it to end, or stop it."
    except OSError as error:
        problem, fix = f"cannot be written ({error.strerror})", "Choose another folder."
    else:
        return lock
    raise StoreError("store", str(path), problem, fix)


@contextmanager
def store_errors(path: Path | None) -> Iterator[None]:
    """Raise errors of SQLite as StoreError."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a use of ours that is wrong, and no fault of the file
        raise
    except UnicodeEncodeError as error:
        problem = f"cannot hold the name {error.object!r}, which is not Unicode"
        raise StoreError("store", str(path), problem, "Choose another.") from None
    except UNREADABLE as error:
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
        if not name.startswith(ELSEWHERE):
            raise damaged(path, str(error)) from None
        problem, fix = f"could not be read or written ({error})", "Check the file and its folder."
        if name.startswith(("FULL", "IOERR")):
            fix = "Free some space and resume; what was written before is safe."
        raise StoreError("store", str(path), problem, fix) from None


def damaged(path: Path | None, what: str) -> StoreError:
    """The error for a store that is not as it was written."""
    fix = f"Recover what is whole with: statewise study salvage {shlex.quote(str(path))} NEW.db"
    return StoreError("store", str(path), f"is damaged: {what}", fix)
