import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.frames import read_frame, write_frame
from statewise.errors import DataError, StatewiseError

MONTHS = pd.date_range("2020-01-01", periods=4, freq="MS")


WIDE = pd.DataFrame({"ds": MONTHS, "north": [1, 2, 3, 4], "south": [5, 6, 7, 8]})


def frame(**columns: Any) -> Any:
    """Two series of three and two months, with one exogenous column."""
    base = {
        "unique_id": list("bbbaa"),
        "ds": [*MONTHS[:3], *MONTHS[1:3]],
        "y": [1.0, 2.0, 4.0, 5.0, 6.0],
        "x": [0, 1, 0, 1, 0],
    }
    return pd.DataFrame(base | columns)


def test_a_long_frame_is_read() -> None:
    panel = read_frame(frame())
    assert panel.ids == ("b", "a")
    assert panel.offsets.tolist() == [0, 3, 5]
    assert panel.ds.astype("M8[M]").astype(str).tolist()[2:4] == ["2020-03", "2020-02"]
    assert panel.y.tolist() == [1.0, 2.0, 4.0, 5.0, 6.0]
    assert (panel.columns, panel.exogenous.tolist()) == (("x",), [[0], [1], [0], [1], [0]])
    assert str(panel.frequency) == "MS"


lengths = st.lists(st.integers(3, 9), min_size=1, max_size=5)
aliases = st.sampled_from(["MS", "ME", "QS", "D", "B", "W", "h", "15min"])


@given(lengths, aliases, st.randoms(use_true_random=False))
def test_any_library_and_any_order_of_rows_make_one_panel(
    sizes: list[int], alias: str, random: Any
) -> None:
    parts = [
        pd.DataFrame(
            {"unique_id": f"s{i}", "ds": pd.date_range("2021-03-01", periods=n, freq=alias)}
        )
        for i, n in enumerate(sizes)
    ]
    table = pd.concat(parts, ignore_index=True)
    table["y"], table["x"] = np.arange(len(table)) ** 2.0, np.arange(len(table))
    panel = read_frame(table, freq=alias)
    assert panel.lengths.tolist() == sizes
    assert read_frame(pl.from_pandas(table), freq=alias) == panel
    assert read_frame(pa.Table.from_pandas(table), freq=alias) == panel
    rows = list(range(len(table)))
    random.shuffle(rows)
    mixed = read_frame(table.iloc[rows], freq=alias)
    assert sorted(mixed.ids) == sorted(panel.ids)
    assert sorted(zip(mixed.ds.tolist(), mixed.y, strict=True)) == sorted(
        zip(panel.ds.tolist(), panel.y, strict=True)
    )
    assert (np.diff(mixed.ds)[np.diff(np.repeat(np.arange(len(sizes)), mixed.lengths)) == 0]
            > np.timedelta64(0)).all()  # fmt: skip


@pytest.mark.parametrize(
    "native",
    [
        frame(),
        frame(unique_id=[7, 7, 7, 3, 3]),
        frame(unique_id=pd.Categorical(list("bbbaa"), ["c", "b", "a"])),
        frame(ds=["2020-01", "2020-02", "2020-03", "2020-02", "2020-03"]),
        frame(ds=[1, 2, 3, 8, 9]),
        frame().drop(columns="unique_id").iloc[:3],
        pl.from_pandas(frame()),
        pl.from_pandas(frame()).with_columns(pl.col("ds").cast(pl.Date)),
        pl.from_pandas(frame()).with_columns(pl.col("unique_id").cast(pl.Categorical)),
        pl.from_pandas(frame()).with_columns(pl.col("unique_id").cast(pl.Enum(["b", "a", "z"]))),
        pa.Table.from_pandas(frame()),
        frame().convert_dtypes(),
        frame().convert_dtypes(dtype_backend="pyarrow"),
    ],
)
def test_a_frame_goes_out_as_it_came_in(native: Any) -> None:
    panel = read_frame(native)
    series = np.repeat(np.arange(len(panel)), panel.lengths)
    out = write_frame({"y": panel.y}, panel.kind, series=series, ds=panel.ds)
    assert type(out) is type(native)
    if isinstance(native, pd.DataFrame):
        expected = native.drop(columns="x")
        pd.testing.assert_frame_equal(out.drop(columns="y"), expected.drop(columns="y"))
    else:
        kept = [name for name in native.schema.names if name != "x"] if isinstance(
            native, pa.Table) else [name for name in native.columns if name != "x"]  # fmt: skip
        assert out.equals(native.select(kept))
    assert read_frame(out).ids == panel.ids
    assert len(write_frame({"m": [1.0]}, panel.kind, series=[0], ds=panel.after(1)[0])) == 1


