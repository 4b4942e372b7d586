"""A model as one file: named arrays and a document, checked when they are read back.

The file is in the safetensors format, whose metadata hold the document as JSON text, the version of
the format, and a checksum of everything. Reading it executes nothing and takes memory in
proportion to the file, whatever sizes it declares. The checksum finds damage and careless edits; it
is no signature, so it does not show who wrote the file.
"""

import errno
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from statewise.base.checks import at_least_zero
from statewise.base.files import Staging, content_of, regular
from statewise.base.locks import Lock, network_file_system
from statewise.errors import ModelError, OutputError, SettingError

__all__ = ["VERSION", "load", "locked", "save"]

VERSION = 1
FORMAT = "statewise-model"
LONGEST = 10**8  # bytes of a header, as the library has it
KINDS = "bfiu"  # of arrays: truth values, floats, integers
GIVE = "Give a file written by `save`."


def save(path: str | Path, arrays: Mapping[str, NDArray[Any]], document: Mapping[str, Any]) -> None:
    """Write a model's file whole: an older one is replaced at once, or stays as it was.

    Args:
        path: the file; its folder is made where there is none.
        arrays: arrays of numbers of up to 64 bits by name, of any shape.
        document: what JSON can hold. Tuples are read back as lists.

    Raises:
        SettingError: an array or the document cannot be saved.
        OutputError: the file cannot be written.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> save(folder / "model.safetensors", {"bias": np.ones(2)}, {"units": 2})
        >>> arrays, document = load(folder / "model.safetensors")
        >>> arrays["bias"].tolist(), document
        ([1.0, 1.0], {'units': 2})
    """
    plain = {name: plain_array(name, array) for name, array in arrays.items()}
    text = as_text(document)
    metadata = {"format": FORMAT, "version": str(VERSION), "document": text}
    metadata["checksum"] = checksum(plain, text)
    target = Path(os.path.realpath(path))  # what a link leads to is replaced, not the link
    with Staging(target.parent) as staging:
        try:
            staging.path(target.name).write_bytes(ordered(write_tensors(plain, metadata)))
        except OSError as error:
            problem = f"could not be written ({error.strerror})"
            fix = "Free some space there or choose another file."
            raise OutputError("model file", str(path), problem, fix) from None


def load(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the document of a file that ``save`` wrote.

    Raises:
        ModelError: there is no such file, it is not a model of statewise, a newer version wrote it,
            or it is damaged.
    """
    try:
        content = content_of(Path(path)) if is_ours(Path(path)) else b""
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise ModelError("path", str(path), problem, GIVE) from None
    metadata = metadata_of(content)
    if metadata.get("format") != FORMAT:
        problem = "is not a model that statewise saved, or its beginning is damaged"
        raise ModelError("path", str(path), problem, GIVE)
    version = str(metadata.get("version"))
    if version != str(VERSION):
        problem = f"is of version {version[:20]} of the format, and this statewise reads {VERSION}"
        fix = "Update statewise, or save the model again with this version."
        raise ModelError("path", str(path), problem, fix)
    text = metadata.get("document")
    try:
        arrays = read_tensors(content)
    except (SafetensorError, KeyError, ValueError, OverflowError) as error:
        raise damaged(path, str(error)[:80]) from None
    if not isinstance(text, str) or metadata.get("checksum") != checksum(arrays, text):
        raise damaged(path, "its checksum is another")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise damaged(path, "its document cannot be read")
    return arrays, document


@contextmanager
def locked(
    path: str | Path, wait: float | None = None, on_wait: Callable[[str], object] | None = None
) -> Iterator[bool]:
    """Let no other process or thread write a model's file within a block.

    The file is its own lock, so nothing lies beside it, and where there is none, none is taken.

    Args:
        path: the file.
        wait: how many seconds to wait at most for another that writes it; for as long as it takes
            by default.
        on_wait: called with a sentence if another is waited for, such as ``print``.

    Yields:
        Whether no other that asks for the lock writes the file. It is not known where there is
        none, where its file system has no locks, or is that of a network.

    Raises:
        SettingError: ``wait`` is impossible.
        ModelError: another writes the file, and did so for so long, or this thread does.
    """
    seconds = math.inf if wait is None else at_least_zero("wait", wait)

    def waiting() -> None:
        if on_wait is not None:
            on_wait(f"{path} is being written by another process; waiting...")

    lock, sure = Lock(Path(path)), network_file_system(Path(path)) is None
    try:
        lock.take(seconds, waiting)
    except TimeoutError:
        problem = "is being written by another process"
        fix = "Wait until that has ended, or give a longer wait=."
        raise ModelError("path", str(path), problem, fix) from None
    except OSError as error:
        if error.errno == errno.EDEADLK:
            problem, fix = "is being updated here", "It is written when this update ends."
            raise ModelError("path", str(path), problem, fix) from None
        sure = False
    try:
        yield sure
    finally:
        lock.release()


def is_ours(path: Path) -> bool:
    """Whether a file begins as a model, from its header alone: no other is read."""
    with regular(path).open("rb") as file:
        length = file.read(8)
        most = min(LONGEST, int.from_bytes(length, "little"))
        return metadata_of(length + file.read(most)).get("format") == FORMAT


def metadata_of(content: bytes) -> dict[str, Any]:
    """The metadata in the header of a safetensors file; empty if there are none that can be read.

    The library gives them for a file alone, not for bytes, and a file may change between two reads.
    """
    length = int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def ordered(content: bytes) -> bytes:
    """A safetensors file whose metadata are in order, which the library changes from call to call.

    Its header is padded with spaces, as the format allows, so that arrays stay where they are.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > size:  # escaped otherwise than the library does; the content is the same
        return content
    return content[:8] + text.ljust(size) + content[8 + size :]


def damaged(path: str | Path, reason: str) -> ModelError:
    fix = "Use another copy of the file, or save the model again."
    return ModelError("path", str(path), f"is truncated or damaged ({reason})", fix)


def plain_array(name: Any, array: NDArray[Any]) -> NDArray[Any]:
    """The array row by row in the machine's byte order; raises SettingError if not of numbers."""
    if not isinstance(name, str) or name == "__metadata__":
        raise SettingError("arrays", name, "is not a name for an array", "Use another name.")
    plain = np.asarray(array, order="C")
    if plain.dtype.kind not in KINDS or plain.dtype.itemsize > 8:
        problem, fix = "is not a type that is saved", "Use numbers of up to 64 bits."
        raise SettingError(f"arrays[{name!r}]", plain.dtype, problem, fix)
    return plain.astype(plain.dtype.newbyteorder("="), copy=False)


def as_text(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(document), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"is not what JSON can hold ({error})"
        fix = "Use dictionaries, lists, text, and finite numbers."
        raise SettingError("document", document, problem, fix) from None


def checksum(arrays: Mapping[str, NDArray[Any]], text: str) -> str:
    """BLAKE2b of the version, the document, and each array's name, type, shape and bytes."""
    names = sorted(arrays)
    shapes = [[name, arrays[name].dtype.str, arrays[name].shape] for name in names]
    digest = blake2b(json.dumps([VERSION, text, shapes]).encode(), digest_size=32)
    for name in names:
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
