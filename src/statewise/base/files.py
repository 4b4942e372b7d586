"""Files that are read if they are files, and written whole or not at all."""

import errno
import glob
import os
import secrets
import shutil
import socket
import stat
from pathlib import Path
from typing import Self

from statewise.errors import OutputError

__all__ = ["Staging", "check_writable", "clear_stale", "content_of", "regular", "sync_folder"]


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors of a file that has no space."""
MINE = f".writing-{socket.gethostname()}-"
"""How the folders of this machine begin in which files are prepared; a process's number follows."""
PREPARING: set[str] = set()
"""The names of those that this process works in now: an earlier one may have had its number."""


class Staging:
    """A folder's new files, prepared aside and moved into place together at the end.

    Used as a context manager: what is written to ``path(name)`` appears in ``folder`` only when the
    block ends without an exception, each file by a rename that replaces an older one at once, and
    is on the disk then. A kill between two renames leaves some files new and others old.

    Raises:
        OutputError: the folder cannot be made or written to, which is known at the start; or it has
            no space for what is written, by whatever code of the block.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __enter__(self) -> Self:
        absent = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            clear_stale(self.folder)
            self._aside = self.folder / f"{MINE}{os.getpid()}-{secrets.token_hex(8)}"
            PREPARING.add(self._aside.name)
            self._aside.mkdir(mode=0o700)
        except OSError as error:
            problem = f"cannot be written ({error.strerror})"
            fix = "Choose a folder that you may write to."
            raise OutputError("out", str(self.folder), problem, fix) from None
        self._made = absent  # the folder first, then its parents
        return self

    def path(self, name: str) -> Path:
        """Where to write the file that will be called ``name``."""
        return self._aside / name

    def text(self, name: str, content: str) -> None:
        """Write a text file; raises OutputError where there is no space."""
        try:
            self.path(name).write_text(content, encoding="utf-8")
        except OSError as failure:
            raise self._failed(failure) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            if isinstance(error, OSError) and error.errno in FULL:
                raise error
            if kind is None:
                self._move()
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            shutil.rmtree(self._aside, ignore_errors=True)
            PREPARING.discard(self._aside.name)
            for folder in self._made:
                if not any(folder.iterdir()):
                    folder.rmdir()

    def _failed(self, failure: OSError) -> OutputError:
        problem = f"could not be written ({failure.strerror})"
        fix = "Free some space there or choose another folder, and run again."
        return OutputError("out", str(self.folder), problem, fix)

    def _move(self) -> None:
        files = sorted(self._aside.iterdir())
        for file in files:
            if (self.folder / file.name).is_dir():
                raise IsADirectoryError(21, f"{file.name} is a folder there", file.name)
        for file in files:
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        for file in files:
            file.replace(self.folder / file.name)
        if files:
            sync_folder(self.folder)


def sync_folder(folder: Path) -> None:
    """Make the names of new files in a folder as durable as their content."""
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_stale(folder: Path) -> None:
    """Remove what processes of this machine were preparing in a folder when they were killed."""
    if os.name != "posix":  # elsewhere asking for a process may end it
        return
    for aside in folder.glob(f"{glob.escape(MINE)}*-*"):
        number = aside.name.removeprefix(MINE).partition("-")[0]
        if number.isdecimal() and not (aside.name in PREPARING or another_lives(int(number))):
            shutil.rmtree(aside, ignore_errors=True)


def another_lives(number: int) -> bool:
    """Whether another process of this number is there."""
    try:
        os.kill(number, 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # of another user
    return number != os.getpid()


def regular(path: Path) -> Path:
    """The path of a file that has an end; raises OSError for a device or a pipe, which may not."""
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a zero byte in its name
        raise OSError(errno.EINVAL, str(error)) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # opening a folder says what it is
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")
    return path


def content_of(path: Path, most: int | None = None) -> bytes:
    """The bytes of a regular file; raises OSError if it cannot be read, or has more than ``most``.

    A size is looked at before anything is read.
    """
    size = regular(path).stat().st_size
    if most is not None and size > most:
        raise OSError(errno.EFBIG, f"it has {size:,} bytes, and at most {most:,} are read")
    return path.read_bytes()


def check_writable(path: str | Path) -> None:
    """Raise OutputError if the file could not be written now; nothing is left there."""
    path = Path(path)
    if path.is_dir():
        raise OutputError("out", str(path), "is a folder", "Name a file in it.")
    with Staging(path.parent):
        pass
