"""Which regime suits series: a small study of a few regimes against the naive forecast."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from statewise.study.results import arm_rows

if TYPE_CHECKING:
    from statewise.forecasting.forecaster import Forecaster

__all__ = ["CANDIDATES", "Choice", "Plan", "choose_regime", "conclude", "plan"]

CANDIDATES = ("stateless", "stateful-warm", "continuous-warm")
MOST_SERIES, LEAST_SERIES = 24, 4
REPEATS = (64, 32, 16)
MOST_TESTED, LEAST_EPOCHS = 12, 2
PACK = 32  # runs that are trained at once, at the cost of one
PILOT = 0.02  # of the budget, for measuring what one regime costs
SHARE = 0.85  # of the budget that is planned; the forecasts take the rest

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """A study that fits a budget.

    Attributes:
        study: what will be run.
        notes: a sentence on each way in which it is less than what the forecaster would train.
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
        if skill is None:
            return f"No regime has a score that can be compared; {self.regime} is used."
        ends, sign = "", 1.0 if skill > 0.0 else -1.0
        if low is not None and high is not None:
            low, high = sorted((sign * low, sign * high))
            ends = f" [{1.0 - self.result.study.alpha:.0%} interval {low:+.1%} to {high:+.1%}]"
        together = next(row["together"] for row in self.rows if row["regime"] == self.regime)
        side = "below" if together < 1.0 else "above"
        of_all = f"The mean of all its restarts: {abs(1.0 - together):.1%} {side}."
        if skill <= 0.0:
            least = "No single network beats the naive forecast here on average"
            if together >= 1.0:
                least = "Nothing beats the naive forecast here"
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
        model: the forecaster, whose parameters but the regime are used; it is not changed.
        panel: the series.
        budget: seconds, about, not counting those for compiling what was not compiled before.
        on_shard: as in ``run_study``.

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
    """A study of as many series, restarts and epochs as a budget in seconds holds.

    Arguments and errors are those of ``choose_regime``.
    """
    positive("budget", budget)
    arms = arms_of(model)
    framing = arms[0].model.framing
    notes = []
    if model.scope == "global":
        notes.append("It is of networks of each series, not of ones that all series share.")
    if panel.columns or model.calendar:
        notes.append("Its networks see the series alone, without further columns.")
    series, size, cutoffs = testable(arms[0], panel.series)
    longest = max(series, key=len).y
    known = longest[: len(longest) - size * cutoffs]
    samples = framing.fit(known).samples(known)
    for arm in arms:  # compiles what the study will run, or loads it, so that no pilot measures it
        seconds_of(arm, *samples, epochs=1)
    begin = time.perf_counter()
    costs = [cost(arm, *samples, least=PILOT * budget) for arm in arms]
    threads = model.threads or available_threads()
    epochs, rng = arms[0].model.training.epochs, np.random.default_rng(model.seed)
    left = max(0.1, SHARE * budget - (time.perf_counter() - begin))
    for kept, repeats in sizes(len(series)):
        chosen = np.sort(rng.choice(len(series), kept, replace=False))
        some = [series[i] for i in chosen]
        ends = [len(each) - size * k for each in some for k in range(1, cutoffs + 1)]
        an_epoch = sum(costs) * rounds(map(framing.samples_of, ends), repeats, threads)
        seconds = epochs * an_epoch
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
    arms, refused = [], []
    for name in CANDIDATES:
        try:
            arms.append(Arm(name, model.clone().set_params(regime=name).recipe.model))
        except SettingError as error:
            refused.append(error)
    if not arms:
        raise refused[-1]
    return arms


def shorter(arm: Arm, epochs: int) -> Arm:
    training = replace(arm.model.training, epochs=epochs)
    return replace(arm, model=replace(arm.model, training=training))


