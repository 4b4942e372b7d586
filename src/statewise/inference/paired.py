"""Two arms over shared restarts: how much better one is, and how sure that is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["Paired", "compare"]


@dataclass(frozen=True)
class Paired:
    """The paired comparison of a first arm with a second one.

    Attributes:
        n: pairs in which neither run diverged; mean, interval and p-values are of these.
        left_out: pairs in which one did. They count in ``probability_better``, where a run that
            diverged loses.
        difference: mean of first minus second; negative where the first is better.
        interval: 95% Student interval of the mean difference, or None with fewer than two pairs.
        p_value: two-sided paired t-test of no difference, or None likewise.
        p_equivalent: two one-sided paired t-tests (Schuirmann 1987) against the margin: small where
            the mean difference surely lies within it; None likewise.
        probability_better: that a restart of the first arm beats its pair, ties counting half.
        identical: every pair is equal to the bit.
    """

    n: int
    left_out: int
    difference: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    p_equivalent: float | None
    probability_better: float
    identical: bool


def compare(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    margin: float,
    level: float = 0.95,
) -> Paired:
    """Compare the scores of two arms, (repeats,) each, paired by repeat.

    Example:
        >>> result = compare(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.5, 4.0]), margin=0.1)
        >>> round(result.difference, 3), result.probability_better
        (-1.167, 1.0)
    """
    better = float(np.mean((first < second) + 0.5 * (first == second)))
    identical = bool(np.array_equal(first, second))
    both = np.isfinite(first) & np.isfinite(second)
    d = first[both] - second[both]
    n = len(d)
    left_out = len(first) - n
    mean = float(d.mean()) if n else None
    if n < 2 or mean is None:
        return Paired(n, left_out, mean, None, None, None, better, identical)
    error = float(d.std(ddof=1)) / np.sqrt(n)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * error
    return Paired(
        n=n,
        left_out=left_out,
        difference=mean,
        interval=(mean - half, mean + half),
        p_value=min(1.0, 2.0 * _upper_tail(abs(mean), error, n)),
        p_equivalent=_upper_tail(margin - abs(mean), error, n),
        probability_better=better,
        identical=identical,
    )


def _upper_tail(excess: float, error: float, n: int) -> float:
    """The one-sided p-value of ``excess`` above zero, with standard error ``error``."""
    if error == 0.0:
        return 0.5 if excess == 0.0 else float(excess < 0.0)
    return float(special.stdtr(n - 1, -excess / error))
