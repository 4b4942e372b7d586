"""Panels as people have them: short, constant, gappy, tiny, huge and intermittent series mixed."""

from typing import Any

import numpy as np
import pandas as pd

KINDS = (
    "walk", "season", "trend", "constant", "zero", "short", "single", "gappy", "tiny", "huge",
    "intermittent", "negative", "jump", "late zeros", "tail missing", "spike",
)  # fmt: skip
FREQUENCIES = {"MS": 36, "QE": 20, "YE": 14, "W": 60, "D": 50, "h": 80, "B": 40}


def spoilt(
    seed: int, kinds: tuple[str, ...] = (), freq: str | None = None
) -> tuple[str, pd.DataFrame]:
    """A frequency, and a panel of one to six series of it, each of some kind."""
    rng = np.random.default_rng(seed)
    alias = freq or str(rng.choice(list(FREQUENCIES)))
    usual = FREQUENCIES[alias]
    chosen = kinds or tuple(rng.choice(KINDS, rng.integers(1, 7)))
    parts = []
    for i, kind in enumerate(chosen):
        n = int(rng.integers(usual // 2, 2 * usual))
        n = {"single": 1, "short": int(rng.integers(2, 8))}.get(kind, n)
        times = pd.date_range("2019-01-01", periods=n, freq=alias)
        part = pd.DataFrame({"unique_id": f"{kind} {i}", "ds": times, "y": drawn(kind, n, rng)})
        if kind == "gappy" and n > 5:
            part = part.drop(index=rng.choice(np.arange(1, n - 1), n // 5, replace=False))
        parts.append(part)
    return alias, pd.concat(parts, ignore_index=True)


def drawn(kind: str, n: int, rng: Any) -> Any:
    """Values of a series of a kind."""
    noise, at = rng.normal(0, 1, n), np.arange(n)
    walk = 50 + noise.cumsum()
    shapes = {
        "season": 100 + 30 * np.sin(2 * np.pi * at / 12) + noise,
        "trend": 5.0 + at * rng.uniform(0.1, 3) + noise / 5,
        "constant": np.full(n, rng.choice([-3.0, 0.1, 7.0, 1e6])),
        "zero": np.zeros(n),
        "tiny": np.abs(walk) * 1e-12,
        "huge": np.abs(walk) * 1e12,
        "intermittent": np.where(rng.random(n) < 0.7, 0.0, rng.poisson(3, n)),
        "negative": -walk,
        "jump": walk + 1000 * (at > n // 2),
        "late zeros": np.where(at > 2 * n // 3, 0.0, np.abs(walk)),
        "tail missing": np.where((at > n - 4) & (at > 0), np.nan, walk),
        "spike": np.where(at == n // 2, 1e5, walk),
    }
    return shapes.get(kind, walk)