@pytest.mark.parametrize("index", [MONTHS, MONTHS.to_period("M"), MONTHS.rename("month")])
def test_a_pandas_series_has_its_times_as_its_index(index: Any) -> None:
    panel = read_frame(pd.Series([1, 2, 3, 4], index=index, name="sales"))
    assert (panel.ids, panel.y.tolist()) == (("sales",), [1.0, 2.0, 3.0, 4.0])
    out = write_frame({"m": [5.0, 6.0]}, panel.kind, series=[0, 0], ds=panel.after(2)[0])
    assert type(out.index) is type(index)
    assert out.index.name == (index.name or "ds")
    assert str(out.index[0])[:7] == "2020-05"
    assert read_frame(pd.Series([1, 2, 3, 4], index=index)).ids == ("y",)


def test_rows_at_the_ends_without_a_value_are_left_out_and_noted() -> None:
    ends = frame(y=[None, 2.0, None, 5.0, 6.0])
    linear, forward = (read_frame(ends, fill=fill) for fill in ("linear", "forward"))
    assert (linear.y.tolist(), linear.lengths.tolist()) == ([2.0, 5.0, 6.0], [1, 2])
    assert linear.notes == (
        "2 rows without y at the ends of series were left out, 2020-01-01 first",
    )
    assert forward.y.tolist() == [2.0, 2.0, 5.0, 6.0]
    assert forward.notes[0].startswith("one row without y at the end")


def test_holidays_of_business_days_are_filled_and_noted() -> None:
    days = pd.bdate_range("2024-12-02", periods=30)
    holidays = days.isin(pd.to_datetime(["2024-12-25", "2025-01-01"]))
    trade = pd.DataFrame({"ds": days[~holidays], "y": np.arange(30.0)[~holidays]})
    panel = read_frame(trade)
    assert str(panel.checked_frequency()) == "B"
    assert panel.y.tolist() == pd.Series(np.arange(30.0)).where(~holidays).ffill().tolist()
    assert panel.notes == ("2 business days have no row and were filled in as holidays: forward",)
    assert read_frame(trade, fill="linear").y.tolist() == list(range(30))
    assert "holidays: linear" in read_frame(trade, fill="linear").notes[0]
    with pytest.raises(DataError, match="is missing: the times are business days"):
        read_frame(trade[trade.index % 5 > 0]).checked_frequency()


