"""From a frame to a panel whose columns are known ahead first, and known up to now after them."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from statewise.data.frames import read_frame
from statewise.errors import SettingError
from statewise.forecasting import Data
from statewise.forecasting.reading import read
from tests.forecasting.frames import long, whole


def frame() -> pd.DataFrame:
    return long(price=True).assign(
        rain=lambda f: np.arange(len(f)) % 3, open=lambda f: f.index % 2 == 0, shop="north"
    )


@pytest.mark.parametrize(
    ("data", "columns", "past"),
    [
        (Data(), ("price", "rain", "open"), 3),
        (Data(past=False), (), 0),
        (Data(known=True), ("price", "rain", "open"), 0),
        (Data(known=["rain"]), ("rain", "price", "open"), 2),
        (Data(known=["open"], past=["price"]), ("open", "price"), 1),
        (Data(known=True, past=["price"]), ("rain", "open", "price"), 1),
        (Data(known=["open"], past=False), ("open",), 0),
    ],
)
@pytest.mark.parametrize("library", ["pandas", "polars", "panel"])
def test_columns_are_known_ahead_first(data: Data, columns: Any, past: int, library: str) -> None:
    whole_frame: Any = frame()
    if library == "polars":
        whole_frame = pl.from_pandas(whole_frame)
    if library == "panel":
        whole_frame = read_frame(whole_frame, exogenous=("price", "rain", "open"))
    panel, count = read(data, whole_frame)
    assert (panel.columns, count) == (columns, past)
    np.testing.assert_array_equal(panel.exogenous, frame()[list(columns)].to_numpy(float))


def test_the_target_the_times_and_the_names_are_no_columns() -> None:
    other = frame().rename(columns={"unique_id": "who", "ds": "when", "y": "sold"})
    panel, past = read(Data("who", "when", "sold"), other)
    assert panel.columns == ("price", "rain", "open")
    assert past == 3
    one = frame()[:40].drop(columns=["unique_id"]).set_index("ds")
    assert read(Data(), one)[0].columns == ("price", "rain", "open")


def test_one_column_is_not_of_both_kinds() -> None:
    with pytest.raises(SettingError, match=r"past = .*price.* are both known ahead and not"):
        read(Data(known=["price"], past=["price", "rain"]), frame())


def test_gaps_are_filled_and_noted() -> None:
    holes = long().drop(index=[5, 50])
    holes.loc[7, "y"] = np.nan
    panel, _ = read(Data(), holes)
    assert np.isfinite(panel.y).all()
    assert len(panel.y) == len(long())
    assert whole().fit(holes).notes_
    zero, _ = read(Data(fill="zero"), holes)
    assert (zero.y[[5, 7, 50]] == 0).all()


def test_static_columns_of_text_are_noughts_and_ones() -> None:
    data = Data(known=True, static=["shop"])
    given = frame().assign(shop=lambda f: f["unique_id"].map({"a": "n", "b": "s", "c": "n"}))
    panel, past = read(data, given)
    assert past == 0
    assert set(panel.columns) == {"price", "rain", "open", "shop=n", "shop=s"}
    south = panel.exogenous[:, panel.columns.index("shop=s")]
    np.testing.assert_array_equal(south, (given["unique_id"] == "b").astype(float))
    known = read(data, given[:40], panel.columns)[0]
    assert set(known.columns) == set(panel.columns)
