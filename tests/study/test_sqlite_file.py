from pathlib import Path

import pytest

from statewise.base import locks
from statewise.errors import StoreError
from statewise.study.store import Store


def test_where_no_lock_can_be_trusted_no_store_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Path("/proc").exists():
        with pytest.raises(StoreError, match="cannot be written"):
            Store.create("/proc/study.db")
    monkeypatch.setattr(locks, "file_system", lambda _: "nfs4")
    with pytest.raises(StoreError, match="network file system"):
        Store.create(tmp_path / "study.db")
