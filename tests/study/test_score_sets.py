from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from statewise.errors import DataError, SettingError
from statewise.stats import compare, compare_unpaired
from statewise.study import Outcome, compare_scores, holm, read_scores

RNG = np.random.default_rng(3)
A, B, C = (RNG.normal(mean, sd, 30) for mean, sd in ((97.0, 5.0), (101.0, 4.0), (97.0, 1.0)))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_sets_are_compared_by_the_tests_and_rules_of_a_study() -> None:
    found = compare_scores({"A": A, "B": B, "C": C}, margin=1.5)
    claims = [verdict.hypothesis.claim for verdict in found.verdicts]
    assert claims == ["A beats B", "A beats C", "B beats C"]
    pairs = ((A, B), (A, C), (B, C))
    tests = [compare_unpaired(first, second, 1.5) for first, second in pairs]
    assert [verdict.comparison for verdict in found.verdicts] == tests
    adjusted = holm([test.p_value for test in tests])
    assert [verdict.p_adjusted for verdict in found.verdicts] == adjusted
    paired = compare_scores({"A": A, "B": B}, margin=1.5, paired=True)
    assert paired.verdicts[0].comparison == compare(A, B, 1.5)
    assert paired.verdicts[0].test == "paired by repeat"


def test_the_naive_forecast_is_a_bar_for_every_set() -> None:
    found = compare_scores({"A": A, "B": B[:20]}, naive=100.0)
    assert found.margin == 1.0
    first, second, third = found.verdicts
    assert first.hypothesis.second == "B"
    assert second.comparison == compare(A, np.full(30, 100.0), 1.0)
    assert third.hypothesis.claim == "B beats naive"
    assert found.rows[0]["beat naive"] == f"{np.mean(A < 100.0):.1%}"


@pytest.mark.parametrize(
    ("second", "paired", "outcome"),
    [
        (A, True, Outcome.IDENTICAL),
        (A, False, Outcome.UNDECIDED),  # other restarts, for all that is known
        (A + 0.1, True, Outcome.PRACTICALLY_EQUAL),
        (A + 5.0, True, Outcome.SUPPORTED),
        (A - 5.0, True, Outcome.CONTRADICTED),
    ],
)
def test_outcomes_are_in_the_words_of_a_study(
    second: NDArray[np.float64], paired: bool, outcome: Outcome
) -> None:
    [verdict] = compare_scores({"A": A, "B": second}, paired=paired, margin=0.5).verdicts
    assert verdict.outcome is outcome


def test_small_scores_are_shown_with_their_digits() -> None:
    found = compare_scores({"A": A * 1e-6, "B": B * 1e-6})
    assert f"{A.mean() * 1e-6:.8f}" in str(found)
    assert f"{found.verdicts[0].comparison.difference:+.8f} [" in str(found)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(SettingError, match="is nothing to compare"):
        compare_scores({"A": A})
    with pytest.raises(SettingError, match="is what the naive forecast is called"):
        compare_scores({"naive": A}, naive=1.0)
    with pytest.raises(DataError, match="are sets of other lengths"):
        compare_scores({"A": A, "B": B[:9]}, paired=True)
    with pytest.raises(SettingError, match="margin = None: has nothing above zero"):
        compare_scores({"A": A - A.max(), "B": B})
    wrong: list[dict[str, Any]] = [{"margin": 0.0}, {"alpha": 1.0}, {"naive": -1.0}]
    for given in wrong:
        with pytest.raises(SettingError, match=next(iter(given))):
            compare_scores({"A": A, "B": B}, **given)


def test_result_files_are_read_as_people_have_them(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "origin.csv", "results\n97.5\ninf\n"),
        write(tmp_path / "bare.csv", "97.5\n96\n"),
        write(tmp_path / "pandas.csv", ",results\n0,97.5\n1,96\n"),
        write(tmp_path / "several.csv", "a;b\n1,5;2\n;3,5\n"),
    ]
    found = {name: scores.tolist() for name, scores in read_scores(files).items()}
    assert found == {
        "origin": [97.5, np.inf],
        "bare": [97.5, 96.0],
        "pandas": [97.5, 96.0],
        "several: a": [1.5],
        "several: b": [2.0, 3.5],
    }
    (tmp_path / "more").mkdir()
    other = write(tmp_path / "more" / "bare.csv", "1\n2\n")
    assert list(read_scores([files[1], other])) == [str(files[1]), str(other)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("results\n1\n\nten\n", r"scores\.csv, line 4 = 'ten': is no score \(column 'results'\)"),
        ("a,b\n1,2\n,3\n4,5\n", r"scores\.csv, line 3 = '': is no score \(column 'a'\)"),
        ("results\nnan\n", r"line 2 = 'nan': is no score .* inf for a run that diverged"),
        ("results\n", "has a header and no scores"),
        ("inf\n97\n", "begins with inf, which is no name of a column"),
        ("1,2\n3,4\n", "has columns without names"),
    ],
)
def test_what_is_no_score_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_scores([write(tmp_path / "scores.csv", text)])


def test_a_file_is_named_once(tmp_path: Path) -> None:
    path = write(tmp_path / "scores.csv", "1\n2\n")
    with pytest.raises(SettingError, match="is given twice"):
        read_scores([path, path])
