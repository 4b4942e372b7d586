"""Settings as scikit-learn has them, in a few groups."""

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from statewise.errors import SettingError
from statewise.forecasting import Data, Forecaster, Recipe
from statewise.forecasting.settings import Settings, words
from tests.forecasting.frames import long, small, whole

GROUPS = [Settings, Recipe, Data]


def test_the_constructor_only_assigns() -> None:
    odd: Any = {each.name: object() for each in fields(Settings)}
    model = Forecaster(**odd)
    assert vars(model) == odd
    assert model.get_params(deep=False) == odd


def test_parameters_are_read_and_set_by_name() -> None:
    model = Forecaster(season=7)
    assert model.get_params()["season"] == 7
    assert model.set_params(horizon=3, season=2) is model
    assert (model.horizon, model.season) == (3, 2)
    with pytest.raises(SettingError, match="parameter = 'colour'"):
        model.set_params(season=9, colour="red")
    with pytest.raises(SettingError, match=r"'lags': is not a known name. It is 'recipe__lags'"):
        model.set_params(lags=3)
    assert model.season == 2


def test_settings_of_a_group_are_read_and_set_by_their_names() -> None:
    model = Forecaster(Recipe(units=3), data=Data(known=["promo"]))
    assert model.get_params()["recipe__units"] == 3
    assert model.get_params()["data__known"] == ("promo",)
    assert not any("__" in name for name in model.get_params(deep=False))
    model.set_params(recipe__lags=5, data__fill="zero")
    assert model.recipe == Recipe(units=3, lags=5)
    assert model.data == Data(known=["promo"], fill="zero")
    assert Forecaster().set_params(recipe__lags=5).recipe == Recipe(lags=5)
    assert model.set_params(recipe__lags=2, recipe="auto").recipe == Recipe(lags=2)
    for name in ("recipe__colour", "colour__lags", "horizon__lags"):
        with pytest.raises(SettingError, match=f"parameter = '{name}'"):
            model.set_params(**{name: 1})


def test_a_clone_has_the_parameters_and_nothing_learned() -> None:
    model = small(regime="stateful", scale=(0.0, 1.0)).fit(long())
    other = model.clone()
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "fitted_")
    with pytest.raises(SettingError, match="unfitted"):
        other.predict(1)


def test_a_forecaster_shows_what_is_not_the_default() -> None:
    assert repr(Forecaster()) == "Forecaster()"
    assert repr(Forecaster(season=3, combine=False)) == "Forecaster(season=3, combine=False)"
    known = {"Forecaster": Forecaster, "Recipe": Recipe, "Data": Data}
    for model in (small(), whole(calendar=["month"], scale=[0, 1])):
        assert eval(repr(model), known).get_params() == model.get_params()


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


@pytest.mark.parametrize("group", GROUPS)
def test_every_setting_has_words_and_stands_in_the_documentation(group: type) -> None:
    page = (Forecaster if group is Settings else group).__doc__
    assert page is not None
    assert "{settings}" not in page
    assert list(words(group)) == [each.name for each in fields(group)]
    for name, said in words(group).items():
        assert len(said) > 5
        assert f"        {name}: {said[:20]}" in page


def test_lists_are_tuples_so_that_equal_settings_are_equal() -> None:
    assert Data(known=["a"], calendar=["month"]) == Data(known=("a",), calendar=("month",))
    assert Recipe(scale=[-1, 1], difference=[1, 12]) == Recipe(scale=(-1, 1), difference=(1, 12))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"recipe": "best"}, "recipe = 'best'"),
        ({"recipe": None}, "recipe = None"),
        ({"data": {"freq": "D"}}, "data = "),
        ({"horizon": 0}, "horizon = 0"),
        ({"season": (4, 0)}, "season = 0"),
        ({"bounds": (1.0, 1.0)}, "bounds = .*leave nothing between them"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_impossible_settings_are_refused_before_data_are_read(given: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Forecaster(**given).fit(None)


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({"lags": 3}, r"Use recipe=Recipe\(lags=3\)."),
        ({"freq": "D"}, r"Use data=Data\(freq='D'\)."),
    ],
)
def test_a_setting_of_a_group_is_sent_there(given: Any, fix: str) -> None:
    with pytest.raises(SettingError, match=fix):
        Forecaster(**given)


def test_a_group_shows_what_was_set() -> None:
    assert (
        repr(Forecaster(Recipe(lags=3), horizon=2))
        == "Forecaster(recipe=Recipe(lags=3), horizon=2)"
    )
    assert repr(Data()) == "Data()"


@pytest.mark.parametrize(
    ("table", "given", "message"),
    [
        (Forecaster, {"epoch": 9}, r"no setting of Forecaster. Did you mean recipe=.*.epochs=9"),
        (Forecaster, {"horizn": 9}, r"no setting of Forecaster. Did you mean horizon=9\?"),
        (Forecaster, {"epochs": 9}, r"no setting of Forecaster. Use recipe=Recipe.epochs=9"),
        (Forecaster, {"fill": "zero"}, r"of Forecaster. Use data=Data.fill='zero'"),
        (Forecaster, {"colour": 9}, r"no setting of Forecaster. The settings are recipe, "),
        (Recipe, {"epoch": 9}, r"no setting of Recipe. Did you mean epochs=9\?"),
        (Recipe, {"horizon": 9}, r"no setting of Recipe. Use Forecaster.horizon=9"),
        (Data, {"regime": "stateful"}, r"no setting of Data. Use Recipe.regime='stateful'"),
    ],
)
def test_a_setting_that_is_not_there_is_named_with_the_nearest(
    table: Any, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        table(**given)


def test_a_forecaster_of_ones_own_may_have_settings_of_its_own() -> None:
    class Mine(Forecaster):
        def __init__(self, colour: str, **settings: Any) -> None:
            super().__init__(**settings)
            self.colour = colour

    assert Mine(colour="red", horizon=3).horizon == 3
