"""``statewise forecast``, ``update`` and ``backtest``: from a file to forecasts and back."""

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.cli import main, parser
from statewise.cli.forecast_options import calibration_for
from statewise.data.files import read_file
from statewise.forecasting import Forecaster

SMALL = ["--lags", "2", "--units", "2", "--members", "3", "--epochs", "5"]
PARAMETERS: dict[str, Any] = {"lags": 2, "units": 2, "members": 3, "epochs": 5}
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
    assert main([*line, "--out", f"out/f.{form}", "--regime", "stateful-warm"]) == 0
    out, err = capsys.readouterr()
    written = frame_of(f"out/f.{form}")
    model = Forecaster("stateful-warm", calibration=13, **PARAMETERS)
    expected = model.fit(read_file(f"data.{form}")).predict(4, level=[50, 80])
    assert written.columns.tolist() == [
        "unique_id",
        "ds",
        "mean",
        "lo-50",
        "hi-50",
        "lo-80",
        "hi-80",
    ]
    np.testing.assert_allclose(written["hi-80"], np.asarray(expected["hi-80"]), rtol=1e-12)
    table = out.splitlines()
    assert len(table) == 9
    assert table[1].split()[:2] == ["north", "2023-05"]
    assert float(table[1].split()[2]) == pytest.approx(written["mean"][0], abs=1e-3)
    assert f"Wrote 8 rows to out/f.{form}." in err


@pytest.mark.usefixtures("folder")
def test_a_saved_model_moves_on_as_the_library_does(capsys: Captured) -> None:
    line = ["forecast", "data.csv", "--horizon", "2", "--save", "m", "--plot", "f.png", *SMALL]
    assert main([*line, "--regime", "stateful-warm"]) == 0
    assert Path("f.png").read_bytes()[:4] == b"\x89PNG"
    model = Forecaster.load("m")
    assert model.progress is False
    model.update(rows(40, 43))
    assert main(["update", "m", "new.csv", "--save", "m2"]) == 0
    assert "Moved 2 of 2 series on by 6 observations, up to 2023-07-01" in capsys.readouterr().err
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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda new: new.iloc[1:], "2023-05-01': is missing"),
        (lambda new: pd.concat([rows(39, 40), new]), "does not follow 2023-04-01"),
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
    main(["forecast", "data.csv", "--horizon", "2", "--save", "m", *SMALL])
    capsys.readouterr()
    before = Path("m").read_bytes()
    line = refused(capsys, "update", "m", "new.csv", "--horizon", "99", "--level", "80")
    assert "--horizon = 99: exceeds the 11 observations" in line
    assert Path("m").read_bytes() == before
    for option, value in (("--level", "80"), ("--out", "x.csv"), ("--future", "f.csv")):
        assert "Give a --horizon too." in refused(capsys, "update", "m", "new.csv", option, value)
    for name in ("none", "data.csv"):
        assert f"MODEL = '{name}'" in refused(capsys, "update", name, "new.csv")


@pytest.mark.usefixtures("folder")
def test_further_columns_come_with_their_future(capsys: Captured) -> None:
    line = ["forecast", "wide.csv", "--horizon", "4", "--save", "m", *SMALL]
    assert main([*line, "--future", "future.csv"]) == 0
    capsys.readouterr()
    model = Forecaster.load("m")
    assert model.origin_.columns == ("promo",)
    expected = model.predict(4, X=pd.read_csv("future.csv"))
    assert main([*line, "--future", "future.csv", "--out", "f.csv"]) == 0
    np.testing.assert_array_equal(
        pd.read_csv("f.csv", float_precision="round_trip")["mean"], expected["mean"]
    )
    rows(40, 43, columns=True).to_csv("new.csv", index=False)
    rows(43, 45, columns=True).drop(columns="y").to_csv("next.csv", index=False)
    capsys.readouterr()
    assert "--future = None" in refused(capsys, "update", "m", "new.csv", "--horizon", "2")
    assert main(["update", "m", "new.csv", "--horizon", "2", "--future", "next.csv"]) == 0
    capsys.readouterr()
    assert "Give --future FILE" in refused(capsys, *line, "--exogenous", "promo")
    assert "columns that DATA does not have" in refused(
        capsys, "forecast", "data.csv", "--horizon", "4", "--future", "future.csv"
    )
    short = ["forecast", "wide.csv", "--horizon", "9", "--future", "future.csv"]
    assert "is missing from the frame" in refused(capsys, *short)


