"""Adjustment: a series made additive, level and free of seasons, and the way back.

A value of a series over its mean absolute value goes through a transform that makes its
changes alike, its seasons are taken out, and what is left is counted in a unit that a panel
shares. Every map works value by value, through functions that round the same whatever the
layout of an array, so that a series is adjusted to the same bit alone and among thousands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from statewise.errors import DataError

__all__ = [
    "LONG",
    "SEASONS_NEEDED",
    "TRANSFORMS",
    "Adjustment",
    "Transform",
    "fit_adjustment",
    "seasonal_indices",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Transform = Literal["auto", "none", "log", "asinh"]
TRANSFORMS = ("none", "log", "asinh")  # of a series, by number
LOWEST = 1e-3  # of the mean: a logarithm is taken only where no value is below it
HIGHEST = 50.0  # of a transformed value that is taken back; beyond it is nonsense
ROUNDING = 1e-9  # of the mean: what changes less does not move
LARGEST = 1e100  # of a value over the mean
SEASONS_NEEDED = 2.5  # in a history, before its seasons are taken out
LONG = 20_000  # observations: of a longer history seasons and parameters are those of the latest
LONG_SEASONS = 50  # the least that such a history shows of one


@dataclass(frozen=True, eq=False)
class Adjustment:
    """How each series of a panel is adjusted.

    Attributes:
        seasons: how many steps each has, the shortest first.
        kind: (series,) a place in ``TRANSFORMS``.
        unit: (series,) the mean absolute value of the history.
        indices: (series, sum of seasons) what each phase of each season adds, transformed; phase 0
            is that of the first observation.
        scale: (series,) what one unit of an adjusted series is worth, transformed.
        low, high: (series,) bounds of forecasts, in the units of the series.
    """

    seasons: tuple[int, ...]
    kind: Ints
    unit: Floats
    indices: Floats
    scale: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.unit)

    @cached_property
    def rows(self) -> Ints:
        """(series, 1) places of the series."""
        return np.arange(len(self.unit))[:, None]

    def seasonal(self, at: Ints) -> Floats:
        """What the seasons add, transformed, at these places (series, steps) counted from 0."""
        total, begin = np.zeros(at.shape), 0
        for season in self.seasons:
            total += self.indices[self.rows, begin + at % season]
            begin += season
        return total

    def apply(self, y: Floats, at: Ints) -> Floats:
        """Observations (series, steps) at these places (series, steps), adjusted."""
        z, begin = mapped(FORWARD, self.kind[:, None], y / self.unit[:, None]), 0
        for season in self.seasons:  # one by one, as the fit takes them out
            z = z - self.indices[self.rows, begin + at % season]
            begin += season
        return np.asarray(z / self.scale[:, None])

    def invert(self, z: Floats, at: Ints | None) -> Floats:
        """Adjusted values (series, steps) or (series, members, steps) in units of the series.

        Args:
            z: adjusted.
            at: (series, steps) their places, counted from 0; None leaves the seasons out.
        """
        axes = (slice(None), *[None] * (z.ndim - 1))
        value = z * self.scale[axes]
        if at is not None:
            value = value + self.seasonal(at).reshape(len(z), *[1] * (z.ndim - 2), -1)
        return self.clip(mapped(BACK, self.kind[axes], value) * self.unit[axes])

    def clip(self, y: Floats) -> Floats:
        """Forecasts (series, ...) within their bounds."""
        axes = (slice(None), *[None] * (y.ndim - 1))
        return np.asarray(np.clip(y, self.low[axes], self.high[axes]))

    def slope(self, y: Floats) -> Floats:
        """What one unit of an adjusted series is worth at values (series, steps), in their units.

        It is the derivative of the way back, so that a band about a forecast is as wide above as
        below; a band taken back itself may be wider above by any factor.
        """
        kind, unit = self.kind[:, None], self.unit[:, None]
        worth = np.where(kind == 1, np.maximum(np.abs(y), LOWEST * unit), np.hypot(y, unit))
        return np.asarray(np.where(kind == 0, unit, worth) * self.scale[:, None])

    def is_representable(self, y: Floats) -> NDArray[np.bool_]:
        """Which observations (series, ...) can be adjusted."""
        unit = self.unit.reshape(-1, *[1] * (y.ndim - 1))
        return np.asarray(np.abs(y) < LARGEST * unit)

    def take(self, series: NDArray[Any]) -> "Adjustment":
        """The adjustment of some of the series."""
        return Adjustment(self.seasons, **{k: v[series] for k, v in self.arrays().items()})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was fitted, by name; every array has an axis of series first."""
        names = ("kind", "unit", "indices", "scale", "low", "high")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(
        cls, seasons: Sequence[int], arrays: Mapping[str, NDArray[Any]]
    ) -> "Adjustment":
        """The adjustment whose ``arrays`` these are; raises DataError if they do not fit."""
        found = cls(tuple(seasons), **{k: np.asarray(v) for k, v in arrays.items()})
        count = len(found.unit)
        shapes = dict.fromkeys(found.arrays(), (count,)) | {"indices": (count, sum(found.seasons))}
        for name, array in found.arrays().items():
            whole = array.dtype.kind in ("i" if name == "kind" else "f")
            if array.shape != shapes[name] or not whole or np.isnan(array).any():
                raise DataError(name, array.shape, "is damaged", "Give what arrays() returned.")
        positive = (found.unit > 0).all() and (found.scale > 0).all()
        known = ((found.kind >= 0) & (found.kind < len(TRANSFORMS))).all()
        finite = all(np.isfinite(getattr(found, k)).all() for k in ("unit", "indices", "scale"))
        if not (positive and known and finite):
            raise DataError("unit", found.unit, "is damaged", "Give what arrays() returned.")
        return found


