"""Compiled code is cached on disk, and safely when several processes compile at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from statewise.engine import compiled

PROGRAM = """
import sys
import numpy as np
import statewise as sw
x = np.linspace(-1, 1, 12).reshape(12, 1, 1)
runs, profile = int(sys.argv[1]), sys.argv[2]
fitted = sw.fit(sw.Network(2, profile), sw.Training(9), sw.StateRegime(shuffle=True), x, x[:, 0],
                repeats=runs, threads=1)
print(fitted.weights.kernel[0].tobytes().hex())
"""


def start(cache: Path, runs: int, profile: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(runs), profile],
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_compile_at_once_agree(tmp_path: Path) -> None:
    # Narrow and wide lanes, twice each, all into one empty cache.
    racing = [start(tmp_path, runs, "keras-3") for runs in (1, 40, 1, 40)]
    results = {process.communicate(timeout=300)[0] for process in racing}
    assert [process.returncode for process in racing] == [0, 0, 0, 0]
    assert len(results) == 1
    compiled_files = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")}
    assert compiled_files
    later = [start(tmp_path, runs, "keras-3") for runs in (1, 40)]
    assert {process.communicate(timeout=300)[0] for process in later} == results
    # Nothing was compiled again: the cache served both.
    assert {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")} == compiled_files


def test_nothing_compiles_after_the_kernels_are_built() -> None:
    found = compiled.kernels(8, False)
    with pytest.raises(TypeError):
        found.train(1, 2, 3)
    assert compiled.kernels(8, False) is found


def test_the_lock_is_a_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_user() -> str:
        raise KeyError

    assert compiled.lock_path().parent.is_dir()
    monkeypatch.setattr("getpass.getuser", no_user)
    assert compiled.lock_path().name.startswith("statewise-")


def test_ctrl_c_while_compiling_is_not_hidden_by_what_follows() -> None:
    def compilation() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("no compiled object yet")  # as numba's own clean-up may

    with pytest.raises(KeyboardInterrupt), compiled.interruptible():
        compilation()
    with pytest.raises(ValueError, match="other"), compiled.interruptible():
        raise ValueError("other")
