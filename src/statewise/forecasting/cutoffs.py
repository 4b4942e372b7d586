"""Inner cutoffs: where a model is tried on its own history before it forecasts."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statewise.simple.adjustment import SEASONS_NEEDED

__all__ = ["LEAST", "earlier", "held_back", "shown", "spread"]

Ints = NDArray[np.int64]
LEAST = 4  # observations that a series must show before a cutoff
LONG = 12  # horizons in a history that has room for further cutoffs of the networks
FURTHER = 12  # cutoffs of the simple forecasts, where there are few series


def held_back(lengths: Ints, horizon: int) -> list[int]:
    """How many observations each inner cutoff holds back, the most first.

    The networks' twin is trained before the first of them, and does not see what follows.

    Args:
        lengths: (series,) observations.
        horizon: of the forecasts.

    Example:
        >>> held_back(np.array([100]), 18)
        [18, 12, 6]
    """
    middle = int(np.median(lengths))
    reach = min(horizon, max(1, middle // 3))  # short histories are tried less far ahead
    found = {reach, 2 * reach // 3, reach // 3} - {0}
    if middle >= LONG * horizon:
        found |= {3 * horizon, 5 * horizon // 2, 2 * horizon, 3 * horizon // 2}
    return sorted(found, reverse=True)


def earlier(lengths: Ints, horizon: int, seasons: Sequence[int] = ()) -> list[int]:
    """Further cutoffs before those, evenly over the last half of a history, the earliest first.

    Args:
        lengths, horizon: as for ``held_back``.
        seasons: steps of each; what a history shows of the shortest now, it shows at the cutoffs.
    """
    middle, most = int(np.median(lengths)), held_back(lengths, horizon)[0]
    reach = min(middle // 2, most + 10 * horizon, middle - needed(middle, seasons))
    every = max(1, horizon // 2, (reach - most) // FURTHER)
    return list(range(most + every, reach + 1, every))[::-1]


def spread(lengths: Ints, horizon: int, seasons: Sequence[int] = ()) -> list[int]:
    """Cutoffs over the end of a history, for the widths of intervals of a few series.

    Arguments are those of ``earlier``.
    """
    longest = int(lengths.max())
    least = max(LEAST, longest // 3, needed(longest, seasons))
    most = min(longest - least, 3 * horizon + 20)
    found = np.unique(np.linspace(1, max(most, 1), 20).astype(int))
    return [int(d) for d in found if d not in held_back(lengths, horizon)]


def shown(seasons: Sequence[int]) -> int:
    """How many observations show the shortest season."""
    return math.ceil(SEASONS_NEEDED * min(seasons, default=1))


def needed(length: int, seasons: Sequence[int]) -> int:
    """How many observations a history must show, if it is so long: its shortest season."""
    return shown(seasons) if length > shown(seasons) else LEAST
