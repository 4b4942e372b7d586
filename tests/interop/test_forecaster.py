"""A Forecaster goes to Keras with its present state, and what comes back forecasts the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise import engine
from statewise.errors import SettingError
from statewise.forecasting import Forecaster, Recipe
from statewise.interop.keras import from_keras, to_keras


def fitted(scope: Any) -> Forecaster:
    rng = np.random.default_rng(3)
    frame = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": range(40), "y": rng.normal(0, 1, 40).cumsum()})
        for name in ("a", "b")
    )
    recipe = Recipe(
        "stateful-warm", scope, lags=3, steps=2, units=4, members=3, epochs=5,
        initial_state="learned",
    )  # fmt: skip
    model = Forecaster(recipe, horizon=1, intervals=False, combine=False)
    return model.fit(frame)


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_series_network_goes_to_keras_and_back(scope: str, tmp_path: Path) -> None:
    import keras

    model = fitted(scope)
    found = model.exported("b", member=2)
    there = to_keras(found, stateful=True, steps=2)
    there.save(tmp_path / "model.keras")
    network, weights, _ = from_keras(keras.models.load_model(tmp_path / "model.keras"))
    inside = model.fitted_
    ensemble, known = inside.learned.ensemble, inside.known.networks
    assert ensemble is not None
    assert known is not None
    window = ensemble.framing[1].window(known.recent[1])[None]
    mine, _ = engine.step(network, weights, window, found.state)
    np.testing.assert_allclose(there(window.astype(np.float32)), mine[0], atol=1e-6)
    adjusted = ensemble.framing[1].invert(mine[0, 0].astype(float), known.recent[1])
    value = inside.learned.adjustment.invert(
        np.array([[0.0], adjusted]), inside.known.count[:, None]
    )
    members = inside.forecast(1).members
    assert members is not None
    assert value[1, 0] == pytest.approx(members[1, 1, 0], abs=1e-9)


def test_a_member_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="member = 4: is not one of 3"):
        fitted("local").exported(member=4)
