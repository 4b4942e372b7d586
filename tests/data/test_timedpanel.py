from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.data.datasets import shampoo
from statewise.data.frames import read_frame
from statewise.data.timedpanel import ForecastOrigin, TimedPanel, unknown_series
from statewise.errors import DataError


def panel(**further: list[float]) -> TimedPanel:
    ds = ["2020-01", "2020-02", "2020-03", "2019-05", "2019-06"]
    return read_frame(
        pd.DataFrame({"unique_id": list("bbbaa"), "ds": ds, "y": [1, 2, 3, 4, 5], **further})
    )


def test_it_is_a_frozen_value() -> None:
    assert panel() == panel()
    assert panel() != panel(x=[1, 2, 3, 4, 5])
    assert panel(x=[1, 2, 3, 4, 5]) != panel(x=[1, 2, 3, 4, 6])
    assert panel() != "panel"
    with pytest.raises(ValueError, match="read-only"):
        panel().y[0] = 2.0


def test_every_series_has_its_own_span() -> None:
    found = panel()
    assert (len(found), found.lengths.tolist()) == (2, [3, 2])
    assert found.after(1).astype("M8[M]").astype(str).tolist() == [["2020-04"], ["2019-07"]]


def test_a_study_takes_its_series_with_their_times_as_written() -> None:
    study = panel().study
    assert [(s.unique_id, s.ds, s.y.tolist()) for s in study.series] == [
        ("b", ("2020-01", "2020-02", "2020-03"), [1.0, 2.0, 3.0]),
        ("a", ("2019-05", "2019-06"), [4.0, 5.0]),
    ]
    shipped = shampoo().only
    frame = pd.DataFrame({"ds": shipped.ds, "Sales": shipped.y})
    assert read_frame(frame, target_column="Sales").study == shampoo()


def test_dates_become_text_without_an_idle_clock() -> None:
    ds = pd.date_range("2020-01-01", periods=3, freq="12h")
    study = read_frame(pd.DataFrame({"ds": ds, "y": [1, 2, 3]})).study
    assert study.only.ds == ("2020-01-01", "2020-01-01 12:00:00", "2020-01-02")


def test_a_tip_moves_and_is_taken() -> None:
    origin = panel(x=[1, 2, 3, 4, 5]).origin
    assert (origin.ids, origin.columns, str(origin.frequency)) == (("b", "a"), ("x",), "MS")
    moved = origin.moved(np.array([1]), origin.after(2)[1:, 1])
    assert moved.last.astype("M8[M]").astype(str).tolist() == ["2020-03", "2019-08"]
    assert origin.last.astype("M8[M]").astype(str).tolist() == ["2020-03", "2019-06"]
    some = moved.take(np.array([1]))
    assert (some.ids, some.place("a"), len(some)) == (("a",), 0, 1)
    assert some.after(1).astype("M8[M]").astype(str).tolist() == [["2019-09"]]
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
        ({"last": [0]}, "forecast origin, field 'last'"),
        ({"last": [0, 10**18]}, "ds = "),
        ({"last": [0, 10**12]}, "is not the first day of a month"),
        ({"columns": ["y"]}, "forecast origin, field 'columns'"),
        ({"columns": "x"}, "forecast origin, field 'columns'"),
        (
            {"frequency": {"unit": "integer", "step": 1, "anchor": ""}},
            "forecast origin, field 'frequency'",
        ),
        ({"frequency": {"unit": "month", "step": 0, "anchor": "start"}}, "frequency, field 'step'"),
        ({"frequency": {"unit": "year", "step": 1, "anchor": ""}}, "frequency, field 'unit'"),
        ({"frequency": {"unit": "month", "step": 1, "anchor": "x"}}, "frequency, field 'anchor'"),
        ({"further": 1}, "does not have the fields"),
    ],
)
def test_a_damaged_tip_is_refused(change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ForecastOrigin.from_document(panel().origin.to_document() | change)
