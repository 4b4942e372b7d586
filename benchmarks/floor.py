"""The floor: floor.cpp compiled for this machine, and its time."""

import json
import math
import os
import shutil
import subprocess
from pathlib import Path

ABSENT = "not installed"  # how the reason begins where nothing is broken
OPTIONS = ("-O3", "-march=native", "-fno-math-errno")


class FloorError(Exception):
    """The floor cannot be compiled, or does not train."""


class Floor:
    """The compiled floor in a folder that the caller removes.

    Raises:
        FloorError: there is no working compiler, or the loss does not decrease.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        compiler = shutil.which(os.environ.get("CXX", "c++"))
        if compiler is None:
            raise FloorError(f"{ABSENT}: a C++ compiler")
        self.program, self.epochs = folder / "floor", epochs
        source = Path(__file__).with_name("floor.cpp")
        command = [compiler, *OPTIONS, "-o", str(self.program), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FloorError((done.stderr.strip().splitlines() or ["compilation failed"])[-1])
        first, last = (self._run(256, e)["mean_loss"] for e in (1, epochs))
        if not (math.isfinite(last) and last < first):
            raise FloorError(f"the loss went from {first} to {last}")
        asked = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
        self.version = f"{asked.stdout.splitlines()[0]} {' '.join(OPTIONS)}"

    def ms_a_restart(self, restarts: int) -> float:
        """The milliseconds that one of so many restarts takes, by the floor's own clock."""
        done = self._run(restarts, self.epochs)
        return 1000.0 * done["seconds"] / done["restarts"]

    def _run(self, restarts: int, epochs: int) -> dict[str, float]:
        command = [str(self.program), str(restarts), str(epochs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, float] = json.loads(done.stdout)
        return found
