"""Compiled code is cached on disk, and safely when several processes compile at once."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise.engine import compiled, initial
from statewise.engine.cells.lstm import LSTM

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


def test_nothing_compiles_after_the_functions_are_built() -> None:
    found, loops = compiled.kernels(LSTM, 8, False, False), initial.loops()
    functions: list[Any] = [*found, *loops]
    for function in functions:
        [signature] = function.signatures
        # As many arguments as it takes, but of a type that it was not compiled for.
        with pytest.raises(TypeError, match="No matching definition"):
            function(*[np.zeros((1,) * 7, np.complex64)] * len(signature))
    assert compiled.kernels(LSTM, 8, False, False) is found
    assert initial.loops() is loops


def test_without_a_folder_for_the_cache_it_compiles_in_memory(tmp_path: Path) -> None:
    program = (
        "from numba.core import caching; "
        "caching.CompileResultCacheImpl._locator_classes = []; " + PROGRAM
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "1", "keras-3"],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout) > 10
    assert list(tmp_path.rglob("*.nbc")) == []
