"""From histories to an ensemble: frame every series, train its members, warm up their state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from statewise import engine
from statewise.base.checks import at_least, one_of
from statewise.base.records import settle
from statewise.engine import Fitted, Samples, Weights
from statewise.ensemble.trained import Columns, Ensemble, ForecastState, looking_forward
from statewise.ensemble.warm_up import check_warm_up, warmed
from statewise.errors import DataError, SettingError
from statewise.model.framing import FittedFraming, stack
from statewise.model.network import Training
from statewise.model.spec import Model

__all__ = ["History", "Recipe", "fit_ensemble", "samples_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class History:
    """What one series has shown.

    Attributes:
        name: of the series.
        y: (observations,) in its own units.
        x: (observations, columns) on the same rows.
    """

    name: str
    y: Floats
    x: Floats

    def until(self, end: int) -> "History":
        """The first observations alone; fewer than none count from the end."""
        return History(self.name, self.y[:end], self.x[:end])


@dataclass(frozen=True)
class Recipe:
    """How an ensemble is made.

    Args:
        model: what each member is.
        members: networks for a series, each from its own random restart.
        scope: ``"local"``: every series has its own networks. ``"global"``: all series share
            theirs, and the state is reset where a series begins.
        seed: the key of all randomness.

    Raises:
        SettingError: two settings contradict each other.
    """

    model: Model
    members: int
    scope: str
    seed: int

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


def fit_ensemble(
    recipe: Recipe,
    histories: Sequence[History],
    *,
    threads: int | None = None,
    on_progress: Callable[[int], Any] | None = None,
) -> tuple[Ensemble, ForecastState, Fitted]:
    """Train an ensemble on histories of any length.

    A series that has its own networks is forecast the same, to the bit, whichever other series are
    trained with it.

    Args:
        recipe: how.
        histories: at least one, all with the same columns.
        threads: at most this many; by default one a processor.
        on_progress: called with the number of networks finished, now and then.

    Returns:
        The ensemble, what is known at the end of the histories, and how the training went.

    Raises:
        DataError: a series is too short, cannot be transformed, or all its networks diverged.
        SettingError: a batch does not fit the samples of a regime that carries state.
    """
    fitted = [
        recipe.model.framing.fit(each.y, name=each.name, constant="keep") for each in histories
    ]
    columns = columns_of(histories, recipe.shared)
    scaled = [
        columns.take(np.array([i])).apply(each.x[None])[0] for i, each in enumerate(histories)
    ]
    pairs = [
        samples_of(framing, each.y, x)
        for framing, each, x in zip(fitted, histories, scaled, strict=True)
    ]
    for each, (x, _) in zip(histories, pairs, strict=True):
        check_validation(recipe.model.training, each.name, len(x))
        check_warm_up(recipe.model, each.name, len(x))
    train = train_shared if recipe.shared else train_apart
    names = [each.name for each in histories]
    trained = train(recipe, pairs, threads, on_progress)
    ensemble = Ensemble(
        recipe.model,
        stack(fitted),
        columns,
        recipe.members,
        recipe.shared,
        without_lost(trained, names, recipe),
        trained.initial_state,
    )
    carried = warmed(ensemble, [x for x, _ in pairs], trained.state)
    memory, behind = recipe.model.framing.memory, recipe.model.framing.steps - 1
    recent = np.stack([each.y[-memory:] for each in histories])
    known = np.stack([x[len(x) - behind :] for x in scaled])
    return ensemble, ForecastState(recent, known, carried), trained


def without_lost(trained: Fitted, names: Sequence[str], recipe: Recipe) -> Weights:
    """The weights, no numbers where a network diverged; raises DataError if all of a series did."""
    lost = trained.diverged_epoch > 0
    if not lost.any():
        return trained.weights
    gone = lost.reshape(-1, recipe.members).all(axis=1)
    if gone.any():
        raise DataError(
            "all series" if recipe.shared else f"series {names[int(gone.argmax())]!r}",
            recipe.members,
            "members have all diverged in training, and nothing is left to forecast with",
            "Fit with a smaller learning_rate, a clip_error, or another scale.",
        )
    parts = trained.weights
    return Weights(
        *(np.where(lost.reshape(-1, *[1] * (p.ndim - 1)), np.float32(np.nan), p) for p in parts)
    )


def columns_of(histories: Sequence[History], shared: bool) -> Columns:
    """The scales of the columns: of each series, or of all rows together where networks are."""
    if not histories[0].x.shape[1]:
        return Columns.none(len(histories))
    parts = [np.concatenate([each.x for each in histories])] if shared else [h.x for h in histories]
    centre = np.stack([part.mean(axis=0) for part in parts])
    spread = np.stack([part.std(axis=0) for part in parts])
    spread[spread < 1e-12 * np.maximum(np.abs(centre), 1.0)] = 1.0  # a column that does not vary
    shape = (len(histories), centre.shape[1])
    return Columns(np.broadcast_to(centre, shape).copy(), np.broadcast_to(spread, shape).copy())


def samples_of(framing: FittedFraming, y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """A series' training samples: inputs (samples, steps, features), targets (samples, outputs)."""
    inputs, targets = framing.samples(y)
    if not x.shape[1]:
        return inputs, targets
    plan = framing.framing
    rows = looking_forward(x[None, plan.memory - (plan.steps - 1) :], plan.outputs)[0]
    looked_at = sliding_window_view(rows, plan.steps, axis=0).swapaxes(1, 2)
    return np.concatenate([inputs, looked_at[-len(inputs) :]], axis=2), targets


