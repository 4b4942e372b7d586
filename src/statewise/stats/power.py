"""How many repeats a comparison needs, planned before it is run."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from statewise.base.checks import at_least, fraction, positive
from statewise.errors import DataError, SettingError
from statewise.stats.comparison import Floats

__all__ = [
    "Look",
    "half_widths",
    "looks",
    "pilot_sd",
    "pilot_sd_unpaired",
    "power_of_difference",
    "power_of_equivalence",
    "power_of_no_worse",
    "repeats_for",
    "repeats_for_half_width",
]

MOST = 10_000_000  # repeats: no plan goes beyond


@dataclass(frozen=True)
class Look:
    """One planned look at a growing sample.

    Attributes:
        repeats: repeats after which to look.
        alpha: level of every test at this look; its intervals have level ``1 - alpha``.
    """

    repeats: int
    alpha: float


def pilot_sd(differences: Floats, assurance: float = 0.8) -> float:
    """The standard deviation to plan with, from a pilot's paired differences (repeats,).

    The pilot's own is too small about every other time, and what is planned with it then falls
    short. This is its upper confidence limit: the true one is no larger with probability
    ``assurance``, for normal differences (Browne 1995). Pairs with a run that diverged are left
    out; raises DataError with fewer than two others.

    Example:
        >>> differences = np.array([0.1, -0.3, 0.4, 0.2, -0.1, 0.3, 0.0, 0.2])
        >>> round(float(differences.std(ddof=1)), 3), round(pilot_sd(differences), 3)
        (0.227, 0.307)
    """
    d = _pilot("differences", differences)
    return _upper_sd(float(d.std(ddof=1)), len(d) - 1, assurance)


def pilot_sd_unpaired(first: Floats, second: Floats, assurance: float = 0.8) -> float:
    """The standard deviation to plan with, from a pilot's scores of two arms that are not paired.

    It stands for that of a difference of one score each, the root of the sum of both variances, so
    that what is planned with it is the number of repeats of each arm. The upper limit is that of
    ``pilot_sd`` with Welch's degrees of freedom. Runs that diverged are left out; raises DataError
    where an arm has fewer than two others.

    Example:
        >>> first, second = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.5, 4.0])
        >>> round(pilot_sd_unpaired(first, second), 3)
        2.423
    """
    arms = _pilot("first", first), _pilot("second", second)
    squares = [float(scores.var(ddof=1)) for scores in arms]
    weights = [v**2 / (len(scores) - 1) for v, scores in zip(squares, arms, strict=True)]
    df = sum(squares) ** 2 / sum(weights) if sum(weights) > 0.0 else 1.0
    return _upper_sd(math.sqrt(sum(squares)), df, assurance)


def half_widths(sd: float, repeats: Sequence[int], level: float = 0.95) -> Floats:
    """The half-width that Student's interval of a mean difference has at each number of repeats.

    ``sd`` is that of the paired differences.

    Example:
        >>> half_widths(2.0, [10, 40, 160]).round(3)
        array([1.431, 0.64 , 0.312])
    """
    sd, level = positive("sd", sd), _inside("level", level)
    n = np.array([at_least("repeats", count, 2) for count in repeats])
    return np.asarray(special.stdtrit(n - 1, 0.5 + level / 2.0) * sd / np.sqrt(n))


def repeats_for_half_width(sd: float, half_width: float, level: float = 0.95) -> int:
    """The fewest repeats whose Student interval of the mean difference is no wider than wanted.

    ``sd`` is that of the paired differences.

    Example:
        >>> repeats_for_half_width(sd=2.0, half_width=0.5)
        64
    """
    half_width = positive("half_width", half_width)
    return _fewest(lambda n: bool(half_widths(sd, [n], level)[0] <= half_width))


def power_of_difference(repeats: int, sd: float, difference: float, alpha: float = 0.05) -> float:
    """The probability that the two-sided paired t-test shows a true mean difference.

    By the noncentral t distribution, for normal differences of standard deviation ``sd``.

    Example:
        >>> round(power_of_difference(34, sd=2.0, difference=1.0), 3)
        0.808
    """
    from statsmodels.stats.power import TTestPower

    repeats, sd = at_least("repeats", repeats, 2), positive("sd", sd)
    size, alpha = abs(float(difference)) / sd, _inside("alpha", alpha)
    return float(TTestPower().power(size, repeats, alpha))


def power_of_equivalence(
    repeats: int, sd: float, margin: float, difference: float = 0.0, alpha: float = 0.05
) -> float:
    """The probability that two one-sided paired t-tests show a difference within the margin.

    Given the observed standard deviation s, both tests reject where the mean is within
    ``margin - t s / sqrt(n)``, and the mean is normal and independent of s. That probability is
    integrated over the distribution of s (Owen 1965; Phillips 1990); it is exact for normal
    differences. ``difference`` is the true mean.

    Example:
        >>> round(power_of_equivalence(36, sd=2.0, margin=1.0), 3)
        0.805
    """
    from scipy import integrate

    repeats, sd = at_least("repeats", repeats, 2), positive("sd", sd)
    margin, alpha = positive("margin", margin), _inside("alpha", alpha)
    df, error = repeats - 1, sd / math.sqrt(repeats)
    t = float(special.stdtrit(df, 1.0 - alpha))
    low, high = (-margin - difference) / error, (margin - difference) / error

    def both_reject(share: float) -> float:
        """Given that s stands at this share of its distribution."""
        s = math.sqrt(2.0 * float(special.gammaincinv(df / 2.0, share)) / df)
        return float(special.ndtr(high - t * s) - special.ndtr(low + t * s))

    # Beyond this s no mean lets both reject.
    widest = margin / (t * error)
    end = float(special.gammainc(df / 2.0, df * widest**2 / 2.0))
    return max(0.0, float(integrate.quad(both_reject, 0.0, end, limit=200)[0]))


def power_of_no_worse(
    repeats: int, sd: float, margin: float, difference: float = 0.0, alpha: float = 0.05
) -> float:
    """The probability that the one-sided paired t-test shows a difference below the margin.

    By the noncentral t distribution, for normal differences of standard deviation ``sd`` and true
    mean ``difference``.

    Example:
        >>> round(power_of_no_worse(27, sd=2.0, margin=1.0), 3)
        0.812
    """
    from statsmodels.stats.power import TTestPower

    repeats, sd = at_least("repeats", repeats, 2), positive("sd", sd)
    margin, alpha = positive("margin", margin), _inside("alpha", alpha)
    return float(TTestPower().power((margin - difference) / sd, repeats, alpha, None, "larger"))


def repeats_for(power_of: Callable[..., float], power: float = 0.8, **settings: float) -> int:
    """The fewest repeats with which a test decides with that power.

    ``power_of`` is ``power_of_difference``, ``power_of_equivalence`` or ``power_of_no_worse``, and
    ``settings`` are its other arguments. Raises SettingError where ten million repeats are not
    enough, as for a true difference beyond the margin.

    Example:
        >>> repeats_for(power_of_difference, sd=2.0, difference=1.0)
        34
        >>> repeats_for(power_of_equivalence, sd=2.0, margin=1.0)
        36
    """
    power = _inside("power", power)
    return _fewest(lambda n: power_of(n, **settings) >= power)


def looks(budget: int, count: int, alpha: float = 0.05) -> list[Look]:
    """The planned looks at a growing sample, evenly spaced, with alpha divided among them.

    At whichever of these looks one stops, and whatever they have shown, the probability
    that any of them rejects a true hypothesis is at most ``alpha`` (Bonferroni). Looking at other
    times, or once more after the last, is not covered. The looks share data, so that the true
    probability is lower. Each look has two repeats more than the one before at least; raises
    SettingError where the budget does not allow it.

    Example:
        >>> looks(budget=300, count=3, alpha=0.06)[0]
        Look(repeats=100, alpha=0.02)
    """
    count, alpha = at_least("count", count, 1), _inside("alpha", alpha)
    budget = at_least("budget", budget, 2)
    if budget < 2 * count:
        raise SettingError(
            "count", count, f"is too many looks at {budget} repeats", f"Use {budget // 2} or fewer."
        )
    return [Look(budget * (i + 1) // count, alpha / count) for i in range(count)]


def _upper_sd(sd: float, df: float, assurance: float) -> float:
    """The upper confidence limit of a standard deviation."""
    return sd * math.sqrt(df / float(special.chdtri(df, _inside("assurance", assurance))))


def _pilot(argument: str, scores: Floats) -> Floats:
    """The finite ones, of which a standard deviation needs two."""
    finite = np.asarray(scores, np.float64)
    finite = finite[np.isfinite(finite)]
    if len(finite) < 2:
        raise DataError(
            argument, len(finite), "are too few finite ones for a pilot", "Run two or more."
        )
    return finite


def _inside(argument: str, value: float) -> float:
    """``value`` as a float between zero and one, neither included."""
    return positive(argument, fraction(argument, value))


def _fewest(enough: Callable[[int], bool]) -> int:
    """The fewest repeats, two or more, that are enough; what is enough stays so with more."""
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST:
            raise SettingError(
                "repeats", high, "would not be enough", "Accept a wider interval or margin."
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
