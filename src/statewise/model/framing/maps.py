"""The invertible maps that a framing is made of: power, difference, and scale."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "difference", "fit_power", "power", "undifference", "unpower"]

Floats = NDArray[np.float64]
SMALLEST = 1e-30  # a range below it is no range
ZERO = 1e-19  # an exponent below it is zero to SciPy's Box-Cox, though not to its inverse
POWERS = (-1.0, 2.0)  # where the likelihood of a power is searched


class Scale(NamedTuple):
    """An affine map along the last axis, ``value * factor + offset``, one for each leading index.

    ``factor`` and ``offset`` have the shape of the leading axes, or one that broadcasts to it.
    """

    factor: Floats
    offset: Floats

    @classmethod
    def identity(cls) -> "Scale":
        """The map that changes nothing."""
        return cls(np.asarray(1.0), np.asarray(0.0))

    @classmethod
    def fit(cls, values: Floats, to: tuple[float, float] | str) -> "Scale | None":
        """The map of ``values`` to a range, or to mean 0 and variance 1; None if they are constant.

        Args:
            values: of any shape.
            to: (low, high), the images of the least and the greatest value; or "standard".
        """
        least, greatest = values.min(), values.max()
        if greatest - least < SMALLEST:
            return None
        if isinstance(to, str):
            factor = 1.0 / values.std()
            return cls(np.asarray(factor), np.asarray(-values.mean() * factor))
        low, high = to
        factor = (high - low) / (greatest - least)
        return cls(np.asarray(factor), np.asarray(low - least * factor))

    @classmethod
    def centred(cls, value: float, to: tuple[float, float] | str) -> "Scale":
        """The map with factor one that takes ``value`` to the middle of a range, or to 0."""
        middle = 0.0 if isinstance(to, str) else sum(to) / 2
        return cls(np.asarray(1.0), np.asarray(middle - value))

    def apply(self, values: Floats) -> Floats:
        scaled: Floats = values * self.factor[..., None] + self.offset[..., None]
        return scaled

    def invert(self, values: Floats) -> Floats:
        unscaled: Floats = (values - self.offset[..., None]) / self.factor[..., None]
        return unscaled


def power(values: Floats, exponent: Floats) -> Floats:
    """Box and Cox's (1964) power of positive ``values``; exponent 0 is the logarithm.

    ``(x ** exponent - 1) / exponent`` along the last axis, with one exponent for each leading
    index. SciPy computes it value by value, so its bits depend neither on an array's layout nor
    on the vector instructions of a processor.
    """
    from scipy.special import boxcox

    transformed: Floats = boxcox(values, exponent[..., None])
    return transformed


def unpower(values: Floats, exponent: Floats) -> Floats:
    """The inverse of ``power``. Beyond its range it is the limit there: zero, or infinity."""
    from scipy.special import inv_boxcox

    exponent = np.where(abs(exponent) < ZERO, 0.0, exponent)[..., None]
    limit = np.where(exponent > 0.0, 0.0, np.inf)
    with np.errstate(invalid="ignore"):  # infinity times zero, the forecast of a diverged run
        beyond = values * exponent <= -1.0
    found: Floats = np.where(beyond, limit, inv_boxcox(values, exponent))
    return found


def fit_power(values: Floats) -> float:
    """The exponent, between -1 and 2, that makes positive ``values`` most likely to be normal.

    It gives the least variance to powers of ``values`` over their geometric mean (Box and Cox 1964,
    equation 8). It is 1 for values that do not vary, which have no likelihood.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import expm1

    logs = power(values, np.asarray(0.0))
    logs -= logs.mean()
    if logs.max() - logs.min() < SMALLEST:
        return 1.0

    def spread(exponent: float) -> float:
        variance = (expm1(exponent * logs) / exponent if exponent else logs).var()
        return float(np.log(variance)) if np.isfinite(variance) else np.inf

    with np.errstate(all="ignore"):
        return float(minimize_scalar(spread, bounds=POWERS, method="bounded").x)


def difference(values: Floats, lag: int) -> Floats:
    """The changes (..., n - lag) of ``values`` (..., n) over ``lag`` steps."""
    return values[..., lag:] - values[..., :-lag]


def undifference(changes: Floats, before: Floats, lag: int) -> Floats:
    """The values that follow ``before`` (..., at least lag) with these ``changes`` (..., n)."""
    count = changes.shape[-1]
    if count <= lag:
        start = before.shape[-1] - lag
        return changes + before[..., start : start + count]
    values = [before[..., i] for i in range(-lag, 0)]
    for i in range(count):
        values.append(changes[..., i] + values[i])
    return np.stack(values[lag:], axis=-1)
