from typing import Any

import pytest

from statewise.auto.candidates import around, candidates
from statewise.auto.like_forecast import Like, shown
from statewise.data.datasets import nile, shampoo
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError
from statewise.forecasting import Forecaster, Recipe


def like(panel: Panel | None = None) -> Like:
    return Like(Forecaster(), *shown(Forecaster(), panel or shampoo()), 4, 4)


def test_the_usual_grid_is_about_what_is_decided_and_leaves_what_is_said() -> None:
    assert around(like(), Recipe()) == {
        "regime": ["stateless-shuffled", "stateful-warm", "continuous-warm"],
        "lags": [9, 18, 36],
        "units": [2, 8, 32],
    }
    assert around(like(nile()), Recipe(regime="stateless", units=1)) == {"lags": [2, 4, 8]}


def test_every_combination_is_a_candidate_with_what_all_have() -> None:
    space: dict[str, list[Any]] = {
        "regime": ["stateless", "stateful-warm"],
        "lags": [3, 6, 3],
        "epochs": [5],
    }
    found, notes = candidates(like(), Recipe(units=2), space)
    assert [each.name for each in found] == [
        "stateless, lags 3, epochs 5",
        "stateless, lags 6, epochs 5",
        "stateful-warm, lags 3, epochs 5",
        "stateful-warm, lags 6, epochs 5",
    ]
    assert found[1].recipe == Recipe(regime="stateless", lags=6, epochs=5, units=2)
    assert found[1].values == {"regime": "stateless", "lags": 6, "epochs": 5}
    model = found[1].decided.networks.model
    assert (model.framing.lags, model.network.units, model.training.epochs) == (6, 2, 5)
    assert notes == []


def test_what_is_impossible_is_left_out_and_said() -> None:
    space = {"outputs": [1, 2, 60], "units": [0, 2]}
    found, notes = candidates(like(), Recipe(), space)
    assert [each.name for each in found] == ["outputs 1, units 2", "outputs 2, units 2"]
    assert "outputs 60, units 2 is left out" in notes[-1]
    assert "observations are too few" in notes[-1]
    assert "units 0 is left out: units = 0 must be" in notes[0]
    with pytest.raises(DataError, match="too few"):
        candidates(like(), Recipe(), {"outputs": [60, 70]})


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"colour": [1, 2]}, r"space = 'colour'"),
        ({"epochs": 3}, r"space\['epochs'\] = 3: is no list of values"),
        ({"transform": ["log", "none"]}, r"space = 'transform'"),
        ({"regime": ["statefull", "stateless"]}, r"regime = 'statefull'"),
        ({"relative": "last"}, r"space\['relative'\] = 'last': is no list"),
        ({"lags": []}, r"space\['lags'\] = \[\]: is no list"),
        ({"lags": [3]}, r"leaves one candidate"),
        ({}, r"leaves one candidate"),
        ({"lags": [3, 3]}, r"leaves one candidate"),
        ({"lags": range(200), "units": range(200)}, r"has 40,000 candidates, more than 10,000"),
    ],
)
def test_a_space_that_leaves_nothing_to_choose_is_refused(space: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        candidates(like(), Recipe(), space)
