"""Weights of forecasts, from how wrong each was at inner cutoffs, series by series."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statewise.forecasting.learned import NETWORK

__all__ = ["CORE", "MANY", "Combination", "Trial", "combination_of", "weighted", "weights_of"]

Floats = NDArray[np.float64]
CORE = (NETWORK, "Theta", "ETS")
MANY = 20  # series from which on these are known to belong together
PRIOR = 8.0  # what they weigh more there
POWER, LONE_POWER = 4.0, 8.0  # of an error, with many series and with few, which have more cutoffs
ALIKE = 16.0  # trials that the belief counts for that all kinds are as good as the median one
SHRINK = 4.0  # how many cutoffs of a series the panel's mean counts for
CUTOFFS = 3  # a series' own count for no more than so many: they overlap
TRIM = 0.3  # worse than the best by more than this share: no weight
WORST = 5.0  # of a relative error


@dataclass(frozen=True, eq=False)
class Combination:
    """How forecasts are combined, and why.

    Attributes:
        names: (kinds,) of the forecasts.
        weights: (series, kinds), which add up to one.
        errors: (series, kinds) the mean absolute error of each at the cutoffs where networks were
            tried, in the units of the series; NaN where it was not tried.
        own: (series,) that of the combination itself at the same cutoffs, with weights that have
            not seen what came after them.
    """

    names: tuple[str, ...]
    weights: Floats
    errors: Floats
    own: Floats

    def take(self, series: NDArray[np.intp]) -> "Combination":
        """Of some of the series."""
        parts = (self.weights[series], self.errors[series], self.own[series])
        return Combination(self.names, *parts)

    def only(self, series: NDArray[np.bool_], kind: str) -> "Combination":
        """The same with all weight on one kind of forecast for the series that are marked."""
        weights = self.weights.copy()
        weights[series] = np.eye(len(self.names))[self.names.index(kind)]
        return replace(self, weights=weights)


@dataclass(frozen=True, eq=False)
class Trial:
    """Forecasts of every kind from one inner cutoff, and what came.

    Attributes:
        held: how many observations of each series were held back.
        actual: (series, steps) that came, NaN for series that are too short.
        forecasts: (kinds, series, steps), NaN where there is none.
        restarts: (series, members) mean absolute errors of single networks that had not seen it,
            or None where none were tried.
    """

    held: int
    actual: Floats
    forecasts: Floats
    restarts: Floats | None

    @property
    def networks(self) -> bool:
        """Whether networks were tried."""
        return self.restarts is not None

    @property
    def end(self) -> int:
        """How many observations came after it."""
        return self.held - int(self.actual.shape[1])

    @property
    def errors(self) -> Floats:
        """(series, kinds) mean absolute errors."""
        return np.asarray(np.abs(self.forecasts - self.actual).mean(axis=2).T)

    def error_of(self, weights: Floats) -> Floats:
        """(series,) the mean absolute error of a combination."""
        error = np.abs(weighted(weights, self.forecasts) - self.actual).mean(axis=1)
        return np.where(np.isnan(weights).any(axis=1), np.nan, error)


def weighted(weights: Floats, forecasts: Floats) -> Floats:
    """One forecast, (series, horizon), of (kinds, series, horizon), without those that are NaN.

    Kinds are added up one by one, so that a series has the same bits alone and among others. Where
    nothing that has weight is a number, the first kind stands, which is the naive forecast.
    """
    heavy = weights.T[:, :, None]
    good = np.isfinite(forecasts) & (heavy > 0)
    mass = np.cumsum(np.where(good, heavy, 0.0), axis=0)[-1]
    with np.errstate(invalid="ignore"):
        total = np.cumsum(np.where(good, heavy * forecasts, 0.0), axis=0)[-1]
    whole = mass > 0
    return np.asarray(np.where(whole, total / np.where(whole, mass, 1.0), forecasts[0]))


def combination_of(names: Sequence[str], trials: Sequence[Trial]) -> Combination:
    """Weights from trials at inner cutoffs, and how well they do on what they have not seen.

    Args:
        names: of the kinds.
        trials: at least one; errors are those where networks were tried, of all if nowhere.
    """
    errors = np.stack([trial.errors for trial in trials], axis=2)
    weights, _ = weights_of(names, errors)
    marked = [i for i, trial in enumerate(trials) if trial.networks] or range(len(trials))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a mean of nothing
        seen = np.nanmean(errors[:, :, marked], axis=2)
        mixed = [trials[i].error_of(unseeing(names, trials, errors, i)) for i in marked]
        own = np.nanmean(np.stack(mixed, axis=1), axis=1)
    return Combination(tuple(names), weights, seen, own)


def unseeing(names: Sequence[str], trials: Sequence[Trial], errors: Floats, at: int) -> Floats:
    """(series, kinds) weights for one trial that have not seen what came in it.

    Where there are many series, those of one half of them come from the other half alone, so that
    no series' weights have seen it. Where there are few, they come from trials that were over when
    this one began, and are NaN where there are none.
    """
    weights = np.empty(errors.shape[:2])
    if len(errors) >= MANY:
        half = np.arange(len(errors)) % 2 == 0
        for mine in (half, ~half):
            others = np.where(mine[:, None, None], np.nan, errors)
            weights[mine] = weights_of(names, others)[0][mine]
        return weights
    before = [i for i, trial in enumerate(trials) if trial.end >= trials[at].held]
    return weights_of(names, errors[:, :, before])[0] if before else np.full_like(weights, np.nan)


def weights_of(names: Sequence[str], errors: Floats) -> tuple[Floats, Floats]:
    """Weights and relative errors, (series, kinds), from errors (series, kinds, cutoffs).

    A series' error over that of its median kind, at the same cutoffs, is shrunk to the panel's
    mean of the same, as few cutoffs say little of one series and those of all series much; and
    that mean to one, since a single series' few trials say little of anything. The
    weight is a negative power of it, as Bates and Granger (1969) weigh by the inverse of a squared
    error. A kind that is worse than the best by more than three tenths has none. NaN where nothing
    was forecast.
    """
    errors = np.ascontiguousarray(errors)  # sums go through memory in one order
    seen = np.isfinite(errors)
    every = seen.any(axis=1)
    middle = np.zeros(every.shape)
    middle[every] = np.nanmedian(errors.swapaxes(1, 2)[every], axis=1)
    count = every.sum(axis=1)[:, None]
    total = np.where(seen, errors, 0.0).sum(axis=2)
    beside = np.where(seen, middle[:, None], 0.0).sum(axis=2)
    # A kind that was never tried on a series has no error of its own, and takes the panel's.
    tried = seen.any(axis=2) & (beside > 1e-12)
    own = np.where(tried, np.minimum(total / np.where(tried, beside, 1.0), WORST), 0.0)
    series, trials = tried.sum(axis=0), np.where(tried, seen.sum(axis=2), 0).sum(axis=0)
    mean = own.sum(axis=0) / np.maximum(series, 1)
    panel = (mean * trials + ALIKE) / (trials + ALIKE)
    panel[series == 0] = WORST if series.any() else 1.0
    n = np.where(tried, np.minimum(count, CUTOFFS), 0)
    relative = np.maximum((own * n + SHRINK * panel) / (n + SHRINK), 1e-3)
    many = len(errors) >= MANY
    weights = relative ** -(POWER if many else LONE_POWER)
    weights[relative > (1 + TRIM) * relative.min(axis=1, keepdims=True)] = 0.0
    weights *= [PRIOR if many and name in CORE else 1.0 for name in names]
    return weights / weights.sum(axis=1, keepdims=True), relative
