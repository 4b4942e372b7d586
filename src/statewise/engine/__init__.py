"""Fit and advance many runs at once: validate, pack runs into lanes, dispatch."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least
from statewise.engine.blocks import BlockResult, FitPlan, Stopped, divergence_limit, train_block
from statewise.engine.cells.lstm import LSTM, State, zero_state
from statewise.engine.compiled import kernels, load, width_for
from statewise.engine.fitted import Fitted
from statewise.engine.initial import Seed, initial_weights, repeats_of
from statewise.engine.layout import Shape
from statewise.engine.packed_model import PackedModel, checked_state
from statewise.engine.samples import Samples, checked_floats, data_of_runs, samples_of
from statewise.engine.threads import Meter, available_threads, in_threads
from statewise.engine.weights import Weights, flatten, unflatten
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
    on_progress: Callable[[float], Any] | None = None,
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
        on_progress: called now and then, from any thread, with the share of the work that is done.
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
    cell = LSTM
    samples = x if isinstance(x, Samples) else samples_of(x, () if y is None else y)
    which = repeats_of(repeats)
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
    width = width_for(len(which), threads)
    plan = FitPlan(
        cell=cell,
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
    sizes = (shape.units, shape.features, shape.outputs)
    if initial is None:
        initial = initial_weights(seed, which, *sizes, cell)
    else:
        initial = initial.check_for(len(which), *sizes, cell)
    nothing = np.zeros((len(which), 1, shape.units), np.float32)
    flat = flatten(initial, (nothing,) * cell.states if shape.learned else None)
    # Runs with as many samples go together, so that lanes seldom wait.
    order = np.argsort(samples.count[of_run], kind="stable")
    blocks = [order[i : i + width] for i in range(0, len(order), width)]
    hard = network.numerics.gate == "hard_sigmoid"
    for differ in sorted({plan.lanes_differ(of_run[runs]) for runs in blocks}):
        kernels(cell, width, hard, differ)

    meter = Meter(len(which) * training.epochs, on_progress)

    def train(runs: NDArray[np.intp]) -> BlockResult:
        of, numbers = of_run[runs], [which[i] for i in runs]
        found = kernels(cell, width, hard, plan.lanes_differ(of))
        return train_block(found, width, plan, flat[runs], of, numbers, meter.add)

    results = in_threads(train, blocks, threads, plan.stop)
    back = np.argsort(order, kind="stable")

    def joined(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(list(parts))[back]

    weights, learned = unflatten(cell, joined(r.flat for r in results), shape)
    return Fitted(
        weights=weights,
        state=cell.state(*map(joined, zip(*(r.state for r in results), strict=True))),
        loss=joined(r.loss for r in results) if keep_loss else None,
        diverged_epoch=joined(r.diverged_epoch for r in results),
        validation_loss=joined(r.validation for r in results) if keep_loss and validation else None,
        best_epoch=joined(r.best_epoch for r in results),
        initial_state=None if learned is None else cell.state(*learned),
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
    known = None if initial_state is None else checked_state(initial_state, runs, units)
    model = PackedModel.of(network, weights, known)
    carried = model.start if state is None else model.pack(checked_state(state, runs, units))
    out, after = model.advance(windows, carried, reset=reset)
    return out, model.unpack(after)
