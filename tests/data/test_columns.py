from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from statewise.data.columns import as_table, given, numbers_of
from statewise.errors import DataError

MONTHS = pd.date_range("2020-01-01", periods=2, freq="MS")


@pytest.mark.parametrize("index", [MONTHS, MONTHS.to_period("M")])
def test_times_of_an_index_become_a_column(index: Any) -> None:
    for native in (pd.Series([1, 2], index=index), pd.DataFrame({"y": [1, 2]}, index=index)):
        found = given(native, None, None)
        assert (found.time, found.indexed, found.bare) == ("ds", True, False)
        assert (list(found.frame.columns), found.frame["ds"].tolist()) == (["ds", "y"], list(index))
    assert not given(pd.DataFrame({"ds": index}, index=index), None, None).indexed


@pytest.mark.parametrize(
    "native",
    [
        [1, 2],
        (1, 2),
        np.array([1, 2]),
        pd.Series([1, 2]),
        pl.Series([1, 2]),
        pa.chunked_array([[1, 2]]),
    ],
)
def test_values_alone_become_a_column(native: Any) -> None:
    found = given(native, None, None)
    assert (found.time, found.target, found.bare) == (None, "y", True)
    assert numbers_of(as_table(found.frame)["y"], "y").tolist() == [1.0, 2.0]


def test_what_is_no_row_of_numbers_is_refused() -> None:
    wrong: list[Any] = [[[1, 2]], ["a"], [None, {}]]
    for values in wrong:
        with pytest.raises(DataError, match="is not one row of numbers"):
            given(values, None, None)
    levels = pd.Series([1.0], index=pd.MultiIndex.from_tuples([("a", 1)]))
    with pytest.raises(DataError, match="several levels"):
        given(levels, None, None)


def test_text_is_read_as_in_a_file() -> None:
    def read(*texts: str) -> list[float]:
        return list(numbers_of(nw.from_native(pl.Series(texts), series_only=True), "y"))

    assert read("1.234,5", "2 €") == [1234.5, 2.0]
    with pytest.raises(DataError, match="y = 'x': is not a number, in row 2"):
        read("1", "x")


def test_numbers_are_floats_and_nan_where_they_are_missing() -> None:
    for native in (pl.Series([1, None]), pd.Series([1, None]), pd.Series([1, None], dtype=object)):
        found = numbers_of(nw.from_native(native, series_only=True), "y")
        assert np.array_equal(found, [1.0, np.nan], equal_nan=True)
    large = nw.from_native(pd.Series([10**400, 1.5], dtype=object), series_only=True)
    with pytest.raises(DataError, match="y = 'Object': has a number that is too large"):
        numbers_of(large, "y")
