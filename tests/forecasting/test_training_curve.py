"""The error of every epoch, and what it says."""

import numpy as np
import pytest

from statewise.errors import SettingError
from statewise.forecasting import Forecaster, Recipe
from statewise.forecasting.training_curve import Curve, curve_of
from tests.forecasting.frames import long

FALLING, FLAT = np.linspace(10, 1, 20)[None], np.full((1, 20), 2.0)
RISING = np.concatenate([np.linspace(5, 2, 8), np.linspace(2, 4, 12)])[None]


@pytest.mark.parametrize(
    ("training", "validation", "sentence"),
    [
        (FALLING, None, "still falls"),
        (FLAT, None, "has settled. Recipe"),
        (FALLING, RISING, "least at epoch 8 and rose by 100%: overfitting"),
        (FALLING, FALLING, "underfitting"),
        (FALLING, FLAT, "neither over- nor underfitting"),
        (FLAT, np.where(np.arange(20) < 9, RISING, np.nan), "neither over- nor underfitting"),
    ],
)
def test_a_sentence_says_how_it_went(
    training: np.ndarray, validation: np.ndarray | None, sentence: str
) -> None:
    assert sentence in Curve(training, validation, "").sentence


def test_errors_are_in_the_units_of_a_single_series() -> None:
    frame = long(lengths={"a": 60})
    recipe = Recipe(members=3, units=2, epochs=6, lags=3, validation=0.2, transform="none")
    found = []
    for factor in (1.0, 1000.0):
        scaled = frame.assign(y=factor * frame["y"])
        model = Forecaster(recipe, horizon=4, combine=False, intervals=False).fit(scaled)
        curve = curve_of(model.fitted_, model.training_)
        assert curve.unit == "in the units of the series"
        assert curve.training.shape == (3, 6)
        assert curve.validation is not None
        assert np.isfinite(curve.validation).all()
        found.append(curve.training)
    np.testing.assert_allclose(found[1], 1000.0 * found[0], rtol=1e-3)
    # A network that has learned nothing is wrong by as much as the series changes.
    assert 0.1 < found[0].mean() / np.abs(np.diff(frame["y"])).mean() < 10
    figure = model.plot_training()
    assert [line.get_label() for line in figure.axes[0].lines] == ["training", "validation"]


def test_what_was_not_trained_here_has_no_curve() -> None:
    with pytest.raises(SettingError, match="Fit the model in this program"):
        curve_of(Forecaster(horizon=2).fit(long(lengths={"a": 5})).fitted_, None)
