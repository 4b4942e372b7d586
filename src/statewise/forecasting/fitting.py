"""From adjusted histories to networks: frame every series, train, and warm up the state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.base.checks import at_least, one_of
from statewise.base.records import settle
from statewise.engine import Fitted, Samples, State, Weights
from statewise.ensemble.trained import Columns, Ensemble, ForecastState
from statewise.ensemble.warm_up import warmed
from statewise.errors import SettingError
from statewise.forecasting.jobs import Job, Running, chunks, done
from statewise.model.framing import FittedFraming, stack
from statewise.model.spec import Model

__all__ = ["History", "Networks", "fit_apart", "fit_ensembles", "framed", "known_of", "samples_of"]

Floats = NDArray[np.float64]
SEEN = 3  # values of its own that the shortest window shows; before them stands the first one


@dataclass(frozen=True, eq=False)
class History:
    """What one series has shown to its networks.

    Attributes:
        name: of the series.
        z: (observations,) adjusted.
        x: (observations, columns) on the same rows.
    """

    name: str
    z: Floats
    x: Floats


@dataclass(frozen=True)
class Networks:
    """How the networks of a forecaster are made.

    Args:
        model: what each member is.
        members: networks for a series, each from its own random restart.
        scope: ``"local"``: every series has its own networks. ``"global"``: all series share
            theirs, and the state is reset where a series begins.
        seed: the key of all randomness.
        past: how many columns, the last ones, are not known ahead.
        windows: networks that all series share train on so many samples at most; where there are
            more, every second or third of each series is taken, counted from its end.

    Raises:
        SettingError: two settings contradict each other.
    """

    model: Model
    members: int
    scope: str
    seed: int
    past: int = 0
    windows: int = 150_000

    def __post_init__(self) -> None:
        settle(
            self,
            members=at_least("members", self.members, 1),
            scope=one_of("scope", self.scope, ("local", "global")),
            seed=at_least("seed", self.seed, 0),
        )
        if self.shared and self.model.regime.continues_into_forecast:
            raise SettingError(
                "regime",
                self.model.regime,
                "continues from the state that training left, which with scope='global' is that of "
                "the last series alone",
                'Use reset_training="epoch", and warm_up="train".',
            )

    @property
    def shared(self) -> bool:
        """Whether all series share their networks."""
        return self.scope == "global"

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise SettingError if exogenous columns cannot be looked at."""
        carried = self.model.regime.reset_forecast == "never"
        if columns and self.model.framing.outputs > 1 and carried:
            raise SettingError(
                "outputs",
                self.model.framing.outputs,
                f"look at {', '.join(columns)} further ahead than is known when a carried state "
                "moves on",
                'Use outputs=1, or a regime with reset_forecast="step".',
            )

    def padded(self, history: History) -> History:
        """A history with its first value before it, so that its third observation ends a window."""
        framing = self.model.framing
        more = max(framing.memory - self.seen, framing.shortest - len(history.z))
        z = np.concatenate([np.repeat(history.z[:1], more), history.z])
        return History(
            history.name, z, np.concatenate([np.repeat(history.x[:1], more, 0), history.x])
        )

    def samples(self, observations: int) -> int:
        """How many training samples so many observations give, padded as they are."""
        framing = self.model.framing
        own = max(observations - self.seen - framing.outputs + 1, 0)
        return min(framing.samples or own, own)

    @property
    def seen(self) -> int:
        """How many values of its own the first window of a series shows."""
        return min(SEEN, self.model.framing.memory)


def fit_ensembles(
    networks: Networks,
    panels: Sequence[Sequence[History]],
    *,
    threads: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
) -> list[tuple[Ensemble, Fitted]]:
    """Train an ensemble on each of several panels, all at once where they can be.

    A series that has its own networks is forecast the same, to the bit, whichever other series are
    trained with it. Members that diverge have weights that are no numbers.

    Args:
        networks: how.
        panels: histories of any length, all with the same columns, at least one a panel.
        threads: at most this many; by default one a processor.
        on_progress: called with the number of networks finished, now and then.

    Returns:
        The ensemble of each panel, and how its training went.

    Raises:
        DataError: what is in a history cannot be framed.
        SettingError: a batch does not fit the samples of a regime that carries state.
    """
    prepared = [prepare(networks, histories) for histories in panels]
    train = train_shared if networks.shared else train_apart
    trained = train(networks, [pairs for _, _, pairs in prepared], threads, on_progress)
    found = []
    for (framing, columns, _), fitted in zip(prepared, trained, strict=True):
        ensemble = Ensemble(
            networks.model, framing, columns, networks.members, networks.shared,
            without_lost(fitted), fitted.initial_state,
        )  # fmt: skip
        found.append((ensemble, fitted))
    return found


