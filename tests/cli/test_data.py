from pathlib import Path

import pytest

from statewise.cli import main
from statewise.data.datasets import sunspots
from statewise.data.files import read_file


def test_what_it_prints_is_the_series(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["data", "sunspots"]) == 0
    path = tmp_path / "data.csv"
    path.write_text(capsys.readouterr().out)
    assert read_file(path) == sunspots()


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "moon"]) == 2
    assert "'nile', 'shampoo', 'sunspots'" in capsys.readouterr().err


def test_too_little_memory_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def large(*_: object) -> None:
        raise MemoryError("Unable to allocate 600 GiB")

    monkeypatch.setattr("statewise.cli.data.run_data", large)
    assert main(["data", "nile"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("statewise: there is too little memory (Unable to allocate 600 GiB).")
    assert said.count("\n") == 1


def test_ctrl_c_while_a_command_is_read_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("statewise.cli.Parser.parse_known_args", stopped)
    assert main(["data", "nile"]) == 130
    assert capsys.readouterr().err == "statewise: stopped.\n"
