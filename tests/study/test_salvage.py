"""Damage is detected, and what is whole of a damaged store is recovered."""

from pathlib import Path

import numpy as np

from statewise.errors import StoreError
from statewise.study.rows import Cell, encode
from statewise.study.salvage import salvage
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
        for i in range(40):
            store.write([runs(Cell(f"k{i}", "arm", f"s{i}", 24, "r:"), count=50)])
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
        recovered, lost = salvage(path, tmp_path / f"saved-{i}.db")
        assert recovered + lost <= 2000
        assert recovered >= 1000
        with Store.read(tmp_path / f"saved-{i}.db") as saved:
            assert saved.damage() == []
            assert saved.specification() == ({"a": 1}, "h")
    assert found >= 6


def test_a_flipped_bit_in_a_forecast_is_one_lost_run(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    content = bytearray(written(path))
    with Store.read(path) as store:
        blob = encode(store.curves("k7")[0][13])
    at = bytes(content).index(blob)
    content[at + 40] ^= 4
    path.write_bytes(content)
    with Store.read(path) as store:
        [line] = store.damage()
    assert "s7, repeat 13: its checksum is wrong" in line
    assert salvage(path, tmp_path / "saved.db") == (1999, 1)


def test_a_truncated_file_is_detected(tmp_path: Path) -> None:
    whole = written(tmp_path / "study.db")
    path = tmp_path / "short.db"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert damage(path) != []
    recovered, _ = salvage(path, tmp_path / "saved.db")
    assert recovered >= 1000
    assert damage(tmp_path / "saved.db") == []
