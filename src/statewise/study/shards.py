"""A study cut into shards: trained in one go, each a pure function of what it holds."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statewise.data.panel import Series
from statewise.scoring.metrics import rmse
from statewise.study.design import Arm, Study
from statewise.study.rows import Cell, CellRuns
from statewise.study.seen import Adjust, see
from statewise.study.specification import cell_key, restarts_key
from statewise.study.store import Store

__all__ = ["Shard", "ShardResult", "cells_of", "plan", "run_shard", "training_of"]

NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Shard:
    """Runs that are trained together.

    Attributes:
        arms: that train alike and differ in how they forecast.
        series, cutoffs: the data sets, with as many training samples each.
        cells: (arms, data sets) where the results belong.
        repeats: of every data set.
        test_size, seed, horizon, adjust, past: of the study.
        keep_loss: whether loss curves are kept.
    """

    arms: tuple[Arm, ...]
    series: tuple[Series, ...]
    cutoffs: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]
    repeats: range
    test_size: int
    seed: int
    keep_loss: bool
    horizon: int = 1
    adjust: Adjust | None = None
    past: int = 0

    @property
    def runs(self) -> int:
        """The number of trainings."""
        return len(self.series) * len(self.repeats)


@dataclass(frozen=True)
class ShardResult:
    """What a shard gives: the runs of each cell, and the seconds that training took."""

    shard: Shard
    parts: list[CellRuns]
    train_seconds: float


def training_of(arm: Arm) -> Arm:
    """The arm stripped of what training does not depend on: arms with one result train alike."""
    regime = replace(arm.model.regime, warm_up="none")
    if not arm.model.training.validation:  # which is looked at as forecasts are made
        regime = replace(regime, reset_forecast="step")
    return replace(arm, name="any", model=replace(arm.model, regime=regime))


def cells_of(study: Study, arm: Arm) -> Iterator[tuple[Series, int, Cell]]:
    """Every series and cutoff of a study with the cell of ``arm`` there."""
    for series in study.panel.series:
        for cutoff in study.cutoffs_of(series):
            key = cell_key(study, arm, series, cutoff)
            restarts = restarts_key(study, arm, cutoff)
            yield series, cutoff, Cell(key, arm.name, series.unique_id, cutoff, restarts)


def plan(study: Study, store: Store, runs_at_once: Callable[[Arm], int]) -> Iterator[Shard]:
    """The shards that are still to be run, in order, leaving out the runs that are in the store.

    ``runs_at_once``, the runs of an arm's training that make a shard, is asked for every shard.
    """
    done = {key: store.repeats(key) for key in store.cells()}
    alike: dict[Arm, list[Arm]] = {}
    for arm in study.arms:
        alike.setdefault(training_of(arm), []).append(arm)
    for arms in alike.values():
        # Data sets with as many samples, and with the same repeats missing, go together.
        waiting: dict[tuple[int, range], list[tuple[Series, int, tuple[Cell, ...]]]] = {}
        columns = zip(*(list(cells_of(study, arm)) for arm in arms), strict=True)
        for column in columns:
            series, cutoff, _ = column[0]
            cells = tuple(cell for _, _, cell in column)
            lacking = np.zeros(study.repeats, bool)
            for cell in cells:
                lacking |= without(study.repeats, done.get(cell.key, NONE))
            for stretch in stretches(lacking):
                key = study.samples_of(arms[0], cutoff), stretch
                waiting.setdefault(key, []).append((series, cutoff, cells))
        for (_, repeats), data_sets in waiting.items():
            yield from cut(study, tuple(arms), data_sets, repeats, runs_at_once)


def cut(
    study: Study,
    arms: tuple[Arm, ...],
    data_sets: Sequence[tuple[Series, int, tuple[Cell, ...]]],
    repeats: range,
    runs_at_once: Callable[[Arm], int],
) -> Iterator[Shard]:
    """Data sets times repeats as shards of about ``runs_at_once`` runs."""
    at = 0
    while at < len(data_sets):
        size = max(1, runs_at_once(arms[0]))
        taken = data_sets[at : at + max(1, size // len(repeats))]
        at += len(taken)
        begin = repeats.start
        while begin < repeats.stop:
            size = max(1, runs_at_once(arms[0]))
            end = min(repeats.stop, begin + max(1, size // len(taken)))
            yield Shard(
                arms=arms,
                series=tuple(series for series, _, _ in taken),
                cutoffs=tuple(cutoff for _, cutoff, _ in taken),
                cells=tuple(zip(*(cells for _, _, cells in taken), strict=True)),
                repeats=range(begin, end),
                test_size=study.test_size,
                seed=study.seed,
                keep_loss=study.keep_loss,
                horizon=study.horizon,
                adjust=study.adjust,
                past=study.past,
            )
            begin = end


def without(count: int, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(count,) which of so many numbers from zero are not among ``numbers``."""
    absent = np.ones(count, bool)
    absent[numbers[numbers < count]] = False
    return absent


def stretches(chosen: NDArray[np.bool_]) -> list[range]:
    """Which places are chosen, as ranges without gaps, in order."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
    return [range(begin, end) for begin, end in edges.reshape(-1, 2).tolist()]


def run_shard(
    shard: Shard, threads: int | None = None, stop: NDArray[np.uint8] | None = None
) -> ShardResult:
    """Train a shard's runs once and forecast with each of its arms.

    Raises:
        Stopped: ``stop`` was set.
    """
    first = shard.arms[0]
    seen = [
        see(first.model.framing, series, cutoff, shard.adjust, shard.past)
        for series, cutoff in zip(shard.series, shard.cutoffs, strict=True)
    ]
    known = [one.known for one in seen]
    samples = [one.samples() for one in known]
    of_run = np.repeat(np.arange(len(known)), len(shard.repeats))
    first.engine.load(first.model, shard.runs, threads)
    begin = time.perf_counter()
    fitted = first.engine.fit(
        first.model,
        np.stack([x for x, _ in samples]),
        np.stack([y for _, y in samples]),
        repeats=list(shard.repeats) * len(known),
        seed=(shard.seed, first.restarts) if first.restarts else shard.seed,
        data=of_run,
        keep_loss=shard.keep_loss,
        threads=threads,
        stop=stop,
    )
    seconds = time.perf_counter() - begin
    parts = []
    for arm, cells in zip(shard.arms, shard.cells, strict=True):
        forecasts = arm.engine.forecast(arm.model, fitted, known, shard.test_size, shard.horizon)
        data_sets = zip(cells, seen, shard.series, shard.cutoffs, strict=True)
        for which, (cell, one, series, cutoff) in enumerate(data_sets):
            runs = of_run == which
            made = one.invert(forecasts[runs])
            scores = rmse(series.y[cutoff : cutoff + shard.test_size], made)
            lost = (fitted.diverged_epoch[runs] > 0) | ~np.isfinite(scores)
            loss = fitted.loss[runs] if fitted.loss is not None else np.zeros((runs.sum(), 0), "f4")
            diverged, scores = fitted.diverged_epoch[runs], np.where(lost, np.inf, scores)
            repeats = np.array(shard.repeats)
            parts.append(CellRuns(cell, repeats, scores, diverged, made, loss))
    return ShardResult(shard, parts, seconds)