@pytest.mark.parametrize(
    "native",
    [[1, 2, 4], (1, 2, 4), np.array([1, 2, 4]), pd.Series([1, 2, 4]), pl.Series([1, 2, 4])],
)
def test_values_alone_are_counted_from_one(native: Any) -> None:
    panel = read_frame(native)
    assert (panel.ids, panel.ds.tolist(), panel.y.tolist()) == (("y",), [1, 2, 3], [1.0, 2.0, 4.0])
    out = write_frame({"m": [5.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
    assert isinstance(out, pl.DataFrame if isinstance(native, pl.Series) else pd.DataFrame)
    assert read_frame(pd.Series([1, 2, 4], name="sales")).ids == ("sales",)


@pytest.mark.parametrize("index", [[1960, 1961, 1962], ["2020-01", "2020-02", "2020-03"]])
def test_any_index_of_a_series_that_does_not_count_is_its_times(index: Any) -> None:
    series = pd.Series([1.0, 2.0, 4.0], index=index)
    panel = read_frame(series)
    out = write_frame({"m": panel.y}, panel.kind, series=[0, 0, 0], ds=panel.ds)
    assert out.index.tolist() == index


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_dates_as_whole_numbers_go_out_as_such(library: Any) -> None:
    panel = read_frame(library({"ds": [202011, 202012, 202101], "y": [1, 2, 4]}))
    assert str(panel.checked_frequency()) == "MS"
    out = write_frame({"m": [5.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
    assert read_frame(out).kind.time.kind == "integer"
    assert out["ds"][0] in (202102, pa.scalar(202102))


def test_times_in_two_columns_are_joined() -> None:
    table = pd.DataFrame({"year": [2020, 2020, 2021], "month": [11, 12, 1], "sales": [1, 2, 4]})
    panel = read_frame(table)
    assert (panel.ids, str(panel.frequency), panel.columns) == (("sales",), "MS", ())
    assert read_frame(table, time_column="year, month") == panel
    out = write_frame({"m": [5.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
    assert out.to_dict("list") == {"ds": ["2021-02"], "m": [5.0]}


def test_columns_may_have_other_names_and_further_ones_be_chosen() -> None:
    other = frame().rename(columns={"unique_id": "shop", "ds": "when", "y": "sales"})
    other["note"] = "text"
    names: Any = {"id_column": "shop", "time_column": "when", "target_column": "sales"}
    panel = read_frame(other, **names, exogenous=["x"])
    assert panel == read_frame(frame())
    out = write_frame({"m": [1]}, panel.kind, series=[1], ds=panel.after(1)[1])
    assert list(out.columns) == ["shop", "when", "m"]
    assert read_frame(other, **names, exogenous=False).columns == ()
    with pytest.raises(DataError, match=r"'note'.* is not a number, in row 1. .*exogenous=\[...\]"):
        read_frame(other, **names)


@pytest.mark.parametrize("y", [
    [1, 2, 4, 5, 6], [decimal.Decimal(v) for v in (1, 2, 4, 5, 6)],
    pd.array([1, 2, 4, 5, 6], "Int64"), pd.Series([1, 2.0, 4, 5, np.int64(6)], dtype=object),
])  # fmt: skip
def test_numbers_of_every_type_are_numbers(y: Any) -> None:
    assert read_frame(frame(y=y)) == read_frame(frame())
    assert read_frame(frame(x=[False, True, False, True, False])) == read_frame(frame())


def test_gaps_are_filled_in_rows_and_values() -> None:
    gappy = frame().drop(index=1)
    filled: list[tuple[Any, float]] = [("forward", 1), ("linear", 2.5), ("zero", 0), (9, 9)]
    for fill, expected in filled:
        panel = read_frame(gappy, freq="MS", fill=fill)
        assert panel.y.tolist() == [1.0, expected, 4.0, 5.0, 6.0]
        assert np.array_equal(panel.ds, read_frame(frame()).ds)
        missing = frame(y=[1.0, None, 4.0, 5.0, 6.0])
        assert read_frame(missing, fill=fill, exogenous=False).y.tolist() == panel.y.tolist()
        assert read_frame(pl.from_pandas(missing), fill=fill) == read_frame(missing, fill=fill)


@pytest.mark.parametrize(
    ("native", "options", "message"),
    [
        (frame().drop(index=1), {"freq": "MS"},
         "series 'b' = '2020-02-01': is missing: the times are months. .*fill='forward'"),
        (frame(ds=[*MONTHS[:2], MONTHS[1], *MONTHS[:2]]), {}, "'2020-02-01': appears twice"),
        (frame(y=[1, 2, None, 5, 6]), {}, "'b', column 'y' = '2020-03-01': is missing. Fill"),
        (frame(x=[1, 2, None, 5, 6]), {}, "column 'x' = '2020-03-01': is missing"),
        (frame(y=[None] * 5), {"fill": "forward"}, "'2020-01-01': .*nothing before it"),
        (frame(y=[None] * 5), {"fill": "linear"}, "nothing on one side of it"),
        (frame(x=[None, 2, 3, 5, 6]), {"fill": "forward"}, "'x' = '2020-01-01': .*nothing before"),
        (frame(x=[None] * 5), {"fill": "linear"}, "'x' = '2020-01-01': .*nothing on one side"),
        (frame(y=[1, 2, np.inf, 5, 6]), {"fill": 0}, "= inf: is not a finite number, at 2020-03"),
        (frame(y=[1, 2, -1e40, 5, 6]), {}, "is too large to compute with"),
        (frame(y=list("1234a")), {}, "y = 'a': is not a number, in row 5"),
        (frame(y=pd.Series([1, "2", 3, 4, 5], dtype=object)), {}, "does not hold numbers"),
        (frame(y=MONTHS[[0, 1, 2, 3, 3]]), {}, "does not hold numbers"),
        (frame().iloc[:0], {}, "has no rows"),
        (frame().drop(columns="y"), {"target_column": "y"},
         "'y': is not a column. The columns are unique_id, ds, x"),
        (frame().drop(columns="ds"), {"time_column": "ds"}, "time_column = 'ds': is not a column"),
        (WIDE, {}, r"must be chosen. .*frame.melt\('ds', var_name='unique_id', value_name='y'"),
        (WIDE, {"target_column": "y"}, r"is not a column. .*take frame.melt\('ds'"),
        (pl.from_pandas(WIDE), {}, r"take frame.unpivot\(index='ds', variable_name='unique_id'"),
        (frame(), {"id_column": "shop"}, "id_column = 'shop': is not a column"),
        (frame(), {"exogenous": ["z"]}, "exogenous = 'z': is not a column"),
        (frame(), {"exogenous": ["x", "x"]}, "names a column twice"),
        (frame(), {"exogenous": ["y"]}, "names a column twice"),
        (pd.concat([frame(), frame()[["x"]]], axis=1), {}, "two columns of one name"),
        (frame(unique_id=["a", "a", "a", None, "b"]), {}, "unique_id = None: is missing in row 4"),
        (frame(unique_id=pd.Series([1, 1, 1, "1", "1"], dtype=object)), {}, "has names alike"),
        (frame(unique_id=["a\n", "a\n", "a\n", "a\\n", "a\\n"]), {}, "has names alike"),
        (frame().iloc[[0, 1]], {}, "fewer than three observations"),
        (frame(), {"freq": "us", "fill": 0}, "would fill 5 rows up to"),
        (pl.from_pandas(frame()).lazy(), {}, "'LazyFrame': is not a frame. .*collect"),
        ({"y": [1, 2]}, {}, "'dict': is not a frame. .*or a list of values"),
        (["a"], {}, "'list': is not one row of numbers"),
        (frame(), {"fill": "back"}, "fill = .back.: is not a known name"),
        (frame(), {"freq": "xx"}, "is not a known frequency"),
    ],
)  # fmt: skip
def test_frames_that_will_not_do_are_named(native: Any, options: Any, message: str) -> None:
    with pytest.raises(StatewiseError, match=message):
        read_frame(native, **options).checked_frequency()


@pytest.mark.parametrize("fill", ["forward", "linear"])
def test_a_series_without_a_value_is_left_out(fill: Any) -> None:
    panel = read_frame(frame(y=[1, 2, 3, None, None]), fill=fill)
    assert panel.ids == ("b",)
    assert panel.y.tolist() == [1, 2, 3]
    assert panel.notes == ("a has no value, and was left out",)


def test_a_further_column_is_the_nearest_value_at_the_ends() -> None:
    panel = read_frame(frame(x=[None, 2, 4, None, None]), fill="linear")
    assert panel.exogenous[:, 0].tolist() == [2, 2, 4, 3, 3]  # none of a: the mean of the others
    assert panel.notes == ("3 values of x at the ends of series are the nearest known ones",)


BERLIN = "Europe/Berlin"


def test_a_column_cannot_have_the_name_of_the_time() -> None:
    panel = read_frame(frame())
    with pytest.raises(DataError, match="is the name of the id or the time"):
        write_frame({"ds": [1.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
