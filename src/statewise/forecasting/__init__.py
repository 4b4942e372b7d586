"""Forecast series of one's own: an ensemble of LSTMs whose state is explicit."""

from statewise.forecasting.backtest import Backtest, backtest
from statewise.forecasting.forecaster import Forecaster
from statewise.forecasting.settings import Data, Recipe
from statewise.forecasting.states import SeriesState, Snapshot, States

__all__ = [
    "Backtest",
    "Data",
    "Forecaster",
    "Recipe",
    "SeriesState",
    "Snapshot",
    "States",
    "backtest",
]
