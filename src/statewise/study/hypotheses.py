"""Claims about arms that a study is to settle."""

from dataclasses import dataclass
from typing import Literal

from statewise.base.checks import instance, label, one_of, positive, truth
from statewise.base.records import settle
from statewise.errors import SettingError

__all__ = ["Hypothesis", "better", "equivalent", "no_worse"]

FAMILY = "study"
"""The family of hypotheses that name no other."""

LONGEST_CLAIM = 1000  # characters
CLAIMS = {
    "better": "{} beats {}",
    "equivalent": "{} and {} are practically equal",
    "no_worse": "{} is no worse than {}",
}


@dataclass(frozen=True)
class Hypothesis:
    """A claim about two arms, to be tested.

    Args:
        kind: ``"better"``: the first arm has the lower mean error. ``"equivalent"``: their mean
            errors differ by no more than the practical margin. ``"no_worse"``: the first arm's mean
            error exceeds the second's by no more than the margin.
        first, second: names of arms, or of simple forecasts (``Study.simple_names``); ``"simple"``
            is the simple forecast that did best on the training part.
        claim: the claim in words, by default made of the kind and the names.
        margin: the practical margin; None takes the study's.
        relative: whether ``margin`` is a fraction of the naive forecast's error, or absolute.
        family: the name of the hypotheses that are corrected together for being many.
    """

    kind: Literal["better", "equivalent", "no_worse"]
    first: str
    second: str
    claim: str = ""
    margin: float | None = None
    relative: bool = True
    family: str = FAMILY

    def __post_init__(self) -> None:
        kind = one_of("kind", self.kind, CLAIMS)
        margin = None if self.margin is None else positive("margin", self.margin)
        first, second = label("first", self.first), label("second", self.second)
        instance("claim", self.claim, str, "Say it in words.")
        claim = self.claim or CLAIMS[kind].format(first, second)
        settle(
            self,
            kind=kind,
            margin=margin,
            claim=label("claim", claim, LONGEST_CLAIM),
            relative=truth("relative", self.relative),
            family=label("family", self.family),
        )
        if self.first == self.second:
            fix = "Compare two different arms."
            raise SettingError("second", self.second, "is the first arm too", fix)

    def margin_for(self, naive_error: float, default: float) -> float:
        """The margin in the units of the series; ``default`` is a fraction of the naive error."""
        if self.margin is None:
            return default * naive_error
        return self.margin * naive_error if self.relative else self.margin


def better(first: str, second: str, claim: str = "", *, family: str = FAMILY) -> Hypothesis:
    """The hypothesis that arm ``first`` has a lower mean error than arm ``second``."""
    return Hypothesis("better", first, second, claim, family=family)


def equivalent(
    first: str,
    second: str,
    claim: str = "",
    *,
    margin: float | None = None,
    relative: bool = True,
    family: str = FAMILY,
) -> Hypothesis:
    """The hypothesis that the arms' mean errors are practically equal."""
    return Hypothesis("equivalent", first, second, claim, margin, relative, family)


def no_worse(
    first: str,
    second: str,
    claim: str = "",
    *,
    margin: float | None = None,
    relative: bool = True,
    family: str = FAMILY,
) -> Hypothesis:
    """The hypothesis that arm ``first`` is at most a practical margin worse than ``second``."""
    return Hypothesis("no_worse", first, second, claim, margin, relative, family)
