"""Time a store of many runs: writing, counting, reading, checking and salvaging them."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, table

from statewise.study import store as store_module
from statewise.study.rows import Cell, CellRuns
from statewise.study.salvage import salvage
from statewise.study.store import Store

TEST_SIZE = 12
REACH = 50_000  # rows a second to be written, at least


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--shard", type=int, default=10_000, help="rows of one transaction")
    parser.add_argument("--cells", type=int, default=100, help="that the rows are spread over")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary one by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = measure(Path(folder) / "study.db", options.rows, options.shard, options.cells)
    print(
        f"On {machine()}; {options.rows:,} runs of {TEST_SIZE} forecasts in {options.cells} cells, "
        f"{options.shard:,} to a transaction.\n"
    )
    print(table(["", "seconds", ""], rows))


def measure(path: Path, rows: int, shard: int, cells: int) -> list[list[str]]:
    """Write a store at ``path`` and read it in each way; the rows of the table."""
    shards = [made(number, rows, shard, cells) for number in range(-(-rows // shard))]
    with Store.create(path) as store:
        added, writing = timed(lambda: sum(store.write(parts) for parts in shards))
    if added != rows:
        raise RuntimeError(f"{added} runs were new, and not {rows}")
    with Store.read(path) as store:
        counts, status = timed(store.counts)
        pairs = [verified_and_not(store) for _ in range(5)]
        whole = pairs[0][0]
        reading, believing = (min(pair[i] for pair in pairs) for i in (1, 2))
        damage, checking = timed(store.damage)
    if sum(counts.values()) != rows or damage:
        raise RuntimeError(f"the store does not hold what was written: {damage[:3]}")
    if sum(len(cell.forecasts) for cell in whole) != rows:
        raise RuntimeError("forecasts are missing")
    saved, saving = timed(lambda: salvage(path, path.with_name("saved.db")))
    if saved.recovered != rows or saved.lost:
        raise RuntimeError(f"of a whole store {saved}")
    size = path.stat().st_size
    if rows / writing < REACH:
        print(f"Fewer than {REACH:,} rows a second were written.", file=sys.stderr)
    return [
        ["written", f"{writing:.2f}", f"{rows / writing:,.0f} rows a second"],
        ["size of the file", "", f"{size / 2**20:,.0f} MiB, {size / rows:.0f} bytes a row"],
        ["status (counts)", f"{status:.3f}", f"{len(counts):,} cells"],
        ["runs of every cell, verified", f"{reading:.2f}", each(rows, reading)],
        ["the same, unverified", f"{believing:.2f}", f"verified: {reading / believing:.2f} times"],
        ["check (damage)", f"{checking:.2f}", each(rows, checking)],
        ["salvage", f"{saving:.2f}", each(rows, saving)],
    ]


def verified_and_not(store: Store) -> tuple[list[CellRuns], float, float]:
    """The runs of every cell, and the seconds of reading them with and without checksums."""

    def read() -> list[CellRuns]:
        return [store.runs(cell) for cell in store.cells().values()]

    whole, reading = timed(read)
    with unverified():
        return whole, reading, timed(read)[1]


@contextmanager
def unverified() -> Iterator[None]:
    """Within, no run's checksum is looked at."""
    verified, store_module.altered = store_module.altered, lambda *_: []
    try:
        yield
    finally:
        store_module.altered = verified


def each(rows: int, seconds: float) -> str:
    """A pace."""
    return f"{rows / seconds:,.0f} rows a second"


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    """What a task gives, and the seconds it takes."""
    begin = time.perf_counter()
    result = task()
    return result, time.perf_counter() - begin


def made(number: int, rows: int, shard: int, cells: int) -> list[CellRuns]:
    """A shard of runs: those of every cell have the same share, and cells follow one another."""
    rng = np.random.default_rng(number)
    share = -(-rows // cells)  # runs of a cell
    at, end = number * shard, min(rows, (number + 1) * shard)
    parts = []
    while at < end:
        which, first = divmod(at, share)
        count = min(end - at, share - first)
        parts.append(
            CellRuns(
                Cell(f"{which:064x}", f"arm-{which % 4}", f"series-{which // 4}", 24, "r:"),
                np.arange(first, first + count),
                rng.normal(100.0, 9.0, count),
                np.zeros(count, np.int32),
                rng.normal(300.0, 90.0, (count, TEST_SIZE)),
                np.zeros((count, 0), np.float32),
            )
        )
        at += count
    return parts


if __name__ == "__main__":
    main()
