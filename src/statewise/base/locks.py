"""One writer at a time: locks that the system takes back when their process ends, however it ends.

Whoever holds the lock of a file may replace the file or remove it. A process that waited, and got
the lock of the old one, sees that the name stands for another file by now, and begins anew. So a
file that is replaced whole is its own lock, and a file that is there to be locked is removed at the
end: nothing is left beside the files that are written, and what a killed process left is taken and
removed by the next.
"""

import errno
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

__all__ = ["Lock", "network_file_system"]

POLL = 0.02  # seconds
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"}


class Lock:
    """The lock of a file, from ``take`` to ``release``.

    Args:
        path: the file. It is opened for reading alone.
        beside: lock ``NAME.lock`` instead, which is made and removed: for a file that is not there
            yet, or whose own locks are another's, as those of a database.

    Example:
        >>> path = getfixture("tmp_path") / "model"
        >>> path.touch()
        >>> first, second = Lock(path), Lock(path)
        >>> first.take()
        >>> try:
        ...     second.take(wait=0.0)
        ... except TimeoutError:
        ...     print("The other has it.")
        The other has it.
        >>> first.release()
        >>> second.take(wait=0.0)
        >>> second.release()
    """

    _holders: ClassVar[dict[tuple[int, int], tuple[int, int]]] = {}  # file -> process, thread

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        self._beside = beside or sys.platform == "win32"  # where no open file can be replaced
        self.path = path.with_name(f"{path.name}.lock") if self._beside else path
        self._handle: int | None = None

    def take(self, wait: float = math.inf, on_wait: Callable[[], object] | None = None) -> None:
        """Take the lock, or wait for it.

        Args:
            wait: at most so many seconds.
            on_wait: called once, before the first wait.

        Raises:
            TimeoutError: another process or thread holds it, and held it for so long.
            OSError: the file cannot be opened, or its file system has no locks; of the number
                EDEADLK if this very thread holds the lock.
        """
        end = time.monotonic() + wait
        while (held := self._held()) is not None:
            if time.monotonic() >= end:
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(self.path))
            if self._holders.get(held) == this_thread():
                raise OSError(errno.EDEADLK, os.strerror(errno.EDEADLK), str(self.path))
            if on_wait is not None:
                on_wait()
                on_wait = None
            time.sleep(POLL)

    def _held(self) -> tuple[int, int] | None:
        """The file that another has locked; None if its lock was free and is taken."""
        how = os.O_RDWR | os.O_CREAT if self._beside else os.O_RDONLY | os.O_NONBLOCK
        while True:
            handle = os.open(self.path, how, 0o666)
            try:
                if not lock_now(handle):
                    return identity(handle)
                if is_named(handle, self.path):
                    self._handle = handle
                    self._holders[identity(handle)] = this_thread()
                    return None
            finally:
                if self._handle is None:
                    os.close(handle)

    def release(self) -> None:
        """Let the next one in; does nothing if the lock is not held."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        del self._holders[identity(handle)]
        try:
            if self._beside:
                with suppress(OSError):
                    self.path.unlink()
            unlock(handle)
        finally:
            os.close(handle)


def identity(handle: int) -> tuple[int, int]:
    """What tells an open file from all others."""
    status = os.fstat(handle)
    return status.st_dev, status.st_ino


def this_thread() -> tuple[int, int]:
    """What tells this thread from all others, also those of other processes."""
    return os.getpid(), threading.get_ident()


def is_named(handle: int, path: Path) -> bool:
    """Whether the path is still that of the open file."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def lock_now(handle: int) -> bool:
        """Take an open file's lock if it is free; whether it was."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Release an open file's lock, whoever else has the file open by now."""
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def lock_now(handle: int) -> bool:
        """Take an open file's lock if it is free; whether it was."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Release an open file's lock, also where a child of this process has the file open too."""
        fcntl.flock(handle, fcntl.LOCK_UN)


def network_file_system(path: Path) -> str | None:
    """The kind of network file system that a path lies on, whose locks cannot be trusted."""
    kind = file_system(path.resolve().parent)
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def file_system(folder: Path) -> str | None:
    """The kind of file system that ``folder`` lies on, where the system tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [line.split()[1:3] for line in mounts]
    inside = [(point, kind) for point, kind in found if folder.is_relative_to(point)]
    return max(inside, key=lambda mount: len(mount[0]))[1] if inside else None
