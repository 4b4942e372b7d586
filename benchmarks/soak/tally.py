"""What is counted, and the table of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from common import table

BEFORE, MIDDLE, BETWEEN, BEYOND = "before", "middle", "between", "beyond"
HEADER = (
    "",
    "kills",
    "before anything was written",
    "in the middle of writing",
    "between two writes",
    "written, not acknowledged",
    "finished and compared",
    "findings",
    "left over",
)


@dataclass
class Tally:
    """What was counted of one kind of work."""

    kind: str
    hits: Counter[str] = field(default_factory=Counter)  # where kills hit
    compared: int = 0  # times that the work was finished, and compared to the bit
    acknowledged: int = 0
    outlived: float = 0.0  # the most seconds that a process lived longer than its killed driver
    wrong: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        return self.hits.total()

    @property
    def row(self) -> list[str]:
        hits = [f"{self.hits[place]:,}" for place in (BEFORE, MIDDLE, BETWEEN, BEYOND)]
        counts = (self.compared, self.wrong.total(), self.left.total())
        return [self.kind, f"{self.kills:,}", *hits, *(f"{count:,}" for count in counts)]


def summary(tallies: Iterable[Tally]) -> str:
    """The table of all kinds, then whatever was wrong."""
    tallies = list(tallies)
    total = Tally("all")
    for tally in tallies:
        total.hits += tally.hits
        total.compared += tally.compared
        total.wrong += tally.wrong
        total.left += tally.left
    lines = [
        f"- {tally.kind}: {what} ({times} times)"
        for tally in tallies
        for what, times in (tally.wrong + tally.left).items()
    ]
    acknowledged = sum(tally.acknowledged for tally in tallies)
    outlived = max(tally.outlived for tally in tallies)
    good = "Nothing was lost, doubled, different, half-written or left over."
    more = (
        f"Drivers that were killed had acknowledged {acknowledged:,} runs; no process lived longer "
        f"than {outlived:.1f} s after its driver."
    )
    rows = [each.row for each in (*tallies, total)]
    return "\n\n".join((table(HEADER, rows), more, "\n".join(lines) or good))


def kind_of(name: str) -> str:
    """A name without the numbers and random letters that a process gave it."""
    return re.sub(r"(\.writing-)[^/]+", r"\1*", name)
