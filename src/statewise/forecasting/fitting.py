"""From adjusted histories to networks: frame every series, train, and warm up the state."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine import Fitted, State, Weights
from statewise.ensemble.history import (
    History,
    padded,
    samples_of,
    scales_of,
    seen_of,
    windows_of,
)
from statewise.ensemble.trained import Columns, Ensemble, ForecastState
from statewise.ensemble.warm_up import warmed
from statewise.forecasting.jobs import Job, Running, chunks, done, unheard
from statewise.forecasting.networks import Networks
from statewise.forecasting.training import Pairs, train_apart, train_shared
from statewise.model.framing import FittedFraming, stack
from statewise.model.framing.fitted import Which

__all__ = ["fit_apart", "fit_ensembles", "framed", "known_of"]

Floats = NDArray[np.float64]


def fit_ensembles(
    networks: Networks,
    panels: Sequence[Sequence[History]],
    *,
    threads: int | None = None,
    tell: Callable[[float], Any] | None = None,
) -> list[tuple[Ensemble, Fitted]]:
    """Train an ensemble on each of several panels, all at once where they can be.

    A series that has its own networks is forecast the same, to the bit, whichever other series are
    trained with it. Members that diverge have weights that are no numbers.

    Args:
        networks: how.
        panels: histories of any length, all with the same columns, at least one a panel.
        threads: at most this many; by default one a processor.
        tell: called now and then, from any thread, with the share of training that is done.

    Returns:
        The ensemble of each panel, and how its training went.

    Raises:
        DataError: what is in a history cannot be framed.
        SettingError: a batch does not fit the samples of a regime that carries state.
    """
    prepared = [prepare(networks, histories) for histories in panels]
    train = train_shared if networks.shared else train_apart
    trained = train(networks, [pairs for _, _, pairs in prepared], threads, tell)
    found = []
    for (framing, columns, _), fitted in zip(prepared, trained, strict=True):
        ensemble = Ensemble(
            networks.model, framing, columns, networks.members, networks.shared,
            without_lost(fitted), fitted.initial_state,
        )  # fmt: skip
        found.append((ensemble, fitted))
    return found


def fit_apart(
    networks: Networks,
    panels: Sequence[Sequence[History]],
    running: Running,
    tell: Callable[[float], Any] = unheard,
) -> list[tuple[Ensemble, Fitted]]:
    """The same for networks that each series has for itself, some series at a time, elsewhere."""
    parts = chunks(len(panels[0]))
    jobs = [
        Job(fit_ensembles, (networks, [[panel[i] for i in part] for panel in panels]))
        for part in parts
    ]
    found = done(jobs, running, tell)
    return [
        (
            joined_ensembles([each[i][0] for each in found]),
            Fitted.joined([each[i][1] for each in found]),
        )
        for i in range(len(panels))
    ]


def joined_ensembles(parts: Sequence[Ensemble]) -> Ensemble:
    """The ensemble of all series of several, each of which has its own networks."""
    first, columns = parts[0], [part.columns for part in parts]
    framings = [part.framing[i] for part in parts for i in range(part.series)]
    initial = None
    if first.initial is not None:
        states = zip(*(part.initial for part in parts if part.initial is not None), strict=True)
        initial = type(first.initial)(*map(np.concatenate, states))
    weights = zip(*(part.weights for part in parts), strict=True)
    return replace(
        first,
        framing=stack(framings),
        columns=Columns(
            np.concatenate([each.centre for each in columns]),
            np.concatenate([each.spread for each in columns]),
            first.columns.past,
        ),
        weights=Weights(*map(np.concatenate, weights)),
        initial=initial,
    )


def prepare(
    networks: Networks, histories: Sequence[History]
) -> tuple[FittedFraming, Columns, Pairs]:
    """How the series are framed, how their columns are scaled, and their training samples."""
    fitted, columns = framed(networks, histories), columns_of(networks, histories)
    pairs = []
    for i, (each, which) in enumerate(zip(histories, shown(networks, histories), strict=True)):
        own = columns.take(np.array([i]))
        x, y = samples_of(fitted[i], own, padded(networks.model.framing, each), which)
        # The engine computes with float32; views of all windows would keep them in memory.
        pairs.append((x.astype(np.float32), y.astype(np.float32)))
    return stack(fitted), columns, pairs


def shown(networks: Networks, histories: Sequence[History]) -> list[Which]:
    """Which windows of each padded history are trained on."""
    least = 0 if networks.shared else 1
    sizes = np.array([max(networks.samples(len(each.z)), least) for each in histories])
    found: list[Which] = []
    for each, size, kept in zip(histories, sizes.tolist(), networks.kept(sizes), strict=True):
        windows = networks.windows(len(each.z))
        if kept in {0, size}:
            found.append(slice(windows - int(kept), windows))
        else:
            found.append(windows - size + networks.drawn(each.name, size, int(kept)))
    return found


def framed(networks: Networks, histories: Sequence[History]) -> list[FittedFraming]:
    """How each series is framed: by all its windows, or by those that are kept of too many."""
    framing = networks.model.framing
    return [
        framing.fit(
            padded(framing, each).z,
            name=each.name,
            constant="keep",
            which=slice(None) if isinstance(which, slice) else which,
        )
        for each, which in zip(histories, shown(networks, histories), strict=True)
    ]


def known_of(
    networks: Networks,
    ensemble: Ensemble,
    histories: Sequence[History],
    left: State | None = None,
    trained: Sequence[int] | None = None,
) -> ForecastState:
    """What an ensemble knows at the end of histories, its state warmed up as the regime says.

    Args:
        networks: how it was made.
        ensemble: of these series.
        histories: of each.
        left: the state that training left, if this is where it may go on.
        trained: how many observations of each history training saw; by default all.
    """
    memory, behind = ensemble.model.framing.memory, ensemble.model.framing.steps
    recent, known, inputs = [], [], []
    for i, each in enumerate(histories):
        whole = padded(networks.model.framing, each).latest(networks.max_samples + memory)
        columns = ensemble.columns.take(np.array([i]))
        if not ensemble.resets:
            x = windows_of(ensemble.framing[i], columns, whole)
            own = max(len(each.z) - seen_of(networks.model.framing), 0)
            inputs.append(x[len(x) - min(own, len(x)) :])
        recent.append(whole.z[-memory:])
        known.append(columns.apply(whole.x[None, len(whole.z) - behind :])[0])
    since = None
    if trained is not None and not ensemble.resets:
        owns = [max(len(each.z) - seen_of(networks.model.framing), 0) for each in histories]
        since = [
            min(own - min(networks.samples(n), own), len(x))
            for own, x, n in zip(owns, inputs, trained, strict=True)
        ]
    return ForecastState(np.stack(recent), np.stack(known), warmed(ensemble, inputs, left, since))


def without_lost(trained: Fitted) -> Weights:
    """The weights, no numbers where a network diverged."""
    lost = trained.diverged_epoch > 0
    if not lost.any():
        return trained.weights
    parts = trained.weights
    return Weights(
        *(np.where(lost.reshape(-1, *[1] * (p.ndim - 1)), np.float32(np.nan), p) for p in parts)
    )


def columns_of(networks: Networks, histories: Sequence[History]) -> Columns:
    """The scales of the columns: of each series, or of all rows together where networks are."""
    if not histories[0].x.shape[1]:
        return Columns.none(len(histories))
    parts = [each.x for each in histories]
    if networks.shared:
        parts = [np.concatenate(parts)]
    centre, spread = map(np.stack, zip(*(scales_of(part) for part in parts), strict=True))
    shape = (len(histories), centre.shape[1])
    centre, spread = (np.broadcast_to(each, shape).copy() for each in (centre, spread))
    return Columns(centre, spread, networks.past)
