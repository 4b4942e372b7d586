from typing import Any

import pytest

from statewise.data.choose import choose
from statewise.errors import DataError


@pytest.mark.parametrize(
    ("header", "given", "chosen"),
    [
        ("unique_id ds y x", {}, ("unique_id", ("ds",), "y", ("x",))),
        ("Month Sales", {}, (None, ("Month",), "Sales", ())),
        ("Sales", {}, (None, (), "Sales", ())),
        ("y x", {}, (None, (), "y", ("x",))),
        ("note Date y", {}, (None, ("Date",), "y", ("note",))),
        ("Date Time y", {}, (None, ("Date", "Time"), "y", ())),
        ("Year Month Sales", {}, (None, ("Year", "Month"), "Sales", ())),
        ("No year month day hour y", {}, (None, ("year", "month", "day", "hour"), "y", ("No",))),
        ("year month ds y", {}, (None, ("ds",), "y", ("year", "month"))),
        ("year y", {}, (None, ("year",), "y", ())),
        ("a b c", {"time_column": "a, b"}, (None, ("a", "b"), "c", ())),
        ("a,b c", {"time_column": "a,b"}, (None, ("a,b",), "c", ())),
    ],
)
def test_columns_are_chosen_by_their_names(header: str, given: Any, chosen: Any) -> None:
    assert choose(header.split(" "), None, given.get("time_column"), None, True) == chosen


def test_a_part_of_the_time_that_is_no_column_is_named() -> None:
    with pytest.raises(DataError, match=r"time_column = 'b': is not a column. The columns"):
        choose(["a", "y"], None, "a,b", None, True)
