"""Whole commands that are killed: each leads its folder from one state to the next, or not at all.

What an uninterrupted run of every command makes of its folder is known beforehand, byte for byte.
After a kill every file must be the old one or the new one; whether a command that has not said so
did its work all the same is seen by its files. Then it is run again and must end well, or, where
its work was done and is refused a second time, say so; and then the folder must be the next state,
with nothing beside it.
"""

import io
import os
import random
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from soak.killing import ASIDE, Blow, begin, last_words, marks, rehearsed, unfinished
from soak.tally import BEFORE, BETWEEN, BEYOND, MIDDLE, Tally, kind_of
from statewise.cli import main
from statewise.errors import StoreError
from statewise.study import Store
from statewise.study.rows import Cell

UPDATES = 5  # of each of two series
State = dict[str, bytes | None]
"""What is in a folder: bytes by name, None for a folder."""


@dataclass(frozen=True)
class Chain:
    """Commands, each of which leads a folder to the next state."""

    name: str
    files: dict[str, str]
    before: tuple[str, ...]  # commands that make the first state of the files
    commands: tuple[str, ...]
    again: int = 0  # the exit code of a command whose work was done already


def monthly(first: int, months: int, shift: int) -> list[str]:
    """So many months of a series, from month number ``first`` of the year 2015."""
    return [
        f"{2015 + m // 12}-{m % 12 + 1:02d}-01,{100 + (m * 37 + shift) % 23 + 10 * (m % 12)}"
        for m in range(first, first + months)
    ]


def series_file(first: int, months: int, ids: str = "ab") -> str:
    """A CSV file of monthly series."""
    rows = [f"{name},{row}" for name in ids for row in monthly(first, months, ord(name))]
    return "\n".join(["unique_id,ds,y", *rows]) + "\n"


STUDY_FILE = """
data = "data.csv"
test_size = 6
repeats = {repeats}
cutoffs = 2

[training]
epochs = 100

[[arms]]
name = "stateless"
regime = "stateless"

[[arms]]
name = "stateful"
regime = "stateful-warm"

[[hypotheses]]
kind = "better"
first = "stateless"
second = "stateful"
"""
STORES = ("one.db", "two.db")
FEW = {
    "data.csv": "\n".join(["ds,y", *monthly(0, 48, 1)]) + "\n",
    "one.toml": STUDY_FILE.format(repeats=20),
    "two.toml": STUDY_FILE.format(repeats=30),
}
ROWS = {f"{i}{name}.csv": series_file(36 + i, 1, name) for i in range(UPDATES) for name in "ab"}
FIT = "forecast data.csv --horizon 3 --save model --out forecast.csv"
CHAINS = (
    Chain(
        "update",
        {"data.csv": series_file(0, 36)} | ROWS,
        (FIT,),
        tuple(f"update model {name}" for name in ROWS),
        again=2,
    ),
    Chain(
        "forecast --save",
        {"data.csv": series_file(0, 36), "longer.csv": series_file(0, 40)},
        (),
        (FIT, FIT.replace("data", "longer") + " --weights weights.csv", f"{FIT} --plot plot.png"),
    ),
    Chain(
        "study run",
        FEW,
        (),
        ("study run one.toml", "study run two.toml"),
    ),
    Chain(
        "study export",
        FEW,
        ("study run one.toml", "study run two.toml"),
        tuple(
            f"study export {which}.toml --out out --format {form}"
            for form in ("csv", "parquet")
            for which in ("one", "two")
        ),
    ),
    Chain(
        "study report",
        FEW,
        ("study run one.toml", "study run two.toml"),
        ("study report one.toml --out out", "study report two.toml --out out"),
    ),
    Chain(
        "study init",
        FEW,
        (),
        tuple(f"study init data.csv --out {name}.toml" for name in "abcd"),
        again=2,
    ),
)


def run(command: str, _: Callable[[bytes], Any]) -> int:
    """Run a command of the command line."""
    return main(command.split())


def state_of(folder: Path) -> State:
    """What is in a folder; for a study's store, what it holds, as the file may be laid out anew."""
    found: State = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = None if path.is_dir() else path.read_bytes()
        if path.suffix == ".db":
            with Store.read(path) as store:
                found[name] = b"".join(
                    bytes_of(each, store) for each in sorted(store.cells().values())
                )
    return found


def bytes_of(cell: Cell, store: Store) -> bytes:
    """A cell's key and all its runs."""
    of = store.runs(cell)
    columns = (of.repeats, of.scores, of.diverged_epoch, of.forecasts, of.loss)
    return cell.key.encode() + b"".join(column.tobytes() for column in columns)


