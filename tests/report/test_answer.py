from dataclasses import replace

import numpy as np

from statewise.data.panel import Panel
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.report.answer import _between, asked, came_out, set_up
from statewise.report.text import study_text
from statewise.study import Arm, Outcome, Study, better, run_study, settle
from statewise.study.seen import Adjust
from tests.report.test_study_tables import several, synthetic


def regimes(*names: str, lags: int = 12) -> tuple[Arm, ...]:
    framing = Framing(lags=lags)
    return tuple(Arm(n, Model(REGIMES[n], framing, Network(8))) for n in names)


def test_the_question_names_regimes_network_series_and_horizon() -> None:
    arms = regimes("stateful", "stateless")
    study = Study(arms, several("r"), 12, 4, horizon=3)
    assert asked(study) == (
        "Which of stateful and stateless, regimes of a network of 8 units on 12 lags, forecasts r "
        "better over 3 steps, and does it beat a simple forecast?"
    )
    other = replace(arms[1], name="other", model=replace(arms[1].model, network=Network(2)))
    assert "other, networks of 2 to 8 units" in asked(replace(study, arms=(arms[0], other)))
    many = tuple(replace(arms[0], name=f"a{i}", restarts=i) for i in range(11))
    question = asked(replace(study, arms=many, panel=several("rst"), horizon=1))
    assert question.startswith(
        "Which of 11 regimes of a network of 8 units on 12 lags forecasts 3 "
    )
    assert "best one step ahead" in question


def test_the_set_up_is_one_line() -> None:
    rng = np.random.default_rng(1)
    panel = several("r")
    panel = replace(panel, exogenous=rng.normal(size=(60, 3)), columns=("a", "b", "c"))
    study = Study(
        regimes("stateful", "stateless"), panel, 12, 4, cutoffs=2, horizon=3, season=12,
        adjust=Adjust((12,), "log"), past=1,
    )  # fmt: skip
    assert set_up(study) == (
        "LSTM of 8 units on 12 lags of the series, less its season of 12, on a logarithm scale, "
        "differenced at 1. Columns: a and b known ahead; c known up to now. Tested on 12 "
        "observations after each of 2 cutoffs, 3 steps at a time. 4 restarts of each, seed 1."
    )


def test_what_came_out_stands_against_both_bars() -> None:
    [score, counts] = came_out(synthetic(spread=0.9))
    assert score.startswith("Best on average is a, with a mean RMSE of ")
    assert "than that of the best simple forecast on the training part (autoregression; 8" in score
    assert "less than the naive forecast's (persistence, 136.76)" in score
    assert "On average no arm beats the best simple forecast here." in score
    assert counts.startswith("10.0% of its 50 runs beat the best simple forecast, and ")
    assert "It was picked after seeing the scores" in counts
    none = came_out(synthetic(spread=1.5))[0]
    assert "no arm beats the best simple forecast or the naive forecast here." in none


def test_where_the_naive_forecast_is_the_best_simple_one_there_is_one_bar() -> None:
    walk = np.cumsum(np.random.default_rng(5).normal(size=200)) + 50.0
    result = synthetic(panel=Panel.from_values(walk, unique_id="walk"))
    assert result.chosen() == {"naive": 1}
    [score, counts] = came_out(result)
    assert "The naive forecast is also the best simple one on the training part." in score
    assert "beat the naive forecast" in counts
    assert "best simple forecast" not in counts


def test_restarts_alone_do_not_show_that_a_forecast_is_beaten() -> None:
    result = synthetic(("a",), repeats=20)
    cell = result.arms["a"].only
    actual, naive = next(iter(result.actual.values())), next(iter(result.naive.values()))
    forecasts = naive.copy()
    forecasts[0] = actual[0]  # better at one time, and as good at the others
    cell.forecasts[:] = forecasts
    cell.scores[:] = np.sqrt(((forecasts - actual) ** 2).mean())
    cell.scores[:] *= np.linspace(0.999, 1.001, 20)
    told = " ".join(came_out(result))
    assert "may be chance: it is not shown for other restarts and times." in told


def test_what_holms_correction_leaves_undecided_may_be_chance_in_the_answer_too() -> None:
    names = ("naive", "simple", "mean", "drift", "seasonal naive", "Theta", "ETS")
    chance, between = "naive forecast may be chance", 0
    for better_at in range(1, 13):
        result = synthetic(("a",), repeats=20)
        cell = result.arms["a"].only
        actual, naive = next(iter(result.actual.values())), next(iter(result.naive.values()))
        cell.forecasts[:] = naive
        cell.forecasts[:, :better_at] = (0.9 * naive + 0.1 * actual)[:better_at]
        cell.scores[:] = np.sqrt(((cell.forecasts - actual) ** 2).mean(axis=1))
        cell.scores[:] *= np.linspace(0.999, 1.001, 20)
        claims = tuple(better("a", name) for name in names)
        declared = replace(result, study=replace(result.study, hypotheses=claims))
        decided = settle(declared)[0].outcome is Outcome.SUPPORTED
        assert (chance in " ".join(came_out(declared))) is not decided
        between += not decided and chance not in " ".join(came_out(result))
    assert between


def test_cutoffs_of_one_series_are_not_called_series() -> None:
    result = synthetic(panel=several("r"), cutoffs=3)
    told = " ".join(came_out(result))
    assert "averaged over 3 cutoffs" in told
    assert "series" not in told


def test_the_terminal_has_the_same_words() -> None:
    result = synthetic(hypotheses=(better("a", "simple"),))
    text = " ".join(study_text(result, settle(result)).split())
    for words in (asked(result.study), f"Set-up: {set_up(result.study)}", *came_out(result)):
        assert words in text
    assert "b: " in text


def test_sentences_are_one_blank_apart_and_intervals_begin_with_the_less() -> None:
    result = synthetic(spread=0.1, repeats=8)
    for each in (result, synthetic(spread=0.9)):
        assert "  " not in " ".join(came_out(each))
    assert _between(-0.422, -0.325) == "32.5% to 42.2% more"
    assert _between(0.3, 0.4) == "30.0% to 40.0% less"
    assert _between(-0.1, 0.2) == "10.0% more to 20.0% less"


def test_a_run_without_an_error_did_not_diverge() -> None:
    arm = Arm("a", Model(REGIMES["stateless"], Framing(lags=2), Network(1), Training(epochs=1)))
    panel = Panel.from_values(np.full(40, 5.0))
    result = run_study(Study((arm,), panel, 8, 3, adjust=Adjust()))
    [row] = [line for line in study_text(result, []).splitlines() if line.startswith("a ")]
    assert row.split() == ["a", "3", "-", "-", "-", "-", "0"]
