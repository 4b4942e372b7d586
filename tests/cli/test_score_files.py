from pathlib import Path

import pytest

from statewise.cli import main


def test_result_files_are_settled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "A.csv", tmp_path / "B.csv"]
    for path, mean in zip(files, (97.0, 105.0), strict=True):
        path.write_text("results\n" + "".join(f"{mean + i % 7}\n" for i in range(30)))
    command = ["study", "compare-files", *map(str, files)]
    assert main([*command, "--paired", "--naive", "136.76", "--margin", "1"]) == 0
    out = capsys.readouterr().out
    assert "1. A beats B: SUPPORTED" in out
    assert "3. B beats naive: SUPPORTED" in out
    assert "compared in pairs" in out
    files[1].write_text("results\n97\nx\n")
    assert main(command) == 2
    assert "B.csv, line 3 = 'x': is no score" in capsys.readouterr().err


def test_one_column_may_have_decimal_commas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "A.csv").write_text("results\n97,34\n98,1\n99,25\n")
    (tmp_path / "B.csv").write_text("results\n97.34\n98.1\n99.25\n")
    files = [str(tmp_path / name) for name in ("A.csv", "B.csv")]
    assert main(["study", "compare-files", *files]) == 0
    out = capsys.readouterr().out
    assert "mean difference of +0.00 [" in out
    assert "RMSE" not in out
