"""Fit and advance many runs at once: validate, pack runs into lanes, dispatch."""

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.checks import at_least
from statewise.engine.compiled import kernels
from statewise.engine.initial import Seed, initial_weights, whole_numbers
from statewise.engine.lanes import Kernels, Shape
from statewise.engine.packs import (
    Job,
    PackResult,
    Stopped,
    advance_pack,
    rates_of,
    rule_of,
    train_pack,
)
from statewise.engine.weights import State, Weights, flatten, unflatten, zero_state
from statewise.errors import DataError, SettingError
from statewise.network import Network, Training
from statewise.regime import StateRegime

__all__ = [
    "Fitted",
    "State",
    "Stopped",
    "Weights",
    "available_threads",
    "fit",
    "initial_weights",
    "load",
    "step",
    "zero_state",
]

NARROW, WIDE = 8, 32  # lanes; the wide width trains most runs a second, the narrow one soonest


@dataclass(frozen=True)
class Fitted:
    """Trained runs, a run along the first axis of every array.

    Attributes:
        weights: after the last epoch.
        state: that training left, (runs, batch_size, units).
        loss: mean squared error of each epoch, (runs, epochs), or None if not kept. It is computed
            while the weights move, as Keras reports it.
        diverged_epoch: (runs,) the first epoch, counted from one, whose loss was not finite or
            beyond the limit of ``Training.divergence``; zero for a run that did not diverge.
    """

    weights: Weights
    state: State
    loss: NDArray[np.float32] | None
    diverged_epoch: NDArray[np.int32]

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.weights.runs


def fit(
    network: Network,
    training: Training,
    regime: StateRegime,
    x: ArrayLike,
    y: ArrayLike,
    *,
    repeats: int | Iterable[int] = 1,
    seed: Seed = 1,
    data: ArrayLike | None = None,
    initial: Weights | None = None,
    keep_loss: bool = True,
    threads: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
    stop: NDArray[np.uint8] | None = None,
) -> Fitted:
    """Train any number of runs of one shape.

    Run i trains on data set ``data[i]`` from the initial weights, and with the sample orders, of
    repeat ``repeats[i]``. What it learns is a function of these alone, to the bit: not of the other
    runs, their order, or ``threads``.

    Args:
        network: what is trained.
        training: how.
        regime: when state is reset; ``reset_training`` and ``shuffle`` matter here.
        x: samples in time order, (samples, steps, features), or several data sets of them,
            (data sets, samples, steps, features). Used as float32.
        y: targets, (samples, outputs) or (data sets, samples, outputs).
        repeats: how many repeats (0, 1, 2, ...), or which.
        seed: the key of all randomness: an int, or a tuple of ints.
        data: (runs,) the data set of each run; needed if there are several.
        initial: initial weights to use instead of the repeats' own.
        keep_loss: keep every epoch's loss, or none.
        threads: at most this many; by default one a processor.
        on_progress: called with the number of runs finished, now and then.
        stop: (1,) set it to one, from another thread, to end training soon by raising ``Stopped``.

    Raises:
        SettingError: an argument has an impossible value, or a shape that disagrees.
        DataError: ``x`` or ``y`` is not finite.

    Example:
        >>> import numpy as np
        >>> x = np.linspace(-1, 1, 12).reshape(12, 1, 1)
        >>> fitted = fit(Network(), Training(epochs=5), StateRegime(), x, x[:, 0] ** 2, repeats=3)
        >>> fitted.loss.shape
        (3, 5)
    """
    samples = _data_sets("x", x, 4)
    targets = _data_sets("y", y, 3)
    if targets.shape[:2] != samples.shape[:2]:
        raise SettingError(
            "y", targets.shape, f"does not match x {samples.shape}", "Give one target a sample."
        )
    regime.check_batches(samples.shape[1], training.batch_size)
    which = _repeats(repeats)
    of_run = _data_of_runs(data, len(which), len(samples))
    shape = Shape(
        units=network.units,
        steps=samples.shape[2],
        features=samples.shape[3],
        outputs=targets.shape[2],
        batch=min(training.batch_size, samples.shape[1]),
    )
    threads = available_threads() if threads is None else at_least("threads", threads, 1)
    width = _width(len(which), threads)
    found = _kernels(network, width)
    weights = _initial(network, shape, which, seed, initial)
    batches = math.ceil(samples.shape[1] / shape.batch)
    job = Job(
        shape=shape,
        x=samples,
        y=targets,
        rule=rule_of(network, training.optimizer),
        rates=rates_of(training.optimizer, training.epochs * batches),
        epochs=training.epochs,
        reset_every=regime.reset_every(batches),
        shuffle=regime.shuffle,
        seed=seed,
        limit=_divergence_limit(training, targets),
        keep_loss=keep_loss,
        stop=np.zeros(1, np.uint8) if stop is None else stop,
    )
    flat = flatten(weights)
    state = zero_state(len(which), shape.units, shape.batch)
    packs = [slice(i, min(i + width, len(which))) for i in range(0, len(which), width)]

    def train(runs: slice) -> PackResult:
        start = State(state.h[runs], state.c[runs])
        return train_pack(found, width, job, flat[runs], start, of_run[runs], which[runs])

    results = _in_threads(train, packs, threads, job.stop, on_progress)
    trained = np.concatenate([r.flat for r in results])
    return Fitted(
        weights=unflatten(trained, shape.units, shape.features, shape.outputs),
        state=State(*(np.concatenate([r.state[i] for r in results]) for i in range(2))),
        loss=np.concatenate([r.loss for r in results]) if keep_loss else None,
        diverged_epoch=np.concatenate([r.diverged_epoch for r in results]),
    )


