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
