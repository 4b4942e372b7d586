from pathlib import Path

import pytest

from statewise.errors import StoreError
from statewise.study.sqlite_file import file_system
from statewise.study.store import Store


def test_file_systems_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_system(tmp_path) is not None or not Path("/proc/self/mounts").exists()
    if Path("/proc").exists():
        with pytest.raises(StoreError, match="cannot be written"):
            Store.create("/proc/study.db")
    monkeypatch.setattr("statewise.study.sqlite_file.file_system", lambda _: "nfs4")
    with pytest.raises(StoreError, match="network file system"):
        Store.create(tmp_path / "study.db")
