"""Names that steer a terminal, mislead a reader or are formulas, through every command."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pyarrow import parquet

from statewise.cli import main
from statewise.forecasting import Forecaster
from statewise.text import for_csv, from_csv, visible

NAMES = (
    "=HYPERLINK(\"http://x\")", "+a\x1b[31m", "-cmd|' /C calc'!A0", "@b\x1b]0;own\x07",
    "a;=1+1", "\uff1dwide\u202e", "nul\x00\x9b2J", "two\nlines\r\tand", "$x_$ <b>{{7*7}}</b>",
)  # fmt: skip
COLUMN = "=x\x1b[2J"
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def table(path: str, begin: int, end: int, *left_out: str) -> None:
    """Rows of every series, written as others write them."""
    rows = [
        {"unique_id": name, "ds": i, "y": 20 + i % 4 + (i * k) % 7, COLUMN: i % 3}
        for k, name in enumerate(NAMES, start=3)
        for i in range(begin, end)
    ]
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        names = [name for name in rows[0] if name not in left_out]
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    table("in/data.csv", 0, 24)
    table("in/new.csv", 24, 26)
    table("in/future.csv", 24, 40, "y")
    return tmp_path


def check_printed(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = capsys.readouterr()
    for text in (out, err):
        assert text.replace("\n", "") == visible(text.replace("\n", "")), text
    assert "lines\r" not in out + err
    assert r"two\nlines\r\tand" in out + err or "two\\" not in out + err


def check_written(folder: Path) -> None:
    """What was written is text without control characters, and CSV without formulas."""
    found = {path.suffix for path in folder.rglob("*.*")}
    for path in folder.rglob("*.*"):
        if path.parent.name == "in" or path.suffix not in {".csv", ".html", ".json", ".svg"}:
            continue
        text = path.read_text(encoding="utf-8")
        for line in text.split("\n"):
            assert line == visible(line), path
        if path.suffix == ".svg":
            ElementTree.fromstring(text)
        if path.suffix == ".csv":
            for mark in ",;":
                for row in csv.reader(text.splitlines(), delimiter=mark):
                    bad = [cell for cell in row if cell.startswith(FORMULA) and not is_number(cell)]
                    assert not bad, (path, bad)
    assert ".csv" in found


def is_number(text: str) -> bool:
    try:
        float(text.partition(",")[0])
    except ValueError:
        return False
    return True


def names_in(path: str, column: str = "unique_id") -> set[str]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {from_csv(row[column]) for row in csv.DictReader(file)}


def test_forecasts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--members", "2", "--epochs", "2", "--lags", "3", "--units", "2"]
    more = ["--future", "in/future.csv", "--weights", "weights.csv", "--save", "m.model"]
    drawn = ["--plot", "f.svg", "--plot-loss", "l.png"]
    line = ["forecast", "in/data.csv", "--horizon", "3", *few, *more, *drawn, "--out", "f.csv"]
    assert main(line) == 0
    check_printed(capsys)
    shown = {visible(name) for name in NAMES}
    assert names_in("f.csv") == names_in("weights.csv") == shown
    assert set(Forecaster.load("m.model").origin_.ids) == shown

    # What was written is read as the same series: here the forecasts are new observations.
    text = (
        Path("f.csv").read_text(encoding="utf-8").replace(",mean\n", f",y,{for_csv(COLUMN)}\n", 1)
    )
    head, *rest = text.splitlines()
    Path("in/own.csv").write_text("\n".join([head, *(f"{row},1" for row in rest)]), "utf-8")
    assert main(["update", "m.model", "in/own.csv", "--save", "m2.model"]) == 0
    assert "Moved 9 of 9 series on by 27 observations" in capsys.readouterr().err
    more = ["--horizon", "2", "--future", "in/future.csv", "--out", "u.csv"]
    assert main(["update", "m.model", "in/new.csv", *more]) == 0
    check_printed(capsys)
    assert main(["update", "m.model", "in/new.csv"]) == 2  # it names a series
    check_printed(capsys)
    assert main(["forecast", "in/data.csv", "--horizon", "2", "--model", "m2.model"]) == 2
    assert main(["forecast", "in/data.csv", "--horizon", "2", "--column", "\x1b"]) == 2
    check_printed(capsys)

    backtest = ["backtest", "in/data.csv", "--test-size", "2", "--cutoffs", "1", *few]
    assert main([*backtest, "--out", "backtest"]) == 0
    check_printed(capsys)
    assert names_in("backtest/scores.csv") == names_in("backtest/forecasts.csv") == shown
    check_written(folder)


def test_studies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table("in/few.csv", 0, 16, COLUMN)
    assert main(["study", "init", "in/few.csv", "--minimal", "--out", "s.toml"]) == 0
    text = Path("s.toml").read_text(encoding="utf-8")
    for old, new in (
        ("epochs = 1000", "epochs = 2"),
        ("repeats = 200", "repeats = 8"),
        ('"stateless"\nreg', f"{json.dumps(NAMES[3])}\nreg"),
        ('first = "stateless"', f"first = {json.dumps(NAMES[3])}"),
        ('"stateful-warm"\nreg', f"{json.dumps(NAMES[7])}\nreg"),
        ('first = "stateful-warm"', f"first = {json.dumps(NAMES[7])}"),
        ('second = "stateless"', f"second = {json.dumps(NAMES[3])}"),
    ):
        assert old in text
        text = text.replace(old, new)
    Path("s.toml").write_text(text, encoding="utf-8")
    for action, *more in (
        ["run", "--threads", "1"], ["status", "--check"], ["report", "--out", "page"],
        ["export", "--out", "tables"], ["export", "--out", "p", "--format", "parquet"],
        ["plan", "--out", "plan"], ["calibrate", "--splits", "3"],
    ):  # fmt: skip
        assert main(["study", action, "s.toml", *more]) == 0
        check_printed(capsys)
    line = ["compare", "in/few.csv", "--repeats", "3", "--test-size", "2", "--epochs", "2"]
    assert main(line) == 0
    check_printed(capsys)
    assert names_in("tables/scores.csv") == {visible(name) for name in NAMES}
    assert names_in("tables/scores.csv", "arm") == {visible(NAMES[3]), visible(NAMES[7])}
    assert set(parquet.read_table("p/scores.parquet")["arm"].to_pylist()) == {NAMES[3], NAMES[7]}
    assert "{{7*7}}&lt;" in (page := Path("page/index.html").read_text(encoding="utf-8"))
    assert "<b>{{" not in page
    check_written(folder)
