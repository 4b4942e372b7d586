"""What was measured, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from common import cores, spread, table

FLOOR = "floor.cpp, 1 thread"
MANY, FEW = "many", "few"  # which table a measurement is for


def statewise_way(threads: int) -> str:
    """How the tables call statewise on so many threads."""
    return f"statewise, {threads} thread{'s' if threads > 1 else ''}"


STATEWISE = [statewise_way(threads) for threads in sorted({1, cores()})]


@dataclass(frozen=True)
class Measurement:
    """One way to train so many restarts at once, in one round."""

    round: int
    table: str
    peer: str
    way: str
    restarts: int
    ms_a_restart: float
    cores: float | None  # busy on average, where that was measured


@dataclass
class Results:
    """All measurements, what was measured in which version, and what was not and why."""

    measurements: list[Measurement] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def drop(self, peer: str, reason: str) -> None:
        """Record that a peer cannot be measured, and forget what was."""
        self.missing[peer] = reason
        self.versions.pop(peer, None)
        self.measurements = [m for m in self.measurements if m.peer != peer]

    def of(self, table: str, way: str, restarts: int) -> list[Measurement]:
        """The measurements of one table and way, a round each."""
        return [
            m
            for m in sorted(self.measurements, key=lambda m: m.round)
            if (m.table, m.way, m.restarts) == (table, way, restarts)
        ]


def ratios(above: Sequence[Measurement], below: Sequence[Measurement]) -> list[float]:
    """The ratio of the times in each round."""
    return [a.ms_a_restart / b.ms_a_restart for a, b in zip(above, below, strict=True)]


def many_table(results: Results) -> str:
    """Restarts a second where there are many, and the two ratios that matter."""
    mine = [m for m in results.measurements if m.table == MANY]
    restarts = mine[0].restarts
    found = {way: results.of(MANY, way, restarts) for way in (*STATEWISE, FLOOR)}
    rows = [
        [
            f"{way}, restarts a second",
            spread([1000.0 / m.ms_a_restart for m in measured]),
            busy(measured),
        ]
        for way, measured in found.items()
        if measured
    ]
    one, most = found[STATEWISE[0]], found[STATEWISE[-1]]
    if len(STATEWISE) > 1:
        rows.append([f"speed-up of {cores()} threads over 1", spread(ratios(one, most)), ""])
    if found[FLOOR]:
        over = spread(ratios(found[FLOOR], one))
        rows.append(["statewise, 1 thread, over floor.cpp", over, ""])
    header = [f"{restarts} restarts at once", "median (least to greatest)", "cores busy"]
    return table(header, rows)


def few_table(results: Results) -> str:
    """Milliseconds a restart, by how many are trained at once."""
    mine = [m for m in results.measurements if m.table == FEW]
    by_way = dict.fromkeys((m.restarts, m.way) for m in mine)
    rows = []
    for restarts, way in sorted(by_way, key=lambda key: (key[0], key[1] not in STATEWISE)):
        measured = results.of(FEW, way, restarts)
        rows.append(
            [
                way,
                str(restarts),
                spread([m.ms_a_restart for m in measured]),
                *(lr_scale(measured, results.of(FEW, own, restarts)) for own in STATEWISE),
                busy(measured),
            ]
        )
    times = [f"times {own}" for own in STATEWISE]
    return table(["what", "restarts at once", "ms a restart", *times, "cores busy"], rows)


def lr_scale(above: Sequence[Measurement], below: Sequence[Measurement]) -> str:
    """How many times as long ``above`` takes, or "1" where both are the same measurements."""
    return "1" if above == below else spread(ratios(above, below))


def busy(measured: Sequence[Measurement]) -> str:
    """The median of the cores kept busy, where they were measured."""
    found = [m.cores for m in measured if m.cores is not None]
    return f"{median(found):.2f}" if found else ""
