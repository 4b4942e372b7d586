"""``statewise forecast``, ``update`` and ``backtest``: from a file to forecasts and back."""

import re
import signal
import subprocess
import sys
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.base.locks import Lock
from statewise.cli import main, parser
from statewise.cli.progress import say
from statewise.data.files import read_file
from statewise.forecasting import Forecaster
from statewise.forecasting.settings import Recipe

SMALL = ["--lags", "2", "--units", "2", "--members", "3", "--epochs", "5"]
RECIPE = Recipe(lags=2, units=2, members=3, epochs=5)
Captured = pytest.CaptureFixture[str]


def rows(begin: int, end: int, *, columns: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    parts = []
    for k, name in enumerate(("north", "south")):
        ds = pd.date_range("2020-01", periods=50, freq="MS").strftime("%Y-%m")
        part = pd.DataFrame({"unique_id": name, "ds": ds, "y": 50 + k + rng.normal(0, 2, 50)})
        if columns:
            part["promo"] = (np.arange(50) % 4 == k) * 1.0
        parts.append(part[begin:end])
    return pd.concat(parts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows(0, 40).to_csv("data.csv", index=False)
    rows(0, 40).to_parquet("data.parquet")
    rows(40, 43).to_csv("new.csv", index=False)
    rows(0, 40, columns=True).to_csv("wide.csv", index=False)
    rows(40, 44, columns=True).drop(columns="y").to_csv("future.csv", index=False)
    return tmp_path


def frame_of(path: str) -> pd.DataFrame:
    return pd.read_csv(path) if path.endswith("csv") else pd.read_parquet(path)


def refused(capsys: Captured, *arguments: str) -> str:
    """What is said of a command that is refused, in one line."""
    try:
        code = main(list(arguments))
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    [line] = err.strip().splitlines()
    assert line.startswith("statewise: ")
    return line


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.usefixtures("folder")
def test_a_forecast_is_that_of_the_library(form: str, capsys: Captured) -> None:
    line = ["forecast", f"data.{form}", "--horizon", "4", "--level", "50,80", *SMALL]
    more = ["--quantiles", "0.1", "--out", f"out/f.{form}", "--regime", "stateful-warm"]
    assert main([*line, *more, "--season", "6", "--bounds", "none,70"]) == 0
    out, err = capsys.readouterr()
    written = frame_of(f"out/f.{form}")
    model = Forecaster(
        replace(RECIPE, regime="stateful-warm"), horizon=4, season=6, bounds=(None, 70.0)
    )
    panel = read_file(f"data.{form}")
    expected = model.fit(panel).predict(level=[50, 80], quantiles=[0.1])
    bounds = ["lo-50", "hi-50", "lo-80", "hi-80", "q-0.1"]
    assert written.columns.tolist() == ["unique_id", "ds", "mean", *bounds]
    np.testing.assert_allclose(written["hi-80"], np.asarray(expected["hi-80"]), rtol=1e-12)
    table = out.splitlines()
    assert len(table) == 9
    assert table[1].split()[:2] == ["north", "2023-05"]
    assert float(table[1].split()[2]) == pytest.approx(written["mean"][0], abs=1e-3)
    assert model.explain() in err
    assert f"Wrote 8 rows to out/f.{form}." in err


@pytest.mark.usefixtures("folder")
def test_a_file_alone_is_enough(capsys: Captured) -> None:
    assert main(["forecast", "data.csv"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("Series: 2, whose times are months; fitted for 13 ahead.")
    assert len(out.splitlines()) == 2 * 13 + 1


@pytest.mark.usefixtures("folder")
def test_networks_alone_weigh_all_and_it_is_written(capsys: Captured) -> None:
    line = ["forecast", "data.csv", "--horizon", "3", *SMALL, "--weights", "w.csv"]
    assert main([*line, "--no-combine", "--plot-loss", "l.png", "--validation", "0.2"]) == 0
    capsys.readouterr()
    weights = pd.read_csv("w.csv")
    assert weights["unique_id"].tolist() == ["north", "south"]
    assert weights["network"].tolist() == [1.0, 1.0]
    assert Path("l.png").read_bytes()[:4] == b"\x89PNG"
    assert main([*line]) == 0
    kinds = pd.read_csv("w.csv").drop(columns=["unique_id", "error"])
    assert kinds.sum(axis=1).tolist() == pytest.approx([1.0, 1.0])
    assert kinds["network"].max() < 1.0


@pytest.mark.usefixtures("folder")
def test_a_model_forecasts_series_that_it_was_not_fitted_on(capsys: Captured) -> None:
    main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL])
    other = rows(0, 30).assign(unique_id=lambda frame: "new " + frame.unique_id)
    other.to_csv("other.csv", index=False)
    capsys.readouterr()
    line = ["forecast", "other.csv", "--model", "m", "--level", "80", "--out", "f.csv"]
    assert main([*line, "--plot", "f.png", "--save", "m2"]) == 0
    out, err = capsys.readouterr()
    expected = Forecaster.load("m").predict(level=80, frame=other)
    found = pd.read_csv("f.csv", float_precision="round_trip")
    np.testing.assert_allclose(found["lo-80"], expected["lo-80"])
    assert out.splitlines()[1].split()[:2] == ["new", "north"]
    assert "new to the model" in err
    assert Forecaster.load("m2").origin_.ids == ("new north", "new south")
    said = refused(capsys, *line, "--epochs", "3")
    assert "--epochs = 3: is of training, and the model is trained. Leave --epochs or" in said


def test_a_model_that_is_not_there_is_called_by_its_option(capsys: Captured) -> None:
    assert main(["forecast", "data.csv", "--model", "nosuch.model"]) == 2
    assert "--model = 'nosuch.model': cannot be read" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_saved_model_moves_on_as_the_library_does(capsys: Captured) -> None:
    line = ["forecast", "data.csv", "--horizon", "2", "--save", "m", "--plot", "f.png", *SMALL]
    assert main([*line, "--regime", "stateful-warm"]) == 0
    assert Path("f.png").read_bytes()[:4] == b"\x89PNG"
    model = Forecaster.load("m")
    assert model.progress is False
    model.update(rows(40, 43))
    assert main(["update", "m", "new.csv", "--save", "m2"]) == 0
    assert "Moved 2 of 2 series on by 6 observations, up to 2023-07." in capsys.readouterr().err
    untouched = Path("m").read_bytes()
    assert (
        main(["update", "m", "new.csv", "--horizon", "3", "--level", "80", "--out", "u.csv"]) == 0
    )
    assert Path("m").read_bytes() != untouched
    pd.testing.assert_frame_equal(Forecaster.load("m").predict(3), Forecaster.load("m2").predict(3))
    expected = model.predict(3, level=[80])
    found = pd.read_csv("u.csv", float_precision="round_trip")
    np.testing.assert_array_equal(found["hi-80"], expected["hi-80"])
    pd.testing.assert_frame_equal(Forecaster.load("m").predict(3), model.predict(3))


@pytest.mark.usefixtures("folder")
def test_commands_that_update_one_model_at_once_take_turns() -> None:
    assert main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL]) == 0
    expected, new = Forecaster.load("m").update(rows(40, 43)), rows(40, 43)
    for name in ("north", "south"):
        new[new["unique_id"] == name].to_csv(f"{name}.csv", index=False)
    command, pipe = [sys.executable, "-m", "statewise.cli", "update", "m"], subprocess.PIPE
    processes = [
        subprocess.Popen([*command, f"{name}.csv"], stderr=pipe, text=True)
        for name in ("north", "south")
    ]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert all("Moved 1 of 2 series on by 3 observations" in text for text in said)
    assert [process.returncode for process in processes] == [0, 0]
    pd.testing.assert_frame_equal(Forecaster.load("m").predict(3), expected.predict(3))


