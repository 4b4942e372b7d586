"""``statewise tune`` from a file to a forecast with what it found."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statewise.cli import main

SMALL = ["--epochs", "2", "--steps", "1", "--repeats", "16", "--cutoffs", "2", "--test-size", "4"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    times = pd.date_range("2020-01", periods=40, freq="MS").strftime("%d.%m.%Y")
    y = rng.normal(10, 1, 40)
    table = pd.DataFrame({"when": times, "sold": y, "visits": rng.normal(size=40), "note": "x"})
    table.to_csv("data.csv", index=False)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_command_line_that_is_printed_forecasts_with_the_winner(
    capsys: pytest.CaptureFixture[str],
) -> None:
    how = ["--column", "sold", "--season", "4,12", "--seed", "3", "--past", "visits"]
    how += ["--date-format", "%d.%m.%Y", "--out", "rows.csv", "--difference", "1,12"]
    space = ["--lags", "2,4", "--regimes", "stateless,stateful-warm"]
    assert main(["tune", "data.csv", *SMALL, *how, *space]) == 0
    out, err = capsys.readouterr()
    rows = out.splitlines()
    assert rows[0].split()[:3] == ["regime", "lags", "rung"]
    best = rows[1].split()
    assert "rung 1: 4 candidates with 8 restarts" in err
    assert f"The winner is {best[0]}, lags {best[1]}:" in " ".join(out.split())
    assert "tuned beats simple: " in out
    written = pd.read_csv("rows.csv")
    assert (len(written), written["regime"][0], written["lags"][0]) == (4, best[0], int(best[1]))
    words = shlex.split(rows[-1])
    assert words[:3] == ["statewise", "forecast", "data.csv"]
    told = dict(zip(words[3::2], words[4::2], strict=True))
    assert told == {
        "--column": "sold", "--past": "visits", "--season": "4,12", "--seed": "3",
        "--date-format": "%d.%m.%Y", "--horizon": "1", "--regime": best[0], "--lags": best[1],
        "--epochs": "2", "--steps": "1", "--difference": "1,12",
    }  # fmt: skip


@pytest.mark.usefixtures("folder")
def test_a_store_keeps_to_its_search(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["tune", "data.csv", "--column", "sold", *SMALL, "--units", "1,2", "--store", "t.db"]
    assert main(line) == 0
    out = capsys.readouterr().out
    assert main(line) == 0
    assert capsys.readouterr().out == out
    assert main([*line, "--known", "visits"]) == 2
    assert "was started with another specification" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_ctrl_c_says_what_was_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(number: int, *_: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    line = ["tune", "data.csv", "--column", "sold", *SMALL, "--units", "1,2"]
    with monkeypatch.context() as patched:
        patched.setattr("statewise.cli.tune.say_rung", stopped)
        assert main([*line, "--store", "t.db"]) == 130
        assert "stopped; every finished run is in t.db." in capsys.readouterr().err
        assert main(line) == 130
        assert "stopped; nothing was kept." in capsys.readouterr().err
    assert main([*line, "--store", "t.db"]) == 0
    resumed = capsys.readouterr().out
    assert main(line) == 0
    assert capsys.readouterr().out == resumed


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lags", "2,x"], "argument --lags: '2,x' is not values such as 4,8"),
        (["--regimes", "statefull,stateless"], "--regimes = 'statefull'"),
        (["--lags", "2", "--units", "2", "--regimes", "stateless"], "leaves one candidate"),
        (
            ["--relative", "last,first"],
            "argument --relative: 'first' is not one of none, last, mean",
        ),
        (["--repeats", "3"], "--repeats = 3"),
        (["--budget", "-1"], "--budget = -1.0"),
    ],
)
def test_what_is_wrong_is_said_by_its_option(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["tune", "data.csv", "--column", "sold", "--epochs", "2", *options])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    assert said in capsys.readouterr().err
