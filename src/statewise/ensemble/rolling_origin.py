"""Walk forward: forecast the next observation, see it, go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise import engine
from statewise.base.checks import at_least
from statewise.engine import Fitted, State
from statewise.errors import DataError, SettingError
from statewise.model.framing import FittedFraming, stack
from statewise.model.network import Network
from statewise.model.regime import StateRegime

__all__ = ["Forecast", "Known", "walk_forward", "walk_panel", "warm_state"]


@dataclass(frozen=True)
class Forecast:
    """One step of a walk: what was forecast, what came, and the state after looking.

    Attributes:
        cutoff: the number of observations known when the forecast was made.
        mean: (runs,) the forecast of each run, in the units of the series.
        actual: the observation that came.
        state: of the network after this forecast, (runs, 1, units).
    """

    cutoff: int
    mean: NDArray[np.float64]
    actual: float
    state: State


class Known(NamedTuple):
    """A series with the framing that was fitted on its training part."""

    framing: FittedFraming
    y: NDArray[np.float64]
    cutoff: int  # observations before the first forecast

    def training_inputs(self) -> NDArray[np.float64]:
        """The inputs of the training samples, (samples, steps, lags)."""
        return self.framing.samples(self.y[: self.cutoff])[0]


def warm_state(
    network: Network,
    regime: StateRegime,
    fitted: Fitted,
    known: Sequence[Known],
    of_run: NDArray[np.intp],
) -> State:
    """The state of each run before its first forecast: where training left it, then warmed up.

    Args:
        network: that ``fitted`` was trained with.
        regime: says where to start and what to warm up on.
        fitted: the trained runs.
        known: the series that the runs belong to, all of one framing and with as many training
            samples.
        of_run: (runs,) which of them each run belongs to.

    Raises:
        DataError: the regime warms up on more observations than there are samples.
        SettingError: the regime continues from training, which left one state a batch row.
    """
    if regime.continues_into_forecast:
        regime.check_forecast(fitted.state.h.shape[1])
        state = fitted.state
    else:
        state = engine.zero_state(fitted.runs, network.units)
    if regime.warm_up == "none":
        return state
    x = np.stack([series.training_inputs() for series in known])
    samples = x.shape[1]
    last = samples if regime.warm_up == "train" else int(regime.warm_up)
    if last > samples:
        raise DataError(
            "warm_up", last, f"exceeds the {samples} samples", f"Use at most {samples}."
        )
    windows = x[:, samples - last :][of_run]
    reset = regime.reset_forecast == "step"
    _, state = engine.step(network, fitted.weights, windows, state, reset=reset)
    return state


def walk_panel(
    network: Network,
    regime: StateRegime,
    fitted: Fitted,
    known: Sequence[Known],
    of_run: NDArray[np.intp],
    test_size: int,
) -> Iterator[tuple[NDArray[np.float64], State]]:
    """Forecast the ``test_size`` observations after each series' cutoff, all series in step.

    Args:
        network, regime, fitted, known, of_run: as for ``warm_state``.
        test_size: the number of observations to forecast, one step at a time.

    Yields:
        The forecast of each run, (runs,), in the units of its series, made from the observations
        before it alone (the first, where a framing has several outputs); and the state after it.
    """
    state = warm_state(network, regime, fitted, known, of_run)
    reset = regime.reset_forecast == "step"
    framing = stack([series.framing for series in known])
    of_runs, memory = framing[of_run], framing.framing.memory
    for i in range(test_size):
        recent = np.stack([one.y[one.cutoff + i - memory : one.cutoff + i] for one in known])
        windows = framing.window(recent)[:, None]
        output, state = engine.step(network, fitted.weights, windows[of_run], state, reset=reset)
        yield of_runs.invert(output[:, 0], recent[of_run])[:, 0], state


def walk_forward(
    network: Network,
    regime: StateRegime,
    framing: FittedFraming,
    fitted: Fitted,
    y: ArrayLike,
    test_size: int,
) -> Iterator[Forecast]:
    """Forecast the last ``test_size`` observations of ``y``, one step at a time.

    Args:
        network: that ``fitted`` was trained with.
        regime: when state is warmed up and reset; the weights never change.
        framing: fitted on the observations before the test set.
        fitted: the trained runs.
        y: (observations,) the whole series.
        test_size: the number of observations to forecast.

    Yields:
        A ``Forecast`` for each test observation, made from the observations before it alone.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.framing import Framing
        >>> from statewise.model.network import Training
        >>> y = shampoo().only.y
        >>> framing = Framing().fit(y[:-12])
        >>> regime = StateRegime.named("stateless")
        >>> fitted = engine.fit(Network(), Training(epochs=5), regime, *framing.samples(y[:-12]))
        >>> steps = list(walk_forward(Network(), regime, framing, fitted, y, test_size=12))
        >>> len(steps), steps[0].cutoff
        (12, 24)
    """
    values = np.asarray(y, np.float64)
    at_least("test_size", test_size, 1)
    first = len(values) - test_size
    if first < framing.framing.shortest:
        raise SettingError(
            "test_size",
            test_size,
            f"leaves {first} of {len(values)} observations to start from",
            f"Use at most {len(values) - framing.framing.shortest}.",
        )
    known = [Known(framing, values, first)]
    of_run = np.zeros(fitted.runs, np.intp)
    steps = walk_panel(network, regime, fitted, known, of_run, test_size)
    for cutoff, (mean, state) in enumerate(steps, start=first):
        yield Forecast(cutoff, mean, float(values[cutoff]), state)
