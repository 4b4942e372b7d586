"""Compile once, cache on disk, safely with several processes.

Two processes that fill one of numba's cache files at the same moment can leave an index that names
the other's code. So everything is compiled here, under a lock on a file, and nothing compiles
later: an argument of another type than a function was built for is an error, not a silent
compilation. And a cached function is looked up by its own file and its closure alone, so whoever
builds one puts the ``source_digest`` of all that it calls into its closure.
"""

import getpass
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from statewise.base.locks import Lock

__all__ = ["CacheState", "built", "cache_state", "interruptible", "source_digest"]

Functions = TypeVar("Functions", bound=tuple[Any, ...])


def built(
    build: Callable[[bool], Functions], run_smallest: Callable[[Functions], Any]
) -> Functions:
    """Functions that are compiled, or read from the disk cache, and never compile again.

    Args:
        build: makes numba functions; its argument says whether they are cached on disk.
        run_smallest: calls those that were not compiled for types by name, with arguments of the
            types that they will always have.
    """
    with ExitStack() as stack:
        lock(stack)
        stack.enter_context(interruptible())
        try:
            found = build(True)
        except RuntimeError:  # no folder that numba may write its cache to
            found = build(False)
        run_smallest(found)
        for function in found:
            function.disable_compile()
    return found


def lock(stack: ExitStack) -> None:
    """Take the lock on the compiled-code cache, where there is a place for one.

    The first place that can be used is taken: the cache's own folder, or one of this user's on
    this machine. Processes that share a cache find the same place.
    """
    for path in lock_paths():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            taken = Lock(path, beside=True)
            taken.take()
        except OSError:
            continue
        stack.callback(taken.release)
        return


def lock_paths() -> list[Path]:
    """Where the lock may be, the best first."""
    name = "statewise-compile"
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "nobody"
    named = os.environ.get("NUMBA_CACHE_DIR")
    return [
        *([Path(named) / name] if named else []),
        Path(__file__).parent / "__pycache__" / name,
        Path(tempfile.gettempdir()) / f"statewise-{user}" / name,
    ]


def source_digest(*places: Path) -> str:
    """A hash of files, and of every source file in folders."""
    digest = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class CacheState(NamedTuple):
    """Compiled code on disk."""

    folder: Path
    files: int
    size: int  # bytes


def cache_state() -> CacheState:
    """Where compiled code is cached, and how much of it is there."""
    named, package = os.environ.get("NUMBA_CACHE_DIR"), Path(__file__).parents[1]
    folder = Path(named) if named else package
    files = list(folder.rglob("*.nbc"))
    if (
        named
    ):  # others' code may be there too: numba names a folder by that of the source, and a hash
        own = {place.name for place in package.iterdir() if place.is_dir()}
        files = [file for file in files if file.parent.name.rpartition("_")[0] in own]
    return CacheState(folder, len(files), sum(file.stat().st_size for file in files))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C through: in the middle of a compilation numba may raise another error after it."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            cause = cause.__context__
        raise
