"""Trials: every kind of forecast, made at inner cutoffs of a panel's own histories."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from statewise.engine import State
from statewise.ensemble.trained import Ensemble
from statewise.forecasting.combination import MANY, Combination, Trial, combination_of
from statewise.forecasting.cutoffs import LEAST, earlier, held_back, shown, spread
from statewise.forecasting.decisions import Decisions
from statewise.forecasting.fitting import known_of
from statewise.forecasting.intervals import MIX, OWN, Residuals, residuals_of
from statewise.forecasting.jobs import Job, Running, chunks, done
from statewise.forecasting.learned import Known, Learned, Past, histories_of, known_at, simple_names
from statewise.show.progress import SILENT, Progress
from statewise.simple import fit_simple
from statewise.simple.adjustment import Adjustment, fit_adjustment

__all__ = ["Learner", "Twin", "cutoffs_of", "tried"]

Floats = NDArray[np.float64]
Bounds = tuple[float | None, float | None] | Literal["auto"] | None
FEW = 60  # series: with fewer, the widths of intervals need further cutoffs
SHRINK = 4.0  # how many changes of a series the panel's count for
SMALL = 0.1  # of the panel's scale, the least of a series


@dataclass(frozen=True)
class Twin:
    """Networks that have not seen the last observations.

    Attributes:
        ensemble: of them.
        scale: (series,) of the adjustment that they were trained behind.
        left: the state that training left, or None where all series share their networks.
        trained: (series,) how many observations of each training saw.
    """

    ensemble: Ensemble
    scale: Floats
    left: State | None
    trained: NDArray[np.int64]

    def take(self, series: NDArray[np.intp]) -> "Twin":
        """The networks of some of the series."""
        left = self.left
        if left is not None:
            runs = self.ensemble.runs_of(series)
            left = type(left)(*(part[runs] for part in left))
        return Twin(self.ensemble.take(series), self.scale[series], left, self.trained[series])


@dataclass(frozen=True)
class Learner:
    """What makes adjustments and simple forecasts of histories.

    Attributes:
        decisions: of the fit.
        bounds: of forecasts, as ``fit_adjustment`` takes them.
        most: how many observations the first inner cutoff holds back.
    """

    decisions: Decisions
    bounds: Bounds
    most: int

    def adjust(self, past: Past, scale: Floats | None = None) -> tuple[Adjustment, Floats]:
        """How histories are adjusted, and they themselves, in a given scale or their own."""
        decided = self.decisions
        return fit_adjustment(
            past.y,
            past.offsets,
            seasons=decided.seasons,
            transform=decided.transform,
            bounds=self.bounds,
            scale=scale,
            apart=not decided.networks.shared,
        )

    def learn(self, past: Past, twin: Twin | None, scale: Floats | None) -> tuple[Learned, Known]:
        """Everything but networks, fitted to histories, beside networks that are given.

        Args:
            past: histories.
            twin: of these series, or None.
            scale: of the adjustment; that of the networks, where there are any; None for its own.
        """
        adjustment, z = self.adjust(past, scale)
        recipe, state = self.decisions.networks, None
        if twin is not None:
            histories = histories_of(past, z)
            state = known_of(recipe, twin.ensemble, histories, twin.left, twin.trained.tolist())
        simple, begun = fit_simple(z, past.offsets)
        learned = Learned(adjustment, simple, recipe, None if twin is None else twin.ensemble)
        return learned, known_at(learned, past, begun, state)

    def trial(self, past: Past, held: int, twin: Twin | None) -> Trial:
        """Forecasts without the last ``held`` observations, and what came.

        Each series is forecast the same, to the bit, whichever others are tried with it.
        """
        steps = min(held, self.decisions.horizon)
        good = past.lengths - held >= self.enough(past.lengths)
        known = np.where(good, past.lengths - held, 1)
        scale = np.ones(len(good)) if twin is None else twin.scale
        learned, now = self.learn(past.until(known), twin, scale)
        blank = np.full((len(good), steps), np.nan)
        x = np.zeros((len(good), steps, past.x.shape[1]))
        actual = blank.copy()
        if good.any():
            actual[good], x[good] = past.take(np.flatnonzero(good)).after(known[good], steps)
        forecasts, paths = learned.forecasts(now, steps, x)
        restarts = None if paths is None else np.abs(paths - actual[:, None]).mean(axis=2)
        return Trial(held, actual, np.where(good[:, None], forecasts, np.nan), restarts)

    def enough(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """(series,) how many observations a series must show before a cutoff to be tried there.

        One that shows its season before the inner cutoffs is not tried where it does not.
        """
        seasonal = shown(self.decisions.seasons)
        return np.where(lengths - self.most >= seasonal, seasonal, LEAST)

    def trials(
        self,
        past: Past,
        cutoffs: Sequence[int],
        twin: Twin | None,
        running: Running | None = None,
        progress: Progress = SILENT,
    ) -> list[Trial]:
        """One after the other, those at which a series has enough left.

        Args:
            past: histories.
            cutoffs: observations held back by each.
            twin: networks to be tried too.
            running: where to run, some series at a time; here by default.
            progress: of them.
        """
        most = int(past.lengths.max()) - LEAST
        asked = [held for held in cutoffs if held <= most]
        parts = chunks(len(past.names))
        jobs = [
            Job(self.trial, (past.take(part), held, None if twin is None else twin.take(part)))
            for held in asked
            for part in parts
        ]
        what = f"trying forecasts at {len(asked)} cutoffs"
        found = done(jobs, running, partial(progress.at, what))
        size = len(parts)
        return [joined(found[i : i + size]) for i in range(0, len(found), size)]

    def scale(self, past: Past, trials: Sequence[Trial]) -> Floats:
        """(series,) how wrong adjusted forecasts of each series are, one step ahead, about.

        Its mean absolute change, shrunk to the panel's; times its errors, in units of that and of
        the panel's median of the same, to the power of a quarter. A single series, and one that is
        too short to be tried, has the first alone.

        Args:
            past: histories.
            trials: on them.
        """
        adjustment, z = self.adjust(past)
        base = np.empty(len(adjustment))
        for i, (a, b) in enumerate(zip(past.offsets[:-1], past.offsets[1:], strict=True)):
            change = np.abs(np.diff(z[a:b])).sum() if b - a > 1 else 0.0
            base[i] = max((change + SHRINK) / (b - a - 1 + SHRINK), SMALL)
        places = [self.simple_names.index(name) for name in MIX]
        total, count = np.zeros(len(base)), np.zeros(len(base))
        for trial in trials:
            middle = trial.forecasts[places].mean(axis=0)
            growth = np.sqrt(np.arange(1, middle.shape[1] + 1))
            sizes = np.abs(trial.actual - middle) / adjustment.slope(middle) / growth
            total += np.nansum(sizes, axis=1)
            count += np.isfinite(sizes).sum(axis=1)
        known = count > 0
        ratio = np.ones(len(base))
        ratio[known] = total[known] / count[known] / base[known]
        middle = np.median(ratio[known]) if known.any() else 0.0
        if len(base) > 1 and middle > 0:
            ratio[known] = np.maximum(ratio[known] / middle, 0.05)
            base = base * ratio**OWN
        return np.asarray(base * adjustment.scale)

    @property
    def simple_names(self) -> tuple[str, ...]:
        """Of the simple forecasts, as ``Learned.names`` has them."""
        return simple_names(self.decisions.seasons)


def tried(
    learner: Learner,
    past: Past,
    learned: Learned,
    twin: Twin | None,
    intervals: bool,
    running: Running | None = None,
    progress: Progress = SILENT,
) -> tuple[Combination | None, Residuals | None]:
    """Try every kind of forecast on the past, and say how to combine them and how wrong that is.

    Args:
        learner: of the fit.
        past: the histories.
        learned: what was learned of them.
        twin: networks that have not seen the last observations, or None.
        intervals: whether the second is asked for.
        running: where to run the trials; here by default.
        progress: of them.

    Returns:
        The combination, or None where no series is long enough; and the residuals.
    """
    lengths, horizon = past.lengths, learner.decisions.horizon
    held, before_them, beside_them = cutoffs_of(learner.decisions, lengths, intervals)
    trials = learner.trials(past, held, twin, running, progress)
    last = len(trials)
    trials = [*learner.trials(past, before_them, None, running, progress), *trials]
    names = learned.names
    trials = [with_blank(trial, len(names)) for trial in trials]
    combination = combination_of(names, trials) if trials else None
    if not intervals:
        return combination, None
    weights = np.eye(len(names))[np.zeros(len(lengths), int)]
    if combination is not None:
        weights = combination.weights
    more = learner.trials(past, beside_them, None, running, progress)
    every = [*trials, *(with_blank(trial, len(names)) for trial in more)]
    cut = past.until(np.maximum(lengths - held[0], np.minimum(lengths, LEAST)))
    before = learner.scale(cut, learner.trials(cut, held[-3:], None, running, progress))
    now = learner.scale(past, trials[len(trials) - last :][-3:])
    scale = learned.adjustment.scale
    before, now = before / scale, now / scale
    if not every:
        return combination, Residuals(np.full((1, len(lengths), horizon), np.nan, np.float32), now)
    return combination, residuals_of(every, weights, learned.adjustment, before, now)


def cutoffs_of(
    decisions: Decisions, lengths: NDArray[np.int64], intervals: bool
) -> tuple[list[int], list[int], list[int]]:
    """Where everything is tried, where simple forecasts are before that, and for intervals."""
    of = lengths, decisions.horizon
    before = earlier(*of, decisions.seasons) if len(lengths) < MANY else []
    beside = spread(*of, decisions.seasons) if intervals and len(lengths) < FEW else []
    return held_back(*of), before, beside


def joined(parts: Sequence[Trial]) -> Trial:
    """The trial of all series of several at one cutoff."""
    if len(parts) == 1:
        return parts[0]
    restarts = [part.restarts for part in parts if part.restarts is not None]
    return replace(
        parts[0],
        actual=np.concatenate([part.actual for part in parts]),
        restarts=np.concatenate(restarts) if restarts else None,
        forecasts=np.concatenate([part.forecasts for part in parts], axis=1),
    )


def with_blank(trial: Trial, kinds: int) -> Trial:
    """A trial of so many kinds, NaN where networks were not tried."""
    missing = kinds - len(trial.forecasts)
    blank = np.full((missing, *trial.forecasts.shape[1:]), np.nan)
    return replace(trial, forecasts=np.concatenate([trial.forecasts, blank]))
