"""How long training will take: measured on a few batches of it, where it is long at all."""

from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from statewise.base.checks import at_least
from statewise.engine import available_threads, fit
from statewise.engine.compiled import width_for
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime

__all__ = ["seconds"]

RATE = 2e10  # multiply-adds a second that a thread manages, about
LITTLE = 1.0  # seconds: what is shorter by that rate is not measured
ROWS = 512  # samples, at least, that are trained on to measure


def seconds(
    network: Network,
    training: Training,
    regime: StateRegime,
    samples: ArrayLike,
    window: tuple[int, int],
    outputs: int,
    threads: int | None = None,
) -> float:
    """About how long ``fit`` takes on this machine, if no run stops early.

    Args:
        network, training, regime: as for ``fit``.
        samples: (runs,) how many each trains on.
        window: time steps and features of each.
        outputs: of each.
        threads: as for ``fit``.
    """
    threads = available_threads() if threads is None else at_least("threads", threads, 1)
    counts = np.sort(np.asarray(samples))[::-1]
    width = width_for(len(counts), threads)
    longest = counts[::width]  # of each block
    at_once = min(threads, len(longest))
    visits = float(longest.sum()) * training.epochs / at_once
    (steps, features), units = window, network.units
    work = steps * units * (12 * (features + units) + 200) * width
    if visits * work < LITTLE * RATE:
        return visits * work / RATE
    batch = min(training.batch_size, int(longest[0]))
    rows = min(batch * max(1, ROWS // batch), int(longest[0]) // batch * batch)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(rows, steps, features)), draw.normal(size=(rows, outputs))
    brief = replace(training, epochs=1, validation=0, early_stopping=None, schedule="constant")
    runs = min(len(counts), width * at_once)
    for _ in range(2):  # the first may compile
        begin = perf_counter()
        fit(network, brief, regime, x, y, repeats=runs, keep_loss=False, threads=threads)
        took = perf_counter() - begin
    return took * visits / rows
