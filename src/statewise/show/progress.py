"""How far long work is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from statewise.text import visible

__all__ = ["SILENT", "Progress", "duration", "on_terminal", "say", "showing"]

SOON, REDRAWN = 2.0, 0.5  # seconds until a bar is shown on a terminal, and between drawings of it
EVERY = 10.0  # seconds between lines elsewhere; work that takes longer is announced
LEAST = 0.02  # of the work: with less done, nobody can tell how much time is left
BAR = 24  # characters at most
CLEAR = "\r\x1b[K"
LOCK = threading.RLock()  # of what is shown, which the clock draws and others write beside


def on_terminal() -> bool:
    """Whether somebody sees standard error as it is written."""
    return sys.stderr is not None and sys.stderr.isatty()


def say(line: str) -> None:
    """A line on standard error, if there is one; a bar that is there makes room for it."""
    if sys.stderr is None:
        return
    with LOCK:
        if SHOWN.progress is not None:
            SHOWN.progress.clear()
        print(visible(line), file=sys.stderr, flush=True)


class Progress:
    """What is being done, how much of it is finished, and when that was last shown.

    Work has parts, such as the fits of a backtest, and a part has stages; each stage has a share
    that is done. ``look``, which a clock calls, shows it when it is due.

    Attributes:
        part, parts: which part of the work this is, counted from one, and how many there are.

    Args:
        stream: where it is shown; None shows nothing.
        terminal: whether that is a terminal.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        stream: TextIO | None,
        terminal: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part, self.parts = 1, 1
        self.stream, self.terminal, self.clock = stream, terminal, clock
        self.what, self.share = "", 0.0
        self.since = self.shown = clock()
        self.drawn = False

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it."""
        return self.stream is not None

    @property
    def announces(self) -> bool:
        """Whether anybody hears what is announced now, which the first part does for all."""
        return self.is_shown and self.part == 1

    def go_to(self, part: int, parts: int) -> None:
        """The next part of the work begins."""
        if self.is_shown:
            self.part, self.parts = part, parts

    def announce(self, what: str, seconds: float, once: bool = False) -> None:
        """Say what is going to be done, if it takes longer than ten seconds.

        Args:
            what: is done.
            seconds: that a part of the work takes; it is said with the first part, for all.
            once: it is done with the first part alone.
        """
        parts = 1 if once else self.parts
        seconds *= parts
        if self.announces and seconds > EVERY:
            times = f", {parts} times" if parts > 1 else ""
            say(f"{what}{times}: about {duration(seconds)}.")

    def at(self, what: str, share: float = 0.0) -> None:
        """Remember what is being done, and what share of it is finished, from 0 to 1."""
        if self.parts > 1:
            what = f"{self.part} of {self.parts}: {what}"
        with LOCK:
            if what != self.what:
                self.what, self.since = what, self.clock()
            self.share = share

    def look(self) -> None:
        """Show it if it is time to."""
        if self.stream is None:
            return
        now = self.clock()
        with LOCK:
            if not self.what or now - self.shown < (SOON if self.terminal else EVERY):
                return
            if not self.terminal:
                self.shown = now
                self.stream.write(f"{visible(self.what)}: {self.words(now)}\n")
            else:
                what, words = visible(self.what), self.words(now)
                width = shutil.get_terminal_size().columns - 1
                bar = min(BAR, max(width - len(f"{what} [] {words}"), 1))  # words before marks
                line = f"{what} [{'#' * round(bar * self.share):{bar}}] {words}"
                self.stream.write(f"{CLEAR}{line[:width]}")
                self.drawn = True
            self.stream.flush()

    def words(self, now: float) -> str:
        """How much is done, in how long, and how long the rest will take."""
        took = now - self.since
        if self.share < LEAST:
            return duration(took)
        if self.share >= 1.0:
            return f"done in {duration(took)}"
        left = took * (1.0 - self.share) / self.share
        return f"{self.share:.0%} in {duration(took)}, about {duration(left)} to go"

    def clear(self) -> None:
        """Take the bar away."""
        with LOCK:
            if self.drawn and self.stream is not None:
                self.stream.write(CLEAR)
                self.stream.flush()
            self.drawn = False


class Shown:
    """What is shown by this process: one progress at a time."""

    progress: Progress | None = None


SHOWN = Shown()
SILENT = Progress(None)
"""What shows nothing."""


@contextmanager
def showing(shown: bool = True) -> Iterator[Progress]:
    """Progress that is shown while the block runs; a block within another one joins it.

    Args:
        shown: nothing is, otherwise.

    Example:
        >>> with showing() as progress:
        ...     progress.at("counting", 0.5)  # takes too short to be shown
    """
    if SHOWN.progress is not None or not shown or sys.stderr is None:
        yield SHOWN.progress or SILENT
        return
    progress = SHOWN.progress = Progress(sys.stderr, on_terminal())
    ended = threading.Event()

    def tick() -> None:
        with suppress(OSError):  # whoever read it left
            while not ended.wait(REDRAWN):
                progress.look()

    clock = threading.Thread(target=tick, daemon=True)
    clock.start()
    try:
        yield progress
    finally:
        ended.set()
        clock.join()
        SHOWN.progress = None
        progress.clear()


def duration(seconds: float) -> str:
    """A time in words, as exactly as anybody wants it.

    Example:
        >>> [duration(each) for each in (1.2, 75.0, 100.0, 600.0, 9000.0)]
        ['1 second', '75 seconds', '1.7 minutes', '10 minutes', '2.5 hours']
    """
    if seconds < 100.0:
        count = round(seconds)
        return f"{count} second{'s' if count != 1 else ''}"
    if seconds < 6000.0:
        return f"{seconds / 60:.{0 if seconds >= 595.0 else 1}f} minutes"
    return f"{seconds / 3600:.1f} hours"
