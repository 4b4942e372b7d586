import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.frequency import Frequency
from statewise.data.infer import infer
from statewise.data.time_columns import read_column
from statewise.errors import DataError

EARLIEST, LATEST = dt.datetime(1000, 1, 1), dt.datetime(9000, 1, 1)  # noqa: DTZ001
DATES = pd.date_range("2020-01-01", periods=6, freq="MS")


def column(native: Any) -> "nw.Series[Any]":
    found: nw.Series[Any] = nw.from_native(native, series_only=True)
    return found.alias("ds")


@pytest.mark.parametrize(
    "native",
    [
        pd.Series(DATES),
        pd.Series(DATES.as_unit("ns")),
        pd.Series(DATES.tz_localize("Europe/Berlin")),
        pd.Series(DATES.tz_localize("+01:00")),
        pd.Series(pd.date_range("2020-10-24 12:00", periods=40, freq="h", tz="Europe/Berlin")),
        pd.Series(pd.date_range("2020-10-20", periods=9, freq="D", tz="America/Santiago")),
        pd.Series(DATES.to_period("M")),
        pd.Series(pd.period_range("2020", periods=6, freq="Q")),
        pd.Series(list(DATES.date), dtype=object),
        pd.Series(list(DATES), dtype=object).astype("datetime64[us]"),
        pd.Series(np.arange(5, dtype=np.int32)),
        pd.Series([1, 2, 3], dtype="Int64"),
        pd.Series(["1960-01", "1960-02", "1960-03"]),
        pd.Series(["1960-01", "1960-02", "1960-03"], dtype=object),
        pl.Series(list(DATES.date)),
        pl.Series(list(DATES)).cast(pl.Datetime("ms")),
        pl.Series(list(DATES)).dt.replace_time_zone("Europe/Berlin"),
        pl.Series([3, 4, 5], dtype=pl.UInt16),
        pl.Series(["2020-01-31", "2020-02-29", "2020-03-31"]),
        pa.chunked_array([pa.array(list(DATES.date))]),
        pa.chunked_array([pa.array(["2020-01", "2020-02", "2020-03"])]),
    ],
)
def test_a_column_of_every_type_goes_on_in_its_type(native: Any) -> None:
    whole = column(native)
    first = len(whole) - 1
    read = read_column(whole[:first] if first >= 3 else whole)
    times, kind = read.ds, read.column
    if first >= 3:
        times = np.concatenate([times, infer(times).after(times[-1], 1)])
    again = kind.write(times, whole.implementation)
    assert again.dtype == (nw.String if whole.dtype == nw.String else whole.dtype)
    assert [str(t) for t in again.to_list()] == [str(t) for t in whole.to_list()]


@pytest.mark.parametrize(
    ("texts", "follows"),
    [
        (["1-01", "1-02", "1-03"], "1-04"),
        (["1960/1", "1960/2", "1960/3"], "1960/4"),
        (["2020-01-29", "2020-01-30", "2020-01-31"], "2020-02-01"),
        (["2020-01-31 22:00", "2020-01-31 23:00", "2020-02-01 00:00"], "2020-02-01 01:00"),
        (["2020-01-31T23:58:00Z", "2020-01-31T23:59:00Z", "2020-02-01T00:00:00Z"],
         "2020-02-01T00:01:00Z"),
        (["2020-01-31T23:00+01:00", "2020-02-01T00:00+01:00", "2020-02-01T01:00+01:00"],
         "2020-02-01T02:00+01:00"),
        (["29/01/2020", "30/01/2020", "31/01/2020"], "01/02/2020"),
        (["29.1.2020", "30.1.2020", "31.1.2020"], "1.2.2020"),
        (["Jan-20", "Feb-20", "Mar-20"], "Apr-20"),
        (["January 2020", "February 2020", "March 2020"], "April 2020"),
        (["1960", "1961", "1962"], "1963"),
        (["007", "008", "009"], "010"),
        (["1.0", "2.0", "3.0"], "4.0"),
        (["2020-W01", "2020-W02", "2020-W03"], "2020-01-20"),  # no form of ours: by ISO 8601
    ],
)  # fmt: skip
def test_text_goes_on_as_it_was_written(texts: list[str], follows: str) -> None:
    read = read_column(column(pl.Series(texts)))
    times, kind = read.ds, read.column
    after = kind.write(infer(times).after(times[-1], 1), nw.Implementation.POLARS)
    assert after.to_list() == [follows]


@given(st.sampled_from(["MS", "ME", "D", "h", "15min", "s"]), st.datetimes(EARLIEST, LATEST))
def test_iso_dates_are_given_back_as_they_are(alias: str, start: dt.datetime) -> None:
    start = start.replace(microsecond=0)
    frequency = Frequency.parse(alias)
    if frequency.unit == "month":
        start = start.replace(day=1)
        start -= dt.timedelta(days=1) if alias == "ME" else dt.timedelta(0)
    grid = frequency.grid(np.array([start], "M8[us]"), np.array([5]))
    texts = [t.isoformat(" ") for t in grid.tolist()]
    read = read_column(column(pl.Series(texts)))
    times, kind = read.ds, read.column
    assert np.array_equal(times, grid)
    assert kind.write(times, nw.Implementation.POLARS).to_list() == texts


def test_hours_of_a_zone_are_those_of_utc_and_days_those_of_its_clock() -> None:
    zone = ZoneInfo("Europe/Berlin")
    hours = pd.date_range("2020-10-24 22:00", periods=12, freq="h", tz=zone)
    read = read_column(column(pd.Series(hours)))
    times, kind = read.ds, read.column
    assert str(infer(times)) == "h"
    assert kind.clock(times).tolist() == [h.replace(tzinfo=None) for h in hours.to_pydatetime()]
    read = read_column(column(pd.Series(pd.date_range("2020-10-23", periods=5, tz=zone))))
    days, kind = read.ds, read.column
    assert str(infer(days)) == "D"
    assert np.array_equal(kind.clock(days), days)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (pl.Series([1, None]), "ds = None: is missing in row 2"),
        (pd.Series([pd.Timestamp(2020, 1, 1), None]), "is missing in row 2"),
        (pd.Series([dt.date(2020, 1, 1), None], dtype=object), "is missing in row 2"),
        (pl.Series([1.0, 2.0]), "'Float64': is not a type of times"),
        (pl.Series(["week b", "week a"]), "cannot be read as times. Write them as 2020-01-31"),
        (pl.Series(["01/02/2020", "02/02/2020"]), "can be read day first or month first"),
        (pl.Series(["2020-01-01T00:00Z", "2020-01-01T00:00+01:00"]), "are several time zones"),
        (pl.Series(["0000-01", "0000-02"]), "cannot be read"),
        (pd.Series([dt.date(2020, 1, 1), 5], dtype=object), "are not times"),
        (pd.Series([EARLIEST, EARLIEST.replace(tzinfo=dt.UTC)], dtype=object),
         "cannot be read as dates"),
    ],
)  # fmt: skip
def test_columns_that_are_no_times_are_named(native: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_column(column(native))
