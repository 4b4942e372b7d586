"""Which regime suits series: a small study of a few regimes against the naive forecast."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from statewise import engine
from statewise.base.checks import positive
from statewise.data.panel import Panel, Series
from statewise.engine import available_threads
from statewise.errors import DataError, SettingError
from statewise.model.framing import Framing
from statewise.scoring.metrics import rmse
from statewise.study import (
    NAIVE,
    Arm,
    Outcome,
    Study,
    StudyResult,
    Verdict,
    better,
    run_study,
    settle,
)

if TYPE_CHECKING:
    from statewise.forecasting.forecaster import Forecaster

__all__ = ["CANDIDATES", "Choice", "Plan", "choose_regime", "conclude", "plan"]

CANDIDATES = ("stateless", "stateful-warm", "continuous-warm")
MOST_SERIES, LEAST_SERIES = 24, 4
REPEATS = (64, 32, 16)
MOST_TESTED, LEAST_EPOCHS = 12, 2
PACK = 32  # runs that are trained at once, at the cost of one
SHARE = 0.85  # of the budget that is planned; the forecasts take the rest


@dataclass(frozen=True)
class Plan:
    """A study that fits a budget.

    Attributes:
        study: what will be run.
        notes: in what it is less than the forecaster that it is for, a sentence each.
    """

    study: Study
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """The regime that did best in a study.

    Attributes:
        regime: its name.
        result, verdicts: of the study, for a report.
        rows: a row a regime: the mean RMSE over that of the naive forecast of single networks
            (``relative``), and of the mean of all restarts' forecasts (``together``).
        skill: one less ``relative`` of the regime that won, and the ends of its interval.
        beats_naive: the verdict on whether it beats the naive forecast.
        notes: as in ``Plan``.
    """

    regime: str
    result: StudyResult
    verdicts: list[Verdict]
    rows: list[dict[str, Any]]
    skill: tuple[float | None, float | None, float | None]
    beats_naive: Verdict
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Which regime won, whether it beats the naive forecast, and by how much."""
        skill, low, high = self.skill
        together = next(row["together"] for row in self.rows if row["regime"] == self.regime)
        if skill is None:
            return f"No regime has a score that can be compared; {self.regime} is used."
        sign = 1.0 if skill > 0.0 else -1.0
        ends = ""
        if low is not None and high is not None:
            low, high = sorted((sign * low, sign * high))
            ends = f" [{1.0 - self.result.study.alpha:.0%} interval {low:+.1%} to {high:+.1%}]"
        of_all = f"The mean of all its restarts: {abs(1.0 - together):.1%} "
        of_all += "below." if together < 1.0 else "above."
        if skill <= 0.0:
            least = "Nothing beats the naive forecast here" if together >= 1.0 else (
                "No single network beats the naive forecast here on average"
            )  # fmt: skip
            return (
                f"{least}. {self.regime} comes closest: its RMSE is {-skill:.1%} above the naive "
                f"forecast's{ends}. {of_all}"
            )
        size = f"its RMSE is {skill:.1%} below the naive forecast's{ends}. {of_all}"
        if self.beats_naive.outcome is Outcome.SUPPORTED:
            return f"{self.regime} won, and it beats the naive forecast: {size}"
        return (
            f"{self.regime} won: {size} That it beats the naive forecast is not shown "
            f"({self.beats_naive.outcome.value}, corrected for {len(self.rows)} regimes)."
        )


def choose_regime(
    model: "Forecaster",
    panel: Panel,
    *,
    budget: float = 20.0,
    on_shard: Callable[[Any], Any] | None = None,
) -> Choice:
    """Compare regimes with the framing, network and training of a forecaster, and say which won.

    A small study: single networks of each series, forecasts one step ahead, the last observations
    as test parts.

    Args:
        model: whose parameters are used, but the regime; it is not changed.
        panel: the series.
        budget: seconds, about.
        on_shard: as ``run_study`` has it.

    Raises:
        DataError: no series is long enough, or varies enough, to be tested on.
        SettingError: the parameters are impossible with every regime.

    Example:
        >>> from statewise.data.datasets import nile
        >>> from statewise.forecasting import Forecaster
        >>> from statewise.data.frames import read_frame
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"ds": range(60), "y": nile().only.y[:60]})
        >>> model = Forecaster(lags=2, units=1, epochs=5)
        >>> choose_regime(model, read_frame(frame), budget=1).regime in CANDIDATES
        True
    """
    planned = plan(model, panel, budget)
    result = run_study(planned.study, threads=model.threads, on_shard=on_shard)
    return conclude(result, settle(result), planned.notes)


