"""Random numbers of Keras under a seed of their own, and everyone else's left as they were."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from statewise.interop.extras import import_keras

__all__ = ["seeded"]

KERAS_ATTRIBUTES = ("global_random_seed", "global_seed_generator")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block Keras draws by ``seed``; Python's, NumPy's and Keras' generators come back.

    Keras takes the seeds of its initializers and its dropout from Python's generator, and what
    has no seed from a generator of its own.
    """
    keras = import_keras()
    with ExitStack() as stack:
        python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
        stack.callback(np.random.set_state, numpy)
        stack.callback(random.setstate, python)
        stack.enter_context(_keras_state())
        stack.enter_context(_backend_state(keras.backend.backend()))
        keras.utils.set_random_seed(seed)
        yield


@contextmanager
def _keras_state() -> Iterator[None]:
    from keras.src.backend.common import global_state

    kept = {name: global_state.get_global_attribute(name) for name in KERAS_ATTRIBUTES}
    try:
        yield
    finally:
        for name, value in kept.items():
            global_state.set_global_attribute(name, value)


@contextmanager
def _backend_state(backend: str) -> Iterator[None]:
    with ExitStack() as stack:
        if backend == "torch":
            import torch

            stack.enter_context(torch.random.fork_rng(devices=[]))
        eager = _eager_context()
        if eager is not None:
            for name in ("_seed", "_rng"):
                stack.callback(setattr, eager, name, getattr(eager, name, None))
        yield


def _eager_context() -> Any:
    """Where TensorFlow keeps its global seed, which Keras sets with any backend."""
    try:
        from tensorflow.python.eager import context
    except ImportError:
        return None
    return context.context()
