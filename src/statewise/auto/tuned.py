"""What a search for a forecaster's networks found, in numbers and in sentences."""

from dataclasses import dataclass

import numpy as np

from statewise.auto.estimates import Estimate, Gap, over
from statewise.forecasting.settings import Recipe
from statewise.show.tables import Row, table, wrap
from statewise.study import StudyResult, Verdict

__all__ = ["Tuned"]


@dataclass(frozen=True, eq=False)
class Tuned:
    """The winner of a search, and what it did where no candidate had looked.

    Errors are RMSEs of the median forecast of a forecaster's networks, as many as it has members,
    over that of the naive forecast.

    Attributes:
        recipe: the winner's, for ``Forecaster(recipe=..., horizon=...)``.
        horizon: that it was tried at.
        winner: its name.
        rows: a row a candidate, those that came farthest first: its settings, the rung that it
            reached and its restarts, its error (``of_naive``) with the ends of the interval
            (``low``, ``high``; None where it would reach below zero), and the same error over that
            of the best simple forecast (``of_simple``).
        inner: its error at the inner cutoffs, by which it was chosen.
        simple: that of the best simple forecast there.
        gap: to the candidate that came next.
        left_out: the error at each inner cutoff in turn of the candidate that does best at the
            others, on average; None where there is one cutoff.
        outer: its error on the outer test part.
        outer_simple: that of the best simple forecast there, as chosen on the training part.
        untuned: that of what the forecaster decides by itself; None where this won.
        result: the study of the outer test part: ensembles of the winner, "tuned", and of what the
            forecaster decides by itself, "untuned" if it is another.
        verdicts: on whether "tuned" beats the simple forecasts and "untuned" there.
        notes: on candidates that were left out, and a search that the budget ended.
        searched: how the search went, in a sentence.
    """

    recipe: Recipe
    horizon: int
    winner: str
    rows: list[Row]
    inner: Estimate
    simple: float
    gap: Gap
    left_out: float | None
    outer: Estimate
    outer_simple: float
    untuned: float | None
    result: StudyResult
    verdicts: list[Verdict]
    notes: tuple[str, ...]
    searched: str

    @property
    def of_simple(self) -> tuple[float, float]:
        """The winner's error over that of the best simple forecast: inner cutoffs, outer part."""
        return over(self.inner.error, self.simple), over(self.outer.error, self.outer_simple)

    @property
    def optimism(self) -> float:
        """How much more of the best simple forecast's error is left on the outer test part.

        It is a difference of shares of that error, since one test part is easier than another.
        """
        before, after = self.of_simple
        return after - before

    @property
    def summary(self) -> str:
        """What was found, in sentences."""
        return "\n\n".join(wrap(each) for each in sentences(self))

    def __str__(self) -> str:
        return f"{table(self.rows)}\n\n{self.summary}"

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        return shown(f"Tuned: {self.winner}", self.rows, " ".join(sentences(self)))


def sentences(found: Tuned) -> list[str]:
    """Paragraphs: the search, the winner, what the choice flatters, the outer test part."""
    many = len(found.result.study.panel) > 1
    return [
        *found.notes,
        searched(found, many),
        flattered(found),
        tested(found, many),
        *claims(found),
    ]


def searched(found: Tuned, many: bool) -> str:
    """How the search went, and who won by how much."""
    units = "series" if many else "ensembles of restarts on this series"
    gap = found.gap
    chance = "" if gap.low > 0.0 else ", which may be chance"
    return (
        f"{found.searched} The winner is {found.winner}: its RMSE there is "
        f"{with_ends(found.inner)} of the naive forecast's (95% interval over {units}), where the "
        f"best simple forecast has {found.simple:.3f}. {gap.name}, the next, has {gap.more:.3f} "
        f"more [{gap.low:.3f}, {gap.high:.3f}]{chance}."
    )


def flattered(found: Tuned) -> str:
    """What the choice itself adds to the winner's lead."""
    if found.left_out is None:
        return (
            "The winner was chosen by this very error, which flatters it; with two inner cutoffs "
            "or more it is said by how much."
        )
    return (
        f"The winner was chosen by this very error, which flatters it. Candidates that are chosen "
        f"on all inner cutoffs but one have {found.left_out:.3f} at that one, on average: about "
        f"{max(found.left_out - found.inner.error, 0.0):.3f} is the luck of the choice."
    )


def tested(found: Tuned, many: bool) -> str:
    """What the winner did on the outer test part, beside what the search promised."""
    result = found.result
    size = result.study.test_size
    part = f"the last {size} observations" if size > 1 else "the last observation"
    chosen = ", ".join(result.chosen())
    rest = "" if found.untuned is None else f", and untuned networks have {found.untuned:.3f}"
    own = "" if rest else " It is what the forecaster decides by itself."
    (before, after), by = found.of_simple, found.optimism
    promise = (
        f"So of the best simple forecast's error the search promised {before:.3f}, and got "
        f"{after:.3f}: it was {f'optimistic by {by:.3f}' if by > 0.0 else 'not optimistic'}."
    )
    each = " of each series" if many else ""
    return (
        f"On the outer test part, {part}{each}, which no candidate saw, the winner has "
        f"{with_ends(found.outer)}; the best simple forecast, as chosen before it ({chosen}), "
        f"has {found.outer_simple:.3f}{rest}.{own} {promise}"
    )


def claims(found: Tuned) -> list[str]:
    """The verdicts on the outer test part."""
    return [
        f"{each.hypothesis.claim}: {each.said.upper()}. {each.reason}" for each in found.verdicts
    ]


def with_ends(estimate: Estimate) -> str:
    """An error with its interval, if it has one."""
    ends = f" [{estimate.low:.3f}, {estimate.high:.3f}]" if np.isfinite(estimate.low) else ""
    return f"{estimate.error:.3f}{ends}"
