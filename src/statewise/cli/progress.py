"""What commands say, and how far a study is."""

from typing import Any, Self

from statewise.show.progress import Progress, say
from statewise.text import visible

__all__ = ["Runs", "runs_by_arm", "runs_of_an_arm", "say", "tell"]


def tell(text: str) -> None:
    """Lines on standard output, without characters that would steer a terminal."""
    print("\n".join(map(visible, text.split("\n"))))


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


class Runs:
    """Which runs of a study are there, and how far it is.

    If the block ends by Ctrl-C, its message says how many there are, and ``afterwards``.
    """

    def __init__(self, study: Any, store: Any, progress: Progress, afterwards: str) -> None:
        self.counts = runs_by_arm(study, store)
        self.whole = runs_of_an_arm(study) * len(self.counts)
        self.before = sum(self.counts.values())
        self.progress, self.afterwards = progress, afterwards

    def __enter__(self) -> Self:
        return self

    def shard(self, result: Any) -> None:
        """The runs of a shard are there too."""
        for arm in result.shard.arms:
            self.counts[arm.name] += result.shard.runs
        missing = self.whole - self.before
        share = (sum(self.counts.values()) - self.before) / max(missing, 1)
        self.progress.at(f"running {missing:,} runs of {len(self.counts)} arms", min(share, 1.0))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            there = f"{sum(self.counts.values()):,} of {self.whole:,} runs are there"
            raise KeyboardInterrupt(f"{there}, {self.afterwards}") from None