def fit_adjustment(
    y: Floats,
    offsets: Ints,
    *,
    seasons: Sequence[int] = (),
    transform: Transform = "auto",
    bounds: tuple[float | None, float | None] | Literal["auto"] | None = "auto",
    scale: Floats | None = None,
    apart: bool = False,
) -> tuple[Adjustment, Floats]:
    """Learn how to adjust the series of a panel.

    A logarithm is taken where every value is above a thousandth of the mean absolute value, and
    the area hyperbolic sine otherwise, which is linear about zero and logarithmic far from it.
    What is left is counted in the median of all series' mean absolute changes.

    Args:
        y: (observations,) the histories, one after the other, at least one observation each.
        offsets: (series + 1,) where each begins and ends.
        seasons: steps of each season.
        transform: "auto" as above; "log" and "asinh" for all series, a logarithm only where it can
            be taken; or "none".
        bounds: the least and the greatest forecast; "auto": not below zero where the history is
            not; None: no bounds.
        scale: (series,) what one unit is worth, if not that median.
        apart: take each series' own mean absolute change instead of the median of all.

    Returns:
        The adjustment, and the adjusted histories, (observations,).

    Example:
        >>> y = 10.0 + np.tile([1.0, 2.0, 3.0, 4.0], 5)
        >>> fitted, z = fit_adjustment(y, np.array([0, 20]), seasons=[4])
        >>> fitted.indices.round(3).tolist()
        [[-0.124, -0.037, 0.043, 0.117]]
    """
    starts, counts = offsets[:-1], np.diff(offsets)
    size = np.add.reduceat(np.abs(y), starts) / counts
    unit = np.where(size > 0, size, 1.0)
    lowest = np.minimum.reduceat(y, starts)
    can = lowest > LOWEST * unit
    chosen = {"none": np.zeros(len(unit), bool)}.get(transform, can & (transform != "asinh"))
    kind = np.where(chosen, 1, 0 if transform == "none" else 2)
    low, high = np.full(len(unit), -np.inf), np.full(len(unit), np.inf)
    if bounds == "auto":
        low[lowest >= 0] = 0.0
    elif bounds is not None:
        low[:] = -np.inf if bounds[0] is None else bounds[0]
        high[:] = np.inf if bounds[1] is None else bounds[1]
    z = mapped(FORWARD, np.repeat(kind, counts), y / np.repeat(unit, counts))
    ordered = tuple(sorted({int(m) for m in seasons if m > 1}))
    indices = np.zeros((len(unit), sum(ordered)))
    change = np.zeros(len(unit))
    for i, (start, count) in enumerate(zip(starts, counts, strict=True)):
        part, begin = z[start : start + count], 0
        for m in ordered:
            if count >= SEASONS_NEEDED * m:
                first = max(0, count - max(LONG, LONG_SEASONS * m)) // m * m
                index = seasonal_indices(part[first:], m)
                indices[i, begin : begin + m] = index
                part -= np.resize(index, count)
            begin += m
        if count > 1:
            change[i] = np.abs(np.diff(part)).mean()
    if scale is None and apart:
        scale = np.where(change > ROUNDING, change, 1.0)
    elif scale is None:
        moving = change[change > ROUNDING]
        scale = np.full(len(unit), np.median(moving) if len(moving) else 1.0)
    z /= np.repeat(scale, counts)
    return Adjustment(ordered, kind, unit, indices, scale, low, high), z


