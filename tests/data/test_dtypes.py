from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pytest

from statewise.data.dtypes import dtype_name, installed, name_column, time_dtype


@pytest.mark.parametrize(
    ("dtype", "kind", "library"),
    [
        (pd.Series([1]).dtype, "integer", "pandas"),
        (pd.Int32Dtype(), "integer", "pandas"),
        (pd.StringDtype("python"), "text", "pandas"),
        (pd.StringDtype("pyarrow"), "text", "pandas"),
        (pd.ArrowDtype(pa.large_string()), "text", "pandas"),
        (pd.PeriodDtype("Q-NOV"), "period", "pandas"),
        (pd.ArrowDtype(pa.timestamp("ms")), "datetime", "pandas"),
        (pd.ArrowDtype(pa.date64()), "date", "pandas"),
        (nw.Datetime("ns"), "datetime", "polars"),
        (nw.Date(), "date", "pyarrow"),
        (nw.UInt16(), "integer", "polars"),
    ],
)
def test_a_type_of_times_is_made_again_from_its_name(dtype: Any, kind: str, library: str) -> None:
    assert time_dtype(dtype_name(dtype), kind, library, None) == dtype


@pytest.mark.parametrize(
    ("name", "kind", "library"),
    [
        ("int64", "datetime", "pandas"),
        ("datetime64[D]", "datetime", "pandas"),
        ("period[Z]", "period", "pandas"),
        ("period[D]", "period", "polars"),
        ("", "text", "pandas"),
    ],
)
def test_other_names_are_refused(name: str, kind: str, library: str) -> None:
    with pytest.raises(ValueError, match="^" + name.replace("[", r"\[")):
        time_dtype(name, kind, library, None)


def test_names_of_a_type_that_is_not_known_become_plain() -> None:
    for library in ("pandas", "polars", "pyarrow"):
        assert name_column(["a"], "decimal", None, False, library).dtype == nw.String
        assert name_column([1], "decimal", None, False, library).dtype == nw.Int64
    assert name_column(["a", 1], "decimal", None, False, "pandas").to_list() == ["a", 1]


def test_a_library_that_is_not_there_is_not_installed() -> None:
    assert installed("pandas")
    assert not installed("no_such_library")