def check_validation(training: Training, name: str, samples: int) -> None:
    """Raise SettingError if validation leaves nothing of a series to train on."""
    if training.held_back(samples) >= samples:
        raise SettingError(
            "validation",
            training.validation,
            f"leaves none of the {samples} samples of {name!r} to train on",
            "Hold fewer back, or a fraction of them.",
        )


def train_apart(
    recipe: Recipe,
    pairs: Sequence[tuple[Floats, Floats]],
    threads: int | None,
    on_progress: Callable[[int], Any] | None,
) -> Fitted:
    """Every series' own networks, all at once."""
    count, members = len(pairs), recipe.members
    return engine.fit(
        recipe.model.network,
        recipe.model.training,
        recipe.model.regime,
        [x for x, _ in pairs],
        [y for _, y in pairs],
        repeats=list(range(members)) * count,
        data=np.repeat(np.arange(count), members),
        seed=recipe.seed,
        keep_loss=True,
        threads=threads,
        on_progress=on_progress,
    )


def train_shared(
    recipe: Recipe,
    pairs: Sequence[tuple[Floats, Floats]],
    threads: int | None,
    on_progress: Callable[[int], Any] | None,
) -> Fitted:
    """The networks that all series share."""
    training, regime = recipe.model.training, recipe.model.regime
    held = [training.held_back(len(x)) for x, _ in pairs]
    kept = [(x[: len(x) - v], y[: len(y) - v]) for (x, y), v in zip(pairs, held, strict=True)]
    train = joined(kept, training.batch_size if regime.carries_in_training else 0)
    validation = None
    if any(held):
        # A carried state has to come from somewhere: it runs over what was trained on first.
        carries = regime.reset_forecast == "never"
        seen = [
            (x, y) if carries else (x[len(x) - v :], y[len(y) - v :])
            for (x, y), v in zip(pairs, held, strict=True)
        ]
        scored = [np.arange(len(x)) >= len(x) - v for (x, _), v in zip(seen, held, strict=True)]
        rows = min(training.batch_size, len(train.x)) if carries else 0
        validation = joined(seen, rows, scored)
    return engine.fit(
        recipe.model.network,
        training,
        regime,
        train,
        validation=validation,
        repeats=recipe.members,
        seed=recipe.seed,
        keep_loss=True,
        threads=threads,
        on_progress=on_progress,
    )


def joined(
    pairs: Sequence[tuple[Floats, Floats]],
    rows: int,
    scored: Sequence[NDArray[np.bool_]] | None = None,
) -> Samples:
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
