"""Locks on files, between processes and threads."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from statewise.base import locks
from statewise.base.locks import Lock, file_system, network_file_system

COUNT = """
import sys
from pathlib import Path
from statewise.base.locks import Lock
path, beside = Path(sys.argv[1]), sys.argv[2] == "beside"
for _ in range(20):
    lock = Lock(path, beside=beside)
    lock.take()
    number = int(path.read_text()) + 1
    new = path.with_name("new")
    new.write_text(str(number))
    new.replace(path)
    lock.release()
"""
HOLD = """
import sys
from pathlib import Path
from statewise.base.locks import Lock
Lock(Path(sys.argv[1]), beside=sys.argv[2] == "beside").take()
print(flush=True)
input()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("0")
    return path


@pytest.mark.parametrize("how", ["itself", "beside"])
def test_a_file_that_is_replaced_again_and_again_has_one_writer(file: Path, how: str) -> None:
    command = [sys.executable, "-c", COUNT, str(file), how]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert file.read_text() == "80"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("how", ["itself", "beside"])
def test_the_lock_of_a_killed_process_is_free(file: Path, how: str) -> None:
    waits: list[None] = []
    command, pipe = [sys.executable, "-c", HOLD, str(file), how], subprocess.PIPE
    lock = Lock(file, beside=how == "beside")
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(TimeoutError):
            lock.take(wait=0.0)
        with pytest.raises(TimeoutError):
            lock.take(wait=0.05, on_wait=lambda: waits.append(None))
        process.kill()
    assert waits == [None]
    lock.take(wait=0.0)
    lock.release()
    lock.release()  # as often as one likes
    assert list(file.parent.iterdir()) == [file]


def test_threads_wait_for_each_other_and_a_thread_not_for_itself(file: Path) -> None:
    first, second = Lock(file), Lock(file)
    first.take()
    with pytest.raises(TimeoutError):
        second.take(wait=0.0)
    with pytest.raises(OSError, match="deadlock") as said:
        second.take()
    assert said.value.errno == errno.EDEADLK
    waiting, taken = threading.Event(), threading.Event()

    def other() -> None:
        second.take(on_wait=waiting.set)
        taken.set()
        second.release()

    thread = threading.Thread(target=other)
    thread.start()
    assert waiting.wait(10)
    assert not taken.is_set()
    first.release()
    thread.join(10)
    assert taken.is_set()


@pytest.mark.skipif(os.name != "posix", reason="no file handles are inherited here")
def test_a_lock_that_was_released_is_free_though_a_child_has_the_file_open(file: Path) -> None:
    lock = Lock(file)
    lock.take()
    command = [sys.executable, "-c", "print(flush=True); input()"]
    assert lock._handle is not None
    os.set_inheritable(lock._handle, True)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, close_fds=False) as process:
        assert process.stdout is not None
        process.stdout.readline()
        lock.release()
        lock.take(wait=0.0)
        lock.release()
        process.communicate(b"\n")


def test_what_cannot_be_locked_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "none").take()
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "none" / "file", beside=True).take()
    assert list(tmp_path.iterdir()) == []


def test_network_file_systems_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_system(tmp_path) is not None or not Path("/proc/self/mounts").exists()
    assert network_file_system(tmp_path / "file") is None
    monkeypatch.setattr(locks, "file_system", lambda _: "nfs4")
    assert network_file_system(tmp_path / "file") == "nfs4"
