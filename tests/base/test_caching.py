"""The cache of compiled code: its lock, what it holds, and interruptions."""

from contextlib import ExitStack
from pathlib import Path

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
