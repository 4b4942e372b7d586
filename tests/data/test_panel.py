from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.data.datasets import shampoo
from statewise.data.frames import read_frame
from statewise.data.panel import Panel
from statewise.errors import DataError


def panel(**further: list[float]) -> Panel:
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
    study = panel()
    assert [(s.unique_id, s.ds, s.y.tolist()) for s in study.series] == [
        ("b", ("2020-01", "2020-02", "2020-03"), [1.0, 2.0, 3.0]),
        ("a", ("2019-05", "2019-06"), [4.0, 5.0]),
    ]
    shipped = shampoo().only
    frame = pd.DataFrame({"ds": shipped.ds, "Sales": shipped.y})
    assert read_frame(frame, target_column="Sales") == shampoo()


def test_dates_become_text_without_an_idle_clock() -> None:
    ds = pd.date_range("2020-01-01", periods=3, freq="12h")
    found = read_frame(pd.DataFrame({"ds": ds, "y": [1, 2, 3]}))
    assert found.only.ds == ("2020-01-01", "2020-01-01 12:00:00", "2020-01-02")


def test_the_shipped_series() -> None:
    series = shampoo().only
    assert len(series) == 36
    assert series.unique_id == "Sales"
    assert (series.ds[0], series.y[0], series.y[-1]) == ("1-01", 266.0, 646.9)
    with pytest.raises(ValueError, match="read-only"):
        series.y[0] = 1.0


@pytest.mark.parametrize(
    "times",
    [
        ["31/01/2020", "28/02/2020"],  # day first
        ["01/31/2020", "02/28/2020"],  # month first
        ["01/02/2020", "01/03/2020"],  # either
        ["Jan-20", "Feb-20"],
        ["2020-01-01T00:00:00+00:00", "2020-01-01 01:00:00"],
        ["week b", "week a"],  # an order that cannot be known is not complained about
    ],
)
def test_times_in_many_forms_are_accepted(times: list[str]) -> None:
    assert Panel.from_values([1.0, 2.0], ds=times).only.ds == tuple(times)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": []}, "y = "),
        ({"y": [[1.0]]}, "y = "),
        ({"y": [1.0, float("nan")]}, "series-1 = nan: .*at 2"),
        ({"y": [1.0, 2.0], "ds": [1]}, "ds = 1: does not match 2 values"),
        ({"y": [1.0, 2.0], "ds": [2, 1]}, "stands after"),
    ],
)
def test_bad_values_are_named(arguments: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Panel.from_values(**arguments)


def test_a_panel_of_values() -> None:
    panel = Panel.from_values([1.0, 2.0])
    assert panel == Panel.from_values([1.0, 2.0])
    assert panel != Panel.from_values([1.0, 3.0])
    assert panel.only != "series"
    assert hash(panel) == hash(Panel.from_values(np.array([1.0, 2.0])))
    with pytest.raises(DataError, match="more than one series"):
        _ = Panel.of([panel.only, Panel.from_values([1.0], unique_id="b").only]).only
    with pytest.raises(DataError, match="series of one name, or none"):
        Panel.of([panel.only, panel.only])
    with pytest.raises(DataError, match="series of one name, or none"):
        Panel.of([])


def test_a_study_needs_the_order_alone_and_a_forecaster_even_times() -> None:
    for ds, problem in (
        (["2020-01", "2020-02", "2020-04"], "series 'sales' = '2020-03': is missing"),
        (["week b", "week a", "week c"], "cannot be read as times"),
        (["01/02/2020", "01/03/2020", "01/04/2020"], "day first or month first"),
        ([1, 2], "fewer than three"),
    ):
        found = Panel.from_values(range(len(ds)), unique_id="sales", ds=ds)
        assert found.only.ds == tuple(map(str, ds))
        assert found.frequency is None
        for ask in (found.checked_frequency, lambda found=found: found.origin):
            with pytest.raises(DataError, match=problem):
                ask()


def test_times_that_cannot_be_read_are_compared_as_text() -> None:
    named = Panel.from_values([1.0, 2.0], ds=["week a", "week b"])
    assert named == Panel.from_values([1.0, 2.0], ds=["week a", "week b"])
    assert named != Panel.from_values([1.0, 2.0], ds=["week a", "week c"])
    assert hash(named) != hash(Panel.from_values([1.0, 2.0]))


def test_times_are_shown_as_they_were_written() -> None:
    weeks = Panel.from_values([1.0, 2.0, 3.0], ds=["2020-W01", "2020-W02", "2020-W03"])
    assert weeks.only.ds == ("2020-W01", "2020-W02", "2020-W03")
    assert str(weeks.frequency) == "W"


CUTS: list[Callable[[Panel], Panel]] = [
    lambda found: found.until(np.array([2, 1])),
    lambda found: found.take(np.array([1])),
]


@pytest.mark.parametrize("cut", CUTS)
def test_a_part_of_a_panel_keeps_its_frequency(cut: Callable[[Panel], Panel]) -> None:
    whole, part = panel(x=[1, 2, 3, 4, 5]), cut(panel(x=[1, 2, 3, 4, 5]))
    assert str(part.checked_frequency()) == "MS"
    for series in part.series:
        known = next(s for s in whole.series if s.unique_id == series.unique_id)
        assert (series.ds, series.y.tolist()) == (
            known.ds[: len(series)],
            known.y[: len(series)].tolist(),
        )
    assert len(part.exogenous) == len(part.y)
