from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.append import NewRows, read_future, read_new_rows
from statewise.data.frames import read_frame, write_frame
from statewise.data.origin import ForecastOrigin
from statewise.errors import DataError

MONTHS = pd.date_range("2020-01-01", periods=9, freq="MS")
BERLIN = "Europe/Berlin"


def past(**columns: Any) -> Any:
    """Series b stands at March, series a at May."""
    base = {"unique_id": list("bbbaa"), "ds": [*MONTHS[:3], *MONTHS[3:5]], "y": 1.0, "x": 0}
    return pd.DataFrame(base | columns)


def later(**columns: Any) -> Any:
    """April of b; June and July of a, the later first."""
    base = {"unique_id": list("aba"), "ds": MONTHS[[6, 3, 5]], "y": [3.0, 1, 2], "x": [30, 10, 20]}
    return pd.DataFrame(base | columns)


ORIGIN = read_frame(past()).origin


def as_lists(found: NewRows) -> list[Any]:
    months = found.ds.astype("M8[M]").astype(str).tolist()
    arrays = found.series, found.offsets, found.y, found.exogenous
    return [months, *(array.tolist() for array in arrays)]


@pytest.mark.parametrize(
    "native",
    [
        later(),
        later(further=["of", "no", "use"]),
        pl.from_pandas(later()),
        pa.Table.from_pandas(later()),
        later().convert_dtypes(dtype_backend="pyarrow"),
        later(unique_id=pd.Categorical(list("aba"))),
        later(ds=["2020-07-01", "2020-04-01", "2020-06-01"]),
        later().set_index("ds"),
    ],
)
def test_rows_of_any_library_follow_by_series_and_time(native: Any) -> None:
    found = read_new_rows(native, ORIGIN)
    assert as_lists(found) == [
        ["2020-04", "2020-06", "2020-07"], [0, 1], [0, 1, 3], [1.0, 2.0, 3.0], [[10], [20], [30]],
    ]  # fmt: skip
    moved = ORIGIN.moved(found.series, found.last)
    assert moved.last.astype("M8[M]").astype(str).tolist() == ["2020-04", "2020-07"]


