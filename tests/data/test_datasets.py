import numpy as np
import pytest
from statsmodels import datasets as theirs

from statewise.data.datasets import NAMES, csv_text, nile, shampoo, sunspots
from statewise.errors import SettingError


def test_the_nile_is_that_of_statsmodels() -> None:
    data = theirs.nile.load_pandas().data
    series = nile().only
    np.testing.assert_array_equal(series.y, data["volume"])
    np.testing.assert_array_equal([int(year) for year in series.ds], data["year"])


def test_the_sunspots_are_those_of_statsmodels() -> None:
    data = theirs.sunspots.load_pandas().data
    series = sunspots().only
    np.testing.assert_array_equal(series.y, data["SUNACTIVITY"])
    np.testing.assert_array_equal([int(year) for year in series.ds], data["YEAR"])


def test_each_is_named_by_what_it_measures() -> None:
    names = [panel.only.unique_id for panel in (nile(), shampoo(), sunspots())]
    assert names == ["Flow", "Sales", "Sunspots"]


def test_each_is_there_as_csv() -> None:
    assert [len(csv_text(name).splitlines()) for name in NAMES] == [101, 37, 310]
    with pytest.raises(SettingError, match=r"data set = 'nil'.*'nile'"):
        csv_text("nil")
