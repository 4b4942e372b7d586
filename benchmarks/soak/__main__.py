"""Kill a thousand times, look, and print what was found; exit code 1 if anything was wrong.

    make soak                                        # 1,000 kills, some twenty minutes
    cd benchmarks && python -m soak --kills 50       # in the same proportions
    cd benchmarks && python -m soak --only update    # one kind

Needs Linux: processes are found in /proc.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from common import machine

from soak.commands import CHAINS, soak_command
from soak.rivals import soak_rivals
from soak.studies import EXECUTORS, soak_births, soak_executor
from soak.tally import Tally, summary

KILLS = {  # of a thousand
    "threads": 200,
    "processes": 130,
    "Dask": 60,
    "store being made": 120,
    "update": 120,
    "two updates at once": 80,
    "forecast --save": 80,
    "study run": 50,
    "study export": 60,
    "study report": 40,
    "study init": 60,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000, help="in all (1000)")
    parser.add_argument("--only", choices=KILLS, help="one kind, with all of the kills")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        works = kinds(Path(folder), rng)
        share = {options.only: 1.0} if options.only else {k: n / 1000 for k, n in KILLS.items()}
        tallies = []
        for kind, part in share.items():
            tally = works[kind](max(1, round(part * options.kills)))
            print(*tally.row, sep=" | ", file=sys.stderr, flush=True)
            tallies.append(tally)
    seconds = time.monotonic() - begun
    sqlite = f"SQLite {sqlite3.sqlite_version}"
    print(f"On {machine()}; seed {options.seed}; {seconds:,.0f} seconds, {sqlite}.\n")
    print(summary(tallies))
    sys.exit(any(tally.wrong or tally.left for tally in tallies))


def kinds(place: Path, rng: random.Random) -> dict[str, Callable[[int], Tally]]:
    """What is killed, by name."""
    works: dict[str, Callable[[int], Tally]] = {
        "store being made": lambda kills: soak_births(kills, place, rng),
        "two updates at once": lambda kills: soak_rivals(kills, place, rng),
    }
    works |= {chain.name: partial(soak_command, chain, place=place, rng=rng) for chain in CHAINS}
    return works | {name: partial(soak_executor, name, place=place, rng=rng) for name in EXECUTORS}


if __name__ == "__main__":
    main()
