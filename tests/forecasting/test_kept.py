"""A model in a file that several processes update: none of their observations is lost."""

import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from statewise.base import modelfile
from statewise.base.files import Staging
from statewise.errors import DataError, ModelError, OutputError, SettingError
from statewise.forecasting import Forecaster
from tests.forecasting.frames import known, later, long, small

SIX = dict.fromkeys("abcdef", 20)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot fork here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    small().fit(long(lengths=SIX)).save(path)
    return path


def forked(work: Callable[[], object]) -> int:
    """The number of a child process that does some work and ends."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def in_a_fresh_process(*arguments: str) -> None:
    """Call a function of this module, in a process without threads that a fork would lose."""
    command = [sys.executable, "-m", __name__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@forks
def test_every_one_of_six_updaters_is_in_the_file(path: Path) -> None:
    expected = Forecaster.load(path).update(later(3, lengths=SIX))
    in_a_fresh_process("six", str(path))
    assert known(Forecaster.load(path)) == known(expected)
    assert list(path.parent.iterdir()) == [path]


def six(path: Path) -> None:
    """Six processes at once, of which each brings one observation of its series after another."""
    rows = later(3, lengths=SIX)

    def work(name: str) -> None:
        own = rows[rows["unique_id"] == name]
        for row in range(3):
            with Forecaster.updating(path) as model:
                model.update(own[row : row + 1])

    children = [forked(lambda name=name: work(name)) for name in SIX]  # type: ignore[misc]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6


@forks
def test_a_killed_update_leaves_the_old_file_or_the_new_and_the_next_goes_on(path: Path) -> None:
    expected = Forecaster.load(path).update(later(3, lengths=SIX)[:2])
    in_a_fresh_process("killed", str(path))
    assert known(Forecaster.load(path)) == known(expected)
    assert list(path.parent.iterdir()) == [path]


def killed(path: Path) -> None:
    """Processes that are killed within an update, as it is written, and as it was; then another."""
    before, rows = path.read_bytes(), later(3, lengths=SIX)

    def update(row: int, at: str = "") -> None:
        with Forecaster.updating(path, wait=0.0) as model:
            model.update(rows[row : row + 1])
            if at == "writing":
                os.fsync = die  # type: ignore[assignment]
            elif at == "replaced":
                move = Staging._move
                Staging._move = lambda self: die(move(self))  # type: ignore[method-assign]
            elif at == "updated":
                die()

    for at in ("updated", "writing", "replaced"):
        assert path.read_bytes() == before
        status = os.waitpid(forked(lambda at=at: update(0, at)), 0)[1]  # type: ignore[misc]
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert path.read_bytes() != before
    update(1)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_update_waits_for_another_or_is_refused(path: Path) -> None:
    rows, inside, waited = later(2, lengths=SIX)[:2], threading.Event(), threading.Event()
    said: list[str] = []

    def first() -> None:
        with Forecaster.updating(path) as model:
            inside.set()
            model.update(rows[:1])
            assert waited.wait(60)

    def waiting(text: str) -> None:
        said.append(text)
        waited.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(60)
    before = path.read_bytes()
    for seconds in (0, 0.05):
        with (
            pytest.raises(ModelError, match=r"another process.*give a longer wait="),
            Forecaster.updating(path, wait=seconds),
        ):
            pytest.fail("two at once")
    with pytest.raises(ModelError, match="another process"):
        Forecaster.load(path).save(path, wait=0)
    assert path.read_bytes() == before
    with Forecaster.updating(path, on_wait=waiting) as model:
        model.update(rows[1:])
    thread.join()
    assert said == [f"{path} is being written by another process; waiting..."]
    again = pytest.raises(DataError, match="no other row here is new")
    with again, Forecaster.updating(path) as model:
        model.update(rows)


def test_a_model_is_written_where_it_is_wanted_if_all_went_well(path: Path) -> None:
    before, other = path.read_bytes(), path.with_name("other")
    with suppress(ZeroDivisionError), Forecaster.updating(path) as model:
        model.update(later(1, lengths=SIX))
        raise ZeroDivisionError
    assert path.read_bytes() == before
    status = path.stat()
    with Forecaster.updating(path) as same:
        same.predict()
    assert path.stat() == status  # nothing was changed, so nothing is written
    with Forecaster.updating(path, save=other):
        pass
    assert path.read_bytes() == other.read_bytes() == before
    other.unlink()
    other.symlink_to(path)
    with Forecaster.updating(other) as moved:
        moved.update(later(1, lengths=SIX))
    assert known(Forecaster.load(path)) == known(model)
    assert other.is_symlink()
    assert sorted(path.parent.iterdir()) == [path, other]


def test_what_cannot_be_updated_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="cannot be read"), Forecaster.updating(path / "none"):
        pass
    for wait in (-1, float("nan"), "long"):
        impossible = pytest.raises(SettingError, match=r"wait = ")
        with impossible, Forecaster.updating(path, wait=wait):  # type: ignore[arg-type]
            pass
    itself = pytest.raises(ModelError, match="is being updated here")
    with itself, Forecaster.updating(path) as model:
        model.save(path)  # would wait for itself
    with pytest.raises(OutputError), Forecaster.updating(path, save=path / "inside"):
        pass
    monkeypatch.setattr(modelfile, "network_file_system", lambda _: "nfs4")
    with pytest.warns(UserWarning, match="one process at a time"), Forecaster.updating(path):
        pass


if __name__ == "__main__":
    {"six": six, "killed": killed}[sys.argv[1]](Path(sys.argv[2]))