@pytest.mark.usefixtures("folder")
def test_an_update_says_that_it_waits_and_can_be_told_not_to(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL])
    capsys.readouterr()
    lock = Lock(Path("m"))
    taken, waited = threading.Event(), threading.Event()

    def other() -> None:
        lock.take()
        taken.set()
        waited.wait(60)
        lock.release()

    def saying(text: str) -> None:
        say(text)
        waited.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert taken.wait(60)
    said = refused(capsys, "update", "m", "new.csv", "--wait", "0")
    fix = "Wait until that has ended, or give a longer --wait."
    assert said == f"statewise: MODEL = 'm': is being written by another process. {fix}"
    assert "--wait = -1" in refused(capsys, "update", "m", "new.csv", "--wait", "-1")
    monkeypatch.setattr("statewise.cli.forecast.say", saying)
    assert main(["update", "m", "new.csv"]) == 0
    thread.join()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "statewise: m is being written by another process; waiting..."
    assert second.startswith("Moved 2 of 2 series")
    said = refused(capsys, "update", "m", "new.csv")
    assert "is not after 2023-07, the latest time that is known, and no other row" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda new: new.iloc[1:], "2023-05': is missing"),
        (lambda new: pd.concat([rows(39, 40), new]), "is not after 2023-04, the"),
        (lambda new: pd.concat([new, new.tail(1)]), "appears twice"),
        (lambda new: new.assign(unique_id="west"), "is not a known series"),
        (lambda new: new.assign(y=[1, 2, 3, 4, 5, "x"]), "new.csv, line 7 = 'x'"),
        (
            lambda new: new.assign(y=[1, 2, 3, 4, 5, None]),
            "has no value in column 'y'. Fill it in.",
        ),
        (lambda new: new.assign(y="inf"), "is not a finite number"),
        (lambda new: new.drop(columns="y"), "column = 'y': is not a column"),
        (lambda new: new.drop(columns="unique_id"), "column = 'unique_id': is not a column"),
        (lambda new: new.head(0), "has no rows"),
        (lambda new: new.assign(ds="soon"), "cannot be read as a time"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_rows_are_refused_and_the_model_is_as_it_was(
    change: Any, said: str, capsys: Captured
) -> None:
    main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL])
    capsys.readouterr()
    before = Path("m").read_bytes()
    change(rows(40, 43)).to_csv("new.csv", index=False)
    assert said in refused(capsys, "update", "m", "new.csv")
    assert Path("m").read_bytes() == before
    assert sorted(p.name for p in Path().iterdir() if p.name.startswith(".")) == []


