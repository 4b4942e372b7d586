from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.errors import SettingError
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.stats import Paired, compare, compare_unpaired
from statewise.stats.several import means_of
from statewise.study import (
    Arm,
    ArmResult,
    CellResult,
    Hypothesis,
    Outcome,
    Study,
    StudyResult,
    Verdict,
    better,
    equivalent,
    holm,
    no_worse,
    settle,
)


def result(first: Any, second: Any, hypothesis: Hypothesis, *, shared: bool = True) -> StudyResult:
    arms = (
        Arm("a", Model(REGIMES["stateful"])),
        Arm("b", Model(REGIMES["stateless"]), restarts=int(not shared)),
    )
    study = Study(arms, shampoo(), 12, len(first), hypotheses=(hypothesis,))
    scores = {"a": np.asarray(first, float), "b": np.asarray(second, float)}
    results = {}
    for arm in arms:
        n = len(first)
        shown, no_loss = np.tile(scores[arm.name][:, None], 12), np.zeros((n, 0), np.float32)
        cell = CellResult(shown, scores[arm.name], np.zeros(n, np.int32), no_loss)
        results[arm.name] = ArmResult(arm, {("Sales", 24): cell})
    return StudyResult(study, results)


def units(verdict: Verdict) -> int:
    """The number of pairs that a verdict rests on."""
    assert isinstance(verdict.comparison, Paired)
    return verdict.comparison.n


NOISE = np.random.default_rng(0).normal(0.0, 3.0, 200)


@pytest.mark.parametrize(
    ("shift", "noise", "hypothesis", "outcome"),
    [
        (-5.0, NOISE, better("a", "b"), Outcome.SUPPORTED),
        (5.0, NOISE, better("a", "b"), Outcome.CONTRADICTED),
        (0.2, NOISE, better("a", "b"), Outcome.PRACTICALLY_EQUAL),
        (-0.6, NOISE / 10, better("a", "b"), Outcome.PRACTICALLY_EQUAL),  # sure, but too small
        (0.3, 20 * NOISE, better("a", "b"), Outcome.UNDECIDED),
        (0.0, 0 * NOISE, better("a", "b"), Outcome.IDENTICAL),
        (0.2, NOISE, equivalent("a", "b"), Outcome.PRACTICALLY_EQUAL),
        (-5.0, NOISE, equivalent("a", "b"), Outcome.CONTRADICTED),
        (0.3, 20 * NOISE, equivalent("a", "b"), Outcome.UNDECIDED),
    ],
)
def test_every_outcome(shift: float, noise: Any, hypothesis: Any, outcome: Outcome) -> None:
    base = 100.0 + np.arange(200.0)
    [verdict] = settle(result(base + shift + noise, base, hypothesis))
    assert verdict.outcome is outcome
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize(
    ("shift", "noise", "outcome"),
    [
        (-9.0, NOISE, Outcome.SUPPORTED),
        (0.1, NOISE, Outcome.SUPPORTED),
        (9.0, NOISE, Outcome.CONTRADICTED),
        (1.3, NOISE, Outcome.UNDECIDED),
    ],
)
def test_no_worse_is_a_claim_of_one_side(shift: float, noise: Any, outcome: Outcome) -> None:
    base = 100.0 + np.arange(200.0)
    [verdict] = settle(result(base + shift + noise, base, no_worse("a", "b")))
    assert verdict.outcome is outcome


def test_a_claim_about_the_margin_is_contradicted_beyond_it_alone() -> None:
    """A difference that is surely there, and may lie within the margin, decides nothing."""
    base = 100.0 + np.arange(200.0)
    [verdict] = settle(result(base + 1.2 + NOISE, base, equivalent("a", "b")))
    assert verdict.p_adjusted is not None
    assert verdict.p_adjusted < 0.001
    assert verdict.outcome is Outcome.UNDECIDED


def test_a_margin_of_its_own() -> None:
    base = 100.0 + np.arange(200.0)
    for claim, outcome in (
        (equivalent("a", "b", margin=3.0, relative=False), Outcome.PRACTICALLY_EQUAL),
        (equivalent("a", "b", margin=0.03), Outcome.PRACTICALLY_EQUAL),
        (equivalent("a", "b", margin=0.5, relative=False), Outcome.CONTRADICTED),
    ):
        [verdict] = settle(result(base + 1.5 + NOISE, base, claim))
        assert verdict.outcome is outcome