@pytest.mark.usefixtures("folder")
def test_a_file_of_values_alone_is_counted_on(capsys: Captured) -> None:
    pd.DataFrame({"v": rows(0, 40).y[:40]}).to_csv("v.csv", index=False)
    pd.DataFrame({"v": [50.0, 51.0]}).to_csv("w.csv", index=False)
    assert main(["forecast", "v.csv", "--horizon", "1", "--save", "m", *SMALL]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "41"
    assert main(["update", "m", "w.csv", "--horizon", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "43"


@pytest.mark.usefixtures("folder")
def test_auto_says_which_regime_won_and_keeps_the_report(capsys: Captured) -> None:
    t = np.arange(60)
    noise = np.random.default_rng(0).normal(0, 0.2, 60)
    pd.DataFrame({"ds": t, "y": 50 + 5 * (-1.0) ** t + noise}).to_csv("s.csv", index=False)
    line = ["forecast", "s.csv", "--horizon", "2", "--regime", "auto", "--budget", "3"]
    assert main([*line, *SMALL, "--epochs", "100", "--out", "f/g.csv", "--save", "m"]) == 0
    err = capsys.readouterr().err
    won = re.search(
        r"^(\S+) won, and it beats the naive forecast: its RMSE is \d", err, re.MULTILINE
    )
    assert won is not None
    assert Forecaster.load("m").regime == won[1]
    assert "beats naive" in Path("f/g.report/index.html").read_text()
    assert main(["forecast", "data.csv", "--horizon", "2", *line[4:], *SMALL]) == 0
    assert Path("forecast.report/index.html").exists()


@pytest.mark.usefixtures("folder")
def test_auto_says_plainly_that_nothing_beats_the_naive_forecast(capsys: Captured) -> None:
    walks = rows(0, 50)
    walks["y"] = (walks.y - walks.groupby("unique_id").y.transform("mean")).cumsum()
    walks.to_csv("walks.csv", index=False)
    line = ["forecast", "walks.csv", "--horizon", "2", "--regime", "auto", "--budget", "5"]
    assert main([*line, "--lags", "12", "--epochs", "300", "--difference", "1,1"]) == 0
    out, err = capsys.readouterr()
    assert "Nothing beats the naive forecast here. " in err
    assert len(out.splitlines()) == 5


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.usefixtures("folder")
def test_a_backtest_is_that_of_the_library(form: str, capsys: Captured) -> None:
    line = ["backtest", "data.csv", "--test-size", "6", "--cutoffs", "2", "--level", "80"]
    options = ["--horizon", "2", "--walk", "re-encoded", "--refit", "first", "--season", "3"]
    assert main([*line, *options, *SMALL, "--out", "bt", "--format", form]) == 0
    out, _ = capsys.readouterr()
    model, panel = Forecaster(**PARAMETERS, calibration=11), read_file("data.csv")
    found = model.backtest(
        panel, 6, 2, horizon=2, walk="re-encoded", refit="first", level=[80], season=3
    )
    assert str(found) in out
    assert "coverage-80" in out
    skill = found.table[0]["skill-naive"]
    assert f"{abs(skill):.1%} {'below' if skill > 0 else 'above'} that of the naive" in out
    files = {"table.csv", "scores.csv", f"forecasts.{form}", "backtest.png"}
    assert {p.name for p in Path("bt").iterdir()} == files
    written = frame_of(f"bt/forecasts.{form}")
    np.testing.assert_allclose(written["statewise"], found.forecasts["statewise"])
    assert len(pd.read_csv("bt/scores.csv")) == 2 * 3


@pytest.mark.usefixtures("folder")
def test_the_regime_of_a_backtest_is_chosen_without_its_test_parts(capsys: Captured) -> None:
    line = [
        "backtest",
        "data.csv",
        "--test-size",
        "4",
        "--cutoffs",
        "2",
        "--regime",
        "auto",
        *SMALL,
    ]
    assert main([*line, "--budget", "2", "--out", "one"]) == 0
    changed = rows(0, 40)
    changed.loc[changed.index >= 32, "y"] += 1000.0
    changed.to_csv("data.csv", index=False)
    assert main([*line, "--budget", "2", "--out", "two"]) == 0
    capsys.readouterr()
    first, second = (Path(f"{name}/regimes/cells.csv").read_text() for name in ("one", "two"))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forecast", "none.csv", "--horizon", "2"], "DATA = 'none.csv': cannot be read"),
        (["forecast", "data.csv"], "arguments are required: --horizon"),
        (["forecast", "data.csv", "--horizon", "0"], "--horizon = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "80,x"], "argument --level"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "0"], "not percentages"),
        (["forecast", "data.csv", "--horizon", "2", "--level", "80,80"], "not percentages"),
        (["forecast", "data.csv", "--horizon", "2", "--regime", "best"], "--regime = 'best'"),
        (["forecast", "data.csv", "--horizon", "2", "--lags", "0"], "--lags = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--threads", "0"], "--threads = 0"),
        (["forecast", "data.csv", "--horizon", "2", "--budget", "-1"], "--budget = -1"),
        (["forecast", "data.csv", "--horizon", "2", "--difference", "a"], "argument --difference"),
        (["forecast", "data.csv", "--horizon", "2", "--transform", "cube"], "--transform = 'cube'"),
        (["forecast", "data.csv", "--horizon", "2", "--fill", "magic"], "--fill = 'magic'"),
        (["forecast", "data.csv", "--horizon", "2", "--freq", "D"], "'2020-01-02': is missing"),
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
def test_warnings_are_notes_without_a_place_in_the_source(capsys: Captured) -> None:
    main(["forecast", "data.csv", "--horizon", "2", "--level", "99", *SMALL])
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 1
    assert notes[0].startswith("statewise: note: intervals at 99% hold ")


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


def test_what_is_held_back_reaches_the_horizon() -> None:
    assert calibration_for(200, 15, 12) is None  # forty are held back as it is
    assert calibration_for(60, 15, 12) == 21
    assert calibration_for(30, 15, 12) == 15
    assert calibration_for(20, 15, 12) == 12  # which the model refuses, and says why


@pytest.mark.parametrize("command", ["forecast", "update", "backtest"])
def test_help_names_the_defaults_of_the_library(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    if command == "update":
        assert "nothing is changed" in text
        return
    defaults = inspect.signature(Forecaster).parameters
    for name in ("lags", "units", "members", "epochs", "scope", "transform", "seed"):
        said = re.search(rf"--{name} [^(]*\((\w+)\)", text.split("the model:")[1])
        assert said is not None, name
        assert said[1] == str(defaults[name].default)


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
    assert "statewise: note: Monat: 01/02/2019 was read day first" in err
    assert main(["update", "m", "new.csv", "--horizon", "1"]) == 0
    assert "01/10/2021" in capsys.readouterr().out
