from dataclasses import replace

from scipy.stats import binomtest

from statewise.study import Outcome
from statewise.tutorial.experiments import conclude, tutorial_study
from statewise.tutorial.text import tutorial_text
from tests.tutorial.test_experiments import quick


def test_the_tutorial_says_all_it_must() -> None:
    text = tutorial_text(conclude(quick(tutorial_study(repeats=12))))
    for words in (
        "RMSE 136.761",
        "published",
        "103.143",
        "first 10",
        "all",
        "P(better)",
        "1. Stateful beats stateless: ",
        "6. Not resetting between one-step forecasts beats resetting: ",
        "at the same batch size: IDENTICAL",
        "An epoch is a single batch",
        "a warm-up leaves no trace",
        '"seeding"',
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 130


def test_every_arm_stands_against_persistence_and_the_best_simple_forecast() -> None:
    result = quick(tutorial_study(repeats=12))
    text = tutorial_text(conclude(result))
    told = "the best simple forecast on the training part, autoregression, 86.730."
    assert told in " ".join(text.split())
    lines = text.split("Against persistence and autoregression")[1].splitlines()[2:13]
    [simple] = result.simple_scores("simple").values()
    for line, (name, arm) in zip(lines, result.arms.items(), strict=True):
        assert line.split()[0] == name
        for bar in (result.naive_rmse, simple):
            beaten = int((arm.scores < bar).sum())
            low, high = binomtest(beaten, 12).proportion_ci(method="exact")
            shares = f"{beaten / 12:.1%} [{low:.1%}, {high:.1%}]"
            assert f"{1.0 - arm.scores.mean() / bar:+.1%} " in line
            assert shares in line


def test_an_effect_below_the_margin_is_said_to_be_too_small_to_matter() -> None:
    tutorial = conclude(quick(tutorial_study(repeats=12)))
    verdict = replace(tutorial.verdicts[0], outcome=Outcome.SUPPORTED, small=True)
    text = tutorial_text(replace(tutorial, verdicts=[verdict]))
    assert "1. Stateful beats stateless: SUPPORTED, TOO SMALL TO MATTER" in text