def fit_apart(
    networks: Networks, panels: Sequence[Sequence[History]], running: Running
) -> list[tuple[Ensemble, Fitted]]:
    """The same for networks that each series has for itself, some series at a time, elsewhere."""
    parts = chunks(len(panels[0]))
    jobs = [
        Job(fit_ensembles, (networks, [[panel[i] for i in part] for panel in panels]))
        for part in parts
    ]
    found = done(jobs, running)
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


Pairs = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


def prepare(
    networks: Networks, histories: Sequence[History]
) -> tuple[FittedFraming, Columns, Pairs]:
    """How the series are framed, how their columns are scaled, and their training samples."""
    padded, fitted = [networks.padded(each) for each in histories], framed(networks, histories)
    columns = columns_of(networks, histories)
    pairs = []
    total = sum(networks.samples(len(each.z)) for each in histories)
    thin = networks.shared and not networks.model.regime.carries_in_training
    every = max(1, -(-total // networks.windows)) if thin else 1
    for i, (each, whole) in enumerate(zip(histories, padded, strict=True)):
        least = 0 if networks.shared else 1
        size = max(networks.samples(len(each.z)), least)
        x, y = samples_of(fitted[i], columns.take(np.array([i])), whole)
        kept = slice((size - 1) % every - size + len(x), None, every)
        # The engine computes with float32; views of all windows would keep them in memory.
        few = slice(0, 0) if not size else kept
        pairs.append((x[few].astype(np.float32), y[few].astype(np.float32)))
    return stack(fitted), columns, pairs


def framed(networks: Networks, histories: Sequence[History]) -> list[FittedFraming]:
    """How each series is framed."""
    padded = [networks.padded(each) for each in histories]
    framing = networks.model.framing
    return [framing.fit(each.z, name=each.name, constant="keep") for each in padded]


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
        whole = networks.padded(each)
        scaled = ensemble.columns.take(np.array([i])).apply(whole.x[None])[0]
        if not ensemble.resets:
            x = windows_of(ensemble.framing[i], ensemble.columns.take(np.array([i])), whole)
            own = max(len(each.z) - networks.seen, 0)
            inputs.append(x[len(x) - min(own, len(x)) :])
        recent.append(whole.z[-memory:])
        known.append(scaled[len(scaled) - behind :])
    since = None
    if trained is not None and not ensemble.resets:
        since = [
            len(x) - min(networks.samples(n), len(x)) for x, n in zip(inputs, trained, strict=True)
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
    centre = np.stack([part.mean(axis=0) for part in parts])
    spread = np.stack([part.std(axis=0) for part in parts])
    spread[spread < 1e-12 * np.maximum(np.abs(centre), 1.0)] = 1.0  # a column that does not vary
    shape = (len(histories), centre.shape[1])
    centre, spread = (np.broadcast_to(each, shape).copy() for each in (centre, spread))
    return Columns(centre, spread, networks.past)


def samples_of(framing: FittedFraming, columns: Columns, history: History) -> tuple[Floats, Floats]:
    """A series' training samples: inputs (samples, steps, features), targets (samples, outputs)."""
    inputs, targets = framing.samples(history.z)
    if not history.x.shape[1]:
        return inputs, targets
    plan = framing.framing
    rows = columns.apply(history.x[None, plan.memory - plan.steps :])
    looked_at = columns.looked_at(rows, plan.steps, plan.outputs)[0]
    looked_at = looked_at[: len(history.z) - plan.memory - plan.outputs + 1]
    return np.concatenate([inputs, looked_at[-len(inputs) :]], axis=2), targets


def windows_of(framing: FittedFraming, columns: Columns, history: History) -> Floats:
    """The windows of a series before each observation of it, which a carried state runs over.

    They are more than training samples where these have several targets, all of which are known.
    """
    more = framing.framing.outputs - 1  # where a state is carried, no column is looked at ahead
    z, x = (
        np.concatenate([part, np.repeat(part[-1:], more, 0)]) for part in (history.z, history.x)
    )
    return samples_of(framing, columns, History(history.name, z, x))[0]


def train_apart(
    networks: Networks,
    panels: Sequence[Pairs],
    threads: int | None,
    on_progress: Callable[[int], Any] | None,
) -> list[Fitted]:
    """Every series' own networks, those of all panels at once."""
    pairs = [pair for panel in panels for pair in panel]
    members = networks.members
    fitted = engine.fit(
        networks.model.network,
        networks.model.training,
        networks.model.regime,
        [x for x, _ in pairs],
        [y for _, y in pairs],
        repeats=list(range(members)) * len(pairs),
        data=np.repeat(np.arange(len(pairs)), members),
        seed=networks.seed,
        keep_loss=True,
        threads=threads,
        on_progress=on_progress,
    )
    ends = np.cumsum([0, *(members * len(panel) for panel in panels)])
    return [fitted.take(slice(a, b)) for a, b in pairwise(ends)]


def train_shared(
    networks: Networks,
    panels: Sequence[Pairs],
    threads: int | None,
    on_progress: Callable[[int], Any] | None,
) -> list[Fitted]:
    """The networks that all series of a panel share."""
    model, members = networks.model, networks.members

    def train(x: Any, y: Any, sets: int, **more: Any) -> Fitted:
        return engine.fit(
            model.network,
            model.training,
            model.regime,
            x,
            y,
            repeats=list(range(members)) * sets,
            data=np.repeat(np.arange(sets), members),
            seed=networks.seed,
            keep_loss=True,
            threads=threads,
            on_progress=on_progress,
            **more,
        )

    if not (model.training.validation or model.regime.carries_in_training):
        inputs = [np.concatenate([x for x, _ in panel]) for panel in panels]
        targets = [np.concatenate([y for _, y in panel]) for panel in panels]
        fitted = train(inputs, targets, len(panels))
        return [fitted.take(slice(members * i, members * (i + 1))) for i in range(len(panels))]
    found = []
    for panel in panels:
        samples, validation = side_by_side(model, panel)
        found.append(train(samples, None, 1, validation=validation))
    return found


def side_by_side(model: Model, pairs: Pairs) -> tuple[Samples, Samples | None]:
    """The samples of a panel's series for training, and those held back for validation."""
    training, regime = model.training, model.regime
    held = [min(training.held_back(len(x)), max(len(x) - 1, 0)) for x, _ in pairs]
    kept = [(x[: len(x) - v], y[: len(y) - v]) for (x, y), v in zip(pairs, held, strict=True)]
    train = joined(kept, training.batch_size if regime.carries_in_training else 0)
    if not any(held):
        return train, None
    # A carried state has to come from somewhere: it runs over what was trained on first.
    carries = regime.reset_forecast == "never"
    seen = [
        (x, y) if carries else (x[len(x) - v :], y[len(y) - v :])
        for (x, y), v in zip(pairs, held, strict=True)
    ]
    scored = [np.arange(len(x)) >= len(x) - v for (x, _), v in zip(seen, held, strict=True)]
    rows = min(training.batch_size, len(train.x)) if carries else 0
    return train, joined(seen, rows, scored)


def joined(pairs: Pairs, rows: int, scored: Sequence[NDArray[np.bool_]] | None = None) -> Samples:
    """The samples of all series as one data set; with ``rows`` state rows, each follows a series.

    Where state is carried, so many series go side by side, one in each row of a batch; then the
    next ones. A row whose series has ended waits for the longest.
    """
    lengths = np.array([len(x) for x, _ in pairs])
    first = np.cumsum(lengths) - lengths
    order, fresh = None, np.zeros(lengths.sum(), np.bool_)
    if rows:
        fresh[first[lengths > 0]] = True
        blocks = []
        for at in range(0, len(pairs), rows):
            mine, begin = lengths[at : at + rows], first[at : at + rows]
            place = np.arange(mine.max())[:, None]
            block = np.full((len(place), rows), -1)
            block[:, : len(mine)] = np.where(place < mine, begin + place, -1)
            blocks.append(block)
        order = np.concatenate(blocks).ravel()
    return engine.samples_of(
        np.concatenate([x for x, _ in pairs]),
        np.concatenate([y for _, y in pairs]),
        order=order,
        series_start=fresh,
        loss_mask=None if scored is None else np.concatenate(list(scored)),
    )