@pytest.mark.usefixtures("folder")
def test_a_forecast_that_fails_leaves_the_model_as_it_was(capsys: Captured) -> None:
    line = ["forecast", "wide.csv", "--horizon", "2", "--save", "m", *SMALL]
    main([*line, "--future", "future.csv"])
    rows(40, 43, columns=True).to_csv("new.csv", index=False)
    capsys.readouterr()
    before = Path("m").read_bytes()
    assert "--future: is needed" in refused(capsys, "update", "m", "new.csv", "--horizon", "2")
    assert Path("m").read_bytes() == before
    rows(43, 45, columns=True).to_csv("later.csv", index=False)
    Path("u.csv").mkdir()
    line = ["update", "m", "new.csv", "--horizon", "2", "--future", "later.csv", "--out", "u.csv"]
    assert "u.csv is a folder there" in refused(capsys, *line)
    assert Path("m").read_bytes() == before
    for option, value in (
        ("--level", "80"), ("--quantiles", "0.5"), ("--out", "x.csv"), ("--future", "f.csv"),
    ):  # fmt: skip
        assert "Give a --horizon too." in refused(capsys, "update", "m", "new.csv", option, value)
    for name in ("none", "data.csv"):
        assert f"MODEL = '{name}'" in refused(capsys, "update", name, "new.csv")


