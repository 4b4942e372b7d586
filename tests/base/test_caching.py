"""The cache of compiled code: its lock, what it holds, and interruptions."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numba
import pytest

from statewise.base import caching


def test_the_lock_lies_with_the_cache_or_with_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_user() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", no_user)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    first, *_, last = caching.lock_paths()
    assert first.parent == tmp_path / "cache"
    assert last.parent.name == "statewise-nobody"
    first.with_suffix(".lock").mkdir(parents=True)  # in the way: the next place is taken
    with ExitStack() as stack:
        caching.lock(stack)
        assert any(path.with_suffix(".lock").is_file() for path in caching.lock_paths()[1:])


def test_the_state_of_a_shared_cache_counts_our_code_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for folder, name in (("engine_0a1b", "a.nbc"), ("engine_0a1b", "a.nbi"), ("theirs_1", "b.nbc")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(b"four")
    assert caching.cache_state() == (tmp_path, 1, 4)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert (caching.cache_state().folder / "base").is_dir()


def test_ctrl_c_while_compiling_is_not_hidden_by_what_follows() -> None:
    def compilation() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("no compiled object yet")  # as numba's own clean-up may

    with pytest.raises(KeyboardInterrupt), caching.interruptible():
        compilation()
    with pytest.raises(ValueError, match="other"), caching.interruptible():
        raise ValueError("other")


def cubes() -> Any:
    @caching.compiled("int64(int64)")
    def cube(n: int) -> int:
        return n * n * n

    return cube


def read_from_cache(function: Any) -> bool:
    assert function(3) == 27
    return bool(function.stats.cache_hits)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where compiled code is cached."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(caching, "WARNED", [])
    return tmp_path


def test_an_entry_that_was_altered_is_not_believed(folder: Path) -> None:
    assert not read_from_cache(cubes())
    [entry] = folder.rglob("*.nbc")
    assert read_from_cache(cubes())
    size = entry.stat().st_size
    for at in (0, caching.SIZE, size // 2, size - 1):
        content = bytearray(entry.read_bytes())
        content[at] ^= 4
        entry.write_bytes(content)
        assert not read_from_cache(cubes())
        assert read_from_cache(cubes())  # it was written anew
    for other_size in (entry.read_bytes()[:-1], entry.read_bytes() + b"\0", b""):
        entry.write_bytes(other_size)
        assert not read_from_cache(cubes())
    other = entry.rename(entry.with_name(entry.name.replace("cube", "another")))
    assert not read_from_cache(cubes())
    entry.replace(other)
    other.rename(entry)
    assert read_from_cache(cubes())
    assert list(entry.parent.iterdir()) == [entry]


def test_a_full_cache_is_named_once_and_done_without(folder: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = rf"cannot be kept in {folder} \(File too large\).*set NUMBA_CACHE_DIR"
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as if the disk were full
        with pytest.warns(UserWarning, match=said):
            assert not read_from_cache(cubes())
        assert not read_from_cache(cubes())  # and no second warning
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert not read_from_cache(cubes())
    assert read_from_cache(cubes())


def test_where_nothing_can_be_written_it_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object) -> None:
        raise RuntimeError("no locator available")

    monkeypatch.setattr(caching, "CompileResultCacheImpl", nowhere)
    with pytest.warns(UserWarning, match="any folder"):
        assert not read_from_cache(cubes())
    assert list(folder.iterdir()) == []
