"""Walk forward: forecast the next observation, see it, go on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise import engine
from statewise.checks import at_least
from statewise.engine import Fitted, State
from statewise.errors import DataError
from statewise.framing import FittedFraming
from statewise.network import Network
from statewise.regime import StateRegime

__all__ = ["Forecast", "walk_forward", "warm_state"]


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


def warm_state(
    network: Network,
    regime: StateRegime,
    framing: FittedFraming,
    fitted: Fitted,
    history: ArrayLike,
) -> State:
    """The state of each run before its first forecast: where training left it, then warmed up.

    Args:
        history: the training part of the series, the observations before the first forecast.

    Raises:
        DataError: the regime warms up on more observations than there are samples.
        SettingError: the regime continues from training, which left one state a batch row.
    """
    x, _ = framing.samples(history)
    if regime.continues_into_forecast:
        regime.check_forecast(fitted.state.h.shape[1])
        state = fitted.state
    else:
        state = engine.zero_state(fitted.runs, network.units)
    if regime.warm_up == "none":
        return state
    last = len(x) if regime.warm_up == "train" else int(regime.warm_up)
    if last > len(x):
        raise DataError("warm_up", last, f"exceeds the {len(x)} samples", f"Use at most {len(x)}.")
    reset = regime.reset_forecast == "step"
    _, state = engine.step(network, fitted.weights, x[len(x) - last :], state, reset=reset)
    return state


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
        >>> from statewise.datasets import shampoo
        >>> from statewise.framing import Framing
        >>> from statewise.network import Training
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
    state = warm_state(network, regime, framing, fitted, values[:first])
    reset = regime.reset_forecast == "step"
    for cutoff in range(first, len(values)):
        history = values[:cutoff]
        output, state = engine.step(
            network, fitted.weights, framing.window(history), state, reset=reset
        )
        forecast = framing.invert(output[:, 0, 0], history)
        yield Forecast(cutoff, forecast, float(values[cutoff]), state)
