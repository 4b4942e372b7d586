from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from statewise.data.columns import has_time_index, numbers_of, with_times
from statewise.errors import DataError

MONTHS = pd.date_range("2020-01-01", periods=2, freq="MS")


@pytest.mark.parametrize("index", [MONTHS, MONTHS.to_period("M")])
def test_times_of_an_index_become_a_column(index: Any) -> None:
    for native in (pd.Series([1, 2], index=index), pd.DataFrame({"y": [1, 2]}, index=index)):
        assert has_time_index(native, "ds")
        table = with_times(native, "ds", "y")
        assert (list(table.columns), table["ds"].tolist()) == (["ds", "y"], list(index))
    for native in (pd.DataFrame({"ds": index}, index=index), pd.Series([1]), pl.Series([1])):
        assert not has_time_index(native, "ds")


def test_numbers_are_floats_and_nan_where_they_are_missing() -> None:
    for native in (pl.Series([1, None]), pd.Series([1, None]), pd.Series([1, None], dtype=object)):
        found = numbers_of(nw.from_native(native, series_only=True), "y")
        assert np.array_equal(found, [1.0, np.nan], equal_nan=True)
    large = nw.from_native(pd.Series([10**400, 1.5], dtype=object), series_only=True)
    with pytest.raises(DataError, match="y = 'Object': has a number that is too large"):
        numbers_of(large, "y")