@pytest.mark.parametrize(
    "ds",
    [
        ["1-01", "1-02", "1-03", "1-04", "1-05"],
        ["02/03/2020", "03/03/2020", "04/03/2020", "13/03/2020", "14/03/2020"],
        ["1", "2", "3", "11", "12"],
        ["2020-W01", "2020-W02", "2020-W03", "2020-W04", "2020-W05"],
        ["2020-01-31T23:00+01:00", "2020-02-01T00:00+01:00", "2020-02-01T01:00+01:00"],
    ],
)
def test_text_is_read_as_that_before_it_was(ds: list[str]) -> None:
    whole = pd.DataFrame({"ds": ds, "y": 1.0})
    fill: Any = {"fill": "zero"}
    every = read_frame(whole, **fill)
    known = read_frame(whole, freq=every.frequency, **fill)
    before = ForecastOrigin(known.ds[-2:-1].copy(), (), known.checked_frequency(), known.kind)
    assert read_new_rows(whole.iloc[-1:], before).ds.tolist() == known.ds[-1:].tolist()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_in_any_order_rows_give_what_the_whole_frame_has(counts: list[int], random: Any) -> None:
    parts = [
        pd.DataFrame({"unique_id": f"s{i}", "ds": pd.date_range("2021-03-01", periods=3 + n)})
        for i, n in enumerate(counts)
    ]
    table = pd.concat(parts, ignore_index=True)
    table["y"], table["x"] = np.arange(len(table)) ** 2.0, np.arange(len(table))
    new = (table.groupby("unique_id").cumcount() >= 3).to_numpy()
    origin, whole = read_frame(table[~new]).origin, read_frame(table)
    rows = np.flatnonzero(new).tolist()
    random.shuffle(rows)
    if not rows:
        with pytest.raises(DataError, match="has no rows"):
            read_new_rows(table.iloc[rows], origin)
        return
    found = read_new_rows(table.iloc[rows], origin)
    assert found.series.tolist() == [i for i, count in enumerate(counts) if count]
    assert np.diff(found.offsets).tolist() == [count for count in counts if count]
    for name in ("ds", "y", "exogenous"):
        assert np.array_equal(getattr(found, name), getattr(whole, name)[new])
    assert np.array_equal(origin.moved(found.series, found.last).last, whole.origin.last)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (later(unique_id=list("azb")), "series = 'z': is not a known series. The series are 'b', "),
        (later(unique_id=["a", None, "b"]), "is not a known series"),
        (later(ds=MONTHS[[6, 2, 5]]),
         "series 'b' = '2020-03-01': is not after 2020-03-01, the latest time that is known"),
        (later(ds=MONTHS[[4, 3, 3]]), "series 'a' = '2020-04-01': is not after 2020-05-01"),
        (later(ds=MONTHS[[5, 3, 5]]), "series 'a' = '2020-06-01': appears twice"),
        (later(ds=MONTHS[[6, 5, 5]]), "series 'b' = '2020-04-01': .* are months, and 2020-06"),
        (later(ds=MONTHS[[8, 3, 5]]), "series 'a' = '2020-07-01': is missing"),
        (later(ds=MONTHS[[6, 3, 5]] + pd.Timedelta("3D")),
         "series 'b' = '2020-04-04': is not the first day of a month. Give times that are months"),
        (later(y=[3, None, 2]), "series 'b', column 'y' = '2020-04-01': is missing. Fill it in.$"),
        (later(x=[3, 1, None]), "series 'a', column 'x' = '2020-06-01': is missing"),
        (later(y=[3, 1, np.inf]), "= inf: is not a finite number, at 2020-06"),
        (later(x=[1e40, 1, 1]), "is too large to compute with, at 2020-07"),
        (later(y=list("12a")), "column 'y' = 'a': is not a number, in row 3"),
        (later(ds=[1, 2, 3]), "are times of another sort"),
        (later(ds=["2020-07-01", "soon", "2020-06-01"]), "cannot be read as times"),
        (later().drop(columns="x"), "column = 'x': is not a column"),
        (later().drop(columns="y"), "column = 'y': is not a column"),
        (later().drop(columns="unique_id"), "id_column = 'unique_id': is not a column"),
        (later().iloc[:0], "has no rows"),
        ({"ds": [1]}, "'dict': is not a frame"),
    ],
)  # fmt: skip
def test_rows_that_do_not_follow_are_named(native: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_new_rows(native, ORIGIN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2020-05", "series 'y' = '2020-04': is missing"),
        ("2020-02", "is not after 2020-03,"),
        ("May 2020", "series 'y' = '2020-04': is missing"),
        ("soon", "ds = 'soon': cannot be read as a time"),
        ("2020-04-01T00:00Z", "cannot be read as a time"),
        (None, "is missing in row 1"),
    ],
)
def test_text_that_does_not_follow_is_named(text: str | None, message: str) -> None:
    origin = read_frame(pd.DataFrame({"ds": ["2020-01", "2020-02", "2020-03"], "y": 1.0})).origin
    with pytest.raises(DataError, match=message):
        read_new_rows(pd.DataFrame({"ds": pd.Series([text], dtype="str"), "y": 1.0}), origin)


def test_one_series_needs_no_name() -> None:
    unnamed = past().drop(columns="unique_id").iloc[:3]
    row = {"ds": MONTHS[3:4], "y": 5.0, "x": 1}
    origin = read_frame(unnamed).origin
    for names in ({}, {"unique_id": "y"}):
        assert read_new_rows(pd.DataFrame(row | names), origin).y.tolist() == [5.0]
    with pytest.raises(DataError, match=r"'a': is not a known series\. The series are 'y'"):
        read_new_rows(pd.DataFrame(row | {"unique_id": "a"}), origin)
    assert read_new_rows(pd.DataFrame(row), read_frame(past().iloc[:3]).origin).series.tolist() == [
        0
    ]


