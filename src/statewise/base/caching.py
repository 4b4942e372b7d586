"""Compile once, cache on disk, safely with several processes.

Machine code that was altered on a disk would be run and give other numbers, so what is read is
believed only if its checksum is right; all else is compiled anew, and so is everything where
nothing can be written. Everything is compiled here, under a lock on a file, and nothing compiles
later: an argument of another type than a function was built for is an error, not a silent
compilation. And a cached function is looked up by its own file and its closure alone, so whoever
builds one puts the ``source_digest`` of all that it calls into its closure.
"""

import getpass
import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numba
from numba.core.caching import CompileResultCacheImpl
from numba.core.serialize import dumps

from statewise.base.locks import Lock

__all__ = ["CacheState", "built", "cache_state", "compiled", "interruptible", "source_digest"]

Functions = TypeVar("Functions", bound=tuple[Any, ...])


SIZE = 32  # bytes of a checksum
WARNED: list[str] = []  # folders that could not be written to


def built(build: Callable[[], Functions], run_smallest: Callable[[Functions], Any]) -> Functions:
    """Functions that are compiled, or read from the disk cache, and never compile again.

    Args:
        build: makes functions by ``compiled``.
        run_smallest: calls those that were not compiled for types by name, with arguments of the
            types that they will always have.
    """
    with ExitStack() as stack:
        lock(stack)
        stack.enter_context(interruptible())
        found = build()
        run_smallest(found)
        for function in found:
            function.disable_compile()
    return found


def compiled(*signatures: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``njit`` of numba, with a disk cache that is checked.

    Args:
        *signatures: of types to compile for; by default for those of the first call.
        **options: of ``njit``.
    """

    def compile_for(function: Callable[..., Any]) -> Any:
        made = numba.njit(**options)(function)
        try:
            made._cache = Entries(function)
        except RuntimeError:  # numba found no folder to write to, its own of the user included
            warn_of("any folder", "none can be written to")
        for signature in signatures:
            made.compile(signature)
        return made

    return compile_for


class Entries:
    """A function's compiled code on disk, a file for each of its types, as numba asks for it.

    A file's name is a hash of all that its code depends on, and it begins with a checksum of its
    name and its content. numba's own cache has neither: damage there ends in other machine code.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._parts = CompileResultCacheImpl(function)  # where to, and how code becomes bytes
        self.cache_path = self._parts.locator.get_cache_path()
        cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
        stamp, code = self._parts.locator.get_source_stamp(), function.__code__.co_code
        self._source = [numba.__version__, stamp, code, hashlib.sha256(dumps(cells)).digest()]

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The code for these types, or None if it is not there or not what was written."""
        target.refresh()
        path = self._path(signature, target.codegen())
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if content[:SIZE] != checksum(path.name, content[SIZE:]):
            return None
        return self._parts.rebuild(target, pickle.loads(content[SIZE:]))  # noqa: S301

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep the code for these types, if it can be written."""
        if not self._parts.check_cachable(result):
            return
        path, content = self._path(signature, result.codegen), dumps(self._parts.reduce(result))
        aside = path.with_suffix(".new")
        try:
            try:
                aside.write_bytes(checksum(path.name, content) + content)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
        except OSError as error:
            warn_of(path.parents[1], error.strerror)

    def _path(self, signature: Any, codegen: Any) -> Path:
        key = repr([self._source, signature, codegen.magic_tuple()])
        name = f"{self._parts.filename_base}.{hashlib.sha256(key.encode()).hexdigest()[:32]}.nbc"
        return Path(self.cache_path, name)


def checksum(name: str, content: bytes) -> bytes:
    return hashlib.blake2b(name.encode() + b"\0" + content, digest_size=SIZE).digest()


def warn_of(folder: Path | str, reason: str | None) -> None:
    """Say, once a process, that compiled code cannot be kept."""
    if WARNED:
        return
    WARNED.append(str(folder))
    problem = f"Compiled code cannot be kept in {folder} ({reason}), so it is compiled each time"
    fix = "Free some space there, or set NUMBA_CACHE_DIR to another folder"
    warnings.warn(f"{problem}. {fix}.", UserWarning, stacklevel=2)


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
    if named:  # others' code may be there: a folder is named by that of the source, and a hash
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