def test_the_naive_forecast_is_an_arm_of_hypotheses() -> None:
    scores = 100.0 + NOISE
    [verdict] = settle(result(scores, scores, better("a", "naive")))
    assert verdict.comparison.difference == pytest.approx(scores.mean() - 136.7610, abs=1e-3)
    with pytest.raises(SettingError, match="'simple', 'naive', 'mean', 'drift', 'seasonal naive'"):
        result(scores, scores, better("a", "naif"))


def over_time(claim: str, errors: Any) -> Verdict:
    """The verdict of an arm whose restarts all but agree, with these errors at the test's times."""
    whole = result(100.0 + NOISE, 100.0 + NOISE, better("a", claim))
    actual = whole.actual["Sales", 24]
    forecasts = actual + errors + NOISE[:, None] / 1e3
    scores = np.sqrt(((forecasts - actual) ** 2).mean(axis=1))
    cell = replace(whole.arms["a"].only, forecasts=forecasts, scores=scores)
    arm = replace(whole.arms["a"], cells={("Sales", 24): cell})
    [verdict] = settle(replace(whole, arms={**whole.arms, "a": arm}))
    return verdict


def test_a_simple_forecast_is_beaten_over_restarts_and_over_time_or_not_at_all() -> None:
    """Restarts that agree on one test part say nothing of other times."""
    whole = result(100.0 + NOISE, 100.0 + NOISE, better("a", "simple"))
    assert whole.chosen() == {"autoregression": 1}
    simple = whole.simple["Sales", 24].forecast("simple") - whole.actual["Sales", 24]
    everywhere = over_time("simple", 0.1 * simple)
    assert everywhere.outcome is Outcome.SUPPORTED
    times = stats.ttest_1samp((0.1 * simple) ** 2 - simple**2, 0.0)
    assert everywhere.p_over_time == pytest.approx(times.pvalue, rel=1e-3)
    assert everywhere.p_adjusted == everywhere.p_over_time
    once = np.where(np.abs(simple) == np.abs(simple).max(), 0.1, 1.01) * simple
    by_chance = over_time("simple", once)
    assert by_chance.outcome is Outcome.UNDECIDED
    assert by_chance.comparison.p_value == 0.0
    assert "On this test part a has the lower error" in by_chance.reason
    assert "but over its 12 origins that may be chance (Diebold-Mariano p = 0.3" in by_chance.reason
    assert f", {by_chance.p_adjusted:.2g} after Holm)." in by_chance.reason
    assert over_time("simple", 3.0 * simple).outcome is Outcome.CONTRADICTED


def test_a_test_part_of_one_horizon_shows_nothing_of_other_times() -> None:
    whole = result(1.0 + NOISE / 100, 1.0 + NOISE / 100, better("a", "mean"))
    study = replace(whole.study, horizon=6)
    [verdict] = settle(replace(whole, study=study))
    assert (verdict.outcome, verdict.p_over_time) == (Outcome.UNDECIDED, None)
    assert "one test part as short as this shows nothing of other times" in verdict.reason


def test_what_is_shown_and_below_the_margin_is_said_to_be_too_small_to_matter() -> None:
    base = 100.0 + np.arange(200.0)
    [verdict] = settle(result(base - 1.3 + NOISE, base, better("a", "b")))
    assert (verdict.outcome, verdict.small) == (Outcome.SUPPORTED, True)
    assert verdict.said == "supported, too small to matter"
    assert "Shown, and too small to matter: it is below the margin of 1.37." in verdict.reason
    [verdict] = settle(result(base - 5.0 + NOISE, base, better("a", "b")))
    assert (verdict.small, verdict.said) == (False, "supported")


def test_digits_follow_the_scale() -> None:
    base = 1e-4 * (100.0 + np.arange(200.0))
    study = result(base, base, better("a", "b")).study
    tiny = replace(study, margin=1e-6 / 136.761)
    first = base - 4e-7 + NOISE * 1e-6
    whole = replace(result(first, base, better("a", "b")), study=tiny)
    [verdict] = settle(whole)
    assert "0.0000000" in verdict.reason
    assert "+0.0 " not in verdict.reason


