from typing import Any

import numpy as np
import pytest

from statewise.data.origin import ForecastOrigin, unknown_series
from statewise.errors import DataError
from tests.data.test_panel import panel


def test_an_origin_moves() -> None:
    origin = panel(x=[1, 2, 3, 4, 5]).origin
    assert (origin.ids, origin.columns, str(origin.frequency)) == (("b", "a"), ("x",), "MS")
    moved = origin.moved(np.array([1]), origin.after(2)[1:, 1])
    assert moved.last.astype("M8[M]").astype(str).tolist() == ["2020-03", "2019-08"]
    assert origin.last.astype("M8[M]").astype(str).tolist() == ["2020-03", "2019-06"]
    assert moved.after(1)[1:].astype("M8[M]").astype(str).tolist() == [["2019-09"]]
    with pytest.raises(ValueError, match="read-only"):
        origin.last[0] = origin.last[1]


def test_a_name_that_is_not_known_is_told_from_those_that_are() -> None:
    assert panel().origin.place("a") == 1
    with pytest.raises(DataError, match=r"'c': is not a known series. The series are 'b', 'a'\."):
        panel().origin.place("c")
    assert "'0', '1', '2' and 7 more." in str(unknown_series("c", "0123456789"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"last": [0]}, "ValueError"),
        ({"last": [0, 10**18]}, "ds = "),
        ({"last": [0, 10**12]}, "is not the first day of a month"),
        ({"columns": ["y"]}, "ValueError"),
        ({"columns": None}, "TypeError"),
        ({"columns": [1]}, "ValueError"),
        ({"frequency": {"unit": "integer", "step": 1, "anchor": ""}}, "does not fit times that"),
        ({"frequency": {"unit": "month", "step": 0, "anchor": "start"}}, "step = 0"),
        ({"frequency": {"unit": "year", "step": 1, "anchor": ""}}, "unit = 'year'"),
        ({"frequency": {"unit": "month", "step": 1, "anchor": "x"}}, "anchor = 'x'"),
        ({"frequency": {"step": 1, "more": 1}}, "frequency.more = 1: is not a known field"),
        ({"frequency": {"step": 1}}, "has no unit"),
        ({"kind": None}, "TypeError"),
        ({"columns": ["\ud800"]}, "UnicodeEncodeError"),
        ({"kind": {}}, "KeyError"),
    ],
)
def test_a_damaged_origin_is_refused(change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ForecastOrigin.from_document(panel().origin.to_document() | change)