def seasonal_indices(z: Floats, season: int) -> Floats:
    """(season,) what each phase adds to ``z``, shrunk by how much of it is noise; they sum to zero.

    Medians by phase of the values less their centred moving average, less the mean of the medians.
    They are shrunk as James and Stein (1961) shrink means, by twice the share of their variance
    that noise explains; the variance of a median is 1.57 times that of a mean. Where noise
    explains them all there is no season. No test decides, so nothing jumps.

    Args:
        z: (observations,) at least two and a half seasons.
        season: steps of it, at least two.
    """
    half = season // 2
    sums = np.concatenate([[0.0], np.cumsum(z)])
    trend = sums[season:] - sums[:-season]  # of whole seasons
    trend = (trend / season) if season % 2 else (trend[1:] + trend[:-1]) / (2 * season)
    left = z[half : half + len(trend)] - trend
    rows = -(-(half + len(left)) // season)
    table = np.full(rows * season, np.inf)
    table[half : half + len(left)] = left
    ordered = np.sort(table.reshape(rows, season), axis=0)
    seen = np.isfinite(ordered).sum(axis=0)
    phase = np.arange(season)
    index = (ordered[(seen - 1) // 2, phase] + ordered[seen // 2, phase]) / 2
    index -= index.mean()
    variance = (index**2).sum() / (season - 1)
    if not variance > 1e-300:
        return np.zeros(season)
    rest = left - index[(half + np.arange(len(left))) % season]
    noise = 1.57 * (rest**2).sum() / max(len(left) - season, 1) / (len(left) / season)
    share = 1.0 - 2.0 * max(season - 3, 1) / (season - 1) * noise / variance
    return np.asarray(index * max(share, 0.0))


def log(value: Floats) -> Floats:
    """The logarithm, of values at ``LOWEST`` where they are below it."""
    from scipy.special import boxcox

    return np.asarray(boxcox(np.maximum(value, LOWEST), 0.0))


def unlog(value: Floats) -> Floats:
    from scipy.special import inv_boxcox

    return np.asarray(inv_boxcox(np.clip(value, -HIGHEST, HIGHEST), 0.0))


def asinh(value: Floats) -> Floats:
    from scipy.special import log1p

    size = np.abs(value)
    return np.asarray(
        np.copysign(log1p(size + size * size / (1 + np.sqrt(1 + size * size))), value)
    )


def unasinh(value: Floats) -> Floats:
    from scipy.special import expm1

    less_one = expm1(np.minimum(np.abs(value), HIGHEST))
    return np.asarray(np.copysign((less_one + less_one / (less_one + 1)) / 2, value))


def same(value: Floats) -> Floats:
    return value


FORWARD, BACK = (same, log, asinh), (same, unlog, unasinh)  # in the order of TRANSFORMS


def mapped(maps: Sequence[Callable[[Floats], Floats]], kind: Ints, value: Floats) -> Floats:
    """Each value by the map of its ``kind``, which broadcasts."""
    first = int(kind.flat[0])
    if (kind == first).all():
        return maps[first](value)
    parts = [each(value) for each in maps]
    return np.asarray(np.where(kind == 0, parts[0], np.where(kind == 1, parts[1], parts[2])))