def step(
    network: Network,
    weights: Weights,
    x: ArrayLike,
    state: State | None = None,
    *,
    reset: bool = False,
) -> tuple[NDArray[np.float32], State]:
    """Forecast one window after another, state in and state out.

    Args:
        network: the network that ``weights`` belong to.
        weights: of any number of runs.
        x: windows in time order, (windows, steps, features) for all runs alike, or
            (runs, windows, steps, features).
        state: where to start, (runs, rows, units); zeros in one row by default. Window n advances
            row ``n % rows``, so with several rows a batch of windows is one row each.
        reset: set a row's state to zero before each of its windows.

    Returns:
        The outputs, (runs, windows, outputs), and the state after the last window. However the
        windows are cut into calls, at multiples of the rows, both are the same to the bit.

    Raises:
        SettingError: shapes disagree.
        DataError: ``x`` is not finite.

    Example:
        >>> import numpy as np
        >>> weights = initial_weights(1, [0, 1], units=1, features=1)
        >>> out, state = step(Network(), weights, np.zeros((4, 1, 1)))
        >>> out.shape, state.h.shape
        ((2, 4, 1), (2, 1, 1))
    """
    weights = weights.check()
    windows = _data_sets("x", x, 4)
    runs, units = weights.runs, network.units
    start = zero_state(runs, units) if state is None else _state(state, runs, units)
    windows = np.broadcast_to(windows, (runs, *windows.shape[1:])) if len(windows) == 1 else windows
    if len(windows) != runs or windows.shape[3] != weights.features or weights.units != units:
        raise SettingError(
            "x",
            windows.shape,
            f"does not fit {runs} runs with {weights.features} features and {weights.units} units",
            "Give windows of (windows, steps, features), and the network of these weights.",
        )
    width = _width(runs, 1)
    found = _kernels(network, width)
    shape = Shape(units, windows.shape[2], weights.features, weights.outputs, start.h.shape[1])
    flat = flatten(weights)
    results = []
    for i in range(0, runs, width):
        part = slice(i, i + width)
        some = State(start.h[part], start.c[part])
        results.append(advance_pack(found, width, shape, flat[part], windows[part], some, reset))
    return (
        np.concatenate([out for out, _ in results]),
        State(*(np.concatenate([after[i] for _, after in results]) for i in range(2))),
    )


def _state(state: State, runs: int, units: int) -> State:
    """``state`` as float32; raises SettingError if it is not that of these runs."""
    try:
        found = State(*(np.asarray(part, np.float32) for part in state))
    except (TypeError, ValueError):
        kind = type(state).__name__
        raise SettingError("state", kind, "is not a state", "Give State(h, c).") from None
    h, c = found.h.shape, found.c.shape
    if h != c or len(h) != 3 or (h[0], h[2]) != (runs, units) or h[1] < 1:
        problem = f"is not ({runs}, rows, {units}) twice"
        raise SettingError("state", (h, c), problem, "Give the state of these runs.")
    return found


