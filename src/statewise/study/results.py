"""What a study found: the scores and forecasts of every arm, and each arm against naive."""

from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from statewise.scoring.metrics import rmse
from statewise.scoring.simple_forecasts import NAIVE, SIMPLE, SimpleForecasts, simple_forecasts
from statewise.show.tables import Row
from statewise.stats.comparison import Floats
from statewise.study.design import Arm, Study
from statewise.study.specification import restarts_key
from statewise.study.summary import summarise

__all__ = ["ArmResult", "CellResult", "StudyResult", "Unit", "arm_rows"]

Unit = Literal["restart", "cutoff", "series"]


@dataclass(frozen=True)
class CellResult:
    """What one arm did on one series from one cutoff, a repeat along the first axis.

    Attributes:
        forecasts: (repeats, test_size) in the units of the series.
        scores: (repeats,) test RMSE; infinite for a run that diverged, which so loses to any other.
        diverged_epoch: (repeats,) counted from one; zero for a run that did not diverge.
        loss: (repeats, epochs), or (repeats, 0) where it was not kept.
    """

    forecasts: Floats
    scores: Floats
    diverged_epoch: NDArray[np.int32]
    loss: NDArray[np.float32]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CellResult):
            return NotImplemented
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    def __hash__(self) -> int:
        return hash((self.forecasts.shape, *self.scores.tolist()))


@dataclass(frozen=True)
class ArmResult:
    """What one arm did, cell by cell: by the name of the series and the cutoff."""

    arm: Arm
    cells: dict[tuple[str, int], CellResult]

    def __hash__(self) -> int:
        return hash((self.arm, frozenset(self.cells.items())))

    @property
    def only(self) -> CellResult:
        """The one cell of a study of one series and one cutoff."""
        [cell] = self.cells.values()
        return cell

    @property
    def scores(self) -> Floats:
        """The scores of the one cell, (repeats,)."""
        return self.only.scores

    @property
    def forecasts(self) -> Floats:
        """The forecasts of the one cell, (repeats, test_size)."""
        return self.only.forecasts


@dataclass(frozen=True)
class StudyResult:
    """Every arm's results, with the naive forecast beside them.

    Results are equal where the study and all numbers are, however long the training took.

    Attributes:
        study: what was declared.
        arms: by name, in the order of the study.
        trained_runs: the trainings done this time; arms that train alike share them.
        train_seconds: time spent training them, and no other.
    """

    study: Study
    arms: dict[str, ArmResult]
    trained_runs: int = field(default=0, compare=False)
    train_seconds: float = field(default=0.0, compare=False)

    def __hash__(self) -> int:
        return hash(frozenset(self.arms.items()))

    @cached_property
    def simple(self) -> dict[tuple[str, int], SimpleForecasts]:
        """The simple forecasts of each series and cutoff, fitted on what came before it."""
        study, size = self.study, self.study.test_size
        places = [(s, cutoff) for s in study.panel.series for cutoff in study.cutoffs_of(s)]
        found = simple_forecasts(
            [(series.y[: cutoff + size], cutoff) for series, cutoff in places],
            study.horizon,
            study.season or 1,
            study.framings,
            None if study.adjust is None else study.adjust.apply,
        )
        names = [(series.unique_id, cutoff) for series, cutoff in places]
        return dict(zip(names, found, strict=True))

    @cached_property
    def naive(self) -> dict[tuple[str, int], Floats]:
        """The naive forecast of each series and cutoff, (test_size,)."""
        return {cell: found.forecasts[NAIVE] for cell, found in self.simple.items()}

    @cached_property
    def actual(self) -> dict[tuple[str, int], Floats]:
        """The test observations of each series and cutoff, (test_size,)."""
        size = self.study.test_size
        return {
            (series.unique_id, cutoff): series.y[cutoff : cutoff + size]
            for series in self.study.panel.series
            for cutoff in self.study.cutoffs_of(series)
        }

    @cached_property
    def naive_scores(self) -> dict[tuple[str, int], float]:
        """The RMSE of the naive forecast for each series and cutoff."""
        return self.simple_scores(NAIVE)

    def simple_scores(self, name: str) -> dict[tuple[str, int], float]:
        """The RMSE of a simple forecast for each series and cutoff; "simple" is the best there."""
        return {
            cell: float(rmse(self.actual[cell], found.forecast(name)))
            for cell, found in self.simple.items()
        }

    def chosen(self) -> dict[str, int]:
        """How often each simple forecast was the best on the training part of a cell."""
        return dict(Counter(found.best for found in self.simple.values()).most_common())

    @property
    def naive_forecast(self) -> Floats:
        """The naive forecast of a study of one series and one cutoff."""
        [forecast] = self.naive.values()
        return forecast

    @property
    def naive_rmse(self) -> float:
        """The RMSE of the naive forecast of a study of one series and one cutoff."""
        [score] = self.naive_scores.values()
        return score

    @property
    def margin(self) -> float:
        """The practical margin in the units of the one series."""
        return self.study.margin * self.naive_rmse

    @property
    def unit(self) -> Unit:
        """What varies between the observations that the study's conclusions rest on."""
        if len(self.study.panel.series) > 1:
            return "series"
        return "cutoff" if self.study.cutoffs > 1 else "restart"

    def scores(self, name: str) -> dict[tuple[str, int], Floats]:
        """The scores of an arm or a simple forecast, by series and cutoff, (repeats,) each."""
        if not self.study.is_arm(name):
            return {c: np.full(self.study.repeats, s) for c, s in self.simple_scores(name).items()}
        return {cell: result.scores for cell, result in self.arms[name].cells.items()}

    def restarts(self, name: str, cutoff: int) -> str:
        """What the repeats of an arm derive from at one cutoff, as the store recorded it.

        The repeats of two arms are pairs, with the same initial weights, where this begins alike up
        to the colon, and share their sample orders too where it is equal.
        """
        return restarts_key(self.study, self.arms[name].arm, cutoff)

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        names = ("arm", "runs", "relative", "skill", "skill_low", "skill_high", "skill_simple",
                 "share", "share_simple", "diverged")  # fmt: skip
        rows = [{name: row[name] for name in names} for row in arm_rows(self)]
        return shown(
            f"Study of {len(self.study.panel.series)} series, {self.study.repeats} repeats",
            rows,
            "relative: mean RMSE over that of the naive forecast; skill: one less it, with its "
            f"{1.0 - self.study.alpha:.0%} interval; share: of the runs that beat the naive "
            "forecast; with simple: against the best simple forecast on the training part.",
        )


