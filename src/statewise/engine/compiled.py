"""The kernels, compiled once a process for each lane width and gate activation."""

import functools

import numpy as np

from statewise.engine.caching import built
from statewise.engine.lanes import Kernels, Rule, Shape, build
from statewise.engine.packs import Job, advance_pack, train_pack
from statewise.engine.weights import zero_state, zeros

__all__ = ["kernels"]


@functools.cache
def kernels(width: int, hard: bool) -> Kernels:
    """The kernels for one lane width and gate activation, compiled or read from the disk cache."""
    return built(
        lambda cache: build(width, hard, cache=cache), lambda found: run_smallest(found, width)
    )


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