def test_arms_that_share_no_restarts_are_compared_by_welchs_test() -> None:
    """What all repeats have in common cancels in pairs, and must not where there are none."""
    base = 100.0 + np.arange(200.0)
    first = base - 5.0 + NOISE
    [verdict] = settle(result(first, base, better("a", "b")))
    assert (verdict.test, verdict.outcome) == ("paired by repeat", Outcome.SUPPORTED)
    unpaired = result(first, base, better("a", "b"), shared=False)
    [verdict] = settle(unpaired)
    assert (verdict.test, verdict.outcome) == ("Welch, unpaired", Outcome.UNDECIDED)
    assert verdict.comparison == compare_unpaired(first, base, unpaired.margin, 0.95)
    [verdict] = settle(result(first - 90.0, base, better("a", "b"), shared=False))
    assert verdict.outcome is Outcome.SUPPORTED
    [verdict] = settle(result(100.0 + NOISE, base, better("b", "naive"), shared=False))
    assert verdict.test == "paired by repeat"


def test_unpaired_runs_that_diverged_are_in_the_probability_alone() -> None:
    rng = np.random.default_rng(1)
    lost, first = np.full(900, np.inf), rng.normal(90, 1, 100)
    second = rng.normal(100, 1, 1000)
    mostly = result(np.concatenate([lost, first]), second, better("a", "b"), shared=False)
    [verdict] = settle(mostly)
    assert verdict.outcome is Outcome.UNDECIDED
    assert "over all runs a does not win" in verdict.reason
    assert "900 of 2000 runs diverged (a: 900, b: 0)" in verdict.reason
    second[:900] = rng.normal(90, 1, 900)
    few = result(np.concatenate([lost[:5], 80 + second[5:] / 10]), second, better("a", "b"),
                 shared=False)  # fmt: skip
    assert settle(few)[0].outcome is Outcome.SUPPORTED
    [verdict] = settle(result([np.inf] * 4 + [1.0], np.arange(5.0), better("a", "b"), shared=False))
    assert verdict.reason.startswith("1 and 5 runs are too few")


@pytest.mark.parametrize("n", [1, 0])
def test_too_few_pairs_decide_nothing(n: int) -> None:
    first, second = np.full(5, np.inf), np.arange(5.0)
    first[:n] = 7.0
    [verdict] = settle(result(first, second, better("a", "b")))
    assert verdict.outcome is Outcome.UNDECIDED
    assert f"{n} pair{'' if n == 1 else 's'}" in verdict.reason


def test_a_few_diverged_runs_are_spoken_of() -> None:
    first = np.concatenate([[np.inf], 90.0 + NOISE])
    [verdict] = settle(result(first, np.concatenate([[1.0], 100.0 + 0 * NOISE]), better("a", "b")))
    assert verdict.outcome is Outcome.SUPPORTED
    assert "In 1 of 201 pairs a run diverged (a: 1, b: 0)" in verdict.reason


def test_the_survivors_of_an_arm_that_mostly_diverges_prove_nothing() -> None:
    rng = np.random.default_rng(1)
    first = np.concatenate([np.full(900, np.inf), rng.normal(90, 1, 100)])
    [verdict] = settle(result(first, rng.normal(100, 1, 1000), better("a", "b")))
    assert verdict.outcome is Outcome.UNDECIDED
    assert "over all pairs a does not win" in verdict.reason
    [verdict] = settle(result(first, rng.normal(90, 1, 1000), equivalent("a", "b")))
    assert verdict.outcome is Outcome.UNDECIDED


def test_arms_that_all_diverge_are_not_called_identical() -> None:
    lost = np.full(5, np.inf)
    [verdict] = settle(result(lost, lost, better("a", "b")))
    assert verdict.outcome is Outcome.UNDECIDED


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_the_step_down_procedure(p_values: list[float]) -> None:
    """Reject in order of size while p <= alpha / (tests left): the textbook form."""
    adjusted = holm(p_values)
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        order = sorted(range(len(p_values)), key=p_values.__getitem__)
        for rank, i in enumerate(order):
            if p_values[i] * (len(p_values) - rank) > alpha:
                break
            rejected.add(i)
        assert rejected == {i for i, a in enumerate(adjusted) if a is not None and a <= alpha}


def test_holm_is_statsmodels() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 30):
        p_values = (rng.random(n) ** 4).tolist()
        assert holm(p_values) == multipletests(p_values, method="holm")[1].tolist()