def arm_rows(result: StudyResult) -> list[Row]:
    """A row an arm over the whole study, against the naive and the best simple forecast.

    The best simple forecast is the one that was chosen on each training part: ``relative_simple``
    is its own RMSE over the naive one, where the arm has ``relative``, ``skill_simple`` is one less
    the one over the other, and ``beat_simple`` counts the runs with a lower RMSE than it has.

    The unit of the interval of the skill is that of the verdicts: the restarts in a study of one
    cell, else the series, each with the average over its cutoffs of the mean score over the naive
    one, and the cutoffs where there is one series.
    """
    unit, single = result.unit, result.unit == "restart"
    best = result.simple_scores(SIMPLE)
    rows = []
    for name, arm in result.arms.items():
        relative: dict[str | int, list[tuple[float, float]]] = {}
        left_out = beaten = better = diverged = runs = 0
        for (series, cutoff), found in arm.cells.items():
            naive, simple = result.naive_scores[series, cutoff], best[series, cutoff]
            finite = found.scores[np.isfinite(found.scores)]
            runs += len(found.scores)
            diverged += len(found.scores) - len(finite)
            beaten += int((found.scores < naive).sum())
            better += int((found.scores < simple).sum())
            if not len(finite) or naive == 0.0:
                left_out += 1
            elif single:
                relative |= {i: [(s / naive, simple / naive)] for i, s in enumerate(finite)}
            else:
                of = series if unit == "series" else cutoff
                relative.setdefault(of, []).append((finite.mean() / naive, simple / naive))
        units = np.array([np.mean(each, axis=0) for each in relative.values()]).reshape(-1, 2)
        mean, low, high = _student(units[:, 0], 1.0 - result.study.alpha)
        bar = float(units[:, 1].mean()) if len(units) else None
        rows.append(
            {"arm": name, "engine": arm.arm.engine.label(arm.arm.model),
             "unit": unit, "units": len(units),
             "mean": summarise(arm.only.scores).mean if single else None,
             "naive": next(iter(result.naive_scores.values())) if single else None,
             "simple": next(iter(best.values())) if single else None,
             "relative": mean,
             "skill": None if mean is None else 1.0 - mean,
             "skill_low": None if high is None else 1.0 - high,
             "skill_high": None if low is None else 1.0 - low,
             "relative_simple": bar,
             "skill_simple": 1.0 - mean / bar if bar and mean is not None else None,
             "runs": runs, "beat_naive": beaten, "share": beaten / runs,
             "beat_simple": better, "share_simple": better / runs, "diverged": diverged,
             "cells_left_out": left_out}
        )  # fmt: skip
    return rows


def _student(units: Floats, level: float) -> tuple[float | None, float | None, float | None]:
    """The mean with its interval; None where there is no such number."""
    n = len(units)
    if n < 2:
        return (float(units[0]) if n else None), None, None
    mean = float(units.mean())
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * float(units.std(ddof=1)) / np.sqrt(n)
    return mean, float(mean - half), float(mean + half)
