"""Draw the pictures of the documentation: python docs/draw.py."""

from pathlib import Path

import numpy as np
import pandas as pd

from statewise import REGIMES, StateRegime, run_study
from statewise.data.datasets import sunspots
from statewise.forecasting import Forecaster, Recipe
from statewise.tutorial.experiments import conclude, tutorial_study
from statewise.tutorial.figures import regime_plot

IMAGES = Path(__file__).parent / "images"

EVERY_K = {"every 2 batches": StateRegime(2, reset_forecast="never")}


def main() -> None:
    """Write every picture as PNG."""
    regime_plot(REGIMES | EVERY_K).savefig(IMAGES / "regimes.png", dpi=110)
    figures = conclude(run_study(tutorial_study())).figures()
    name = "comparison_resets_and_warm_up"
    figures[name].savefig(IMAGES / f"{name}.png", dpi=90)
    draw_forecasts()


def draw_forecasts() -> None:
    """The plots of a forecaster, of the yearly number of sunspots."""
    series = sunspots().only
    frame = pd.DataFrame({"ds": np.array(series.ds, np.int64), "y": series.y})
    recipe = Recipe(regime="stateful-warm", lags=3, units=4, members=16)
    model = Forecaster(recipe, horizon=11, season=11).fit(frame)
    plot = model.plot(11, history=frame, level=[80, 95], last=110)
    plot.savefig(IMAGES / "forecast.png", dpi=90)
    model.plot_state(frame.tail(60)).savefig(IMAGES / "state.png", dpi=90)
    found = model.backtest(frame, test_size=11, cutoffs=3, level=[80])
    found.plot().savefig(IMAGES / "backtest.png", dpi=90)


if __name__ == "__main__":
    main()
