"""Parameters as scikit-learn has them."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

from statewise.errors import SettingError
from statewise.forecasting import Forecaster
from tests.forecasting.frames import long, small


def test_the_constructor_only_assigns() -> None:
    odd = {name: object() for name in inspect.signature(Forecaster).parameters}
    model = Forecaster(**odd)  # type: ignore[arg-type]
    assert vars(model) == odd
    assert model.get_params() == odd


def test_parameters_are_read_and_set_by_name() -> None:
    model = Forecaster(lags=7)
    assert model.get_params()["lags"] == 7
    assert model.set_params(units=3, lags=2) is model
    assert (model.units, model.lags) == (3, 2)
    with pytest.raises(SettingError, match="parameter = 'colour'"):
        model.set_params(lags=9, colour="red")
    assert model.lags == 2


def test_a_clone_has_the_parameters_and_nothing_learned() -> None:
    model = small(regime="stateful", scale=(0.0, 1.0)).fit(long())
    other = model.clone()
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "fitted_")
    with pytest.raises(SettingError, match="unfitted"):
        other.predict(1)


def test_a_forecaster_shows_what_is_not_the_default() -> None:
    assert repr(Forecaster()) == "Forecaster()"
    assert repr(Forecaster(lags=3, regime="stateful")) == "Forecaster(regime='stateful', lags=3)"
    assert eval(repr(small()), {"Forecaster": Forecaster}).get_params() == small().get_params()


def test_scikit_learn_clones_it() -> None:
    base = pytest.importorskip("sklearn.base")
    model = small(scale=(0.0, 1.0), calendar=["month"]).fit(long())
    other = base.clone(model)
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "fitted_")


def test_importing_it_from_the_top_imports_no_pandas_before() -> None:
    program = (
        "import sys, statewise; before = 'pandas' in sys.modules;"
        "model = statewise.Forecaster; print(before, 'pandas' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    ("given", "difference", "relative"),
    [
        ({}, 0, "mean"),
        ({"lags": 1}, 1, "none"),
        ({"lags": 1, "steps": 2}, 0, "mean"),
        ({"difference": 1}, 1, "none"),
        ({"difference": 0}, 0, "mean"),
        ({"relative": "last"}, 0, "last"),
        ({"difference": 1, "relative": "last"}, 1, "last"),
    ],
)
def test_windows_are_shown_less_their_mean_or_differenced(
    given: Any, difference: int, relative: str
) -> None:
    framing = Forecaster(**given).recipe.model.framing
    assert (framing.difference, framing.relative) == (difference, relative)
