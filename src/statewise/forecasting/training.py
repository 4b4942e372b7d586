"""The networks of several panels, trained at once where they can be."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.engine import Fitted, Samples
from statewise.forecasting.networks import Networks
from statewise.model.spec import Model

__all__ = ["Pairs", "train_apart", "train_shared"]

Pairs = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Inputs and targets of each series of a panel."""


def train_apart(
    networks: Networks,
    panels: Sequence[Pairs],
    threads: int | None,
    tell: Callable[[float], Any] | None,
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
        on_progress=tell,
    )
    ends = np.cumsum([0, *(members * len(panel) for panel in panels)])
    return [fitted.take(slice(a, b)) for a, b in pairwise(ends)]


def train_shared(
    networks: Networks,
    panels: Sequence[Pairs],
    threads: int | None,
    tell: Callable[[float], Any] | None,
) -> list[Fitted]:
    """The networks that all series of a panel share."""
    model, members = networks.model, networks.members

    def train(x: Any, y: Any, sets: int, tell: Any, **more: Any) -> Fitted:
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
            on_progress=tell,
            **more,
        )

    if not (model.training.validation or model.regime.carries_in_training):
        inputs = [np.concatenate([x for x, _ in panel]) for panel in panels]
        targets = [np.concatenate([y for _, y in panel]) for panel in panels]
        fitted = train(inputs, targets, len(panels), tell)
        return [fitted.take(slice(members * i, members * (i + 1))) for i in range(len(panels))]
    found = []
    for i, panel in enumerate(panels):
        samples, validation = side_by_side(model, panel)
        found.append(train(samples, None, 1, part(tell, i, len(panels)), validation=validation))
    return found


def part(
    tell: Callable[[float], Any] | None, number: int, of: int
) -> Callable[[float], Any] | None:
    """What tells the share of all work from that of one of its equal parts."""
    return None if tell is None else lambda share: tell((number + share) / of)


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
