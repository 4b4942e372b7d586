"""The store's contract, for the file and for memory alike; then what can go wrong with a file."""

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise.errors import StoreError
from statewise.study.rows import Cell, CellRuns
from statewise.study.salvage import Salvaged, salvage
from statewise.study.store import Store

CELL = Cell("k1", "arm", "series", 24, "r1:")


def runs(cell: Cell = CELL, begin: int = 0, count: int = 5, epochs: int = 3) -> CellRuns:
    rng = np.random.default_rng([begin, *cell.key.encode()])
    scores = rng.normal(100, 9, count)
    scores[0] = np.inf
    return CellRuns(
        cell,
        np.arange(begin, begin + count),
        scores,
        rng.integers(0, 9, count).astype(np.int32),
        rng.normal(size=(count, 12)),
        rng.normal(size=(count, epochs)).astype(np.float32),
    )


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = Store.in_memory() if request.param == "memory" else Store.create(tmp_path / "study.db")
    with made:
        yield made


def test_runs_read_back_to_the_bit(store: Store) -> None:
    part = runs()
    assert store.write([part]) == 5
    back = store.runs(CELL)
    for found, written in (
        (back.repeats, part.repeats),
        (back.scores, part.scores),
        (back.diverged_epoch, part.diverged_epoch),
        (back.forecasts, part.forecasts),
        (back.loss, part.loss),
    ):
        np.testing.assert_array_equal(found, written)
        assert found.dtype == written.dtype
    assert store.cells() == {"k1": CELL}
    assert store.counts() == {"k1": 5}
    assert store.damage() == []


def test_a_second_write_of_a_key_changes_nothing(store: Store) -> None:
    first = runs()
    store.write([first])
    other = CellRuns(CELL, first.repeats, first.scores + 1, *list(first.__dict__.values())[3:])
    assert store.write([other]) == 0
    np.testing.assert_array_equal(store.runs(CELL).scores, first.scores)
    assert store.write([runs(begin=3)]) == 3  # two of the five are there
    assert store.repeats("k1").tolist() == list(range(8))


def test_a_shard_lands_whole_or_not_at_all(store: Store) -> None:
    good, bad = runs(), runs(Cell("k2", "arm", "other", 24, "r1:"))
    broken = CellRuns(bad.cell, bad.repeats[:2], *list(bad.__dict__.values())[2:])
    with pytest.raises(ValueError, match="zip"):
        store.write([good, broken])
    assert store.counts() == {}
    assert store.write([good, bad]) == 10
    assert store.counts() == {"k1": 5, "k2": 5}


def test_the_newest_specification_is_in_force(store: Store) -> None:
    assert store.specification() is None
    store.declare({"a": 1.5}, "h1")
    store.declare({"a": [1, "é"]}, "h2")
    assert store.specification() == ({"a": [1, "é"]}, "h2")


def test_a_cell_says_what_its_restarts_derive_from(store: Store) -> None:
    other = CELL._replace(restarts="r2:")
    assert len(store.runs(other).repeats) == 0  # it is not there yet
    store.write([runs()])
    renamed = store.runs(CELL._replace(arm="new name"))
    assert renamed.cell.arm == "new name"
    assert len(renamed.repeats) == 5
    with pytest.raises(StoreError, match=r"other restarts \(r1:\) than the study's \(r2:\)"):
        store.runs(other)
    with pytest.raises(StoreError, match="other restarts"):
        store.write([runs(Cell("k2", "arm", "other", 24, "r1:")), runs(other, begin=5)])
    assert store.counts() == {"k1": 5}


def test_names_are_kept_as_they_are_or_refused(store: Store) -> None:
    for name in ("a\0b", "=1+1", "\N{SNOWMAN}", "x" * 10_000):
        cell = Cell(name, name, name, 24, name)
        store.write([runs(cell)])
        assert store.cells()[name] == cell
    with pytest.raises(StoreError, match="cannot hold the name"):
        store.write([runs(), runs(Cell("k2", "arm", "\ud800", 24, "r1:"))])
    assert "k1" not in store.counts()


def test_a_cell_that_is_not_there_is_empty(store: Store) -> None:
    found = store.runs(Cell("none", "arm", "series", 24, "r1:"))
    assert found.repeats.shape == found.scores.shape == found.diverged_epoch.shape == (0,)
    assert found.forecasts.shape == found.loss.shape == (0, 0)
    assert store.repeats("none").shape == (0,)


