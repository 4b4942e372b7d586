from scipy.stats import binomtest

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


def test_every_arm_stands_against_persistence() -> None:
    result = quick(tutorial_study(repeats=12))
    lines = tutorial_text(conclude(result)).split("Against persistence")[1].splitlines()[2:13]
    for line, (name, arm) in zip(lines, result.arms.items(), strict=True):
        beaten = int((arm.scores < result.naive_rmse).sum())
        low, high = binomtest(beaten, 12).proportion_ci(method="exact")
        shares = f"{beaten / 12:.3f} {low:.3f} {high:.3f}"
        skill = 1.0 - arm.scores.mean() / result.naive_rmse
        mean = f"{arm.scores.mean():.3f}"
        assert line.split() == [name, mean, f"{skill:.3f}", str(beaten), *shares.split()]
