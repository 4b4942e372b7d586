"""Two updates of one model at once, one of which is killed.

Each moves another series on. The one that is not killed must end well and be in the file; so must
the other one if it said that it ended well. The file must be that of the same updates applied one
after the other, byte for byte, in whatever order they came.
"""

import random
import shutil
from functools import partial
from pathlib import Path

from soak.commands import CHAINS, FIT, ROWS, UPDATES, run, series_file, warm
from soak.killing import Blow, begin, last_words, marks, rehearsed, unfinished
from soak.tally import BEFORE, BEYOND, MIDDLE, Tally, kind_of

Applied = tuple[int, int]
"""How many updates of either series a file has seen."""


class Rivals:
    """A model that two update, what it should be, and what was counted."""

    def __init__(self, place: Path) -> None:
        self.tally = Tally("two updates at once")
        self.folder, self.apart, self.kept = (place / name for name in ("work", "apart", "kept"))
        for folder in (self.folder, self.apart, self.kept):
            folder.mkdir(parents=True)
        for folder in (self.folder, self.apart):
            (folder / "data.csv").write_text(series_file(0, 36), encoding="utf-8")
            for name, content in ROWS.items():
                (folder / name).write_text(content, encoding="utf-8")
        warm(CHAINS[0], self.apart)
        self.measured = 0.0, 0  # seconds and steps of an update
        self.do(self.apart, FIT)
        shutil.copy(self.apart / "model", self.kept / "0-0")
        self.do(self.apart, update("a", 0))
        self.usual = marks(self.apart).keys()

    def do(self, folder: Path, command: str) -> None:
        """Run a command to its end, which must be a good one."""
        code, *self.measured = rehearsed(partial(run, command), folder)
        if code != 0:
            raise RuntimeError(f"{command}: {code}, {last_words(folder)}")

    def model(self, applied: Applied) -> bytes:
        """The model's file after so many updates of either series, the first one's first."""
        a, b = applied
        file = self.kept / f"{a}-{b}"
        if not file.exists():
            before = (a, b - 1) if b else (a - 1, b)
            self.model(before)
            shutil.copy(self.kept / f"{before[0]}-{before[1]}", self.apart / "model")
            self.do(self.apart, update("b", b - 1) if b else update("a", a - 1))
            shutil.copy(self.apart / "model", file)
        return file.read_bytes()

    def soak(self, kills: int, rng: random.Random) -> Tally:
        while self.tally.kills < kills:
            (self.folder / "model").write_bytes(self.model((0, 0)))
            number = 0
            while number < UPDATES and self.tally.kills < kills and self.round(number, rng):
                number += 1
        return self.tally

    def round(self, number: int, rng: random.Random) -> bool:
        """Update both series at once, and kill one; whether the file is as it should be."""
        model = self.folder / "model"
        fated, spared = rng.sample("ab", 2)
        pair = {each: partial(run, update(each, number)) for each in (fated, spared)}
        before, blow = marks(self.folder), Blow.drawn(rng, *self.measured)
        processes = {
            each: begin(pair[each], self.folder, blow.die_at if each == fated else 0)
            for each in rng.sample("ab", 2)
        }
        was_killed = blow.strike(processes[fated])
        if not processes[spared].wait():
            self.wrong("the one that was not killed hangs")
        processes[spared].kill()
        if processes[spared].status != 0:
            code = processes[spared].status
            self.wrong(f"the one that was not killed ended with {code}: {last_words(self.folder)}")
            return False
        done = {spared: 1, fated: 1}
        both, one = self.seen(number, done), self.seen(number, done | {fated: 0})
        there = model.read_bytes()
        if there not in {both, one} or (there == one and not was_killed):
            self.wrong("an update that ended well is not in the file, or the file is another")
            return False
        applied = there == both
        if was_killed:
            middle = unfinished(before, marks(self.folder))
            self.tally.hits[BEYOND if applied else MIDDLE if middle else BEFORE] += 1
        code, _, _ = rehearsed(pair[fated], self.folder)
        if code != (2 if applied else 0) or model.read_bytes() != both:
            self.wrong(f"the one that was killed ended with {code} when it was run again")
            return False
        if code == 0:
            self.tally.left.update(kind_of(name) for name in marks(self.folder).keys() - self.usual)
        self.tally.compared += 1
        return True

    def seen(self, number: int, more: dict[str, int]) -> bytes:
        """The model's file after ``number`` updates of each series, and some more."""
        return self.model((number + more["a"], number + more["b"]))

    def wrong(self, what: str) -> None:
        self.tally.wrong[what] += 1


def update(series: str, number: int) -> str:
    return f"update model {number}{series}.csv"


def soak_rivals(kills: int, place: Path, rng: random.Random) -> Tally:
    """Kill one of two updates that happen at once."""
    return Rivals(place / "rivals").soak(kills, rng)
