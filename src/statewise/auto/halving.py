"""Successive halving: a few restarts for all, more for the better half, and so on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import INT32
from statewise.ensemble.trained import point_of
from statewise.scoring.metrics import rmse
from statewise.show.progress import SILENT, Progress
from statewise.study import Store, Study, StudyResult, run_study
from statewise.study.results import ArmResult, CellResult
from statewise.study.shards import ShardResult, plan

__all__ = ["Rung", "as_ensembles", "error_of", "halve", "relative", "rungs_of"]

Floats = NDArray[np.float64]
FEWEST = 2  # candidates that stay to the end, so that the winner is before another


@dataclass(frozen=True)
class Rung:
    """What the candidates did that came so far.

    Attributes:
        restarts: of each.
        errors: by name, the best first, (series, cutoffs, ensembles) as ``relative`` gives them.
    """

    restarts: int
    errors: dict[str, Floats]


def missing_of(study: Study, store: Store) -> int:
    """How many runs of a study its store does not have."""
    return sum(shard.runs * len(shard.arms) for shard in plan(study, store, lambda _: INT32))


class SpentError(Exception):
    """The time is up."""


def rungs_of(members: int, repeats: int) -> list[int]:
    """The restarts of each rung: one ensemble, two, four, ..., and all in the end.

    Example:
        >>> rungs_of(8, 50)
        [8, 16, 32, 48]
    """
    most = repeats // members
    counts = [2**i for i in range(most.bit_length()) if 2**i < most]
    return [members * count for count in (*counts, most)]


def halve(
    study: Study,
    store: Store,
    members: int,
    scale: Mapping[tuple[str, int], float],
    budget: float | None = None,
    threads: int | None = None,
    on_rung: Callable[[int, int, int], Any] | None = None,
    progress: Progress = SILENT,
) -> list[Rung]:
    """Give restarts to the arms of a study, and more to the half of them that did better.

    All arms begin with one ensemble of restarts at every cutoff. The better half, and two at least,
    has as many again in the next rung, until those that are left have all repeats. Source: Jamieson
    and Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter optimization".

    Args:
        study: whose arms are candidates.
        store: open for writing; runs that are there are not run again.
        members: restarts of an ensemble, whose median is judged.
        scale: the naive forecast's error on each series from each cutoff.
        budget: seconds; the rung that they end in is given up, unless it is the first.
        threads: at most this many; by default one a processor.
        on_rung: called before each rung with its number, the arms in it, and their restarts.

    Returns:
        The rungs that were finished.
    """
    begin, found, alive = monotonic(), list[Rung](), list(study.arms)

    missing = done = 0

    def check(result: ShardResult | None) -> None:
        nonlocal done
        if result is not None:
            done += result.shard.runs * len(result.shard.arms)
            progress.at(f"rung {len(found) + 1}, {missing:,} runs", done / missing)
        if found and budget is not None and monotonic() - begin > budget:
            raise SpentError

    for number, restarts in enumerate(rungs_of(members, study.repeats), start=1):
        if on_rung is not None:
            on_rung(number, len(alive), restarts)
        part = replace(study, arms=tuple(alive), repeats=restarts)
        try:
            check(None)
            missing, done = missing_of(part, store), 0
            result = run_study(part, store=store, threads=threads, on_shard=check)
        except SpentError:
            break
        errors = relative(as_ensembles(result, members), scale)
        order = sorted(errors, key=lambda name: error_of(errors[name]))
        found.append(Rung(restarts, {name: errors[name] for name in order}))
        kept = order[: max(FEWEST, (len(order) + 1) // 2)]
        alive = [arm for arm in alive if arm.name in kept]
    return found


def error_of(errors: Floats) -> float:
    """The mean error; infinite where an ensemble diverged, or the naive forecast has no error."""
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if known.size else np.inf


def relative(result: StudyResult, scale: Mapping[tuple[str, int], float]) -> dict[str, Floats]:
    """By arm, (series, cutoffs, repeats) scores over those of each series and cutoff.

    NaN where these are zero.
    """
    shape = len(result.study.panel), result.study.cutoffs, -1
    found = {}
    for name, arm in result.arms.items():
        rows = [cell.scores / (scale[key] or np.nan) for key, cell in arm.cells.items()]
        found[name] = np.stack(rows).reshape(shape)
    return found


def as_ensembles(result: StudyResult, members: int) -> StudyResult:
    """The results of a study as those of ensembles: restarts in turn, whose median forecasts.

    Restarts that diverged are left out of it, as a forecaster leaves them out; where all of an
    ensemble did, its score is infinite.
    """
    arms = {}
    for name, arm in result.arms.items():
        cells = {
            key: ensembles(cell, result.actual[key], members) for key, cell in arm.cells.items()
        }
        arms[name] = ArmResult(arm.arm, cells)
    return StudyResult(replace(result.study, repeats=result.study.repeats // members), arms)


def ensembles(cell: CellResult, actual: Floats, members: int) -> CellResult:
    """What ensembles of one arm did in one cell."""
    count = len(cell.scores) // members
    alive = np.isfinite(cell.scores)
    paths = np.where(alive[:, None], cell.forecasts, np.nan)[: count * members]
    forecasts = point_of(paths.reshape(count, members, -1), "median")
    scores = rmse(actual, forecasts)
    lost = ~np.isfinite(scores)
    diverged = cell.diverged_epoch[: count * members].reshape(count, members).max(axis=1)
    return CellResult(
        forecasts,
        np.where(lost, np.inf, scores),
        np.where(lost, diverged, 0).astype(np.int32),
        np.zeros((count, 0), np.float32),
    )
