"""A Forecaster goes to Keras with its present state, and what comes back forecasts the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise import engine
from statewise.errors import SettingError
from statewise.forecasting import Forecaster
from statewise.interop.keras import from_keras, to_keras


def fitted(scope: Any) -> Forecaster:
    rng = np.random.default_rng(3)
    frame = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": range(40), "y": rng.normal(0, 1, 40).cumsum()})
        for name in ("a", "b")
    )
    model = Forecaster(
        "stateful-warm", lags=3, steps=2, units=4, members=3, epochs=5, intervals=None,
        scope=scope, initial_state="learned",
    )  # fmt: skip
    return model.fit(frame)


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_series_network_goes_to_keras_and_back(scope: str, tmp_path: Path) -> None:
    import keras

    model = fitted(scope)
    found = model.exported("b", member=2)
    there = to_keras(found, stateful=True, steps=2)
    there.save(tmp_path / "model.keras")
    network, weights, _ = from_keras(keras.models.load_model(tmp_path / "model.keras"))
    window = model.fitted_.ensemble.framing[1].window(model.fitted_.state.recent[1])[None]
    mine, _ = engine.step(network, weights, window, found.state)
    np.testing.assert_allclose(there(window.astype(np.float32)), mine[0], atol=1e-6)
    paths = model.fitted_.paths(1)[1, 1, 0]
    value = model.fitted_.ensemble.framing[1].invert(
        mine[0, 0].astype(float), model.fitted_.state.recent[1]
    )
    assert value[0] == pytest.approx(paths, abs=1e-9)


def test_a_member_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="member = 4: is not one of 3"):
        fitted("local").exported(member=4)