@pytest.mark.usefixtures("folder")
def test_columns_of_the_future_are_known_and_others_past(capsys: Captured) -> None:
    wide = rows(0, 40, columns=True)
    wide["temp"] = np.arange(len(wide)) % 7.0
    wide.assign(city="Ulm").to_csv("wide.csv", index=False)
    line = ["forecast", "wide.csv", "--horizon", "4", "--save", "m", *SMALL]
    assert main([*line, "--future", "future.csv", "--out", "f.csv", "--calendar", "month"]) == 0
    err = capsys.readouterr().err
    assert "no numbers, left out: city" in err
    assert "Columns known ahead: promo." in err
    assert "Columns known up to now: temp." in err
    assert "Columns of the calendar: month." in err
    model = Forecaster.load("m")
    assert model.origin_.columns == ("promo", "temp")
    expected = model.predict(4, X=pd.read_csv("future.csv"))
    np.testing.assert_array_equal(
        pd.read_csv("f.csv", float_precision="round_trip")["mean"], expected["mean"]
    )
    rows(40, 43, columns=True).assign(temp=1.0).to_csv("new.csv", index=False)
    rows(43, 45, columns=True).drop(columns="y").to_csv("next.csv", index=False)
    assert main(["update", "m", "new.csv", "--horizon", "2", "--future", "next.csv"]) == 0
    assert main([*line, "--future", "future.csv", "--past", "none"]) == 0
    assert Forecaster.load("m").origin_.columns == ("promo",)
    assert main([*line, "--past", "temp"]) == 0
    assert Forecaster.load("m").origin_.columns == ("temp",)
    assert main(line) == 0
    assert Forecaster.load("m").origin_.columns == ("promo", "temp")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--known", "promo"], "--known = 'promo': must be known over the horizon"),
        (["--known", "all"], "Give --future FILE"),
        (["--known", "x", "--future", "future.csv"], "--known = 'x': is not a column"),
        (["--past", "x"], "--past = 'x': is not a column"),
        (["--past", "x", "--future", "future.csv"], "--past = 'x': is not a column"),
        (["--past", "promo", "--known", "promo", "--future", "future.csv"], "--past = ['promo']"),
        (["--future", "new.csv"], "columns that DATA does not have"),
        (["--future", "future.csv", "--horizon", "9"], "is missing from the frame"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_columns_that_cannot_be_used_are_refused(
    options: list[str], said: str, capsys: Captured
) -> None:
    assert said in refused(capsys, "forecast", "wide.csv", "--horizon", "4", *options)
    assert "Give a --horizon too." in refused(
        capsys, "forecast", "wide.csv", "--future", "future.csv"
    )


@pytest.mark.usefixtures("folder")
def test_a_file_of_values_alone_is_counted_on(capsys: Captured) -> None:
    pd.DataFrame({"v": rows(0, 40).y[:40]}).to_csv("v.csv", index=False)
    pd.DataFrame({"v": [50.0, 51.0]}).to_csv("w.csv", index=False)
    assert main(["forecast", "v.csv", "--horizon", "1", "--save", "m", *SMALL]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "41"
    assert main(["update", "m", "w.csv", "--horizon", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "43"


@pytest.mark.usefixtures("folder")
def test_auto_says_which_regime_is_used(capsys: Captured) -> None:
    line = ["forecast", "data.csv", "--horizon", "2", "--regime", "auto", "--save", "m", *SMALL]
    assert main(line) == 0
    err = capsys.readouterr().err
    used = re.search(r"^(\S+) is used: its networks' mean absolute error is", err, re.MULTILINE)
    assert used is not None
    assert Forecaster.load("m").recipe == replace(RECIPE, regime=used[1])
    rows(0, 4).to_csv("short.csv", index=False)
    assert main(["forecast", "short.csv", *line[2:]]) == 0
    assert (
        "Too little to compare regimes on: stateless-shuffled is used." in capsys.readouterr().err
    )


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.usefixtures("folder")
def test_a_backtest_is_that_of_the_library(form: str, capsys: Captured) -> None:
    line = ["backtest", "data.csv", "--test-size", "6", "--cutoffs", "2", "--level", "80"]
    options = ["--horizon", "2", "--walk", "re-encoded", "--refit", "first", "--season", "3"]
    assert main([*line, *options, *SMALL, "--out", "bt", "--format", form]) == 0
    out, _ = capsys.readouterr()
    model, panel = Forecaster(RECIPE, horizon=2, season=3), read_file("data.csv")
    found = model.backtest(
        panel, 6, 2, horizon=2, walk="re-encoded", refit="first", level=[80], season=3
    )
    assert str(found) in out
    assert "coverage-80" in out
    skill = found.table[0]["skill-naive"]
    assert f"{abs(skill):.1%} {'below' if skill > 0 else 'above'} that of the naive" in out
    assert "that of the simple one chosen in training." in out
    files = {"table.csv", "scores.csv", f"forecasts.{form}", "backtest.png"}
    assert {p.name for p in Path("bt").iterdir()} == files
    written = frame_of(f"bt/forecasts.{form}")
    np.testing.assert_allclose(written["statewise"], found.forecasts["statewise"])
    assert len(pd.read_csv("bt/scores.csv")) == 2 * len(found.table)


@pytest.mark.usefixtures("folder")
def test_the_regime_of_a_backtest_is_chosen_without_its_test_parts(capsys: Captured) -> None:
    line = ["backtest", "data.csv", "--test-size", "4", "--cutoffs", "2", "--regime", "auto"]
    assert main([*line, *SMALL]) == 0
    first = capsys.readouterr().err
    changed = rows(0, 40)
    changed.loc[changed.index >= 32, "y"] += 1000.0
    changed.to_csv("data.csv", index=False)
    assert main([*line, *SMALL]) == 0
    assert capsys.readouterr().err == first
    assert "is used: its networks'" in first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forecast", "none.csv", "--horizon", "2"], "DATA = 'none.csv': cannot be read"),
        (["forecast", "data.csv", "--horizon", "0"], "--horizon = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "80,x"], "argument --level"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "0"], "not percentages"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "80,80"], "not percentages"),
        (["forecast", "data.csv", "--horizon", "2", "--regime", "best"], "--regime = 'best'"),
        (["forecast", "data.csv", "--horizon", "2", "--lags", "0"], "--lags = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--threads", "0"], "--threads = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--quantiles", "2"], "not fractions"),
        (["forecast", "data.csv", "--horizon", "2", "--season", "0"], "--season = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--bounds", "5"], "argument --bounds"),
        (["forecast", "data.csv", "--horizon", "2", "--bounds", "5,1"], "--bounds = (5.0, 1.0)"),
        (["forecast", "data.csv", "--horizon", "2", "--calendar", "x"], "--calendar = 'x'"),
        (["forecast", "data.csv", "--horizon", "2", "--learning-rate", "0"], "--learning-rate = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--early-stopping", "0"], "--early-stopping"),
        (["forecast", "data.csv", "--horizon", "2", "--plot-loss", "x"], "--plot-loss = 'x'"),
        (["backtest", "data.csv", "--known", "x"], "--known = 'x': is not a column"),
        (["forecast", "data.csv", "--horizon", "2", "--difference", "a"], "argument --difference"),
        (["forecast", "data.csv", "--horizon", "2", "--transform", "cube"], "--transform = 'cube'"),
        (["forecast", "data.csv", "--horizon", "2", "--fill", "magic"], "--fill = 'magic'"),
        (["forecast", "data.csv", "--horizon", "2", "--column", "z"], "--column = 'z'"),
        (["forecast", "data.csv", "--horizon", "2", "--time-column", "z"], "--time-column = 'z'"),
        (["forecast", "data.csv", "--horizon", "2", "--id-column", "z"], "--id-column = 'z'"),
        (["forecast", "data.csv", "--horizon", "2", "--encoding", "x"], "--encoding = 'x'"),
        (["forecast", "data.csv", "--horizon", "2", "--plot", "f.doc"], "Use .png, .svg or .pdf."),
        (["forecast", "data.csv", "--horizon", "2", "--out", "."], "--out: '.' is of no format"),
        (["forecast", "data.csv", "--horizon", "2", "--out", "f.xls"], "End it in .csv"),
        (
            ["forecast", "data.csv", "--horizon", "2", "--out", "data.csv/f.csv"],
            "cannot be written",
        ),
        (["backtest", "data.csv", "--test-size", "20", "--cutoffs", "2"], "leave none to train on"),
        (["backtest", "data.csv", "--test-size", "0"], "--test-size = 0"),
        (["backtest", "data.csv", "--cutoffs", "0"], "--cutoffs = 0"),
        (["backtest", "data.csv", "--horizon", "0"], "--horizon = 0"),
        (["backtest", "data.csv", "--season", "0"], "--season = 0"),
        (["backtest", "data.csv", "--walk", "back"], "argument --walk"),
        (["backtest", "data.csv", "--beside", "Oracle"], "--beside = 'Oracle'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], said: str, capsys: Captured
) -> None:
    before = sorted(Path().iterdir())
    assert said in refused(capsys, *arguments)
    assert sorted(Path().iterdir()) == before


@pytest.mark.usefixtures("folder")
def test_a_file_of_more_rows_than_are_allowed_is_refused(capsys: Captured) -> None:
    for form in ("csv", "parquet"):
        said = refused(capsys, "forecast", f"data.{form}", "--max-rows", "79")
        assert f"DATA = 'data.{form}': has 80 rows, and at most 79 are read." in said
        assert said.endswith("allow more with --max-rows 80.")
    main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL])
    capsys.readouterr()
    said = refused(capsys, "update", "m", "new.csv", "--max-rows", "5")
    assert "NEW = 'new.csv': has 6 rows, and at most 5 are read." in said
    line = ["forecast", "wide.csv", "--horizon", "4", "--future", "future.csv", "--max-rows", "79"]
    assert "has 80 rows" in refused(capsys, *line)


