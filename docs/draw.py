"""Draw the pictures of the documentation: python docs/draw.py."""

from pathlib import Path

from statewise import REGIMES, StateRegime, run_study
from statewise.report.figures import regime_plot
from statewise.tutorial import conclude, tutorial_study

IMAGES = Path(__file__).parent / "images"

EVERY_K = {"every 2 batches": StateRegime(2, reset_forecast="never")}


def main() -> None:
    """Write every picture as PNG."""
    regime_plot(REGIMES | EVERY_K).savefig(IMAGES / "regimes.png", dpi=110)
    figures = conclude(run_study(tutorial_study())).figures()
    for name in ("comparison_resets_and_warm_up", "cumulative", "forecasts"):
        figures[name].savefig(IMAGES / f"{name}.png", dpi=90)


if __name__ == "__main__":
    main()