def test_a_pandas_series_goes_on() -> None:
    origin = read_frame(pd.Series([1, 2, 3], index=MONTHS[:3], name="sales")).origin
    assert read_new_rows(pd.Series([4.0], index=MONTHS[3:4]), origin).y.tolist() == [4.0]


@pytest.mark.parametrize(
    "times",
    [
        MONTHS,
        MONTHS.tz_localize(BERLIN),
        MONTHS.to_period("M"),
        pd.date_range("2020-10-24 23:00", periods=4, freq="h", tz=BERLIN),
        pd.date_range("2020-10-24", periods=4, freq="D", tz=BERLIN),
        pd.Index(["13/01/2020", "14/01/2020", "15/01/2020"]),
        pd.Index([1, 2, 3]),
    ],
)
@pytest.mark.parametrize("horizon", [1, 2])
def test_what_is_known_of_the_future_is_read_by_series_and_time(times: Any, horizon: int) -> None:
    past = pd.DataFrame({"unique_id": ["a"] * 3 + ["b"] * 2, "y": 1.0, "x": 0, "z": 0})
    past["ds"] = [*times[:3], *times[1:3]]
    panel = read_frame(past)
    series = np.repeat([1, 0], horizon)
    ds = panel.after(horizon)[[1, 0]].ravel()
    values = {"z": np.arange(len(ds)), "x": -np.arange(len(ds))}
    future = write_frame(values, panel.kind, series=series, ds=ds)
    found = read_future(future.iloc[::-1], panel.origin, horizon)
    assert found.shape == (2, horizon, 2)
    assert found[1, :, 1].tolist() == list(range(horizon))
    assert found[0, :, 0].tolist() == [-v for v in range(horizon, 2 * horizon)]
    others = past.assign(unique_id="c")
    assert np.array_equal(
        found, read_future(pd.concat([past, future, others]), panel.origin, horizon)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.iloc[1:], "series 'b' = '2020-04-01': is missing from the frame"),
        (lambda f: pd.concat([f, f]), "series 'b' = '2020-04-01': appears twice"),
        (lambda f: f.drop(columns="x"), "column = 'x': is not a column"),
        (lambda f: f.assign(x=[None, 1]), "series 'b', column 'x' = '2020-04-01': is missing"),
        (lambda f: f.assign(x=[np.inf, 1]), "is not a finite number"),
        (lambda f: f.assign(ds=[1, 2]), "are times of another sort"),
        (lambda f: f.assign(ds=f.ds.dt.tz_localize("UTC")), "are times of another sort"),
    ],
)
def test_a_future_that_is_not_known_is_named(change: Any, message: str) -> None:
    panel = read_frame(past())
    ds = panel.after(1).ravel()
    future = write_frame({"x": [1.0, 2.0]}, panel.kind, series=[0, 1], ds=ds)
    with pytest.raises(DataError, match=message):
        read_future(change(future), panel.origin, 1)


def test_times_are_shown_as_they_were_written() -> None:
    years = [f"{year}-{month:02d}" for year in (1, 2, 3) for month in range(1, 13)]
    known = read_frame(pd.DataFrame({"ds": years, "y": np.arange(36.0)}))
    for later, message in (
        (["4-02"], r"'4-01': is missing: the times are months, and 4-02 was given"),
        (["3-12"], r"'3-12': is not after 3-12, the latest"),
        (["4-01", "4-01"], r"'4-01': appears twice"),
    ):
        rows = pd.DataFrame({"ds": later, "y": np.ones(len(later))})
        with pytest.raises(DataError, match=message):
            read_new_rows(rows, known.origin)
    gap = pd.DataFrame({"ds": [*years[:5], *years[6:]], "y": np.arange(35.0)})
    with pytest.raises(DataError, match=r"'1-06': is missing: the times are months"):
        read_frame(gap).checked_frequency()
