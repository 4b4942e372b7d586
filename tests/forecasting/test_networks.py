"""How networks are made: what contradicts itself is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.errors import SettingError
from statewise.model.framing import Framing
from statewise.model.regime import StateRegime
from tests.forecasting.recipes import CARRIED, recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 0}, "members = 0"),
        ({"max_samples": 1}, "max_samples = 1"),
        ({"scope": "world"}, "scope = 'world'"),
        ({"regime": StateRegime("never", reset_forecast="never"), "scope": "global"}, "regime = "),
    ],
)
def test_impossible_recipes_are_refused(change: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        recipe(**change)


def test_columns_that_are_not_known_when_the_state_moves_on_are_refused() -> None:
    plan = recipe(CARRIED, framing=Framing(lags=2, outputs=2))
    with pytest.raises(SettingError, match="outputs = 2: look at price"):
        plan.check_columns(["price"])
    recipe(framing=Framing(lags=2)).check_columns(["price"])


def test_the_longest_series_are_thinned_out_first() -> None:
    plan = recipe(scope="global", max_samples=100)
    sizes = [np.array([3, 50, 47]), np.array([3, 200, 40, 60]), np.ones(400, int)]
    kept = [plan.kept(each) for each in sizes]
    assert kept[0].tolist() == [3, 50, 47]
    assert kept[1].tolist() == [3, 32, 32, 33]
    assert kept[2].sum() == 100
    own = recipe(max_samples=100).kept(sizes[1])
    assert own.tolist() == [3, 100, 40, 60]


def test_samples_are_drawn_evenly_by_seed_and_name() -> None:
    plan = recipe("stateless", scope="global")
    drawn = plan.drawn("a", 1000, 300)
    assert (np.diff(drawn) > 0).all()
    np.testing.assert_array_equal(np.arange(301)[:-1] * 1000 // 300 <= drawn, True)
    np.testing.assert_array_equal(drawn < np.arange(1, 301) * 1000 // 300, True)
    np.testing.assert_array_equal(drawn, plan.drawn("a", 1000, 300))
    assert (drawn != plan.drawn("b", 1000, 300)).any()
    assert (drawn != replace(plan, seed=7).drawn("a", 1000, 300)).any()
    weekdays = np.bincount(plan.drawn("a", 7000, 1000) % 7)
    assert weekdays.min() > 90  # every seventh would be one of them alone
