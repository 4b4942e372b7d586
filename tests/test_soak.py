"""A small soak: whole commands are killed at steps that change a file."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.mark.skipif(sys.platform != "linux", reason="killed processes are found in /proc")
def test_killed_updates_lose_nothing_and_leave_nothing() -> None:
    command = [sys.executable, "-m", "soak", "--kills", "6", "--only", "update"]
    said = subprocess.run(command, cwd=BENCHMARKS, text=True, capture_output=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Nothing was lost" in said.stdout
