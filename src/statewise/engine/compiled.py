"""Compiled kernels: built once a process, cached on disk, safely with several processes.

Two processes that fill one of numba's cache files at the same moment can leave an index that names
the other's code. So whatever may compile runs under a lock on a file, and nothing compiles later:
an argument of another type than the kernels were built for is an error, not a silent compilation.
"""

import functools
import getpass
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from statewise.engine.initial import orthonormalise, sample_orders
from statewise.engine.lanes import Kernels, Rule, Shape, build
from statewise.engine.packs import Job, advance_pack, train_pack
from statewise.engine.weights import zero_state, zeros

__all__ = ["kernels"]


@functools.cache
def kernels(width: int, hard: bool) -> Kernels:
    """The kernels for one lane width and gate activation, compiled or read from the disk cache."""
    with FileLock(lock_path()), interruptible():
        try:
            found = build(width, hard, cache=True)
        except RuntimeError:  # no folder that numba may write its cache to
            found = build(width, hard, cache=False)
        run_smallest(found, width)
        orthonormalise(np.ones((1, 1, 1)))
        sample_orders(0, 0)(np.zeros((1, 1, 2), np.int32)[:, :, 0])
    for function in found:
        function.disable_compile()  # type: ignore[attr-defined]
    return found


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


def lock_path() -> Path:
    """A lock file of this user's own, on this machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "nobody"
    return Path(tempfile.gettempdir()) / f"statewise-{user}.lock"


def run_smallest(found: Kernels, width: int) -> None:
    """Run the smallest job there is, with arguments of the types that every job has."""
    one = np.float32(1.0)
    shape = Shape(units=1, steps=1, features=1, outputs=1, batch=1)
    flat, state = zeros(1, 14), zero_state(1, 1)
    job = Job(
        shape=shape,
        x=zeros(1, 1, 1, 1),
        y=zeros(1, 1, 1),
        rule=Rule(True, one, one, one, one),
        rates=zeros(1),
        epochs=1,
        reset_every=0,
        shuffle=False,
        seed=0,
        limit=np.ones(1),
        keep_loss=False,
        stop=np.zeros(1, np.uint8),
    )
    train_pack(found, width, job, flat, state, np.zeros(1, np.int32), [0])
    advance_pack(found, width, shape, flat, zeros(1, 1, 1, 1), state, False)
