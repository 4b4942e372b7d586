"""A piece of work in a process of its own, killed (SIGKILL) at a moment that is likely to hurt.

The process is forked from one that has imported everything, so work begins at once. It tells the
parent before each step that changes a file, and what was acknowledged, through a pipe.
"""

import os
import random
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PATIENCE = 120.0  # seconds after which work that has not ended hangs
ORPHANS = 10.0  # seconds within which all processes of a killed driver must have ended
SOON = 1e-3  # mean seconds between a step and the kill that follows it
STEPS = {  # what changes a file, or takes a lock, as Python's audit events are called
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate", "fcntl.flock",
    "sqlite3.connect",
}  # fmt: skip
STEP = b"."
ASIDE = ".writing-"  # how the folders begin in which files are prepared
Marks = dict[str, tuple[int, int, int]]
Work = Callable[[Callable[[bytes], Any]], int | None]
"""What is killed: given a function that tells the parent something, it gives an exit code."""


@dataclass
class Process:
    """A forked process, and the pipe through which it tells how far it is."""

    pid: int
    told: int
    status: int | None = None

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Whether it has ended within so many seconds."""
        end = time.monotonic() + seconds
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                return False
            else:
                time.sleep(2e-4)
        return True

    def kill(self) -> bool:
        """Kill it; whether that ended it, as it had not ended before."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.wait()
        self.close()
        return self.status == -signal.SIGKILL

    def hear(self, seconds: float = PATIENCE) -> bytes:
        """The next thing that it tells; empty when it has ended, or is silent for so long."""
        ready, _, _ = select.select([self.told], [], [], seconds)
        return os.read(self.told, 1) if ready else b""

    def close(self) -> None:
        if self.told >= 0:
            os.close(self.told)
        self.told = -1


def begin(work: Work, folder: Path, die_at: int = 0) -> Process:
    """Begin work in a folder; before its step number ``die_at``, if any, it kills itself.

    What it says is added to a file beside the folder. It leads a session of its own, so that its
    own processes can be found.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Process(pid, reading)
    code = 70
    try:
        os.setsid()
        os.close(reading)
        said = os.open(said_by(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.chdir(folder)
        watch(writing, die_at)
        code = work(lambda word: os.write(writing, word)) or 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


def said_by(folder: Path) -> Path:
    """What the processes that worked in a folder said."""
    return folder.with_name(f"{folder.name}.said")


def last_words(folder: Path) -> str:
    """The last line that the processes that worked in a folder said."""
    lines = said_by(folder).read_text(encoding="utf-8", errors="replace").splitlines()
    found = [line for line in lines if line and not line[0].isspace()]
    return found[-1] if found else "nothing was said"


def watch(writing: int, die_at: int) -> None:
    """Tell before every step that changes a file, and die before one of them."""
    steps = 0

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        changing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        if event in STEPS or (event == "open" and (arguments[2] or 0) & changing):
            steps += 1
            if steps == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(writing, STEP)

    sys.addaudithook(on_event)


def rehearsed(work: Work, folder: Path) -> tuple[int | None, float, int]:
    """Let work end by itself: its exit code, seconds, and steps; no code if it hangs."""
    begun = time.perf_counter()
    process = begin(work, folder)
    steps = 0
    while word := process.hear():
        steps += word == STEP
    if not process.wait():
        process.kill()
        return None, PATIENCE, steps
    process.close()
    return process.status, time.perf_counter() - begun, steps


@dataclass(frozen=True)
class Blow:
    """When a process is killed.

    A fifth is killed at any moment, two fifths just before a step that changes a file, two fifths
    soon after such a step.
    """

    seconds: float = 0.0  # that pass before, after the step if there is one
    step: int = 0  # that is waited for
    die_at: int = 0  # the step that the process does not come to

    @classmethod
    def drawn(cls, rng: random.Random, seconds: float, steps: int) -> Self:
        """A blow at work that takes about so many seconds and steps."""
        way = rng.choice((0, 1, 1, 2, 2))
        step = rng.randint(1, steps)
        if way == 0:
            return cls(seconds=rng.uniform(0.0, 1.05 * seconds))
        if way == 1:
            return cls(seconds=PATIENCE, die_at=step)
        return cls(seconds=rng.expovariate(1.0 / SOON), step=step)

    def strike(self, process: Process) -> bool:
        """Wait and kill; whether that ended the process, which may have ended before."""
        step = self.step
        while step and (word := process.hear()):
            step -= word == STEP
        process.wait(self.seconds)
        return process.kill()


def marks(folder: Path) -> Marks:
    """Everything in a folder and below, with what changes when it is made anew or written to."""
    found = {}
    for path in folder.rglob("*"):
        status = path.stat()
        found[str(path.relative_to(folder))] = status.st_ino, status.st_mtime_ns, status.st_size
    return found


def unfinished(before: Marks, after: Marks) -> bool:
    """Whether what is prepared aside, or may have to be undone, came between two looks."""
    return any(
        before.get(name) != mark
        for name, mark in after.items()
        if ASIDE in name or ".db.new" in name or (name.endswith("-journal") and mark[2] > 0)
    )


def outlived(session: int) -> float:
    """Seconds that processes of a killed driver live on; they are ended after ``ORPHANS``."""
    begun = time.monotonic()
    while (left := members(session)) and time.monotonic() - begun < ORPHANS:
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return seconds


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its_session = place.read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state != "Z":
                found.append(int(place.parent.name))
    return found
