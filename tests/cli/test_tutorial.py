"""The command line as a user meets it: in a process of its own."""

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from statewise.cli import main

COMMAND = [sys.executable, "-m", "statewise.cli"]
# Results, the series, comparisons, the page with its tables, JSON, figures.
FILES = 11 + 1 + 4 + 16 + 1 + 5


def statewise(*arguments: str, **options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=options.get("cwd")
    )


def test_the_tutorial_writes_and_prints_everything(tmp_path: Path) -> None:
    done = statewise("tutorial", "--repeats", "12", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stderr  # no bar where there is no terminal
    assert "The six expectations" in done.stdout
    files = list((tmp_path / "out").iterdir())
    assert len(files) == FILES
    assert all(f.stat().st_size > 0 for f in files)
    with (tmp_path / "out" / "experiment_stateless.csv").open() as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["results"]
    assert len(rows) == 13


def test_json_is_alone_on_standard_output(tmp_path: Path) -> None:
    done = statewise(
        "tutorial", "--repeats", "2", "--out", str(tmp_path), "--json", "--profile", "keras-2",
        "--seed", "3", "--threads", "1",
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert (document["profile"], document["seed"], document["threads"]) == ("keras-2", 3, 1)
    assert json.loads((tmp_path / "tutorial.json").read_text()) == document


def test_results_do_not_depend_on_threads_or_on_how_many_repeats(tmp_path: Path) -> None:
    for name, repeats, threads in (("one", "40", "1"), ("two", "70", "2")):
        arguments = ("--repeats", repeats, "--threads", threads, "--out", str(tmp_path / name))
        assert statewise("tutorial", *arguments).returncode == 0
    for file in (tmp_path / "one").glob("experiment_*.csv"):
        lines = (tmp_path / "two" / file.name).read_text().splitlines()
        assert file.read_text().splitlines() == lines[:41]


def test_your_own_series(tmp_path: Path) -> None:
    rows = "\n".join(f"{2000 + i},{(i * 37) % 50 + i}.5" for i in range(30))
    (tmp_path / "mine.csv").write_bytes(f"Jahr;Größe\n{rows}\n".replace(",", ";").encode("latin-1"))
    arguments = ("--data", str(tmp_path / "mine.csv"), "--column", "Größe", "--test-size", "5")
    done = statewise(
        "tutorial", *arguments, "--encoding", "latin-1", "--repeats", "2", "--out",
        str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Größe: 30 observations. LSTM of" in done.stdout
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Eleven experiments on Größe</h1>" in page
    assert "origin" not in page
    assert "published" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "--repeats = 0"),
        (["--repeats", "-5"], "--repeats = -5"),
        (["--repeats", "many"], "--repeats"),
        (["--profile", "keras-4"], "--profile = 'keras-4': is not a known name"),
        (["--threads", "0"], "--threads = 0"),
        (["--seed", "-1"], "--seed = -1"),
        (["--test-size", "1"], "--test-size = 1"),
        (["--test-size", "18"], "--test-size = 18: leaves too few .* Use at most 17"),
        (["--repeats", "1e3"], "argument --repeats: invalid int value: '1e3'. See statewise tut"),
        (["--engine", "theano"], "--engine = 'theano': is not a known name"),
        (["--epochs", "0"], "--epochs = 0"),
        (["--rep", "3"], "unrecognized arguments: --rep 3"),
        (["--epoch", "3"], r"--epoch 3 \(did you mean --epochs\?\). See statewise tutorial --help"),
        (["--data", "{folder}/huge.csv", "--test-size", "2"], "'1e300'|1e.300: is too large"),
        (["--data", "{folder}/score.csv"], "'1_05': is not a number"),
        (["--data", "{folder}/words.csv", "--encoding", "undefined"], "is not undefined text"),
        (["--data", "missing.csv"], "--data = 'missing.csv': cannot be read"),
        (["--column", "Sales"], "--column = 'Sales'"),
        (["--encoding", "latin-1"], "--encoding = 'latin-1': says how"),
        (["--fill", "zero"], "--fill = 'zero': says how"),
        (["--data", "{folder}/empty.csv"], "is empty"),
        (["--data", "{folder}/latin.csv"], "is not utf-8"),
        (["--data", "{folder}/footer.csv"], "line 4 = 'total': has 1 of the 2 fields"),
        (["--data", "{folder}/words.csv"], "is not a number"),
        (["--data", "{folder}/nan.csv"], "has no value .*--fill forward"),
        (["--data", "{folder}/twice.csv"], "appears twice"),
        (["--data", "{folder}/constant.csv", "--test-size", "2"], "divide by zero"),
        (["--data", "{folder}/short.csv", "--test-size", "2"], "at least 6 observations"),
        (["--out", "{folder}/empty.csv"], "--out = .*cannot be written"),
        (["--out", " "], "argument --out: is empty"),
    ],
)
def test_bad_input_is_one_clear_line_and_code_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents: dict[str, str | bytes] = {
        "empty": "",
        "latin": b"t,y\n1,2\n\xe9,3\n",
        "footer": "t,y\n1,2\n2,3\ntotal\n",
        "words": "t,y\n1,two\n",
        "nan": "t,y\n1,NaN\n",
        "twice": "t,y\n1,2\n1,3\n",
        "constant": "t,y\n" + "".join(f"{i},5\n" for i in range(12)),
        "huge": "t,y\n" + "".join(f"{i},{i}e300\n" for i in range(12)),
        "score": "t,y\n1,1_05\n",
        "short": "t,y\n1,2\n2,5\n3,1\n4,2\n",
    }
    for name, content in contents.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / f"{name}.csv").write_bytes(data)
    before = sorted(tmp_path.rglob("*"))
    filled = [a.replace("{folder}", str(tmp_path)) for a in arguments]
    out = [] if "--out" in filled else ["--out", str(tmp_path / "out")]
    try:
        code: object = main(["tutorial", "--repeats", "2", *filled, *out])
    except SystemExit as stop:  # argparse's own complaints
        code = stop.code
    captured = capsys.readouterr()
    assert code == 2
    assert re.search(message, captured.err)
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_ctrl_c_stops_soon_and_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "tutorial", "--repeats", "60000", "--out", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert re.match(r"Training \d+0,000 networks of 11 arms", process.stderr.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert re.search(r"stopped; [\d,]+ of 660,000 runs are there, and none was kept\.$", err)
    assert "Traceback" not in err
    assert out == ""
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    command = " ".join([*COMMAND, "tutorial", "--repeats", "1", "--out", str(tmp_path)])
    for sink, code in ((">/dev/full", 1), (">&-", 0), ("2>&-", 0)):
        done = subprocess.run(
            ["sh", "-c", f"{command} {sink}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, (sink, done.stderr)
        assert "Traceback" not in done.stderr


def test_names_that_trouble_a_terminal_or_a_figure(tmp_path: Path) -> None:
    rows = "".join(f"$\\x{i}$,{(i * 7) % 11}\n" for i in range(14))
    name = "$\\foo$ Größe \N{SNOWMAN}\t" + 200 * "long "
    (tmp_path / "odd.csv").write_text(f"t,{name}\n{rows}", encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "tutorial", "--repeats", "1", "--test-size", "4", "--out", str(tmp_path / "o"),
         "--data", str(tmp_path / "odd.csv")],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "Gr\\xf6\\xdfe" in done.stdout


def test_a_termination_cleans_up(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    process = subprocess.Popen(
        [*COMMAND, "tutorial", "--repeats", "60000", "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Training ")
    process.terminate()
    _, error = process.communicate(timeout=120)
    assert process.returncode == 143
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_is_no_complaint(tmp_path: Path) -> None:
    command = " ".join([*COMMAND, "tutorial", "--repeats", "2", "--out", str(tmp_path)])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -1"], capture_output=True, text=True, check=True
    )
    assert "Sales: 36 observations" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_terminal_gets_a_progress_bar(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    process = subprocess.Popen(
        [*COMMAND, "tutorial", "--repeats", "60000", "--out", str(tmp_path)],
        stderr=terminal,
        stdout=subprocess.DEVNULL,
    )
    os.close(terminal)
    seen, stopped = b"", False
    while process.poll() is None or select.select([controller], [], [], 0)[0]:
        if select.select([controller], [], [], 0.1)[0]:
            try:
                seen += os.read(controller, 4096)
            except OSError:
                break
        if b"running 660,000 runs of 11 arms [" in seen and not stopped:
            process.send_signal(signal.SIGINT)
            stopped = True
    os.close(controller)
    assert process.wait() == 130
    assert seen.count(b"\n") == 2  # what it will take, and that it was stopped
    assert b"\r\x1b[Kstatewise: stopped; " in seen


def test_version_and_help() -> None:
    assert statewise("--version").stdout.startswith("statewise 0.")
    assert "tutorial" in statewise("--help").stdout
    assert statewise().returncode == 2


def test_on_keras_it_is_estimated_interrupted_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from statewise.interop.keras import KerasEngine

    command = ["tutorial", "--engine", "keras", "--repeats", "1", "--epochs", "3"]
    command += ["--out", str(tmp_path / "out")]
    plain, calls = KerasEngine.fit, []

    def interrupted(self: KerasEngine, *arguments: object, **settings: object) -> object:
        calls.append(settings["seed"])
        if settings["seed"] != 0 and sum(seed != 0 for seed in calls) > 3:
            raise KeyboardInterrupt
        return plain(self, *arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(KerasEngine, "fit", interrupted)
    monkeypatch.setattr("statewise.show.progress.EVERY", -1.0)  # all is long
    assert main(command) == 130
    said = capsys.readouterr().err
    assert "Training 7 networks of 11 arms by Keras on tensorflow: about" in said
    assert "runs are there, in " in said
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"tutorial.db"}
    assert not (tmp_path / "out" / "report.html").exists()
    monkeypatch.setattr(KerasEngine, "fit", plain)
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "networks of 11 arms" in captured.err
    assert "Training 7 networks" not in captured.err
    assert "3 epochs of Keras on tensorflow" in " ".join(captured.out.split())
    assert json.loads((tmp_path / "out" / "tutorial.json").read_text())["epochs"] == 3
    assert main(command) == 0
    assert "Training 0 networks" in capsys.readouterr().err
    assert main([*command, "--seed", "2"]) == 2
    assert "was started with another specification" in capsys.readouterr().err


def test_the_store_of_the_built_in_engine_is_kept_where_it_is_said(tmp_path: Path) -> None:
    command = ["tutorial", "--repeats", "2", "--epochs", "2", "--out", str(tmp_path / "out")]
    assert main([*command, "--store", str(tmp_path / "runs.db")]) == 0
    assert (tmp_path / "runs.db").exists()
    assert len(list((tmp_path / "out").iterdir())) == FILES