def load(network: Network, runs: int, threads: int | None = None) -> None:
    """Compile what training ``runs`` runs needs, or read it from the disk cache, ahead of time.

    ``fit`` does it by itself; a caller who measures training does it first.
    """
    threads = available_threads() if threads is None else at_least("threads", threads, 1)
    _kernels(network, _width(at_least("runs", runs, 1), threads))


def available_threads() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _width(runs: int, threads: int) -> int:
    return NARROW if runs <= NARROW * threads else WIDE


def _kernels(network: Network, width: int) -> Kernels:
    return kernels(width, network.numerics.gate == "hard_sigmoid")


def _repeats(repeats: int | Iterable[int]) -> list[int]:
    if not isinstance(repeats, Iterable):
        return list(range(at_least("repeats", repeats, 1)))
    named: list[int] = whole_numbers("repeats", repeats).tolist()
    if not named:
        raise SettingError("repeats", repeats, "names no repeat", "Use for example repeats=10.")
    return named


def _data_sets(name: str, values: ArrayLike, dimensions: int) -> NDArray[np.float32]:
    """``values`` as a float32 C array with a leading axis of data sets."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        kind = type(values).__name__
        raise SettingError(name, kind, "is not an array of real numbers", "Give one.")
    array = array.astype(np.float64, copy=False)
    if array.ndim == dimensions - 1:
        array = array[None]
    axes = "(samples, steps, features)" if dimensions == 4 else "(samples, outputs)"
    if array.ndim != dimensions or 0 in array.shape:
        raise SettingError(
            name, np.shape(values), f"is not {axes}", "Reshape it, one row a sample."
        )
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused
        narrowed = np.array(array, np.float32, order="C")
    if not np.isfinite(narrowed).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(narrowed))[0])
        raise DataError(name, float(array[place]), f"is not finite at {place}", "Fill or drop it.")
    return narrowed


def _data_of_runs(data: ArrayLike | None, runs: int, data_sets: int) -> NDArray[np.int32]:
    if data is None and data_sets > 1:
        raise SettingError(
            "data", None, f"does not say which of {data_sets} data sets each run trains on",
            "Give one number a run, for example data=[0, 1].",
        )  # fmt: skip
    of_run = np.zeros(runs, np.int32) if data is None else np.asarray(data)
    whole = of_run.shape == (runs,) and np.issubdtype(of_run.dtype, np.integer)
    if not whole or of_run.min() < 0 or of_run.max() >= data_sets:
        raise SettingError(
            "data",
            data,
            f"is not one data set number below {data_sets} for each of {runs} runs",
            "Give one whole number a run.",
        )
    return of_run.astype(np.int32)


def _initial(
    network: Network, shape: Shape, repeats: list[int], seed: Seed, given: Weights | None
) -> Weights:
    if given is None:
        return initial_weights(seed, repeats, network.units, shape.features, shape.outputs)
    weights = given.check()
    found = (weights.runs, weights.units, weights.features, weights.outputs)
    wanted = (len(repeats), network.units, shape.features, shape.outputs)
    if found != wanted:
        raise SettingError(
            "initial",
            found,
            f"has other (runs, units, features, outputs) than {wanted}",
            "Give initial weights of that shape, one a run.",
        )
    return weights


def _divergence_limit(training: Training, targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """The loss of each data set beyond which a run has diverged."""
    square = np.mean(np.square(targets, dtype=np.float64), axis=(1, 2))
    return np.asarray(training.divergence * np.maximum(square, 1.0))


def _in_threads(
    train: Callable[[slice], PackResult],
    packs: list[slice],
    threads: int,
    stop: NDArray[np.uint8],
    on_progress: Callable[[int], Any] | None,
) -> list[PackResult]:
    """Train every pack; results in the order of ``packs``. An exception stops all of them soon.

    The caller's thread only waits, so that Ctrl-C reaches it at once.
    """
    pool = ThreadPoolExecutor(min(threads, len(packs)))
    try:
        sizes = {pool.submit(train, runs): runs.stop - runs.start for runs in packs}
        finished = 0
        for future in as_completed(sizes):
            future.result()
            finished += sizes[future]
            if on_progress is not None:
                on_progress(finished)
        return [future.result() for future in sizes]
    except BaseException:
        stop[0] = 1
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
