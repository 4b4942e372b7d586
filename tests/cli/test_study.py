"""``statewise study`` and ``statewise compare``, from an empty folder to exported tables."""

import csv
import errno
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pyarrow import parquet

from statewise.base.files import MINE
from statewise.cli import main
from statewise.stats import repeats_for_half_width
from statewise.study import Store

DATA = "ds,y\n" + "".join(f"{i},{(i * 7) % 11 + i}\n" for i in range(30))
PANEL = "unique_id,ds,y\n" + "".join(
    f"{name},{i},{(i * k) % 13 + k}\n"
    for k, name in enumerate("abcdef", start=3)
    for i in range(20)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(DATA)
    Path("panel.csv").write_text(PANEL)
    return tmp_path


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


@pytest.mark.usefixtures("folder")
def test_from_a_csv_file_to_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "init", "data.csv", "--minimal"]) == 0
    edit("study.toml", "epochs = 1000", "epochs = 20")
    edit("study.toml", "repeats = 200", "repeats = 30")
    assert main(["study", "status", "study.toml"]) == 0
    assert "nothing was run yet" in capsys.readouterr().out
    assert main(["study", "resume", "study.toml"]) == 2
    assert "Begin with: statewise study run" in capsys.readouterr().err
    assert main(["study", "run", "study.toml", "--threads", "1"]) == 0
    first = capsys.readouterr()
    page = Path("study.report/index.html").read_text()
    assert "stateful-warm and stateless are practically equal" in page
    assert json.loads(Path("study.report/report.json").read_text())["verdicts"]
    assert main(["study", "report", "study.toml", "--out", "again"]) == 0
    assert Path("again/index.html").read_text() == page
    capsys.readouterr()
    assert "1. stateful-warm and stateless are practically equal: " in first.out
    assert main(["study", "resume", "study.toml"]) == 0
    assert capsys.readouterr().out == first.out
    edit("study.toml", "repeats = 30", "repeats = 50")
    assert main(["study", "report", "study.toml"]) == 2
    assert "is not finished: stateful-warm on y has 30 of 50 repeats" in capsys.readouterr().err
    assert main(["study", "run", "study.toml"]) == 0
    assert main(["study", "status", "study.toml", "--check"]) == 0
    status = capsys.readouterr().out
    assert "stateless        50  50        0" in status
    assert "Every run is whole." in status
    assert main(["study", "export", "study.toml", "--out", "tables"]) == 0
    with Path("tables/scores.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 2 * 50
    assert "naive" in Path("tables/simple.csv").read_text()
    assert main(["study", "export", "study.toml", "--out", "p", "--format", "parquet"]) == 0
    scores = parquet.read_table("p/scores.parquet").to_pydict()
    assert scores["rmse"] == [float(row["rmse"]) for row in rows]
    with Store.read("study.db") as store:
        assert sum(store.counts().values()) == 100


@pytest.mark.parametrize("data", ["data.csv", "{folder}/data.csv"])
def test_a_study_file_finds_its_data_from_its_own_folder(folder: Path, data: str) -> None:
    (folder / "sub").mkdir()
    given = data.format(folder=folder)
    assert main(["study", "init", given, "--out", "sub/mine.toml"]) == 0
    assert main(["study", "status", "sub/mine.toml"]) == 0
    named = tomllib.loads(Path("sub/mine.toml").read_text())["data"]
    assert named == (given if Path(given).is_absolute() else "../data.csv")


@pytest.mark.usefixtures("folder")
def test_another_specification_is_refused_with_the_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 5")
    assert main(["study", "run", "study.toml"]) == 0
    capsys.readouterr()
    edit("study.toml", "margin = 0.01", "margin = 0.5")
    for action in (["run"], ["resume"], ["status"], ["report"], ["plan"], ["calibrate"],
                   ["export", "--out", "x"]):  # fmt: skip
        assert main(["study", action[0], "study.toml", *action[1:]]) == 2
        assert "margin: 0.01 -> 0.5" in capsys.readouterr().err
    assert main(["study", "init", "data.csv", "--minimal", "--out", "new/study.toml"]) == 0
    assert main(["study", "status", "new/study.toml"]) == 0
    capsys.readouterr()
    assert main(["study", "init", "data.csv", "--minimal"]) == 2
    assert "exists already" in capsys.readouterr().err


def alter(statement: str) -> None:
    connection = sqlite3.connect("study.db")
    with connection:
        connection.execute(statement)
    connection.close()


ACTIONS = (["run"], ["resume"], ["status"], ["report"], ["plan"], ["calibrate"],
           ["export", "--out", "tables"])  # fmt: skip


@pytest.mark.usefixtures("folder")
def test_damage_is_found_and_what_is_whole_recovered(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 5")
    main(["study", "run", "study.toml"])
    shutil.rmtree("study.report")
    alter("UPDATE run SET score = score * 2 WHERE id = (1 << 32) + 7")
    there = set(Path().iterdir())
    for action, *more in ACTIONS:
        capsys.readouterr()
        assert main(["study", action, "study.toml", *more]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert (
            "study.db': is damaged: stateful-warm on y, cutoff 23, repeat 7 is altered" in said.err
        )
        assert "with: statewise study salvage study.db NEW.db" in said.err
        assert set(Path().iterdir()) == there
    assert main(["study", "status", "study.toml", "--check"]) == 2
    said = capsys.readouterr()
    assert said.out == "stateful-warm on y, cutoff 23, repeat 7 is altered\n"
    assert "with: statewise study salvage study.db NEW.db" in said.err
    assert main(["study", "salvage", "study.db", "saved.db"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("399 runs were recovered, and 1 run was left behind.")
    assert set(Path().iterdir()) == there | {Path("saved.db")}
    Path("saved.db").rename("study.db")
    assert main(["study", "resume", "study.toml"]) == 0
    assert main(["study", "status", "study.toml", "--check"]) == 0


@pytest.mark.usefixtures("folder")
def test_a_store_without_its_specification_is_salvaged_and_declared_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 5")
    edit("study.toml", "repeats = 200", "repeats = 20")
    main(["study", "run", "study.toml"])
    first = capsys.readouterr().out
    alter("UPDATE specification SET document = replace(document, '{', '[')")
    alter("UPDATE cell SET series = 'other' WHERE number = 2")
    assert main(["study", "run", "study.toml"]) == 2
    assert "is damaged: its specification 1 is altered" in capsys.readouterr().err
    assert main(["study", "salvage", "study.db", "saved.db"]) == 0
    said = capsys.readouterr().out
    assert "20 runs were recovered, and 20 runs were left behind. A specification was lost" in said
    Path("saved.db").rename("study.db")
    assert main(["study", "run", "study.toml"]) == 0
    assert capsys.readouterr().out == first
    assert main(["study", "status", "study.toml", "--check"]) == 0
    edit("study.toml", "margin = 0.01", "margin = 0.5")
    assert main(["study", "run", "study.toml"]) == 2  # it was declared


@pytest.mark.usefixtures("folder")
def test_where_nothing_is_recovered_there_is_no_new_store(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("study.db").write_bytes(b"SQLite format 3\0" + bytes(9000))
    there = set(Path().iterdir())
    assert main(["study", "salvage", "study.db", "new/saved.db"]) == 2
    assert "holds no run that could be recovered" in capsys.readouterr().err
    assert set(Path().iterdir()) == there


@pytest.mark.usefixtures("folder")
def test_looks_and_calibration(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 20")
    edit("study.toml", "looks = 1 ", "looks = 4 ")
    edit("study.toml", 'kind = "better"', 'margin = 9.0\nkind = "no_worse"')
    assert main(["study", "run", "study.toml"]) == 0
    assert "of 4, after" in capsys.readouterr().out
    edit("study.toml", "looks = 4 ", "looks = 8 ")
    assert main(["study", "run", "study.toml"]) == 2
    assert "looks: 4 -> 8" in capsys.readouterr().err
    edit("study.toml", "looks = 8 ", "looks = 1 ")
    edit("study.toml", "repeats = 200", "repeats = 40")
    Path("study.db").unlink()
    main(["study", "run", "study.toml"])
    assert main(["study", "calibrate", "study.toml", "--splits", "20", "--arm", "stateless"]) == 0
    assert "paired t" in capsys.readouterr().out
    assert main(["study", "calibrate", "study.toml", "--arm", "x"]) == 2


@pytest.mark.usefixtures("folder")
def test_until_decided_plans_looks_and_keeps_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 20")
    edit("study.toml", "repeats = 200", "repeats = 40")
    edit("study.toml", 'kind = "better"', 'margin = 9.0\nkind = "no_worse"')
    edit("study.toml", 'kind = "equivalent"', 'margin = 9.0\nkind = "equivalent"')
    run = ["study", "run", "study.toml"]
    assert main([*run, "--until", "decided", "--looks", "4"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"Decided at look \d of 4, after \d+ of 40 repeats", out)
    assert "each look has an error of 1.25%" in out
    page = Path("study.report/index.html").read_text()
    assert main(run) == 2
    assert "looks: 4 -> 1" in capsys.readouterr().err
    assert main(["study", "resume", "study.toml"]) == 0
    assert capsys.readouterr().out == out
    assert main(["study", "report", "study.toml", "--out", "again"]) == 0
    assert Path("again/index.html").read_text() == page
    assert main(["study", "status", "study.toml"]) == 0
    status = capsys.readouterr().out
    stopped = int(re.findall(r"after (\d+) of 40 repeats", out)[0])
    assert stopped < 40
    assert re.search(rf"^stateful-warm +{stopped} +{stopped} +0$", status, re.MULTILINE)
    said = out.splitlines()[-1]
    assert said in status
    assert main(["study", "export", "study.toml", "--out", "tables"]) == 0
    assert said in capsys.readouterr().err
    with Path("tables/scores.csv").open() as handle:
        assert len(list(csv.DictReader(handle))) == 2 * stopped
    assert main(["study", "calibrate", "study.toml", "--splits", "5"]) == 0
    assert "at 1.25%\n" in (text := capsys.readouterr().out)
    assert said in text
    assert main([*run, "--looks", "0"]) == 2
    line = ["compare", "data.csv", "--repeats", "20", "--test-size", "4", "--epochs", "10"]
    assert main([*line, "--until", "decided"]) == 0
    assert re.search(r"at look \d of 5, ", capsys.readouterr().out)


@pytest.mark.usefixtures("folder")
def test_repeats_are_planned_from_a_pilot(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    edit("study.toml", "epochs = 1000", "epochs = 20")
    assert main(["study", "plan", "study.toml"]) == 2
    edit("study.toml", "repeats = 200", "repeats = 20")
    main(["study", "run", "study.toml"])
    edit("study.toml", "repeats = 20 ", "repeats = 300 ")
    capsys.readouterr()
    assert main(["study", "plan", "study.toml", "--half-width", "0.2", "--power", "0.9"]) == 0
    out = capsys.readouterr().out
    assert "From 20 repeats as a pilot" in out
    assert "needed for power 0.9" in out
    assert "the times of the test part must show the difference too" in " ".join(out.split())
    assert {p.name for p in Path("study.plan").iterdir()} == {
        "plan.csv", "half_widths.csv", "half_widths.png", "half_widths.svg",
    }  # fmt: skip
    with Path("study.plan/plan.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    needed = int(rows[1]["n_for_half_width"])
    assert needed == repeats_for_half_width(float(rows[1]["planning_sd"]), 0.2)
    assert rows[1]["n"] == "20"
    assert main(["study", "plan", "study.toml", "--power", "2"]) == 2


@pytest.mark.usefixtures("folder")
def test_compare_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", "data.csv", "--repeats", "20", "--test-size", "4", "--epochs", "10"]
    assert main([*arguments, "--regimes", "stateful,stateless,continuous"]) == 0
    out = capsys.readouterr().out
    assert "3. stateless and continuous are practically equal: " in out
    assert "8. continuous beats simple: " in out
    assert "9. continuous beats naive: " in out
    assert main([*arguments, "--regimes", "stateful,statefull"]) == 2
    assert "--regimes = 'statefull'" in capsys.readouterr().err
    assert main([*arguments, "--regimes", "stateful,stateful"]) == 2
    assert "--regimes = 'stateful,stateful': names a regime twice" in capsys.readouterr().err
    assert main(["compare", "none.csv"]) == 2
    assert "DATA = 'none.csv'" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_many_series_are_units_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", "panel.csv", "--repeats", "8", "--test-size", "3", "--epochs", "10"]
    assert main([*arguments, "--cutoffs", "2"]) == 0
    out = capsys.readouterr().out
    assert "3 observations of each of 6 series after each of 2 cutoffs" in " ".join(out.split())
    assert "They speak of series like these" in out
    assert re.search(r"^stateful-warm +96 ", out, re.MULTILINE)


def test_ctrl_c_keeps_what_was_finished(folder: Path) -> None:
    command = [sys.executable, "-m", "statewise.cli", "compare", "data.csv", "--test-size", "4"]
    process = subprocess.Popen(
        [*command, "--repeats", "100000", "--store", "runs.db"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (folder / "runs.db").exists() or not runs(folder / "runs.db"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    said = r"statewise: stopped; ([\d,]+) of 200,000 runs are there, in runs.db; to go on: the same"
    found = re.search(said, err)
    assert found is not None
    assert int(found[1].replace(",", "")) <= runs(Path("runs.db"))
    assert out == ""
    with Store.read("runs.db") as store:
        assert store.damage() == []
    assert not (folder / "runs.db.lock").exists()
    with Store.write_to("runs.db"):
        pass


def runs(path: Path) -> int:
    try:
        with Store.read(path) as store:
            return sum(store.counts().values())
    except OSError:  # its tables are not there yet
        return 0


@pytest.mark.usefixtures("folder")
def test_a_bad_dask_address_ends_the_command_and_touches_nothing() -> None:
    main(["study", "init", "data.csv", "--minimal"])
    command = [sys.executable, "-m", "statewise.cli", "study", "run", "study.toml"]
    done = subprocess.run(
        [*command, "--dask", "nonsense"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "--dask = 'nonsense': is not the address of a scheduler" in done.stderr
    assert not Path("study.db").exists()


@pytest.mark.usefixtures("folder")
def test_how_a_file_is_read_goes_into_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    cells = [f"{1 + i % 12}/{2020 + i // 12};{i % 5},5" for i in reversed(range(20))]
    cells[3] = cells[3].replace(",5", "").rstrip("0123456789")
    Path("own.csv").write_text("\n".join(["Monat;Umsatz", *cells, "Summe;9"]))
    how = ["--max-rows", "50", "--fill", "linear", "--skip-footer", "1", "--date-format", "%m/%Y"]
    assert main(["study", "init", "own.csv", "--column", "Umsatz", *how]) == 0
    assert "note: rows were sorted by time: the newest came first" in capsys.readouterr().err
    text = Path("study.toml").read_text()
    fields = ('column = "Umsatz"', 'date_format = "%m/%Y"', 'fill = "linear"', "skip_footer = 1")
    assert "\nmax_rows = 50\n" in text
    for line in fields:
        assert f"\n{line}\n" in text
    assert main(["study", "status", "study.toml"]) == 0
    assert main(["compare", "own.csv", "--repeats", "2", "--epochs", "2"]) == 2
    assert capsys.readouterr().err.endswith("drop it with --skip-footer 1.\n")
    small = ["--repeats", "2", "--epochs", "2", "--test-size", "3"]
    assert main(["compare", "own.csv", *how, *small, "--column", "Umsatz"]) == 0


@pytest.mark.usefixtures("folder")
def test_a_study_of_odd_names_in_another_folder_runs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in put").mkdir()
    cells = [f"{1 + i % 28:02d}.{1 + i // 28:02d}.2020;{i % 7},5;{i}" for i in range(40)]
    lines = ["Bericht", "", 'Tag;"Umsatz ""🌊"" \\ T€";x', *cells, "Summe;9;9"]
    Path("in put/=🌊 'é'.csv").write_text("\n".join(lines), encoding="utf-8")
    how = ["--date-format", "%d.%m.%Y", "--decimal", ",", "--skip-lines", "1", "--skip-footer", "1"]
    how += ["--column", 'Umsatz "🌊" \\ T€', "--time-column", "Tag", "--fill", "1e3"]
    out = "out/of/study.toml"
    assert main(["study", "init", "in put/=🌊 'é'.csv", "--minimal", "--out", out, *how]) == 0
    document = tomllib.loads(Path(out).read_text(encoding="utf-8"))
    assert document["data"] == "../../in put/=🌊 'é'.csv"
    assert (document["column"], document["fill"]) == ('Umsatz "🌊" \\ T€', 1000.0)
    edit(out, "epochs = 1000", "epochs = 2")
    edit(out, "repeats = 200", "repeats = 4")
    assert main(["study", "run", out, "--threads", "1"]) == 0
    capsys.readouterr()


@pytest.mark.usefixtures("folder")
def test_a_full_disk_leaves_no_study_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, *_: str, **__: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        assert main(["study", "init", "data.csv", "--minimal", "--out", "new/study.toml"]) == 2
    assert "could not be written (No space left on device)" in capsys.readouterr().err
    assert not Path("new").exists()
    assert main(["study", "init", "data.csv", "--minimal", "--out", "new/study.toml"]) == 0


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_there_is_kept_and_no_data_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("study.toml").symlink_to("nowhere")
    killed = Path(f"{MINE}{os.getpid()}-0123")  # after it had moved the file into place
    killed.mkdir()
    assert main(["study", "init", "none.csv"]) == 2
    assert "--out = 'study.toml': exists already" in capsys.readouterr().err
    assert os.name != "posix" or not killed.exists()


def test_data_on_another_drive_are_named_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_way(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", no_way)
    assert main(["study", "init", "data.csv", "--minimal"]) == 0
    named = tomllib.loads(Path("study.toml").read_text())["data"]
    assert named == str(folder.resolve() / "data.csv")


def test_a_name_of_a_file_in_other_bytes_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (folder / name).write_text(DATA)
    assert main(["study", "init", name]) == 2
    assert "DATA = 'caf\\udce9.csv': has bytes that are no text" in capsys.readouterr().err
    assert not Path("study.toml").exists()


@pytest.mark.usefixtures("folder")
def test_looks_of_the_file_and_of_the_command_are_told_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["study", "init", "data.csv", "--minimal"])
    assert main(["study", "run", "study.toml", "--looks", "0"]) == 2
    assert "statewise: --looks = 0: must be" in capsys.readouterr().err
    edit("study.toml", "looks = 1", "looks = 0")
    assert main(["study", "run", "study.toml", "--looks", "2"]) == 2
    assert "statewise: looks = 0: must be" in capsys.readouterr().err