def plan(model: "Forecaster", panel: Panel, budget: float) -> Plan:
    """A study of as many series, restarts and epochs as a budget in seconds holds; see above."""
    begin = time.perf_counter()
    positive("budget", budget)
    arms = arms_of(model)
    framing = arms[0].model.framing
    notes = []
    if model.scope == "global":
        notes.append("It is of networks of each series, not of ones that all series share.")
    if panel.columns or model.calendar:
        notes.append("Its networks see the series alone, without further columns.")
    series, size, cutoffs = testable(arms[0], panel.series)
    tested = size * cutoffs
    threads = model.threads or available_threads()
    costs = [cost(arm, series, tested, 0.02 * budget) for arm in arms]
    epochs, rng = arms[0].model.training.epochs, np.random.default_rng(model.seed)
    left = max(0.1, SHARE * budget - (time.perf_counter() - begin))
    for kept, repeats in sizes(len(series)):
        chosen = np.sort(rng.choice(len(series), kept, replace=False))
        some = [series[i] for i in chosen]
        seconds = sum(costs) * epochs * rounds(framing, some, size, cutoffs, repeats, threads)
        if seconds <= left:
            break
    series = some
    if len(series) < len(panel):
        notes.append(f"It is of {len(series)} of {len(panel)} series, drawn at random.")
    if seconds > left:
        fewer = max(LEAST_EPOCHS, int(epochs * left / seconds))
        notes.append(f"It trains for {fewer} of {epochs} epochs, to keep to {budget:g} seconds.")
        arms = [shorter(arm, fewer) for arm in arms]
    names = [arm.name for arm in arms]
    study = Study(
        arms=tuple(arms),
        panel=panel.take(np.array([panel.ids.index(s.unique_id) for s in series])),
        test_size=size,
        cutoffs=cutoffs,
        repeats=repeats,
        hypotheses=tuple(better(name, NAIVE) for name in names),
        seed=model.seed,
    )
    return Plan(study, tuple(notes))


def arms_of(model: "Forecaster") -> list[Arm]:
    """An arm for each candidate that the parameters allow.

    Raises:
        SettingError: they allow none.
    """
    arms, refused = [], None
    for name in CANDIDATES:
        try:
            recipe = model.clone().set_params(regime=name).recipe
        except SettingError as error:
            refused = error
            continue
        arms.append(Arm(name, recipe.model))
    if not arms and refused is not None:
        raise refused
    return arms


def shorter(arm: Arm, epochs: int) -> Arm:
    """The arm, trained for another number of epochs."""
    training = replace(arm.model.training, epochs=epochs)
    return replace(arm, model=replace(arm.model, training=training))


