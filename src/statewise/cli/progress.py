"""How far a study is, on standard error."""

import sys
from typing import Any, Self

from statewise.text import visible

__all__ = ["Progress", "on_terminal", "runs_by_arm", "runs_of_an_arm", "say", "tell"]


def say(line: str) -> None:
    """A line on standard error, if there is one."""
    if sys.stderr is not None:
        print(visible(line), file=sys.stderr, flush=True)


def tell(text: str) -> None:
    """Lines on standard output, without characters that would steer a terminal."""
    print("\n".join(map(visible, text.split("\n"))))


def on_terminal() -> bool:
    """Whether somebody sees standard error as it is written."""
    return sys.stderr is not None and sys.stderr.isatty()


def runs_of_an_arm(study: Any) -> int:
    """How many runs every arm of a study has in the end."""
    return int(study.repeats * study.cutoffs * len(study.panel.series))


def runs_by_arm(study: Any, store: Any) -> dict[str, int]:
    """How many of each arm's runs are in the store; without one there are none."""
    from statewise.study.shards import cells_of

    counts = {} if store is None else store.counts()
    return {
        arm.name: sum(
            min(counts.get(cell.key, 0), study.repeats) for _, _, cell in cells_of(study, arm)
        )
        for arm in study.arms
    }


class Progress:
    """A bar on a terminal, plain lines elsewhere, one for each arm that is finished.

    If the block ends by Ctrl-C, says what was finished, and ``afterwards``.
    """

    def __init__(self, study: Any, afterwards: str, store: Any = None) -> None:
        self.wanted = runs_of_an_arm(study)
        self.counts = runs_by_arm(study, store)
        self.afterwards = afterwards
        self.bar: Any = None

    def __enter__(self) -> Self:
        if on_terminal():
            from tqdm import tqdm

            total, done = self.wanted * len(self.counts), sum(self.counts.values())
            self.bar = tqdm(total=total, initial=done, unit="run", leave=False)
        return self

    @property
    def finished(self) -> int:
        """The number of arms of which every run is there."""
        return sum(count == self.wanted for count in self.counts.values())

    def say(self, what: str) -> None:
        if self.bar is not None:
            self.bar.set_description(visible(what))

    def shard(self, result: Any) -> None:
        for arm in result.shard.arms:
            self.counts[arm.name] += result.shard.runs
            if self.bar is not None:
                self.say(arm.name)
                self.bar.update(result.shard.runs)
            elif self.counts[arm.name] == self.wanted:
                say(f"{self.finished}/{len(self.counts)} {arm.name}: {self.wanted} runs")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
        if kind is KeyboardInterrupt:
            done = f"{self.finished} of {len(self.counts)} arms were finished"
            say(f"statewise: stopped; {done}, {self.afterwards}.")
