"""Errors of candidates with their intervals, and what choosing among them flatters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.auto.halving import Rung, error_of
from statewise.forecasting.regime_choice import apart
from statewise.stats import compare_unpaired
from statewise.study import SIMPLE, Study, StudyResult, paired_by_repeat

__all__ = ["Estimate", "Gap", "estimate", "gap_of", "left_out", "over", "simple_error"]

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """An error over that of the naive forecast, with its 95 % interval; infinite ends for one unit.

    The units are series, or where there is one, ensembles of restarts on it.
    """

    error: float
    low: float
    high: float


class Gap(NamedTuple):
    """How much more the error of the next candidate is, with the ends of its 95 % interval."""

    name: str
    more: float
    low: float
    high: float


def units_of(errors: Floats) -> Floats:
    """What varies: the means of series, or of the ensembles of one, over (series, cutoffs, n)."""
    known = ~np.isnan(errors[..., 0])
    if len(errors) == 1 and known.any():
        return np.asarray(errors[0][known[0]].mean(axis=0))
    return np.array([e[k].mean() for e, k in zip(errors, known, strict=True) if k.any()])


def estimate(errors: Floats) -> Estimate:
    """The mean error with its interval."""
    units = units_of(errors)
    if not np.isfinite(units).any():
        return Estimate(np.inf, -np.inf, np.inf)
    _, low, high = apart(units, np.zeros(len(units)))
    return Estimate(error_of(errors), low, high)


def simple_error(result: StudyResult) -> float:
    """The mean error of the best simple forecast over the naive one's; NaN if this has none."""
    best = result.simple_scores(SIMPLE)
    found = [best[key] / naive for key, naive in result.naive_scores.items() if naive]
    return float(np.mean(found)) if found else np.nan


def over(error: float, other: float) -> float:
    """An error over another, infinite where that is zero."""
    return error / other if other else np.inf


def gap_of(study: Study, rungs: Sequence[Rung]) -> Gap:
    """How far the winner is before the next, in the last rung."""
    (winner, best), (name, following) = list(rungs[-1].errors.items())[:2]
    first, second = units_of(following), units_of(best)
    if len(best) > 1 or paired_by_repeat(study, winner, name):
        return Gap(name, *apart(first, second))
    found = compare_unpaired(first, second, margin=1.0)
    low, high = found.interval or (-np.inf, np.inf)
    return Gap(name, np.inf if found.difference is None else found.difference, low, high)


def left_out(errors: Sequence[Floats]) -> float | None:
    """The mean error, at each cutoff, of the candidate that does best at the other cutoffs.

    Choice and judgement do not share a cutoff, so that this is free of the luck of the choice.
    Source: Stone (1974), "Cross-validatory choice and assessment of statistical predictions".

    Args:
        errors: of each candidate, (series, cutoffs, ensembles), with all the restarts it has.

    Example:
        >>> lucky_once = [np.array([[[0.5], [1.0]]]), np.array([[[1.0], [0.6]]])]
        >>> left_out(lucky_once)
        1.0
    """
    count = errors[0].shape[1]
    if count == 1:
        return None
    at = [[error_of(np.delete(each, k, axis=1)) for each in errors] for k in range(count)]
    return float(
        np.mean([error_of(errors[int(np.argmin(row))][:, [k]]) for k, row in enumerate(at)])
    )
