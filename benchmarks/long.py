"""How many samples of one long series networks need: errors and cost by ``Recipe.max_samples``.

    python benchmarks/long.py

Three made series of 400,000 points, of which the last 4,800 are forecast a day at a time by
networks alone, trained once on what comes before.
"""

import argparse
import time

import numpy as np
import pandas as pd

from statewise import Forecaster, Recipe
from statewise.forecasting.folds import MODEL

POINTS, TESTED, AHEAD = 400_000, 4_800, 24
SAMPLES = (12_500, 25_000, 50_000, 100_000)


def seasons(noise: np.ndarray) -> np.ndarray:
    """Seasons of a day and of a week, the second of which swells and fades; AR(1) errors."""
    t, error = np.arange(len(noise)), np.zeros(len(noise))
    for i in range(1, len(noise)):
        error[i] = 0.9 * error[i - 1] + noise[i]
    week = 5 * np.sin(2 * np.pi * t / 168) * (1 + 0.5 * np.sin(t / 9000))
    return 100 + 10 * np.sin(2 * np.pi * t / 24) + week + error


def chaos(noise: np.ndarray) -> np.ndarray:
    """Mackey and Glass's equation (1977), with errors of measurement."""
    x = np.full(len(noise), 1.2)
    for i in range(17, len(noise) - 1):
        x[i + 1] = 0.9 * x[i] + 0.2 * x[i - 17] / (1 + x[i - 17] ** 10)
    return 10 * x + 0.2 * noise


def threshold(noise: np.ndarray) -> np.ndarray:
    """A threshold autoregression (Tong 1983) with two regimes."""
    x = np.zeros(len(noise))
    for i in range(2, len(noise)):
        low = 1.2 * x[i - 1] - 0.5 * x[i - 2] + 1.5
        x[i] = (low if x[i - 1] < 0 else 0.5 * x[i - 1] - 0.6 * x[i - 2] - 1) + 0.5 * noise[i]
    return 50 + 5 * x


def main() -> None:
    """Print a row for each series and number of samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int)
    threads = parser.parse_args().threads
    noise = np.random.default_rng(1).normal(size=POINTS)
    ds = pd.date_range("1970-01-01", periods=POINTS, freq="h")
    for make in (seasons, chaos, threshold):
        frame = pd.DataFrame({"ds": ds, "y": make(noise)})
        for samples in SAMPLES:
            model = Forecaster(
                Recipe(max_samples=samples), horizon=AHEAD, combine=False, intervals=False,
                threads=threads,
            )  # fmt: skip
            begin = time.process_time()
            found = model.backtest(frame, TESTED, horizon=AHEAD, refit="first")
            took = time.process_time() - begin
            error = found.scores[MODEL]["mae"][0]
            print(f"{make.__name__:10} {samples:7,} {error:8.4f} {took:6.0f} s", flush=True)


if __name__ == "__main__":
    main()
