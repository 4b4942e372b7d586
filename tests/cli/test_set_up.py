"""The set-up of a study of regimes, from the command line."""

import sqlite3
import tomllib
from pathlib import Path

import pytest

from statewise.cli import main
from tests.cli.test_study import edit


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


WIDE = "ds,y,price,visits\n" + "".join(
    f"{2015 + i // 12}-{1 + i % 12:02d},{50 + (i % 12) * 3 + (i * 7) % 5},{i % 4},{(i * 5) % 9}\n"
    for i in range(48)
)


def rows_of(store: str) -> list[tuple[str, float]]:
    connection = sqlite3.connect(store)
    found = connection.execute("SELECT hex(forecasts), score FROM run ORDER BY id").fetchall()
    connection.close()
    return sorted(found)


@pytest.mark.usefixtures("folder")
def test_a_study_file_and_compare_ask_one_question(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.csv").write_text(WIDE)
    how = ["--repeats", "3", "--epochs", "3", "--known", "price", "--horizon", "2", "--seed", "5"]
    assert main(["study", "init", "wide.csv", "--column", "y", *how]) == 0
    text = Path("study.toml").read_text()
    for line in ("horizon = 2 ", "season = 12 ", 'known = ["price"]', 'past = ["visits"]',
                 "seasons = [12]", "lags = 18 ", 'scale = "none"', 'name = "stateful-warm"',
                 'fill = "linear"'):  # fmt: skip
        assert f"\n{line}" in text, line
    assert main(["study", "run", "study.toml"]) == 0
    first = capsys.readouterr().out
    command = ["compare", "wide.csv", "--column", "y", "--store", "compared.db", *how]
    assert main(command) == 0
    assert capsys.readouterr().out == first
    assert rows_of("compared.db") == rows_of("study.db")


@pytest.mark.usefixtures("folder")
def test_columns_that_a_study_does_not_see_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.csv").write_text(WIDE)
    said = "note: further columns are not looked at: price, visits"
    assert main(["study", "init", "wide.csv", "--minimal", "--column", "y"]) == 0
    assert said in capsys.readouterr().err
    edit("study.toml", "epochs = 1000", "epochs = 2")
    edit("study.toml", "repeats = 200", "repeats = 2")
    assert main(["study", "run", "study.toml"]) == 0
    assert said not in capsys.readouterr().err  # the file says so
    Path("study.db").unlink()
    edit("study.toml", "past = []", "#")
    assert main(["study", "run", "study.toml"]) == 0
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_times_of_a_study_may_be_words(capsys: pytest.CaptureFixture[str]) -> None:
    Path("words.csv").write_text("when,y\n" + "".join(f"week {i},{i % 7}\n" for i in range(40)))
    assert main(["study", "init", "words.csv"]) == 0
    assert "the order of the times is all that is used" in capsys.readouterr().err
    assert "fill" not in tomllib.loads(Path("study.toml").read_text())
    assert main(["study", "status", "study.toml"]) == 0


@pytest.mark.usefixtures("folder")
def test_what_was_not_given_is_not_shown_as_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wide.csv").write_text(WIDE)
    Path("open.csv").write_text(WIDE.replace(",y,", ",sold,", 1))
    assert main(["compare", "open.csv"]) == 2
    assert "statewise: --column: must be chosen. Name one with --column" in capsys.readouterr().err
    assert main(["forecast", "wide.csv", "--column", "y", "--known", "price"]) == 2
    assert "--known = 'price': must be known over the horizon" in capsys.readouterr().err
