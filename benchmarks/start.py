"""Time how long statewise takes to start: the whole tutorial cold and warm, and the import.

Cold is a start with an empty folder for numba's compiled kernels; at the very first start the
folder for matplotlib's list of fonts is empty too. The system's own disk cache stays warm. Needs
``os.wait4``, which Windows lacks.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from common import machine, spread, table

PAIRS = 5  # imports of each kind in one round
IMPORTS = ("import statewise", "from statewise import fit")
VERY_FIRST, COLD, WARM = "the very first start", "cold start", "warm start"


@dataclass(frozen=True)
class Ran:
    """What a process cost."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000, help="of the tutorial")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement here")
    options = parser.parse_args()
    starts: dict[str, list[Ran]] = {VERY_FIRST: [], COLD: [], WARM: []}
    imports: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    for number in range(options.rounds):
        print(f"round {number + 1}/{options.rounds}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            for name, ran in tutorial_starts(Path(folder), options.repeats).items():
                starts[name].append(ran)
        for statement, milliseconds in import_times().items():
            imports[statement].append(milliseconds)
    if options.json is not None:
        document = {
            "machine": machine(),
            "repeats": options.repeats,
            "starts": {name: [vars(ran) for ran in found] for name, found in starts.items()},
            "import_ms": imports,
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(report(options.rounds, options.repeats, starts, imports))


def tutorial_starts(folder: Path, repeats: int) -> dict[str, Ran]:
    """Run the tutorial in each state of the caches, in an empty folder."""
    caches = {
        VERY_FIRST: ("kernels-1", "fonts"),
        COLD: ("kernels-2", "fonts"),  # the fonts are listed by now
        WARM: ("kernels-2", "fonts"),
    }
    found = {}
    for number, (name, (kernels, fonts)) in enumerate(caches.items()):
        places = {"NUMBA_CACHE_DIR": str(folder / kernels), "MPLCONFIGDIR": str(folder / fonts)}
        out = str(folder / f"results-{number}")
        tutorial = ["-m", "statewise.cli", "tutorial", "--repeats", str(repeats), "--out", out]
        found[name] = run([sys.executable, *tutorial], places)
    return found


def import_times() -> dict[str, float]:
    """The milliseconds that each import adds to a bare interpreter, the median of pairs."""
    added: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    for _ in range(PAIRS):
        for statement, milliseconds in added.items():
            bare = run([sys.executable, "-c", "pass"]).seconds
            milliseconds.append(1000.0 * (run([sys.executable, "-c", statement]).seconds - bare))
    return {statement: median(milliseconds) for statement, milliseconds in added.items()}


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> Ran:
    """Run a command to its end; its peak memory is that of its largest process.

    Raises:
        RuntimeError: the command failed.
    """
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **(environment or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return Ran(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 2**20)


def report(
    rounds: int, repeats: int, starts: dict[str, list[Ran]], imports: dict[str, list[float]]
) -> str:
    """The tables, with what they were measured on."""
    start_rows = [
        [
            name,
            spread([ran.seconds for ran in found]),
            spread([ran.processor_seconds for ran in found]),
            spread([ran.peak_mib for ran in found]),
        ]
        for name, found in starts.items()
    ]
    header = [f"statewise tutorial --repeats {repeats}", "seconds", "processor seconds", "peak MiB"]
    import_rows = [[f"`{statement}`", spread(found)] for statement, found in imports.items()]
    parts = [
        f"On {machine()}; rounds: {rounds}; median (least to greatest).",
        table(header, start_rows),
        table(["import", "ms more than a bare interpreter"], import_rows),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
