"""How wide intervals are: from errors at inner cutoffs, whatever the length of a series."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statewise.forecasting.combination import Trial, weighted
from statewise.simple.adjustment import Adjustment

__all__ = ["Residuals", "residuals_of"]

Floats = NDArray[np.float64]
ENOUGH = 60  # residuals at every step: quantiles are taken step by step
OWN = 0.25  # the power of a series' own errors in its scale, the rest being its changes
MIX = ("ETS", "Theta")  # whose mean says how wrong a series' forecasts are


@dataclass(frozen=True, eq=False)
class Residuals:
    """Errors of combined forecasts at inner cutoffs, pooled over the series of a panel.

    They are split-conformal residuals (Vovk et al. 2005; Angelopoulos and Bates 2023, section 2),
    each in units of its own series' scale as it was known before the first cutoff; the coverage
    that they promise is over series and cutoffs together, not for each series by itself.

    Attributes:
        errors: (cutoffs, series, horizon) adjusted errors over the scale of the series, NaN where
            there is none.
        scale: (series,) the scale of adjusted errors as it is now.
    """

    errors: NDArray[np.float32]
    scale: Floats

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(horizon,) how many residuals there are of each step."""
        return np.asarray(np.isfinite(self.errors).sum(axis=(0, 1)))

    @cached_property
    def sizes(self) -> Floats:
        """(cutoffs, series, horizon) how large they are."""
        return np.abs(self.errors.astype(np.float64))

    @cached_property
    def any(self) -> bool:
        """Whether there is an error at all; series that were forecast perfectly have none."""
        return bool(np.nansum(self.sizes) > 0)

    @property
    def rung(self) -> str:
        """How widths are made, in words."""
        if not self.any:
            return "from the changes of each series alone: there are no errors to measure"
        if self.counts.min() >= ENOUGH:
            return f"step by step, from {self.counts.min()} errors or more of all series together"
        return f"from {self.counts.sum()} errors of all series and steps, which grow with the step"

    def half_widths(self, level: float, horizon: int) -> Floats:
        """(series, horizon) half of an interval at a level in percent, adjusted."""
        widths, known = self.by_step(level), len(self.counts)
        if horizon > known:  # beyond, as a random walk's
            more = widths[-1] * np.sqrt(np.arange(known + 1, horizon + 1) / known)
            widths = np.concatenate([widths, more])
        return np.asarray(self.scale[:, None] * widths[:horizon])

    def by_step(self, level: float) -> Floats:
        """(horizon,) half-widths in units of the scale."""
        share = level / 100.0
        if not self.any:
            return self.walk(share)
        if self.counts.min() >= ENOUGH:
            found = np.nanquantile(self.sizes, share, axis=(0, 1))
            ends = np.pad(found, 1, mode="edge")
            return np.convolve(ends, [0.25, 0.5, 0.25], "valid") if len(found) > 2 else found
        apart = int(self.counts.max())  # residuals of one cutoff are not independent
        pooled = (self.sizes / self.profile)[np.isfinite(self.sizes)]
        rank = min(1.0, share * (1 + 1 / max(apart, 2)))
        # One cutoff may be right by chance, so what is assumed without any counts for one more.
        found = self.profile * np.quantile(pooled, rank)
        return np.asarray((apart * found + self.walk(share)) / (apart + 1))

    def walk(self, share: float) -> Floats:
        """(horizon,) half-widths of a random walk with steps as large as the series' changes.

        The mean absolute value of a normal step is 0.8 of its standard deviation.
        """
        from scipy.stats import norm

        steps = np.arange(1, len(self.counts) + 1)
        return np.asarray(norm.ppf(0.5 + share / 2) * np.sqrt(np.pi / 2) * np.sqrt(steps))

    @cached_property
    def profile(self) -> Floats:
        """(horizon,) how errors grow with the step: a power of it, between 0 and 1."""
        count, steps = self.counts, np.arange(1, len(self.counts) + 1)
        means = np.nansum(self.sizes, axis=(0, 1)) / np.maximum(count, 1)
        good = means > 0
        x, y, weight = np.log(steps[good]), np.log(means[good]), count[good]
        power = 0.5
        if good.sum() > 2:
            middle = np.average(x, weights=weight)
            across = np.average((x - middle) ** 2, weights=weight)
            power = np.average((x - middle) * y, weights=weight) / max(across, 1e-9)
        power = float(np.clip(power, 0.0, 1.0))
        return np.asarray(np.exp(np.average(y - power * x, weights=weight)) * steps**power)

    def take(self, series: NDArray[np.intp]) -> "Residuals":
        """The same residuals, for some of the series."""
        return replace(self, scale=self.scale[series])

    def paths(self, horizon: int, count: int, generator: np.random.Generator) -> Floats:
        """Adjusted errors (series, count, horizon), drawn as whole paths: steps hang together.

        Each is a residual path of any series and cutoff, with either sign; over steps that it does
        not reach it grows as errors do on average, and beyond all as those of a random walk.
        """
        rows = np.argwhere(np.isfinite(self.errors).any(axis=2))
        series, known = len(self.scale), len(self.counts)
        if not self.any:
            walk = generator.normal(size=(series, count, horizon)).cumsum(axis=2)
            return np.asarray(walk * np.sqrt(np.pi / 2) * self.scale[:, None, None])
        drawn = rows[generator.integers(len(rows), size=(series, count))]
        paths = self.errors[drawn[..., 0], drawn[..., 1]].astype(np.float64)
        size = np.nanmean(np.abs(paths) / self.profile, axis=2, keepdims=True)
        signs = generator.choice([-1.0, 1.0], size=(series, count, 1))
        onward = np.sign(np.nansum(paths, 2, keepdims=True)) * size * self.profile
        filled = np.where(np.isfinite(paths), paths, onward)
        if horizon > known:
            growth = np.sqrt(np.arange(known + 1, horizon + 1) / known)
            filled = np.concatenate([filled, filled[..., -1:] * growth], axis=2)
        return np.asarray(signs * filled[..., :horizon] * self.scale[:, None, None])


def residuals_of(
    trials: Sequence[Trial], weights: Floats, adjustment: Adjustment, before: Floats, now: Floats
) -> Residuals:
    """The residuals of combined forecasts at inner cutoffs.

    Args:
        trials: at least one.
        weights: (series, kinds) of the combination.
        adjustment: of the series.
        before, now: (series,) their scales before the first cutoff, and now.
    """
    horizon = max(trial.actual.shape[1] for trial in trials)
    errors = np.full((len(trials), len(weights), horizon), np.nan, np.float32)
    for row, trial in zip(errors, trials, strict=True):
        mixed = weighted(weights, trial.forecasts)
        apart = (trial.actual - mixed) / adjustment.slope(mixed)
        row[:, : apart.shape[1]] = apart / before[:, None]
    return Residuals(errors, now)
