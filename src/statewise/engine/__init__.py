"""Fit and advance many runs at once: validate, pack runs into lanes, dispatch."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least
from statewise.engine.blocks import BlockResult, FitPlan, Stopped, train_block
from statewise.engine.compiled import kernels
from statewise.engine.initial import Seed, initial_weights, whole_numbers
from statewise.engine.layout import Shape
from statewise.engine.packed_model import NARROW, WIDE, PackedModel
from statewise.engine.samples import Samples, checked_floats, data_of_runs, samples_of
from statewise.engine.weights import State, Weights, flatten, unflatten, zero_state
from statewise.errors import SettingError
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime

__all__ = [
    "Fitted",
    "PackedModel",
    "Samples",
    "State",
    "Stopped",
    "Weights",
    "available_threads",
    "divergence_limit",
    "fit",
    "initial_weights",
    "load",
    "samples_of",
    "step",
    "zero_state",
]


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
        validation_loss: of each epoch, (runs, epochs), with the weights after it; NaN for epochs
            that a run did not come to. None without validation, or if not kept.
        best_epoch: (runs,) counted from one, that the weights and the state are of.
        initial_state: (runs, 1, units) that was learned, or None.
    """

    weights: Weights
    state: State
    loss: NDArray[np.float32] | None
    diverged_epoch: NDArray[np.int32]
    validation_loss: NDArray[np.float32] | None
    best_epoch: NDArray[np.int32]
    initial_state: State | None

    @property
    def best_loss(self) -> NDArray[np.float32] | None:
        """(runs,) the training loss of the epoch that the weights are of, or None if not kept."""
        if self.loss is None:
            return None
        return np.asarray(self.loss[np.arange(self.runs), self.best_epoch - 1])

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.weights.runs


