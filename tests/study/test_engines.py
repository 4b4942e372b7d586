"""Engines by the names that installed packages declare, each looked up in a fresh process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from statewise.errors import SettingError
from statewise.study.engines import BUILT_IN, engine_from

PACKAGE = """
from dataclasses import dataclass
from statewise.study.engines import BuiltIn

@dataclass(frozen=True)
class Twice(BuiltIn):
    times: int = 2

    @classmethod
    def from_document(cls, document):
        return cls(document.get("times", 2))

    def document(self, model):
        return {"kind": "twice", "times": self.times}
"""
ENTRY_POINTS = """[statewise.engines]
twice = twice:Twice
absent = twice.absent:Absent
misspelt = twice:Thrice
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with another package's engine, installed as pip leaves it."""
    (tmp_path / "twice.py").write_text(PACKAGE)
    installed = tmp_path / "twice-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: twice\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def said(code: str, *folders: Path) -> str:
    """What a fresh process prints, or the last line of its error."""
    paths = [*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def test_the_engine_of_another_package_is_named_in_a_study_file(site: Path) -> None:
    (site / "sales.csv").write_text("\n".join(["ds,y", *(f"{t},{t % 5}" for t in range(30))]))
    (site / "study.toml").write_text(
        """
        data = "sales.csv"
        test_size = 12
        repeats = 2
        [[arms]]
        name = "a"
        regime = "stateless"
        training = { epochs = 2 }
        engine = { kind = "twice", times = 3 }
        """
    )
    code = f"""
from pathlib import Path
from statewise.study import from_document, run_study, to_document
from statewise.study.file import read
study, _ = read(Path({str(site / "study.toml")!r}))
assert from_document(to_document(study)) == study
print(study.arms[0].engine, run_study(study).arms["a"].forecasts.shape)
"""
    assert said(code, site) == "Twice(times=3) (2, 12)"


def test_an_engine_that_cannot_be_imported_is_a_missing_extra(site: Path) -> None:
    code = "from statewise.study.engines import engine_from; engine_from({!r})"
    for name in ("absent", "misspelt"):
        assert said(code.format(name), site).startswith(
            f"statewise.errors.ExtraError: engine = {name!r}: cannot be imported from twice"
        )
    absent = 'import sys; sys.modules["keras"] = None; ' + code.format("keras")
    assert "pip install 'statewise[keras]'" in said(absent)


def test_a_name_that_nothing_declares_lists_those_that_are(site: Path) -> None:
    code = "from statewise.study.engines import engine_from; engine_from('thrice')"
    assert "Use one of 'absent', 'keras', 'misspelt', 'statewise', 'twice'." in said(code, site)
    with pytest.raises(SettingError, match=r"Use one of .*'keras', .*'statewise'"):
        engine_from(["statewise"])


def test_the_built_in_engine_has_no_settings() -> None:
    assert engine_from("statewise") is engine_from({"kind": "statewise"}) is BUILT_IN
    with pytest.raises(SettingError, match=r"^engine\.times = 2: is not a known field"):
        engine_from({"kind": "statewise", "times": 2})
