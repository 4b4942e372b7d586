"""Stores damaged at random: an error before any number, or the numbers that were written."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.panel import Panel, Series
from statewise.errors import StatewiseError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    Store,
    Study,
    StudyResult,
    better,
    read_results,
    run_study,
)
from statewise.study.rows import CellRuns
from statewise.study.salvage import salvage
from tests.fuzzing import fuzz

ARMS = tuple(
    Arm(name, Model(REGIMES[name], training=Training(12))) for name in ("stateful", "stateless")
)
PANEL = Panel.of(
    Series(name, tuple(map(str, range(14))), np.sin(np.arange(14.0) * k) + k)
    for k, name in enumerate(("one", "two"), start=1)
)
STUDY = Study(
    ARMS, PANEL, test_size=3, repeats=60, hypotheses=(better("stateful", "naive"),), keep_loss=True
)
FURTHER = replace(STUDY, repeats=62)
PAGE = 4096
COLUMNS = {
    "total": ("specifications", "cells", "runs", "checksum"),
    "specification": ("number", "written", "hash", "document", "checksum"),
    "cell": ("number", "key", "arm", "series", "cutoff", "restarts", "runs", "checksum"),
    "run": ("id", "score", "diverged_epoch", "forecasts", "loss", "checksum"),
}
VALUES: tuple[Any, ...] = (
    "text", "", b"O8!", b"<f8", b"<f8" + bytes(24), bytes(7), 0, 1, -1, 1 << 62, 0.5, float("inf"),
    "{\"a\": ", "caf\u00e9", "CAST(x'ff00' AS TEXT)",
)  # fmt: skip
PLANTED = (
    "CREATE TRIGGER t AFTER INSERT ON run BEGIN UPDATE run SET score = 1; END",
    "CREATE TRIGGER t AFTER UPDATE ON cell BEGIN DELETE FROM run; END",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TABLE other (x)",
    "CREATE INDEX i ON run (score)",
    "ALTER TABLE run ADD COLUMN more",
    "ALTER TABLE cell RENAME COLUMN arm TO branch",
    "ALTER TABLE run RENAME TO was; CREATE VIEW run AS SELECT * FROM was",
    "DROP TABLE specification",
    "PRAGMA user_version = 3",
    "PRAGMA application_id = 7",
    "ANALYZE",
)
MEMORY = Path("/dev/shm")
Damage = Callable[[np.random.Generator, bytearray, Path], Any]


def flip(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))


def flip_in_header(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    content[rng.integers(100)] ^= 1 << int(rng.integers(8))


def scribble(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    at, length = int(rng.integers(len(content))), int(rng.integers(1, 200))
    end = min(len(content), at + length)
    content[at:end] = rng.bytes(end - at)


def truncate(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    del content[int(rng.integers(len(content))) :]


def swap_pages(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    a, b = (int(i) * PAGE for i in rng.integers(len(content) // PAGE, size=2))
    content[a : a + PAGE], content[b : b + PAGE] = content[b : b + PAGE], content[a : a + PAGE]


def repeat_page(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    a, b = (int(i) * PAGE for i in rng.integers(len(content) // PAGE, size=2))
    content[a : a + PAGE] = content[b : b + PAGE]


def zero_page(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    a = int(rng.integers(len(content) // PAGE)) * PAGE
    content[a : a + PAGE] = bytes(PAGE)


def append(rng: np.random.Generator, content: bytearray, _: Path) -> None:
    content += rng.bytes(int(rng.integers(1, 3 * PAGE)))


def update(rng: np.random.Generator, _: bytearray, path: Path) -> None:
    table = str(rng.choice(list(COLUMNS)))
    column = str(rng.choice(COLUMNS[table]))
    value = VALUES[rng.integers(len(VALUES))]
    which = f"WHERE rowid IN (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)"
    new = str(rng.choice(["?", "?", "?", f"{column} * 2", f"{column} + 1", "CAST(? AS TEXT)"]))
    execute(path, f"UPDATE {table} SET {column} = {new} {rng.choice([which, which, ''])}", value)


def delete(rng: np.random.Generator, _: bytearray, path: Path) -> None:
    table = str(rng.choice(list(COLUMNS)))
    order = rng.choice(["rowid", "rowid DESC", "random()"])
    which = f"(SELECT rowid FROM {table} ORDER BY {order} LIMIT {rng.integers(1, 5)})"
    execute(path, f"DELETE FROM {table} WHERE rowid IN {which}")


def insert(rng: np.random.Generator, _: bytearray, path: Path) -> None:
    table = str(rng.choice(list(COLUMNS)))
    rest = ", ".join(COLUMNS[table][1:])
    shift = rng.choice([1, 100, 1 << 32])
    new = f"SELECT {COLUMNS[table][0]} + {shift}, {rest} FROM {table} ORDER BY 1 DESC LIMIT 1"
    execute(path, f"INSERT INTO {table} {new}")


def plant(rng: np.random.Generator, _: bytearray, path: Path) -> None:
    execute(path, PLANTED[rng.integers(len(PLANTED))])


def damage_at_random(rng: np.random.Generator, path: Path) -> None:
    content = bytearray(path.read_bytes())
    before = bytes(content)
    DAMAGES[rng.integers(len(DAMAGES))](rng, content, path)
    if content != before:
        path.write_bytes(content)


def same_runs(found: CellRuns, whole: StudyResult) -> None:
    of = whole.arms[found.cell.arm].cells[found.cell.series, found.cell.cutoff]
    for name in ("forecasts", "scores", "diverged_epoch", "loss"):
        np.testing.assert_array_equal(getattr(found, name), getattr(of, name)[found.repeats])


def execute(path: Path, statements: str, value: Any = None) -> None:
    connection = sqlite3.connect(path)
    try:
        with connection:
            if "?" in statements:
                connection.execute(statements, (value,))
            else:
                connection.executescript(statements)
    except sqlite3.IntegrityError:
        pass  # a table that does not take it is not damaged
    finally:
        connection.close()


DAMAGES: tuple[Damage, ...] = (
    flip, flip, flip, flip_in_header, scribble, truncate, swap_pages, repeat_page, zero_page,
    append, update, update, update, delete, insert, plant,
)  # fmt: skip


@cache
def written() -> tuple[bytes, StudyResult, StudyResult]:
    """A whole store of 240 runs, with its results and those of the study extended."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "study.db"
        whole = run_study(STUDY, store=path)
        return path.read_bytes(), whole, run_study(FURTHER)


@fuzz
@given(seed=st.integers(0, 1 << 60))
def test_fuzz_a_damaged_store_gives_an_error_or_what_was_written(seed: int) -> None:
    source, whole, further = written()
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path, saved = Path(folder) / "study.db", Path(folder) / "saved.db"
        path.write_bytes(source)
        damage_at_random(np.random.default_rng(seed), path)
        try:
            with Store.read(path) as store:
                damage = store.damage()
                result, counts = read_results(STUDY, store), store.counts()
        except StatewiseError:
            damage = ["said"]
        else:
            assert result == whole
            assert sorted(counts.values()) == [60] * 4
        try:
            found = salvage(path, saved)
        except StatewiseError:
            assert damage
            assert not saved.exists()
        else:
            assert damage or (found.recovered, found.lost) == (240, 0)
            assert found.lost in (240 - found.recovered, None)
            with Store.read(saved) as store:
                assert store.damage() == []
                for key, cell in store.cells().items():
                    same_runs(store.runs(cell), whole)
                    assert key == cell.key
        try:
            resumed = run_study(FURTHER, store=path, threads=1)
        except StatewiseError:
            pass  # it may be whole for readers: a bit of the header says that nobody may write
        else:
            assert resumed == further