def testable(arm: Arm, series: Sequence[Series]) -> tuple[list[Series], int, int]:
    """The series that can be tested on, the size of a test part, and how many each has.

    Raises:
        DataError: there is none.
    """
    cutoffs = 3 if len(series) == 1 else 2 if len(series) <= LEAST_SERIES else 1
    framing = arm.model.framing
    least = framing.shortest + cutoffs
    long = [s for s in series if len(s) >= least]
    if not long:
        problem = f"observations at most are too few to compare regimes on, which takes {least}"
        fix = "Name a regime, or give longer series, or fewer lags."
        raise DataError("series", max(len(s) for s in series), problem, fix)
    middle = float(np.median([len(s) for s in long]))
    long = [s for s in long if len(s) >= 0.5 * middle]
    shortest = min(len(s) for s in long)
    room = (shortest - framing.shortest) // cutoffs
    size = max(1, min(MOST_TESTED, room, shortest // (3 * cutoffs)))
    usable = [s for s in long if varies(framing, s.y, size, cutoffs)]
    if not usable:
        problem = "does not vary enough to compare regimes on, nor does any other"
        fix = "Name a regime, or give series that vary."
        raise DataError("series", long[0].unique_id, problem, fix)
    return usable, size, cutoffs


def varies(framing: Framing, y: Floats, size: int, cutoffs: int) -> bool:
    """Whether a series can be framed at every cutoff, and the naive forecast has errors there."""
    ends = range(len(y) - size * cutoffs, len(y), size)
    try:
        for end in ends:
            framing.fit(y[:end])
    except DataError:
        return False
    return all((np.diff(y[end - 1 : end + size]) != 0.0).any() for end in ends)


def sizes(usable: int) -> Iterator[tuple[int, int]]:
    """Yield how many series with how many repeats, from the most to the least.

    Example:
        >>> list(sizes(6))[:4]
        [(6, 64), (6, 32), (6, 16), (4, 64)]
    """
    kept, least = min(usable, MOST_SERIES), min(usable, LEAST_SERIES)
    while True:
        yield from ((kept, repeats) for repeats in REPEATS)
        if kept == least:
            return
        kept = max(least, kept // 2)


def rounds(counts: Iterable[int], repeats: int, threads: int) -> int:
    """How many samples an epoch takes one after another, where threads train packs of fits.

    Example:
        >>> rounds([20, 20, 30], repeats=32, threads=2)
        50
    """
    packs = {samples: math.ceil(n * repeats / PACK) for samples, n in Counter(counts).items()}
    return sum(samples * math.ceil(count / threads) for samples, count in packs.items())


def cost(arm: Arm, x: Floats, y: Floats, least: float) -> float:
    """Seconds for one sample of one epoch of a pack, measured over ``least`` seconds or so."""
    epochs, most = 1, arm.model.training.epochs
    while True:
        seconds = seconds_of(arm, x, y, epochs)
        if seconds > least or epochs >= most:
            return seconds / (epochs * len(x))
        epochs = min(2 * epochs, most)


def seconds_of(arm: Arm, x: Floats, y: Floats, epochs: int) -> float:
    """How long a pack of runs takes for so many epochs, trained as the study trains it."""
    model = shorter(arm, epochs).model
    early = model.training.early_stopping
    if early is not None:  # it watches, as in the study, and lets every epoch be run
        patient = replace(early, patience=epochs + 1)
        model = replace(model, training=replace(model.training, early_stopping=patient))
    begin = time.perf_counter()
    engine.fit(model.network, model.training, model.regime, x, y, repeats=PACK, threads=1)
    return time.perf_counter() - begin


def conclude(result: StudyResult, verdicts: list[Verdict], notes: tuple[str, ...]) -> Choice:
    """Which regime has the lowest mean error of single networks, relative to the naive one."""
    found = {row["arm"]: row for row in arm_rows(result)}
    settled = dict(zip(found, verdicts, strict=True))
    comparable = [name for name, row in found.items() if row["relative"] is not None]
    winner = min(comparable or found, key=lambda name: found[name]["relative"] or 0.0)
    rows = [
        {"regime": name, "restarts": row["runs"], "relative": row["relative"],
         "together": together(result, name), "beats naive": settled[name].outcome.value,
         "diverged": row["diverged"]}
        for name, row in found.items()
    ]  # fmt: skip
    best = found[winner]
    skill = (best["skill"], best["skill_low"], best["skill_high"])
    return Choice(winner, result, verdicts, rows, skill, settled[winner], notes)


def together(result: StudyResult, name: str) -> float | None:
    """The RMSE of the mean of all restarts' forecasts over the naive one, averaged over cells."""
    ratios = []
    for cell, found in result.arms[name].cells.items():
        kept = found.forecasts[np.isfinite(found.scores)]
        if len(kept):
            error = float(rmse(result.actual[cell], kept.mean(axis=0)))
            ratios.append(error / result.naive_scores[cell])
    return float(np.mean(ratios)) if ratios else None