def test_holm_counts_tests_that_could_not_be_made() -> None:
    assert holm([0.01, None]) == [0.02, None]


def test_families_are_corrected_apart() -> None:
    base = 100.0 + np.arange(200.0)
    claims = [better("a", "b", family="arms"), better("a", "naive"), better("b", "naive")]
    whole = result(base + 0.4 + NOISE, base, claims[0])
    study = replace(whole.study, hypotheses=tuple(claims))
    verdicts = settle(replace(whole, study=study))
    p = [max(v.comparison.p_value or 0.0, v.p_over_time or 0.0) for v in verdicts]
    assert [v.p_adjusted for v in verdicts] == [p[0], *holm(p[1:])]
    alone = settle(replace(whole, study=replace(study, hypotheses=tuple(claims[1:]))))
    assert [v.p_within for v in verdicts[1:]] == [v.p_within for v in alone]


def several(shift: float, spread: float, series: int, cutoffs: int, repeats: int = 40) -> Any:
    """Two arms on several series whose true differences vary, in percent of the naive error."""
    rng = np.random.default_rng(5)
    panel = Panel.of(
        Panel.from_values(rng.normal(100, 20, 60), unique_id=f"s{i}").only for i in range(series)
    )
    arms = (Arm("a", Model(REGIMES["stateful"])), Arm("b", Model(REGIMES["stateless"])))
    study = Study(arms, panel, 5, repeats, hypotheses=(better("a", "b"),), cutoffs=cutoffs)
    blank = StudyResult(study, {})
    cells: dict[str, dict[tuple[str, int], CellResult]] = {"a": {}, "b": {}}
    for cell, naive in blank.naive_scores.items():
        base = rng.normal(0.8, 0.05, repeats)
        true = rng.normal(shift, spread)
        for name, extra in (("a", true), ("b", 0.0)):
            scores = naive * (base + extra + rng.normal(0, 0.02, repeats))
            shown = np.tile(scores[:, None], 5)
            no_loss = np.zeros((repeats, 0), np.float32)
            cells[name][cell] = CellResult(shown, scores, np.zeros(repeats, np.int32), no_loss)
    return StudyResult(study, {arm.name: ArmResult(arm, cells[arm.name]) for arm in arms})


@pytest.mark.parametrize(("series", "cutoffs", "unit"), [(12, 1, "series"), (1, 8, "cutoff")])
def test_series_and_cutoffs_are_units_of_their_own(series: int, cutoffs: int, unit: str) -> None:
    result = several(-0.1, 0.03, series, cutoffs)
    assert result.unit == unit
    [verdict] = settle(result)
    assert verdict.outcome is Outcome.SUPPORTED
    assert units(verdict) == max(series, cutoffs)
    assert "% of the naive RMSE" in verdict.reason
    with_cutoffs = several(-0.1, 0.03, 6, 3)
    assert units(settle(with_cutoffs)[0]) == 6  # cutoffs are averaged within their series


def test_more_restarts_do_not_make_few_series_surer() -> None:
    """The difference varies between series: a thousand restarts of three say little of others."""
    [verdict] = settle(several(0.02, 0.1, 3, 1, repeats=1000))
    assert verdict.outcome is Outcome.UNDECIDED
    [verdict] = settle(several(-0.1, 0.03, 1, 1))
    assert units(verdict) == 40


def test_rejections_over_series_hold_their_level() -> None:
    """Arms that differ on every series, this way or that, do not differ over series."""
    rng = np.random.default_rng(2)
    rejected = 0
    for _ in range(2000):
        true = rng.normal(0, 0.1, (15, 1))
        first = 0.8 + true + rng.normal(0, 0.02, (15, 20))
        means = means_of(first, np.isfinite(first))
        p = compare(means, np.full(15, 0.8), 0.01).p_value
        rejected += p is not None and p < 0.05
    low, high = stats.binom.interval(0.99, 2000, 0.05)
    assert low <= rejected <= high


def test_an_absolute_margin_needs_one_series() -> None:
    panel = several(0, 0, 2, 1).study.panel
    arms = (Arm("a", Model(REGIMES["stateful"])), Arm("b", Model(REGIMES["stateless"])))
    claim = equivalent("a", "b", margin=2.0, relative=False)
    with pytest.raises(SettingError, match=r"margin = 2.0: is absolute"):
        Study(arms, panel, 5, 3, hypotheses=(claim,))
