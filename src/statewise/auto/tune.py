"""Tune a forecaster's networks, and say how much of what was found is the search's own luck."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statewise.auto.candidates import Candidate, around, candidates
from statewise.auto.estimates import estimate, gap_of, left_out, over, simple_error
from statewise.auto.halving import Rung, as_ensembles, error_of, halve, relative, rungs_of
from statewise.auto.like_forecast import MOST_TESTED, Like, shown
from statewise.auto.tuned import Tuned
from statewise.base.checks import at_least, positive
from statewise.data.panel import Panel
from statewise.errors import DataError
from statewise.show.progress import showing
from statewise.show.tables import Row
from statewise.show.words import counted, listed
from statewise.study import (
    NAIVE,
    SIMPLE,
    StudyResult,
    better,
    open_store,
    run_study,
    settle,
)

if TYPE_CHECKING:
    from statewise.forecasting.forecaster import Forecaster

__all__ = ["tune"]

TUNED, UNTUNED = "tuned", "untuned"


def tune(
    model: "Forecaster",
    frame: Any,
    space: Mapping[str, Sequence[Any]] | None = None,
    *,
    test_size: int | None = None,
    cutoffs: int = 3,
    repeats: int = 64,
    budget: float | None = None,
    store: str | Path | None = None,
    on_rung: Callable[[int, int, int], Any] | None = None,
) -> Tuned:
    """Search for a forecaster's networks on inner cutoffs, and test the winner on what follows.

    The last ``test_size`` observations of each series are the outer test part, which the search
    does not see; before it lie the inner test parts, as long, one a cutoff. Every candidate is
    trained before each inner cutoff and walks through its test part, a horizon at a time. It is
    judged as it would forecast, by the median of as many restarts as a forecaster has members.
    Candidates begin with one such ensemble each; the better half has more, and so on (successive
    halving). The winner alone, beside what the forecaster decides by itself, is trained before the
    outer test part and settled there by the rules of a study, against the best simple forecast as
    chosen on the training part.

    What is compared are networks alone, which each series has for itself; a forecaster combines
    them with simple forecasts, so that less of a difference is left.

    Args:
        model: whose settings are used; what its recipe says, all candidates have. It is not
            changed.
        frame: as for ``Forecaster.fit``, or a panel.
        space: values of settings of ``Recipe``, by their names: all combinations are candidates.
            By default regimes, lags and units about those that the forecaster decides.
        test_size: observations after each cutoff; by default 12, or fewer, so that half of the
            shortest series is before the first one.
        cutoffs: inner ones, of each series.
        repeats: random restarts of the candidates that stay to the end.
        budget: seconds for the search, which then ends with the last rung that was finished, the
            first at least. What is found may depend on how fast the machine is; without one it
            does not.
        store: a file that keeps all runs, those of the outer test part too, as one study of all
            candidates with one more cutoff. A search that is resumed, or given more candidates or
            repeats, uses them.
        on_rung: called before each rung with its number, the candidates in it, and their restarts.

    Raises:
        DataError: the frame cannot be used, or is too short for every candidate.
        SettingError: a setting cannot be searched, or a number is impossible.
        StudyError: the store holds another search.
        StoreError: the store cannot be used.

    Example:
        >>> from statewise import Forecaster
        >>> from statewise.data.datasets import shampoo
        >>> space = {"regime": ["stateless", "stateful-warm"], "epochs": [2, 4]}
        >>> found = tune(Forecaster(), shampoo(), space, repeats=16)
        >>> len(found.rows), found.result.study.test_size, found.recipe.epochs in (2, 4)
        (4, 4, True)
    """
    panel, past = shown(model, frame)
    inner_cutoffs = at_least("cutoffs", cutoffs, 1)
    size = usual_size(panel, inner_cutoffs, model.horizon) if test_size is None else test_size
    like = Like(model, panel, past, size, inner_cutoffs + 1)
    recipe = model.group("recipe")
    if recipe.regime == "auto":  # it is this search that chooses
        recipe = replace(recipe, regime=None)
    tried, notes = candidates(like, recipe, around(like, recipe) if space is None else space)
    own = like.decide(recipe)
    members = own.networks.members
    repeats = at_least("repeats", repeats, 2 * members) // members * members
    if budget is not None:
        positive("budget", budget)
    decided = {each.name: each.decided for each in tried}
    if all(own.networks.model != each.networks.model for each in decided.values()):
        decided[UNTUNED] = own
    whole = like.study(decided, repeats)
    inner = replace(
        whole,
        arms=tuple(whole.arm(each.name) for each in tried),
        panel=panel.until(panel.lengths - size),
        cutoffs=inner_cutoffs,
    )
    bar = StudyResult(inner, {})  # the simple forecasts alone
    if not any(bar.naive_scores.values()):
        problem = "repeat themselves at all inner cutoffs: there is nothing to forecast better"
        raise DataError("frame", panel.ids[:3], problem, "Give series that change.")
    with showing(model.progress) as progress, open_store(whole, store) as there:
        rungs = halve(
            inner, there, members, bar.naive_scores, budget, model.threads, on_rung, progress
        )
        winner = next(each for each in tried if each.name == next(iter(rungs[-1].errors)))
        arms = [replace(whole.arm(winner.name), name=TUNED)]
        claims = [better(TUNED, SIMPLE), better(TUNED, NAIVE)]
        if winner.decided.networks.model != own.networks.model:
            [other] = [arm for arm in whole.arms if arm.model == own.networks.model]
            arms.append(replace(other, name=UNTUNED))
            claims.append(better(TUNED, UNTUNED))
        outer = replace(whole, arms=tuple(arms), cutoffs=1, hypotheses=tuple(claims))
        result = as_ensembles(run_study(outer, store=there, threads=model.threads), members)
    steps = rungs_of(members, repeats)
    if len(rungs) < len(steps):
        notes.append(
            f"The budget of {budget:g} s ended the search in rung {len(rungs) + 1} of "
            f"{len(steps)}, which does not count. A faster machine, or a search that goes on from "
            "its store, may come further and choose another."
        )
    found = winner.recipe if len(panel) == 1 else replace(winner.recipe, scope="local")
    errors = {name: part for rung in rungs for name, part in rung.errors.items()}
    simple = simple_error(bar)
    tested = relative(result, result.naive_scores)
    return Tuned(
        recipe=found,
        horizon=like.horizon,
        winner=winner.name,
        rows=rows_of(tried, rungs, simple),
        inner=estimate(errors[winner.name]),
        simple=simple,
        gap=gap_of(inner, rungs),
        left_out=left_out(list(errors.values())),
        outer=estimate(tested[TUNED]),
        outer_simple=simple_error(result),
        untuned=error_of(tested[UNTUNED]) if UNTUNED in tested else None,
        result=result,
        verdicts=settle(result),
        notes=tuple(notes),
        searched=(
            f"{len(tried)} candidates were tried at {counted(inner_cutoffs, 'inner cutoff')} of "
            f"{'each' if len(panel) > 1 else 'the'} series, on the "
            f"{counted(size, 'observation')} after {'it' if inner_cutoffs == 1 else 'each'}, "
            f"{like.horizon} at a time, with "
            f"{listed([str(rung.restarts) for rung in rungs])} restarts; after each number the "
            "better half went on."
        ),
    )


def usual_size(panel: Panel, cutoffs: int, horizon: int | None) -> int:
    """Observations in a test part: so that half of the shortest series is before the first one."""
    half = int(panel.lengths.min()) // 2
    return max(1, horizon or 1, min(MOST_TESTED, half // (cutoffs + 1)))


def rows_of(tried: Sequence[Candidate], rungs: Sequence[Rung], simple: float) -> list[Row]:
    """A row a candidate, those that came farthest first, and of these the best."""
    values = {each.name: each.values for each in tried}
    rows: dict[str, Row] = {}
    for number, rung in reversed(list(enumerate(rungs, start=1))):
        for name, errors in rung.errors.items():
            if name not in rows:
                error, low, high = estimate(errors)
                ends = (low, high) if low > 0.0 else (None, None)
                rows[name] = {
                    **values[name], "rung": number, "restarts": rung.restarts, "of_naive": error,
                    "low": ends[0], "high": ends[1], "of_simple": over(error, simple),
                }  # fmt: skip
    return list(rows.values())
