"""Random numbers of Keras under a seed, with every random generator put back afterwards."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from statewise.base.extras import import_keras

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed what Keras draws within the block; all generators are put back after it.

    Keras takes the seeds of its initializers and its dropout from Python's generator, and what has
    no seed from a generator of its own. ``keras.utils.set_random_seed`` is not called: it makes
    TensorFlow forget what it has compiled. So ``tf.random`` is not seeded, which Keras does not use
    either.
    """
    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        stack.enter_context(_keras_seed(seed))
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        yield


@contextmanager
def _keras_seed(seed: int) -> Iterator[None]:
    keras = import_keras()
    from keras.src.backend.common import global_state

    names = {"global_random_seed": seed, "global_seed_generator": None}
    with ExitStack() as stack:
        for name, value in names.items():
            old = global_state.get_global_attribute(name)
            stack.callback(global_state.set_global_attribute, name, old)
            global_state.set_global_attribute(name, value)
        if keras.backend.backend() == "torch":
            import torch

            stack.enter_context(torch.random.fork_rng(devices=[]))
            torch.manual_seed(seed)
        yield
