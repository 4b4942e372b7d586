"""How far a study is, on standard error."""

import sys
from typing import Any, Self

__all__ = ["Progress", "on_terminal", "say"]


def say(line: str) -> None:
    """A line on standard error, if there is one."""
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)


def on_terminal() -> bool:
    """Whether somebody sees standard error as it is written."""
    return sys.stderr is not None and sys.stderr.isatty()


class Progress:
    """A bar on a terminal, plain lines elsewhere, one for each arm that is finished.

    If the block ends by Ctrl-C, says what was finished, and ``afterwards``.
    """

    def __init__(self, study: Any, afterwards: str, already: dict[str, int] | None = None) -> None:
        self.wanted = study.repeats * study.cutoffs * len(study.panel.series)
        self.counts = {arm.name: (already or {}).get(arm.name, 0) for arm in study.arms}
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
            self.bar.set_description(what)

    def shard(self, result: Any) -> None:
        for arm in result.shard.arms:
            self.counts[arm.name] += result.shard.runs
            if self.bar is not None:
                self.say(arm.name)
                self.bar.update(result.shard.runs)
            elif self.counts[arm.name] == self.wanted:
                place = f"{self.finished}/{len(self.counts)}"
                say(f"{place} {arm.name}: {self.wanted} runs")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
        if kind is KeyboardInterrupt:
            say(
                f"statewise: stopped; {self.finished} of {len(self.counts)} arms were "
                f"finished, {self.afterwards}."
            )
