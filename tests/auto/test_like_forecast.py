"""A study like a forecaster: its runs are the forecaster's networks, to the bit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.auto.like_forecast import like_forecast, minimal_study, usual_test_size
from statewise.data.datasets import shampoo
from statewise.errors import SettingError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.model.regime import REGIMES
from statewise.study import from_document, run_study, settle, to_document

rng = np.random.default_rng(2)


def frame(rows: int = 60) -> pd.DataFrame:
    """A monthly series that follows a column which is known ahead, and one that is not."""
    month = np.arange(rows)
    x = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "ds": pd.date_range("2019-01", periods=rows, freq="MS"),
            "y": 50 + 8 * np.sin(month / 12 * 2 * np.pi) + 5 * x + rng.normal(0, 1, rows),
            "price": x,
            "visits": rng.normal(size=rows).cumsum(),
        }
    )


@pytest.mark.parametrize("regime", sorted(REGIMES))
@pytest.mark.parametrize("columns", [False, True])
def test_a_run_is_a_network_of_the_forecaster(regime: str, columns: bool) -> None:
    """Trained, begun and moved on alike, a horizon at a time."""
    data, repeats, cutoff = frame(), 3, 48
    if not columns:
        data = data[["ds", "y"]]
    reads = Data(known=["price"] if columns else ())
    recipe: dict[str, Any] = {"epochs": 7, "lags": 5, "units": 2, "batch_size": 1}
    study = like_forecast(
        Forecaster(Recipe(**recipe), horizon=4, data=reads, seed=3),
        data,
        [regime],
        test_size=12,
        repeats=repeats,
        hypotheses=(),
    )
    found = run_study(study).arms[regime].only
    model = Forecaster(
        Recipe(**recipe, regime=regime, scope="local", members=repeats),
        horizon=4,
        data=reads,
        combine=False,
        seed=3,
    ).fit(data[:cutoff])
    assert model.fitted_.decisions.networks.model == study.arms[0].model
    for at in range(cutoff, 60, 4):
        ahead = data[at : at + 4].drop(columns="y") if columns else None
        members = model.predict(X=ahead, members=True)
        theirs = members.filter(regex=r"^member-").to_numpy().T
        np.testing.assert_array_equal(found.forecasts[:, at - cutoff : at - cutoff + 4], theirs)
        model.update(data[at : at + 4])


def test_what_is_decided_is_decided_before_the_first_cutoff() -> None:
    data = frame(72)
    study = like_forecast(Forecaster(), data, ["stateless", "stateful-warm"], cutoffs=2, repeats=2)
    assert (study.test_size, study.horizon, study.season, study.past) == (12, 3, 12, 2)
    assert study.panel.columns == ("price", "visits")
    other = data.assign(y=np.where(np.arange(72) < 48, data["y"], -1e3))
    again = like_forecast(Forecaster(), other, ["stateless", "stateful-warm"], cutoffs=2, repeats=2)
    assert again.arms == study.arms
    assert [h.claim for h in study.hypotheses] == [
        "stateless and stateful-warm are practically equal",
        "stateless beats simple",
        "stateless beats naive",
        "stateful-warm beats simple",
        "stateful-warm beats naive",
    ]
    assert from_document(to_document(study)) == study
    assert len(settle(run_study(study))) == 5


def test_calendar_columns_are_known_ahead() -> None:
    study = like_forecast(
        Forecaster(data=Data(calendar=["month"], past=["visits"])),
        frame(),
        ["stateless"],
        repeats=2,
    )
    assert study.panel.columns == ("month_sin", "month_cos", "visits")
    assert study.past == 1
    assert np.isfinite(run_study(study).arms["stateless"].only.scores).all()


def test_a_short_series_is_padded_and_every_regime_runs() -> None:
    data = frame(20)[["ds", "y"]]
    names = [name for name in REGIMES if "batch" not in name]
    study = like_forecast(Forecaster(Recipe(epochs=3)), data, names, repeats=2)
    result = run_study(study)
    for name in names:
        assert np.isfinite(result.arms[name].only.forecasts).all(), name


def test_the_minimal_set_up_is_that_of_the_origin() -> None:
    study = minimal_study(Forecaster(), shampoo(), ["stateless"], test_size=12)
    model = study.arms[0].model
    assert (model.network.units, model.framing.lags, model.training.epochs) == (1, 1, 1000)
    assert (study.horizon, study.adjust, study.panel.columns) == (1, None, ())
    assert usual_test_size(shampoo()) == 9


def test_a_regime_is_named_once() -> None:
    with pytest.raises(SettingError, match=r"regimes = .*names a regime twice"):
        like_forecast(Forecaster(), shampoo(), ["stateless", "stateless"])
    with pytest.raises(SettingError, match="'statefull'"):
        like_forecast(Forecaster(), shampoo(), ["statefull"])


@pytest.mark.parametrize("regimes", ["stateless", [], ()])
def test_regimes_are_a_list_of_names(regimes: Any) -> None:
    with pytest.raises(SettingError, match=r"regimes = .*: is no list of names"):
        like_forecast(Forecaster(), shampoo(), regimes)
