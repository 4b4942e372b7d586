"""Damage is detected, and what is whole of a damaged store is recovered."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from statewise.errors import StoreError
from statewise.study.rows import Cell, encode
from statewise.study.salvage import Salvaged, salvage
from statewise.study.schema import PAGE
from statewise.study.store import Store
from tests.study.test_store import runs


def damage(path: Path) -> list[str]:
    try:
        with Store.read(path) as store:
            return store.damage()
    except StoreError as error:
        return [error.problem]


def written(path: Path) -> bytes:
    with Store.create(path) as store:
        store.declare({"a": 1}, "h")
        store.write(runs(Cell(f"k{i}", "arm", f"s{i}", 24, "r:"), count=50) for i in range(40))
    return path.read_bytes()


def test_a_flipped_bit_is_detected_and_the_rest_salvaged(tmp_path: Path) -> None:
    whole = written(tmp_path / "study.db")
    found = 0
    rng = np.random.default_rng(1)
    for i in range(12):
        content = bytearray(whole)
        at = int(rng.integers(8192, len(content)))
        content[at] ^= 1 << int(rng.integers(8))
        path = tmp_path / f"flipped-{i}.db"
        path.write_bytes(content)
        if not damage(path):  # the bit lay in an unused part of a page
            continue
        found += 1
        saved = salvage(path, tmp_path / f"saved-{i}.db")
        assert saved.recovered >= 1000
        assert saved.lost in (2000 - saved.recovered, None)
        with Store.read(tmp_path / f"saved-{i}.db") as store:
            assert store.damage() == []
            assert store.specification() in (({"a": 1}, "h"), None)
    assert found >= 6


def test_a_flipped_bit_in_a_forecast_is_one_lost_run(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    content = bytearray(written(path))
    with Store.read(path) as store:
        [blob] = encode(store.runs(store.cells()["k7"]).forecasts[13:14])
    at = bytes(content).index(blob)
    content[at + 40] ^= 4
    path.write_bytes(content)
    with Store.read(path) as store:
        [line] = store.damage()
    assert line == "arm on s7, cutoff 24, repeat 13 is altered"
    saved = salvage(path, tmp_path / "saved.db")
    assert saved == Salvaged(1999, 1, 1, 0)
    assert str(saved) == "1999 runs were recovered, and 1 run was left behind."


def test_a_truncated_file_is_detected(tmp_path: Path) -> None:
    whole = written(tmp_path / "study.db")
    path = tmp_path / "short.db"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert damage(path) != []
    saved = salvage(path, tmp_path / "saved.db")
    assert saved.recovered >= 1000
    assert saved.lost == 2000 - saved.recovered
    assert damage(tmp_path / "saved.db") == []


@pytest.mark.parametrize("statement", [
    "UPDATE cell SET runs = runs + 1 WHERE number = 3",
    "UPDATE total SET runs = 7",
    "DELETE FROM run WHERE id = (4 << 32) + 13",
    "DELETE FROM cell WHERE number = 40",
    "DELETE FROM specification WHERE number = 2",
    "DELETE FROM total",
    "INSERT INTO run SELECT id + 50, score, 0, forecasts, loss, 1 FROM run WHERE id = 4 << 32",
    "CREATE TRIGGER t AFTER INSERT ON run BEGIN UPDATE run SET score = 1; END",
    "PRAGMA user_version = 9",
    "PRAGMA application_id = 9",
])  # fmt: skip
def test_rows_that_are_lost_added_or_planted_are_missed_or_refused(
    statement: str, tmp_path: Path
) -> None:
    path = tmp_path / "study.db"
    written(path)
    with Store.write_to(path) as store:
        store.declare({"a": 2}, "h")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()
    assert len(damage(path)) == 1
    saved = salvage(path, tmp_path / "saved.db")
    lost = 50 if "FROM cell" in statement else 1 if "DELETE FROM run" in statement else 0
    assert saved.recovered == 2000 - lost
    assert saved.lost == (None if "total" in statement else lost)
    with Store.read(tmp_path / "saved.db") as store:
        assert store.damage() == []
        newest = 1 if "FROM specification" in statement else 2
        assert store.specification() == ({"a": newest}, "h")


def test_every_leaf_is_found_where_the_pages_above_it_are_gone(tmp_path: Path) -> None:
    """The first pages are the header and the roots; what hangs on them is recovered."""
    path = tmp_path / "study.db"
    content = bytearray(written(path))
    content[: PAGE * 2] = bytes(PAGE * 2)
    assert content[4 * PAGE] == 0x05  # the root of the runs leads to other pages
    content[4 * PAGE : 5 * PAGE] = bytes(PAGE)
    path.write_bytes(content)
    assert damage(path) != []
    saved = salvage(path, tmp_path / "saved.db")
    assert saved == Salvaged(2000, None, 1, None)
    assert "how many were left behind is not known" in str(saved)


def test_nothing_is_left_where_nothing_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with Store.create(path) as store:
        store.declare({"a": 1}, "h")
    there = set(tmp_path.iterdir())
    with pytest.raises(StoreError, match="holds no run that could be recovered"):
        salvage(path, tmp_path / "saved.db")
    with pytest.raises(StoreError, match="exists already"):
        salvage(path, path)
    assert set(tmp_path.iterdir()) == there


def test_a_full_disk_is_said_of_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, saved = tmp_path / "study.db", tmp_path / "saved.db"
    with Store.create(path) as store:
        store.declare({"a": 1}, "h")
    there = set(tmp_path.iterdir())

    def full(store: Store, _: object) -> int:
        raise StoreError("store", str(store.path), "could not be written (disk is full)", "Resume.")

    monkeypatch.setattr(Store, "write", full)
    with pytest.raises(StoreError, match=r"Free some space, or choose another disk") as said:
        salvage(path, saved)
    assert said.value.value == str(saved)
    assert set(tmp_path.iterdir()) == there
