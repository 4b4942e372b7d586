"""How networks are made: what contradicts itself is refused."""

from typing import Any

import pytest

from statewise.errors import SettingError
from statewise.model.framing import Framing
from statewise.model.regime import StateRegime
from tests.forecasting.recipes import CARRIED, recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 0}, "members = 0"),
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
