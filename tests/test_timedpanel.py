import pandas as pd
import pytest

from statewise.datasets import shampoo
from statewise.frames import read_frame
from statewise.timedpanel import TimedPanel


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
