"""What is tried for the networks of a forecaster: each way to combine the values that are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from statewise.auto.like_forecast import Like
from statewise.base.checks import one_of
from statewise.errors import DataError, SettingError
from statewise.forecasting.decisions import MOST_LAGS, Decisions
from statewise.forecasting.regime_choice import CANDIDATES
from statewise.forecasting.settings import Recipe
from statewise.model.regime import REGIMES

__all__ = ["SEARCHED", "Candidate", "around", "candidates"]

ALIKE = ("scope", "members", "transform")
"""Settings that all candidates share: series are adjusted, and restarts combined, in one way."""
SEARCHED = tuple(each.name for each in fields(Recipe) if each.name not in ALIKE)
MOST = 10_000  # candidates
MOST_UNITS = 32  # of the usual grid

Space = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Candidate:
    """One of the recipes that are tried.

    Attributes:
        name: what is special about it, in words.
        values: the settings that are searched, with its values of them.
        recipe: all that it says.
        decided: and what is decided beyond that.
    """

    name: str
    values: dict[str, Any]
    recipe: Recipe
    decided: Decisions


def around(like: Like, recipe: Recipe) -> dict[str, list[Any]]:
    """A small grid about what a forecaster decides: regimes, lags and units, if they are open."""
    decided = like.decide(recipe).networks.model
    lags, units = decided.framing.lags, decided.network.units
    usual: dict[str, list[Any]] = {
        "regime": list(CANDIDATES),
        "lags": sorted({max(1, lags // 2), lags, max(lags, min(2 * lags, MOST_LAGS))}),
        "units": sorted({max(1, units // 4), units, max(units, min(4 * units, MOST_UNITS))}),
    }
    return {name: values for name, values in usual.items() if getattr(recipe, name) is None}


def candidates(like: Like, recipe: Recipe, space: Space) -> tuple[list[Candidate], list[str]]:
    """The candidates of a space, and a sentence on each that is left out.

    Two that come to the same network, training and regime are one.

    Args:
        like: the study that they are for.
        recipe: what all of them have.
        space: values by the names of settings of ``Recipe``.

    Raises:
        SettingError: a setting is none that can be searched, or there are too many or fewer than
            two candidates that are possible.
        DataError: there are fewer than two, since a series is too short for the others.
    """
    several: Any  # whatever was given
    for name, several in space.items():
        one_of("space", name, SEARCHED)
        listed = isinstance(several, Sequence | np.ndarray) and not isinstance(several, str)
        if not listed or not len(several):
            problem = "is no list of values"
            raise SettingError(f"space[{name!r}]", several, problem, "Give for example [4, 8].")
    for value in space.get("regime", ()):
        one_of("regime", value, REGIMES)
    count = prod(map(len, space.values()))
    few = "leaves one candidate, and nothing to choose"
    if not 1 < count <= MOST:
        problem = few if count == 1 else f"has {count:,} candidates, more than {MOST:,}"
        raise SettingError("space", dict(space), problem, "Give a few values of some settings.")
    found: dict[Any, Candidate] = {}
    notes, refused = [], None
    for chosen in product(*space.values()):
        tried = dict(zip(space, chosen, strict=True))
        name = named(tried)
        try:
            each = replace(recipe, **tried)
            decided = like.decide(each)
            like.study({name: decided}, 1)
        except (DataError, SettingError) as error:
            refused = error
            why = f"{error.argument} = {error.value!r:.60} {error.problem}"
            notes.append(f"{name} is left out: {why}.")
            continue
        found.setdefault(decided.networks.model, Candidate(name, tried, each, decided))
    if len(found) < 2 and refused is not None:
        raise refused
    if len(found) < 2:
        raise SettingError("space", dict(space), few, "Give values that make a difference.")
    return list(found.values()), notes


def named(values: Mapping[str, Any]) -> str:
    """Settings in words.

    Example:
        >>> named({"regime": "stateful-warm", "lags": 6, "learning_rate": 0.01})
        'stateful-warm, lags 6, learning rate 0.01'
    """
    parts = [
        str(value) if name == "regime" else f"{name.replace('_', ' ')} {value}"
        for name, value in values.items()
    ]
    return ", ".join(parts)
