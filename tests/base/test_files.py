import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from statewise.base import modelfile
from statewise.base.files import MINE, Staging, check_writable, content_of
from statewise.data.files import read_file
from statewise.errors import DataError, ModelError, OutputError


def test_files_appear_together_and_replace_older_ones(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with Staging(out) as staging:
        staging.text("a.txt", "one")
        staging.text("b.txt", "two")
        assert [p.name for p in out.glob("*.txt")] == []
    with Staging(out) as staging:
        staging.text("a.txt", "three")
    assert sorted((p.name, p.read_text()) for p in out.iterdir()) == [
        ("a.txt", "three"),
        ("b.txt", "two"),
    ]


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted(out: Path) -> None:
        with Staging(out) as staging:
            staging.text("a.txt", "one")
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        interrupted(out)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    with pytest.raises(KeyboardInterrupt):
        interrupted(out)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"out = .*Choose a folder"), Staging(folder):
            pass


def test_a_failure_while_moving_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"), Staging(tmp_path / "out") as staging:
        staging.text("a.txt", "one")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder cannot be synced")
def test_a_disk_that_is_full_within_the_block_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left") as said, Staging(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert said.value.value == str(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_new_names_are_on_the_disk_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    with Staging(tmp_path) as staging:
        staging.text("a.txt", "one")
    assert synced == [(tmp_path / "a.txt").stat().st_ino, tmp_path.stat().st_ino]


def test_a_folder_in_the_way_moves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with Staging(tmp_path) as staging:
            staging.text("a.txt", "one")
            staging.text("b.txt", "two")

    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutputError, match=r"b.txt is a folder"):
        write()
    assert [p.name for p in tmp_path.iterdir()] == ["b.txt"]


def test_where_nothing_can_be_written_is_known_beforehand(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "file")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        check_writable(tmp_path / "file" / "below")
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(OSError, match="a device or a pipe"):
            content_of(path)
        with pytest.raises(DataError, match="a device or a pipe"):
            read_file(path)
        with pytest.raises(ModelError, match="a device or a pipe"):
            modelfile.load(path)
    with pytest.raises(DataError, match="a device or a pipe"):
        read_file(pipe.rename(tmp_path / "pipe.parquet"))
    (tmp_path / "file").write_bytes(b"abc")
    assert content_of(tmp_path / "file") == b"abc"


@pytest.mark.skipif(os.name != "posix", reason="processes are asked for as POSIX has it")
def test_what_a_killed_process_was_preparing_is_cleared_away(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from statewise.base.files import Staging
with Staging(sys.argv[1]) as staging:
    staging.text("half", "a")
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    print(flush=True)
    input()
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run([*command, "die"], check=False)
    [stale] = tmp_path.iterdir()
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "wait"], text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert not stale.exists()
        [living] = tmp_path.iterdir()
        with Staging(tmp_path) as staging:
            staging.text("whole", "b")
        assert living.exists()
        process.communicate("\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half", "whole"]


@pytest.mark.skipif(os.name != "posix", reason="processes are asked for as POSIX has it")
def test_an_earlier_process_may_have_had_the_same_number(tmp_path: Path) -> None:
    # In a container that is started again, a process often has the number of one that was killed.
    stale = tmp_path / f"{MINE}{os.getpid()}-0123"
    stale.mkdir()
    with Staging(tmp_path) as first:
        assert not stale.exists()
        first.text("a", "one")
        with Staging(tmp_path) as second:
            second.text("b", "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