@pytest.mark.usefixtures("folder")
def test_warnings_are_notes_without_a_place_in_the_source(capsys: Captured) -> None:
    main(["forecast", "data.csv", "--horizon", "2", *SMALL, "--learning-rate", "1e30"])
    notes = [line for line in capsys.readouterr().err.splitlines() if ": note: " in line]
    assert len(notes) == 1
    assert re.match(r"statewise: note: \d of 6 networks diverged in training", notes[0])


@pytest.mark.usefixtures("folder")
def test_long_forecasts_are_printed_in_part(capsys: Captured) -> None:
    main(["forecast", "data.csv", "--horizon", "40", *SMALL])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 62
    assert lines[-1] == "... and 20 rows more (--out writes all)"
    main(["forecast", "data.csv", "--horizon", "40", *SMALL, "--out", "f.csv"])
    out, err = capsys.readouterr()
    assert out.splitlines() == [*lines[:-1], "... and 20 rows more"]
    assert "Wrote 80 rows to f.csv." in err
    main(["forecast", "data.csv", "--horizon", "2", *SMALL, "--save", "m"])
    main(["update", "m", "new.csv", "--horizon", "40", "--out", "u.csv"])
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "... and 20 rows more"
    assert "Wrote 80 rows to u.csv." in err


@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_there_is_an_option_for_every_field_of_a_recipe(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([command, "--help"])
    text = capsys.readouterr().out
    titles = re.findall(r"^(\w[\w ]+):$", text, re.MULTILINE)
    assert titles[2:] == ["the file", "columns", "the forecast", "the networks"]
    for each in fields(Recipe):
        assert f"  --{each.name.replace('_', '-')} " in text
        assert each.default is None


def test_help_of_update_says_what_a_bad_row_does(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["update", "--help"])
    assert "nothing is changed" in " ".join(capsys.readouterr().out.split())


def test_errors_name_the_options_of_their_own_command() -> None:
    assert parser().parse_args(["update", "m", "n"]).said["file"] == "NEW"
    said = parser().parse_args(["tutorial", "--test-size", "3"]).said
    assert said["test_size"] == "--test-size"
    assert said["file"] == "--data"


@pytest.mark.usefixtures("folder")
def test_a_file_as_people_have_it_is_forecast_and_goes_on(capsys: Captured) -> None:
    months = pd.date_range("2019-01-01", periods=33, freq="MS")
    cells = [f"{m:%d/%m/%Y};{1000 + i % 7},{i}" for i, m in enumerate(months)]
    Path("old.csv").write_text("\n".join(["Shop sales", "Monat;Umsatz", *cells[:30], "Total;1"]))
    Path("new.csv").write_text("\n".join(["Monat;Umsatz", *cells[30:]]))
    line = ["forecast", "old.csv", "--horizon", "2", *SMALL, "--skip-lines", "1", "--save", "m"]
    assert main(line) == 2
    assert "line 33 = 'Total'" in (said := capsys.readouterr().err)
    assert said.endswith("drop it with --skip-footer 1.\n")
    assert main([*line, "--skip-footer", "1"]) == 0
    out, err = capsys.readouterr()
    assert "01/07/2021" in out
    assert "Monat: 01/02/2019 was read day first" in err
    assert main(["update", "m", "new.csv", "--horizon", "1"]) == 0
    assert "01/10/2021" in capsys.readouterr().out


def test_ctrl_c_ends_a_forecast_in_one_line_and_writes_nothing(folder: Path) -> None:
    """It is sent when training has begun, which is when what it will take has been said."""
    before = sorted(folder.iterdir())
    command = [sys.executable, "-m", "statewise.cli", "forecast", "data.csv"]
    command += ["--epochs", "100000", "--units", "32", "--lags", "24"]
    outputs = ["--out", "out.csv", "--save", "model", "--plot", "plot.png"]
    process = subprocess.Popen(
        [*command, *outputs],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert re.match(r"Training 16 networks on \d+ samples of 2 series, 100000 epochs, and", line)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if not line.startswith("training ")] == [
        "statewise: stopped."
    ]
    assert out == ""
    assert sorted(folder.iterdir()) == before


def test_ctrl_c_in_python_leaves_no_thread_and_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    threads = threading.active_count()
    model = Forecaster(RECIPE, progress=True)
    monkeypatch.setattr("statewise.show.progress.Progress.at", stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(rows(0, 40))
    assert threading.active_count() == threads
    assert not hasattr(model, "fitted_")


def test_the_docs_have_every_option_of_a_forecast(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["forecast", "--help"])
    options = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    docs = Path(__file__).parents[2] / "docs" / "forecasting.md"
    assert options - set(re.findall(r"--[a-z-]+", docs.read_text())) == set()
    assert len(options) > 40


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.usefixtures("folder")
def test_static_columns_may_be_text(form: str, capsys: Captured) -> None:
    def at(begin: int, end: int) -> pd.DataFrame:
        frame = rows(begin, end, columns=True)
        city = np.where(frame.unique_id == "north", "Kiel", "Ulm")
        return frame.assign(city=city, size=np.where(city == "Ulm", 2.0, 3.0))

    write = "to_csv" if form == "csv" else "to_parquet"
    getattr(at(0, 40), write)(f"s.{form}", index=False)
    getattr(at(40, 42), write)(f"more.{form}", index=False)
    ulm = at(0, 40)[lambda frame: frame.city == "Ulm"].assign(unique_id="east")
    getattr(ulm, write)(f"east.{form}", index=False)
    line = ["forecast", f"s.{form}", "--horizon", "2", *SMALL, "--static", "city,size"]
    assert main([*line, "--past", "none", "--save", "m"]) == 0
    model = Forecaster.load("m")
    assert model.origin_.columns == ("size", "city=Kiel", "city=Ulm")
    assert main(["forecast", f"east.{form}", "--model", "m", "--out", "f.csv"]) == 0
    expected = model.predict(frame=ulm)
    np.testing.assert_allclose(pd.read_csv("f.csv")["mean"], expected["mean"])
    assert main(["update", "m", f"more.{form}", "--horizon", "1"]) == 0
    after, expected = Forecaster.load("m").predict(), model.update(at(40, 42)).predict()
    np.testing.assert_array_equal(np.asarray(after["mean"]), np.asarray(expected["mean"]))
    getattr(ulm.drop(columns="size"), write)(f"east.{form}", index=False)
    capsys.readouterr()
    assert "'size'" in refused(capsys, "forecast", f"east.{form}", "--model", "m")
    assert "--static = 'z': is not a column" in refused(capsys, *line[:2], "--static", "z")


def test_a_backtest_without_errors_has_nothing_to_be_better_than(
    capsys: Captured, tmp_path: Path
) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("y\n" + "5\n" * 40)
    assert main(["backtest", str(path), "--test-size", "4", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert "A simple forecast makes no error here, so nothing can be better than it." in out + err
    assert "nan%" not in out + err