def restore(saved: Path, folder: Path) -> None:
    """Make a folder what it was when it was saved."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder)


class Links:
    """A chain in its folder: states, seconds and steps, and what was counted."""

    def __init__(self, chain: Chain, place: Path) -> None:
        self.chain, self.tally = chain, Tally(chain.name)
        self.folder, self.saved = place / "work", place / "saved"
        for folder in (self.folder, place / "warm"):
            folder.mkdir(parents=True)
            for name, content in chain.files.items():
                (folder / name).write_text(content, encoding="utf-8")
        warm(chain, place / "warm")
        for command in chain.before:
            self.rehearse(command)
        shutil.copytree(self.folder, self.saved)
        self.states = [state_of(self.folder)]
        self.measured = []
        for command in chain.commands:
            self.measured.append(self.rehearse(command))
            self.states.append(state_of(self.folder))

    def rehearse(self, command: str) -> tuple[float, int]:
        """The seconds and steps of a command that is not killed."""
        code, seconds, steps = rehearsed(partial(run, command), self.folder)
        if code != 0:
            raise RuntimeError(f"{command}: {code}, {last_words(self.folder)}")
        return seconds, steps

    def soak(self, kills: int, rng: random.Random) -> Tally:
        """Go through the chain, again and again, until there were so many kills.

        Where a command may be refused, the last one is not killed: only a command that writes
        clears away what others left.
        """
        last = len(self.chain.commands) - 1 if self.chain.again else None
        while self.tally.kills < kills:
            restore(self.saved, self.folder)
            for number, command in enumerate(self.chain.commands):
                done = False
                while self.tally.kills < kills and rng.random() < 0.75:
                    if done or number == last:
                        break
                    done = self.hit(number, command, rng)
                if not self.finish(number, command, done):
                    break
        return self.tally

    def hit(self, number: int, command: str, rng: random.Random) -> bool:
        """Kill a command, and look at its folder; whether its work is done."""
        before, blow = marks(self.folder), Blow.drawn(rng, *self.measured[number])
        process = begin(partial(run, command), self.folder, blow.die_at)
        was_killed = blow.strike(process)
        if not was_killed and process.status != 0:
            self.wrong(f"ended with {process.status}: {last_words(self.folder)}")
        middle = unfinished(before, marks(self.folder))
        old, new = self.states[number], self.states[number + 1]
        there = self.there()
        visible = {name: content for name, content in there.items() if ASIDE not in name}
        for name, content in visible.items():
            known = [state[name] for state in (old, new) if name in state]
            if name.startswith(STORES):
                known.append(content)  # more runs than before
            if content not in known:
                self.wrong(f"{name} is neither the old nor the new one")
        for name in old.keys() - there.keys():
            self.wrong(f"{name} is lost")
        done = visible == new
        if was_killed:
            elsewhere = BEFORE if visible == old else BETWEEN
            self.tally.hits[BEYOND if done else MIDDLE if middle else elsewhere] += 1
        return done

    def there(self) -> State:
        try:
            return state_of(self.folder)
        except StoreError as error:
            self.wrong(f"the store is damaged: {error.problem}")
            return {}

    def finish(self, number: int, command: str, done: bool) -> bool:
        """Run the command to its end; whether the folder is then as it should be."""
        code, _, _ = rehearsed(partial(run, command), self.folder)
        if code != (self.chain.again if done else 0):
            self.wrong(f"ended with {code} after a kill: {last_words(self.folder)}")
            return False
        there, new = self.there(), self.states[number + 1]
        if code == 0:
            self.tally.left.update(kind_of(name) for name in there.keys() - new.keys())
        for name, content in new.items():
            if there.get(name, b"") != content:
                self.wrong(f"{name} is another at the end")
        self.tally.compared += 1
        return True

    def wrong(self, what: str) -> None:
        self.tally.wrong[what] += 1


def soak_command(chain: Chain, kills: int, place: Path, rng: random.Random) -> Tally:
    """Kill the commands of a chain."""
    return Links(chain, place / chain.name.replace(" ", "_")).soak(kills, rng)


def warm(chain: Chain, folder: Path) -> None:
    """Run commands here, so that what is forked has imported and compiled everything."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            for command in (*chain.before, chain.commands[0], chain.commands[-1]):
                main(command.split())
    finally:
        os.chdir(here)