def fit(
    network: Network,
    training: Training,
    regime: StateRegime,
    x: ArrayLike | Sequence[ArrayLike] | Samples,
    y: ArrayLike | Sequence[ArrayLike] | None = None,
    *,
    repeats: int | Iterable[int] = 1,
    seed: Seed = 1,
    data: ArrayLike | None = None,
    initial: Weights | None = None,
    validation: Samples | None = None,
    keep_loss: bool = True,
    threads: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
    stop: NDArray[np.uint8] | None = None,
) -> Fitted:
    """Train any number of runs of one shape.

    Run i trains on data set ``data[i]`` from the initial weights, and with the sample orders, of
    repeat ``repeats[i]``. What it learns is a function of these alone, to the bit: not of the other
    runs, their order, the length of other data sets, or ``threads``.

    Args:
        network: what is trained.
        training: how.
        regime: when state is reset; ``reset_training`` and ``shuffle`` matter here.
        x: samples in time order, (samples, steps, features), or several data sets of them,
            (data sets, samples, steps, features), or a list of data sets of unequal length, or what
            ``samples_of`` made of them. Used as float32.
        y: targets, (samples, outputs), or as many data sets of them.
        repeats: how many repeats (0, 1, 2, ...), or which.
        seed: the key of all randomness: an int, or a tuple of ints.
        data: (runs,) the data set of each run; needed if there are several.
        initial: initial weights to use instead of the repeats' own.
        validation: samples to look at after every epoch instead of the last ``training.validation``
            of each data set.
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
    samples = x if isinstance(x, Samples) else samples_of(x, () if y is None else y)
    which = _repeats(repeats)
    of_run = data_of_runs(data, len(which), len(samples.count))
    if validation is None and training.validation:
        samples, validation = samples.split(training.held_back)
    if samples.order is None:
        for count in np.unique(samples.count):
            regime.check_batches(int(count), training.batch_size)
    places = int(samples.places(np.arange(len(samples.count), dtype=np.int32)).max())
    shape = Shape(
        units=network.units,
        steps=samples.x.shape[1],
        features=samples.x.shape[2],
        outputs=samples.y.shape[1],
        batch=min(training.batch_size, places),
        learned=network.initial_state == "learned",
    )
    threads = available_threads() if threads is None else at_least("threads", threads, 1)
    width = _width(len(which), threads)
    job = FitPlan(
        shape=shape,
        samples=samples,
        validation=validation,
        network=network,
        training=training,
        reset_every=regime.reset_every(-(-places // shape.batch)),
        resets_validation=regime.reset_forecast == "step",
        continues=regime.carries_in_training,
        shuffle=regime.shuffle,
        seed=seed,
        limit=divergence_limit(training, samples),
        keep_loss=keep_loss,
        stop=np.zeros(1, np.uint8) if stop is None else stop,
    )
    weights = _initial(network, shape, which, seed, initial)
    flat = flatten(weights, zero_state(len(which), shape.units) if shape.learned else None)
    # Runs with as many samples go together, so that lanes seldom wait.
    order = np.argsort(samples.count[of_run], kind="stable")
    packs = [order[i : i + width] for i in range(0, len(order), width)]
    start = zero_state(width, shape.units, shape.batch)
    hard = network.numerics.gate == "hard_sigmoid"
    for differ in sorted({job.lanes_differ(of_run[runs]) for runs in packs}):
        kernels(width, hard, differ)

    def train(runs: NDArray[np.intp]) -> BlockResult:
        of, numbers = of_run[runs], [which[i] for i in runs]
        found = kernels(width, hard, job.lanes_differ(of))
        state = State(start.h[: len(runs)], start.c[: len(runs)])
        return train_block(found, width, job, flat[runs], state, of, numbers)

    results = _in_threads(train, packs, threads, job.stop, on_progress)
    back = np.argsort(order, kind="stable")

    def joined(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(list(parts))[back]

    found, state = unflatten(
        joined(r.flat for r in results), shape.units, shape.features, shape.outputs, shape.learned
    )
    return Fitted(
        weights=found,
        state=State(*(joined(r.state[i] for r in results) for i in range(2))),
        loss=joined(r.loss for r in results) if keep_loss else None,
        diverged_epoch=joined(r.diverged_epoch for r in results),
        validation_loss=joined(r.validation for r in results) if keep_loss and validation else None,
        best_epoch=joined(r.best_epoch for r in results),
        initial_state=state,
    )


def step(
    network: Network,
    weights: Weights,
    x: ArrayLike,
    state: State | None = None,
    *,
    reset: bool = False,
    initial_state: State | None = None,
) -> tuple[NDArray[np.float32], State]:
    """Forecast one window after another, state in and state out.

    Args:
        network: the network that ``weights`` belong to.
        weights: of any number of runs.
        x: windows in time order, (windows, steps, features) for all runs alike, or
            (runs, windows, steps, features).
        state: where to start, (runs, rows, units); the initial state in one row by default. Window
            n advances row ``n % rows``, so with several rows a batch of windows is one row each.
        reset: set a row back to the initial state before each of its windows.
        initial_state: (runs, 1, units), if one was learned; zeros by default.

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
    windows = checked_floats("x", x, 4, "(windows, steps, features)")
    runs, units = weights.runs, network.units
    windows = np.broadcast_to(windows, (runs, *windows.shape[1:])) if len(windows) == 1 else windows
    if len(windows) != runs or windows.shape[3] != weights.features or weights.units != units:
        raise SettingError(
            "x",
            windows.shape,
            f"does not fit {runs} runs with {weights.features} features and {weights.units} units",
            "Give windows of (windows, steps, features), and the network of these weights.",
        )
    known = None if initial_state is None else _state(initial_state, runs, units)
    bank = PackedModel.of(network, weights, known)
    carried = bank.start if state is None else bank.pack(_state(state, runs, units))
    out, after = bank.advance(windows, carried, reset=reset)
    return out, bank.unpack(after)


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
    width = _width(at_least("runs", runs, 1), threads)
    kernels(width, network.numerics.gate == "hard_sigmoid", False)


def available_threads() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _width(runs: int, threads: int) -> int:
    return NARROW if runs <= NARROW * threads else WIDE


def _repeats(repeats: int | Iterable[int]) -> list[int]:
    if not isinstance(repeats, Iterable):
        return list(range(at_least("repeats", repeats, 1)))
    named: list[int] = whole_numbers("repeats", repeats).tolist()
    if not named:
        raise SettingError("repeats", repeats, "names no repeat", "Use for example repeats=10.")
    return named


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


def divergence_limit(training: Training, samples: Samples) -> NDArray[np.float64]:
    """The loss of each data set beyond which a run has diverged."""
    square = [
        np.mean(np.square(samples.y[first : first + count], dtype=np.float64))
        for first, count in zip(samples.start, samples.count, strict=True)
    ]
    return np.asarray(training.divergence * np.maximum(square, 1.0))


def _in_threads(
    train: Callable[[NDArray[np.intp]], BlockResult],
    packs: list[NDArray[np.intp]],
    threads: int,
    stop: NDArray[np.uint8],
    on_progress: Callable[[int], Any] | None,
) -> list[BlockResult]:
    """Train every pack; results in the order of ``packs``. An exception stops all of them soon.

    The caller's thread only waits, so that Ctrl-C reaches it at once.
    """
    pool = ThreadPoolExecutor(min(threads, len(packs)))
    try:
        sizes = {pool.submit(train, runs): len(runs) for runs in packs}
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
