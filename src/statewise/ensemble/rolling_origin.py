"""Rolling origin: forecast, see what comes, go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statewise.base.checks import at_least
from statewise.engine import Fitted, State
from statewise.ensemble.history import History, samples_of, windows_of
from statewise.ensemble.trained import Columns, Ensemble, ForecastState
from statewise.ensemble.warm_up import check_warm_up, warmed
from statewise.errors import SettingError
from statewise.model.framing import FittedFraming, stack
from statewise.model.spec import Model

__all__ = ["Forecast", "Known", "blocks", "roll", "start_of", "walk_forward"]

Floats = NDArray[np.float64]


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
    mean: Floats
    actual: float
    state: State


class Known(NamedTuple):
    """A series with the framing that was fitted on its training part.

    Attributes:
        framing: as it was fitted.
        y: (observations,) all of them.
        cutoff: observations before the first forecast.
        x: (observations, columns) on the same rows; None for none.
        columns: how they are scaled.
    """

    framing: FittedFraming
    y: Floats
    cutoff: int
    x: Floats | None = None
    columns: Columns = Columns.none(1)

    @property
    def training(self) -> History:
        """What comes before the cutoff."""
        return History("series", self.y[: self.cutoff], self.rows[: self.cutoff])

    @property
    def rows(self) -> Floats:
        """(observations, columns), none where there are none."""
        return np.zeros((len(self.y), 0)) if self.x is None else self.x

    def samples(self) -> tuple[Floats, Floats]:
        """The training samples: inputs (samples, steps, features), targets (samples, outputs)."""
        return samples_of(self.framing, self.columns, self.training)

    def training_inputs(self) -> Floats:
        """The inputs of the training samples, (samples, steps, features)."""
        return self.samples()[0]


def start_of(
    model: Model, fitted: Fitted, known: Sequence[Known]
) -> tuple[Ensemble, ForecastState]:
    """The runs of a fit as an ensemble, and what it knows before its first forecast.

    Args:
        model: that ``fitted`` was trained as.
        fitted: as many runs for each series, series by series.
        known: the series, all of one framing.

    Raises:
        DataError: the regime warms up on more samples than a series has.
        SettingError: the regime continues from training, which left one state a batch row.
    """
    steps, memory = model.framing.steps, model.framing.memory
    windows = [windows_of(one.framing, one.columns, one.training) for one in known]
    late = model.framing.outputs - 1  # windows that no sample has, since not all targets are known
    for shown in windows:
        check_warm_up(model, "series", len(shown) - late)
    centre, spread = (
        np.concatenate([getattr(one.columns, name) for one in known])
        for name in ("centre", "spread")
    )
    ensemble = Ensemble(
        model,
        stack([series.framing for series in known]),
        Columns(centre, spread, known[0].columns.past),
        fitted.runs // len(known),
        False,
        fitted.weights,
        fitted.initial_state,
    )
    carried = warmed(ensemble, windows, fitted.state, [late] * len(known))
    recent = np.stack([one.y[one.cutoff - memory : one.cutoff] for one in known])
    behind = np.stack([one.rows[one.cutoff - steps : one.cutoff] for one in known])
    return ensemble, ForecastState(recent, ensemble.columns.apply(behind), carried)


def roll(
    ensemble: Ensemble, now: ForecastState, actual: Floats, x: Floats
) -> Iterator[tuple[Floats, ForecastState]]:
    """Forecast one observation after another, each from all before it.

    Args:
        ensemble: trained.
        now: what is known before the first forecast.
        actual: (series, steps) the observations that come.
        x: (series, steps or more, columns) on their rows, scaled, with those that the last
            forecast looks at where there are several outputs.

    Yields:
        The forecast of the next observation by every member, (series, members), and what was known
        when it was made, with the state after looking in ``ahead``.
    """
    for i, y in enumerate(actual.T):
        rows = np.concatenate([now.x, x[:, i : i + ensemble.outputs]], axis=1)
        recent = now.recent[:, None]
        out, after = ensemble.run(ensemble.inputs(recent, rows), now.carried)
        now = replace(now, ahead=(out, after))
        yield ensemble.by_member.invert(out, recent)[..., 0], now
        now = ensemble.observe(now, y, x[:, i : i + 1])


def blocks(
    ensemble: Ensemble, now: ForecastState, actual: Floats, x: Floats, horizon: int
) -> Iterator[Floats]:
    """Forecast a horizon, see what comes, and go on from there; the last may be shorter.

    Args:
        ensemble, now, actual: as for ``roll``.
        x: (series, steps, columns) on their rows, scaled.
        horizon: observations that are forecast before they are seen.

    Yields:
        The forecasts of the next horizon by every member, (series, members, horizon).
    """
    if horizon == 1:
        beyond = np.repeat(x[:, -1:], ensemble.outputs - 1, axis=1)  # as ``forecast`` has it
        x = np.concatenate([x, beyond], axis=1)
        yield from (forecast[..., None] for forecast, _ in roll(ensemble, now, actual, x))
        return
    for at in range(0, actual.shape[1], horizon):
        coming = slice(at, min(at + horizon, actual.shape[1]))
        yield ensemble.forecast(now, coming.stop - at, x[:, coming])
        for i in range(coming.start, coming.stop):
            now = ensemble.observe(now, actual[:, i], x[:, i : i + 1])


def walk_forward(
    model: Model, framing: FittedFraming, fitted: Fitted, y: ArrayLike, test_size: int
) -> Iterator[Forecast]:
    """Forecast the last ``test_size`` observations of ``y``, one step at a time.

    Args:
        model: that ``fitted`` was trained as; its regime says when state is warmed up and reset,
            and the weights never change.
        framing: fitted on the observations before the test set.
        fitted: the trained runs.
        y: (observations,) the whole series.
        test_size: the number of observations to forecast.

    Yields:
        A ``Forecast`` for each test observation, made from the observations before it alone.

    Raises:
        DataError: the regime warms up on more samples than there are.
        SettingError: the test set leaves too few observations, or the regime continues from
            training, which left one state a batch row.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.engine import fit
        >>> from statewise.model.network import Training
        >>> y, model = shampoo().only.y, Model(training=Training(epochs=5))
        >>> framing = model.framing.fit(y[:-12])
        >>> samples = framing.samples(y[:-12])
        >>> fitted = fit(model.network, model.training, model.regime, *samples)
        >>> steps = list(walk_forward(model, framing, fitted, y, test_size=12))
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
    ensemble, now = start_of(model, fitted, [Known(framing, values, first)])
    steps = roll(ensemble, now, values[None, first:], np.zeros((1, test_size, 0)))
    for cutoff, (forecast, known) in enumerate(steps, start=first):
        assert known.ahead is not None
        state = ensemble.from_lanes(known.ahead[1])
        runs = type(state)(*(np.moveaxis(part, 1, 0).copy() for part in state))
        yield Forecast(cutoff, forecast[0], float(values[cutoff]), runs)