def test_one_writer_at_a_time_and_any_number_of_readers(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with Store.create(path) as writer:
        with pytest.raises(StoreError, match="is being written by another process"):
            Store.write_to(path)
        writer.write([runs()])
        with Store.read(path) as one, Store.read(path) as two:
            assert one.counts() == two.counts() == {"k1": 5}
            with pytest.raises(StoreError):
                one.write([runs(begin=10)])
    with Store.write_to(path) as again:
        assert again.write([runs(begin=10)]) == 5
    with pytest.raises(StoreError, match="exists already"):
        Store.create(path)


def test_a_second_driver_is_admitted_after_the_first_died(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    program = (
        "import sys; from statewise.study.store import Store; "
        "s = Store.create(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdin is not None
    assert first.stdout is not None
    assert first.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match="another process"):
        Store.write_to(path)
    first.kill()
    first.wait()
    first.stdout.close()
    first.stdin.close()
    with Store.write_to(path) as second:
        assert second.write([runs()]) == 5


def test_readers_never_meet_a_lock(tmp_path: Path) -> None:
    """Eight readers read all the time while a writer writes: nobody is refused."""
    path = tmp_path / "study.db"
    failures: list[Exception] = []
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                with Store.read(path) as reader:
                    seen.append(sum(reader.counts().values()))
                    assert reader.damage() == []
                    assert len(reader.runs(CELL).scores) % 100 == 0
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    with Store.create(path) as writer:
        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for i in range(30):
            writer.write([runs(begin=100 * i, count=100)])
        stop.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert max(seen) > 0
    assert {count % 100 for count in seen} == {0}  # a shard is seen whole or not at all


def leave_a_journal(path: str, begun: Any) -> None:
    """Die in the middle of a transaction that has already touched the file."""
    with Store.write_to(path) as store:
        connection = store._connection
        connection.execute("PRAGMA cache_size = 2")  # changes spill into the file at once
        connection.execute("BEGIN IMMEDIATE")
        for i in range(2000):
            row = ((1 << 32) + 1000 + i, 1.0, 0, b"", b"", 0)
            connection.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", row)
        begun.set()
        threading.Event().wait()  # to be killed


def test_readers_undo_what_a_killed_writer_left(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with Store.create(path) as store:
        store.write([runs()])
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=leave_a_journal, args=(str(path), begun))
    process.start()
    assert begun.wait(30)
    process.kill()
    process.join()
    assert path.with_name("study.db-journal").stat().st_size > 0
    assert salvage(path, tmp_path / "saved.db") == Salvaged(5, 0, 0, 0)
    with Store.read(path) as reader:
        assert reader.counts() == {"k1": 5}
        assert reader.damage() == []
        with pytest.raises(StoreError):
            reader.write([runs(begin=50)])


def make_many(folder: str) -> None:
    for i in range(10_000):
        Store.create(Path(folder) / f"study-{i}.db").close()


def test_a_store_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """A process that is killed while it makes stores leaves only such as work."""
    context = multiprocessing.get_context("spawn")
    for i in range(4):
        folder = tmp_path / str(i)
        folder.mkdir()
        process = context.Process(target=make_many, args=(str(folder),))
        process.start()
        while len(list(folder.glob("*.db"))) < 5 * i + 1:
            assert process.is_alive()
        process.kill()
        process.join()
        made = len(list(folder.glob("*.db")))
        for n in range(made + 1):  # the one that was in the making, too
            path = folder / f"study-{n}.db"
            with Store.write_to(path) if path.exists() else Store.create(path) as store:
                assert store.write([runs()]) == 5


def test_a_store_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE a (b)")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("statewise.study.store.make_tables", full)
    with pytest.raises(StoreError, match="disk is full"):
        Store.create(tmp_path / "study.db")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a file"):
        Store.read(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to look at" * 40)
    with pytest.raises(StoreError, match=r"is damaged: .*salvage .*text.db NEW.db"):
        Store.read(text)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(StoreError, match="is not a statewise study"):
        Store.write_to(other)


def test_damage_that_sqlite_quotes_is_said(tmp_path: Path) -> None:
    """The texts of the tables are not UTF-8, and SQLite's message has them as they are."""
    path = tmp_path / "study.db"
    Store.create(path).close()
    content = path.read_bytes()
    for at in range(content.index(b"CREATE TABLE cell"), content.index(b"CREATE TABLE cell") + 40):
        path.write_bytes(content[:at] + b"\xf5" + content[at + 1 :])
        for use in (Store.read, Store.write_to):
            with pytest.raises(StoreError, match="is damaged"):
                use(path)


@pytest.mark.parametrize("schema", [0, 1, 3, 99])
def test_a_file_of_another_schema_is_refused_and_left_alone(schema: int, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    Store.create(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema}")
    connection.close()
    before = path.read_bytes()
    for use in (Store.read, Store.write_to):
        with pytest.raises(StoreError, match=rf"another version .*its schema is {schema}, "):
            use(path)
    assert path.read_bytes() == before


def fill(path: str, limit: int) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Store.create(path) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = 0
        try:
            for i in range(1000):
                done += store.write([runs(begin=100 * i, count=100)])
        except StoreError as error:
            Path(path + ".said").write_text(f"{done}\n{error}")


def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    process = multiprocessing.get_context("spawn").Process(target=fill, args=(str(path), 300_000))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    acknowledged, message = Path(f"{path}.said").read_text().split("\n", 1)
    assert "Free some space and resume" in message
    with Store.write_to(path) as store:  # there is space again
        assert store.damage() == []
        assert len(store.repeats("k1")) == int(acknowledged) > 0
        assert store.write([runs(begin=0, count=2000)]) == 2000 - int(acknowledged)


def test_many_rows_are_written_and_read_in_one_go(tmp_path: Path) -> None:
    """Twenty thousand rows: the form of the million that benchmarks/store.py times."""
    with Store.create(tmp_path / "study.db") as store:
        assert store.write([runs(count=20_000, epochs=0)]) == 20_000
        scores: Any = store.runs(CELL).scores
    assert len(scores) == 20_000
