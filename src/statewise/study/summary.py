"""The distribution of an arm's scores."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Summary", "summarise"]


QUANTILES = {"min": 0.0, "p25": 0.25, "p50": 0.5, "p75": 0.75, "max": 1.0}


class Summary(NamedTuple):
    """The distribution of scores over repeats.

    ``mean`` and ``std`` (ddof 1) are over the runs that did not diverge, ``diverged`` counts those
    that did. The quantiles are over all runs: a run that diverged is worse than any other. None
    where there is no such number.
    """

    n: int
    mean: float | None
    std: float | None
    min: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    max: float | None
    diverged: int


def summarise(scores: NDArray[np.float64]) -> Summary:
    """The summary of ``scores`` (repeats,), where infinity marks a run that diverged.

    Example:
        >>> summarise(np.array([1.0, 2.0, 3.0, np.inf])).mean
        2.0
    """
    finite = scores[np.isfinite(scores)]
    order = np.sort(scores)
    return Summary(
        n=len(scores),
        mean=float(finite.mean()) if len(finite) else None,
        std=float(finite.std(ddof=1)) if len(finite) > 1 else None,
        **{name: _quantile(order, q) for name, q in QUANTILES.items()},
        diverged=len(scores) - len(finite),
    )


def _quantile(order: NDArray[np.float64], q: float) -> float | None:
    """The linearly interpolated quantile of sorted values, None if it is infinite."""
    place = q * (len(order) - 1)
    low, high = order[int(np.floor(place))], order[int(np.ceil(place))]
    return float(low + (high - low) * (place % 1.0)) if np.isfinite(high) else None
