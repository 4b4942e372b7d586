"""What benchmarks share: medians, Markdown tables, the name of the machine."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median

__all__ = ["cores", "machine", "spread", "table"]


def spread(values: Sequence[float]) -> str:
    """The median with the least and the greatest value."""
    middle, least, greatest = (number(v) for v in (median(values), min(values), max(values)))
    return f"{middle} ({least} to {greatest})"


def number(value: float) -> str:
    """Three significant digits, or all those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))


def cores() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> str:
    """The processor, its cores, the system, and Python."""
    found = Path("/proc/cpuinfo")
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    python = f"Python {platform.python_version()}"
    return f"{name}, {cores()} cores, {platform.system()} {platform.machine()}, {python}"
