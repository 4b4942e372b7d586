"""Scores to simulate with, and how far a simulated rate may lie from the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

SIMULATIONS = 2000
KINDS = ["skewed", "light"]
each_kind = pytest.mark.parametrize("kind", KINDS)


def scores(kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """RMSEs with a heavy upper tail, like the stateful arm's, or with hardly any tail."""
    if kind == "skewed":
        return 90.0 + rng.lognormal(2.0, 0.7, shape)
    return rng.uniform(95.0, 105.0, shape)


def center(kind: str) -> float:
    """The mean of ``scores``."""
    return 90.0 + float(np.exp(2.0 + 0.7**2 / 2.0)) if kind == "skewed" else 100.0


def in_band(count: int, rate: float = 0.05, simulations: int = SIMULATIONS) -> bool:
    """Whether ``count`` lies within the central 99% of a binomial distribution."""
    low, high = stats.binom.interval(0.99, simulations, rate)
    return bool(low <= count <= high)


def below_band(count: int, rate: float = 0.05, simulations: int = SIMULATIONS) -> bool:
    """Whether ``count`` is no more than its upper end: for what is conservative by construction."""
    return bool(count <= stats.binom.interval(0.99, simulations, rate)[1])
