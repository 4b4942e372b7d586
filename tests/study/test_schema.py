"""A store that an older statewise wrote is read, brought up to date, resumed and extended.

``data/schema-1.db`` was written by the last code of schema 1 when it ran ``STUDY``.
"""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from statewise.data.datasets import shampoo
from statewise.model.framing import Framing
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Store, Study, read_results, run_study, store
from statewise.study.salvage import salvage
from statewise.study.schema import SCHEMA
from statewise.study.sqlite_file import connect
from tests.study.test_executors import same

FROZEN = Path(__file__).parent / "data" / "schema-1.db"
ARMS = (
    Arm("stateful", Model(REGIMES["stateful-warm"], training=Training(6))),
    Arm(
        "shuffled",
        Model(REGIMES["stateless-shuffled"], Framing(lags=2), training=Training(6)),
        restarts=3,
    ),
)
STUDY = Study(ARMS, shampoo(), test_size=4, repeats=5, cutoffs=2, seed=7, keep_loss=True)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the frozen store."""
    return Path(shutil.copyfile(FROZEN, tmp_path / "study.db"))


def version(path: Path) -> int:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def test_it_reads_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with Store.read(old) as reader:
        assert reader.damage() == []
        result = read_results(STUDY, reader)
    same(result, run_study(STUDY))
    cell = ("Sales", 32)
    assert result.restarts("stateful", cell) is None
    assert result.arms["stateful"].cells[cell].loss.shape == (5, 6)
    assert old.read_bytes() == before
    assert version(old) == 1


def test_it_is_brought_up_to_date_when_it_is_opened_for_writing(old: Path) -> None:
    with Store.write_to(old) as opened:
        assert opened.damage() == []
    assert version(old) == SCHEMA
    assert schema(old) == schema(make(old.with_name("fresh.db")))


def make(path: Path) -> Path:
    Store.create(path).close()
    return path


def schema(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    connection.close()
    return rows


def test_it_is_resumed_and_extended_to_the_bits_of_a_fresh_run(old: Path) -> None:
    assert run_study(STUDY, store=old).trained_runs == 0
    again = Arm("again", Model(REGIMES["stateful-warm"], training=Training(6)), restarts=1)
    more = replace(STUDY, repeats=9, arms=(*ARMS, again))
    result = run_study(more, store=old)
    assert result.trained_runs == 2 * (4 + 4 + 9)
    fresh = run_study(more)
    same(result, fresh)
    cell = ("Sales", 36 - 4)
    assert result.restarts("stateful", cell) is None  # some of its runs are of schema 1
    assert result.restarts("again", cell) == fresh.restarts("again", cell) is not None
    with Store.read(old) as reader:
        assert reader.damage() == []


def test_it_is_salvaged(old: Path) -> None:
    assert salvage(old, old.with_name("new.db")) == (20, 0)
    with Store.read(old.with_name("new.db")) as reader:
        same(read_results(STUDY, reader), run_study(STUDY))


def whole(path: Path) -> int:
    """The version of a store, which holds what it held and can be brought up to date."""
    with Store.read(path) as reader:  # undoes what was left half done
        assert reader.damage() == []
        assert sum(reader.counts().values()) == 20
    found = version(path)
    with Store.write_to(path) as opened:
        assert all(cell.restarts is None for cell in opened.cells().values())
    assert version(path) == SCHEMA
    return found


def open_and_die(path: str, statement: str) -> None:
    """Begin to bring a store up to date, and be killed when ``statement`` is about to run."""

    def die(sql: str) -> None:
        if sql.strip().startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(path: Path, mode: Any) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.set_trace_callback(die)
        return connection

    setattr(store, "connect", traced)  # noqa: B010
    Store.write_to(path)


@pytest.mark.parametrize("statement", ["BEGIN", "ALTER", "PRAGMA user_version =", "COMMIT"])
def test_killed_between_its_steps_it_is_what_it_was(statement: str, old: Path) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=open_and_die, args=(str(old), statement))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert whole(old) == 1


def bring_up_to_date(folder: str, begun: Any) -> None:
    begun.set()
    for path in sorted(Path(folder).glob("*.db")):
        Store.write_to(path).close()


def test_killed_at_any_time_it_is_of_one_version_or_the_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for i in range(6):
        folder = tmp_path / str(i)
        folder.mkdir()
        paths = [folder / f"{n:03}.db" for n in range(100)]
        for path in paths:
            shutil.copyfile(FROZEN, path)
        begun = context.Event()
        process = context.Process(target=bring_up_to_date, args=(str(folder), begun))
        process.start()
        assert begun.wait(30)
        time.sleep(0.02 + 0.003 * i)
        process.kill()
        process.join()
        versions = [whole(path) for path in paths]
        assert versions == sorted(versions, reverse=True)
        assert versions[-1] == 1  # it was killed on the way