def testable(arm: Arm, series: Sequence[Series]) -> tuple[list[Series], int, int]:
    """The series that can be tested on, the size of a test part, and how many each has.

    Raises:
        DataError: there is none.
    """
    cutoffs = 3 if len(series) == 1 else 2 if len(series) <= LEAST_SERIES else 1
    least = arm.model.framing.shortest + cutoffs
    long = [s for s in series if len(s) >= least]
    if not long:
        raise DataError(
            "series",
            max(len(s) for s in series),
            f"observations at most are too few to compare regimes on, which takes {least}",
            "Name a regime, or give longer series, or fewer lags.",
        )
    middle = float(np.median([len(s) for s in long]))
    long = [s for s in long if len(s) >= 0.5 * middle]
    shortest = min(len(s) for s in long)
    room = (shortest - arm.model.framing.shortest) // cutoffs
    size = max(1, min(MOST_TESTED, room, shortest // (3 * cutoffs)))
    usable = [s for s in long if varies(arm, s.y, size, cutoffs)]
    if not usable:
        raise DataError(
            "series",
            long[0].unique_id,
            "does not vary enough to compare regimes on, nor does any other",
            "Name a regime, or give series that vary.",
        )
    return usable, size, cutoffs


def varies(arm: Arm, y: NDArray[np.float64], size: int, cutoffs: int) -> bool:
    """Whether a series can be framed at every cutoff, and the naive forecast has errors there."""
    ends = [len(y) - size * k for k in range(cutoffs, 0, -1)]
    try:
        for end in ends:
            arm.model.framing.fit(y[:end])
    except DataError:
        return False
    return all((np.diff(y[end - 1 : end + size]) != 0.0).any() for end in ends)


def sizes(usable: int) -> Iterator[tuple[int, int]]:
    """How many series with how many repeats, from the most to the least.

    Example:
        >>> list(sizes(6))[:4]
        [(6, 64), (6, 32), (6, 16), (4, 64)]
    """
    kept = min(usable, MOST_SERIES)
    least = min(usable, LEAST_SERIES)
    while True:
        yield from ((kept, repeats) for repeats in REPEATS)
        if kept == least:
            return
        kept = max(least, kept // 2)


def rounds(
    framing: Framing,
    series: Sequence[Series],
    size: int,
    cutoffs: int,
    repeats: int,
    threads: int,
) -> int:
    """How many samples an epoch takes one after another: those of equal number go side by side."""
    counts = Counter(
        framing.samples_of(len(each) - size * k) for each in series for k in range(1, cutoffs + 1)
    )
    return sum(
        samples * math.ceil(math.ceil(alike * repeats / PACK) / threads)
        for samples, alike in counts.items()
    )


def cost(arm: Arm, series: Sequence[Series], tested: int, least: float) -> float:
    """Seconds for one sample of one epoch of a pack, measured over ``least`` seconds or so."""
    y = max(series, key=len).y
    model, y = arm.model, y[: len(y) - tested]
    x, targets = model.framing.fit(y).samples(y)
    engine.load(model.network, PACK, 1)
    epochs = 1
    while True:
        training = replace(model.training, epochs=epochs, early_stopping=None, validation=0)
        begin = time.perf_counter()
        engine.fit(model.network, training, model.regime, x, targets, repeats=PACK, threads=1)
        seconds = time.perf_counter() - begin
        if seconds > least or epochs >= model.training.epochs:
            return seconds / (epochs * len(x))
        epochs = min(2 * epochs, model.training.epochs)


def conclude(result: StudyResult, verdicts: list[Verdict], notes: tuple[str, ...]) -> Choice:
    """Which regime has the lowest mean error of single networks, relative to the naive one."""
    from statewise.study.results import arm_rows

    found = {row["arm"]: row for row in arm_rows(result)}
    relative = {
        name: np.inf if row["relative"] is None else row["relative"] for name, row in found.items()
    }
    winner = min(relative, key=lambda name: relative[name])
    rows = [
        {
            "regime": name,
            "restarts": row["runs"],
            "relative": row["relative"],
            "together": together(result, name),
            "beats naive": verdict.outcome.value,
            "diverged": row["diverged"],
        }
        for (name, row), verdict in zip(found.items(), verdicts, strict=True)
    ]
    best = found[winner]
    skill = (best["skill"], best["skill_low"], best["skill_high"])
    verdict = next(v for v in verdicts if v.hypothesis.first == winner)
    return Choice(winner, result, verdicts, rows, skill, verdict, notes)


def together(result: StudyResult, name: str) -> float | None:
    """The RMSE of the mean of all restarts' forecasts over the naive one, averaged over cells."""
    ratios = []
    for cell, found in result.arms[name].cells.items():
        kept = found.forecasts[np.isfinite(found.scores)]
        if len(kept):
            error = float(rmse(result.actual[cell], kept.mean(axis=0)))
            ratios.append(error / result.naive_scores[cell])
    return float(np.mean(ratios)) if ratios else None
