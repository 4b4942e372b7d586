import datetime as dt
import decimal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.frames import (
    read_file,
    read_frame,
    read_further,
    read_future,
    read_new_rows,
    write_file,
    write_frame,
)
from statewise.errors import DataError, ExtraError, OutputError, StatewiseError
from tests.csvs import contents, fuzz

MONTHS = pd.date_range("2020-01-01", periods=4, freq="MS")


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


def test_columns_may_have_other_names_and_further_ones_be_chosen() -> None:
    other = frame().rename(columns={"unique_id": "shop", "ds": "when", "y": "sales"})
    other["note"] = "text"
    names: Any = {"id_column": "shop", "time_column": "when", "target_column": "sales"}
    panel = read_frame(other, **names, exogenous=["x"])
    assert panel == read_frame(frame())
    out = write_frame({"m": [1]}, panel.kind, series=[1], ds=panel.after(1)[1])
    assert list(out.columns) == ["shop", "when", "m"]
    assert read_frame(other, **names, exogenous=False).columns == ()
    with pytest.raises(DataError, match=r"'note'.* does not hold numbers. .*exogenous=\[...\]"):
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
         "series 'b' = '2020-02-01': is missing: the times are 'MS'. .*fill='forward'"),
        (frame(ds=[*MONTHS[:2], MONTHS[1], *MONTHS[:2]]), {}, "'2020-02-01': appears twice"),
        (frame(y=[1, 2, None, 5, 6]), {}, "'b', column 'y' = '2020-03-01': is missing. Fill"),
        (frame(x=[1, 2, None, 5, 6]), {}, "column 'x' = '2020-03-01': is missing"),
        (frame(y=[None, 2, 3, 5, 6]), {"fill": "forward"}, "'2020-01-01': .*nothing before it"),
        (frame(y=[1, 2, None, 5, 6]), {"fill": "linear"}, "nothing on one side of it"),
        (frame(y=[1, 2, np.inf, 5, 6]), {"fill": 0}, "= inf: is not a finite number, at 2020-03"),
        (frame(y=[1, 2, -1e40, 5, 6]), {}, "is too large to compute with"),
        (frame(y=list("12345")), {}, "y = 'String': does not hold numbers"),
        (frame(y=pd.Series([1, "2", 3, 4, 5], dtype=object)), {}, "does not hold numbers"),
        (frame(y=MONTHS[[0, 1, 2, 3, 3]]), {}, "does not hold numbers"),
        (frame().iloc[:0], {}, "has no rows"),
        (frame().drop(columns="y"), {}, "'y': is not a column. The columns are unique_id, ds, x"),
        (frame().drop(columns="ds"), {}, "time_column = 'ds': is not a column"),
        (frame(), {"id_column": "shop"}, "id_column = 'shop': is not a column"),
        (frame(), {"exogenous": ["z"]}, "exogenous = 'z': is not a column"),
        (frame(), {"exogenous": ["x", "x"]}, "names a column twice"),
        (frame(), {"exogenous": ["y"]}, "names a column twice"),
        (pd.concat([frame(), frame()[["x"]]], axis=1), {}, "two columns of one name"),
        (frame(unique_id=["a", "a", "a", None, "b"]), {}, "unique_id = None: is missing in row 4"),
        (frame(unique_id=pd.Series([1, 1, 1, "1", "1"], dtype=object)), {}, "has names alike"),
        (frame().iloc[[0, 1]], {}, "fewer than three observations"),
        (frame(), {"freq": "us", "fill": 0}, "would fill 5 rows up to"),
        (pl.from_pandas(frame()).lazy(), {}, "'LazyFrame': is not a frame. .*collect"),
        ([1, 2, 3], {}, "'list': is not a frame"),
        (pd.Series([1, 2, 3]), {}, "'Series': is not a frame. .*times as its index"),
        (frame(), {"fill": "back"}, "is no way to fill"),
        (frame(), {"freq": "xx"}, "is not a known frequency"),
    ],
)  # fmt: skip
def test_frames_that_will_not_do_are_named(native: Any, options: Any, message: str) -> None:
    with pytest.raises(StatewiseError, match=message):
        read_frame(native, **options)


BERLIN = "Europe/Berlin"


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
    panel = read_frame(frame())
    ds = panel.after(1).ravel()
    future = write_frame({"x": [1.0, 2.0]}, panel.kind, series=[0, 1], ds=ds)
    with pytest.raises(DataError, match=message):
        read_future(change(future), panel.origin, 1)


def test_a_column_cannot_have_the_name_of_the_time() -> None:
    panel = read_frame(frame())
    with pytest.raises(DataError, match="is the name of the id or the time"):
        write_frame({"ds": [1.0]}, panel.kind, series=[0], ds=panel.after(1)[0])


@pytest.mark.parametrize("name", ["series.csv", "series.parquet", "series.pq"])
def test_a_file_is_written_whole_and_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / name
    for native in (frame(), pl.from_pandas(frame()), pa.Table.from_pandas(frame())):
        write_file(native, path)
        assert read_file(path) == read_frame(frame())
    assert [p.name for p in path.parent.iterdir()] == [name]
    indexed = pd.DataFrame({"y": [1, 2, 3, 4]}, index=MONTHS.rename("ds"))
    write_file(indexed, path)
    assert read_file(path) == read_frame(indexed)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_file(frame(), tmp_path / "file" / name)


def csv_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "series.csv"
    path.write_text(text)
    return path


def test_a_csv_file_is_read_as_a_frame_would_be(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "unique_id;ds;y;x\nb;2020-02;2;1\nb;2020-01;1;0\nb;2020-03;NA;2\n")
    panel = read_file(path, fill="forward")
    assert (panel.ids, panel.y.tolist(), panel.columns) == (("b",), [1.0, 2.0, 2.0], ("x",))
    out = write_frame({"m": [1.0]}, panel.kind, series=[0], ds=panel.after(1)[0])
    assert out.to_dict("list") == {"unique_id": ["b"], "ds": ["2020-04"], "m": [1.0]}
    one = read_file(csv_of(tmp_path, "Sales\n5\n6\n7\n"))
    assert (one.ids, one.ds.tolist(), one.kind.id_column) == (("Sales",), [1, 2, 3], None)
    named = csv_of(tmp_path, "shop,day,sales,x\na,1,5,1\na,2,6,1\n")
    found = read_file(named, id_column="shop", target_column="sales", freq=1, exogenous=False)
    assert (found.ids, found.y.tolist(), found.columns) == (("a",), [5.0, 6.0], ())


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("ds,y\n", {}, "has a header and no values"),
        ("ds,y\n1,1\n2,two\n", {}, "line 3 = 'two': is not a number"),
        ("ds,y\n1,1\n2,\n", {}, "line 3 = '': has no value in column 'y'. .*fill="),
        ("ds,y\n1,1\n2,NA\n", {}, "line 3 = 'NA': is not a number"),
        ("ds,y\n1,1\n2\n", {}, "line 3 = '2': has 1 fields, and the header 2"),
        ("ds,y\n2,1\n3,1\n2,5\n", {}, "line 4 = '2': appears twice"),
        ("ds,y,x\n1,1,a\n", {}, r"line 2 = 'a': is not a number \(column 'x'\)"),
        ("ds,y,x\n1,1,a\n", {"exogenous": ["ds"]}, "names a column twice"),
        ("ds,a,b\n1,1,1\n", {}, "column = None: must be chosen"),
        ("ds,y\n1,1\n2,2\n", {}, "fewer than three"),
        ("ds,y\n1,1\n2,2\n4,3\n", {}, "series 'y' = '3': is missing"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_file(csv_of(tmp_path, text), **options)


def test_parquet_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "series.parquet"
    with pytest.raises(DataError, match="cannot be read"):
        read_file(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read_file(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExtraError, match=r"cannot be imported.*statewise\[parquet\]"):
        read_file(path)
    with pytest.raises(ExtraError, match="pyarrow"):
        write_file(pl.DataFrame({"ds": [dt.date(2020, 1, 1)]}), path)
    assert path.read_bytes() == b"no parquet"


@fuzz
@given(content=contents, fill=st.sampled_from([None, "forward", "linear", "zero", 1.5]))
def test_fuzz_any_file_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, fill: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "frame.csv"
    path.write_bytes(content)
    try:
        panel = read_file(path, fill=fill)
        after = panel.after(1)[:, 0]
    except StatewiseError as error:
        assert str(error)  # noqa: PT017
        return
    assert np.isfinite(panel.y).all()
    assert panel.frequency.index(panel.ds, panel.offsets).tolist() == [
        i for length in panel.lengths for i in range(length)
    ]
    series = np.arange(len(panel))
    assert len(write_frame({"m": series}, panel.kind, series=series, ds=after))


@pytest.mark.parametrize("name", ["next.csv", "next.parquet"])
def test_rows_that_follow_are_read_from_a_file(tmp_path: Path, name: str) -> None:
    origin = read_frame(frame()).origin
    further = frame(ds=[*MONTHS[3:], *MONTHS[3:], *MONTHS[3:], *MONTHS[3:], *MONTHS[3:]])
    further = further.iloc[[0, 3]].assign(note=1)
    write_file(further, tmp_path / name)
    found = read_new_rows(read_further(tmp_path / name, origin, ("y", "x")), origin)
    assert found.series.tolist() == [0, 1]
    assert (found.y.tolist(), found.exogenous.tolist()) == ([1.0, 5.0], [[0.0], [1.0]])


def test_the_lines_of_rows_that_follow_are_named(tmp_path: Path) -> None:
    origin, path = read_frame(frame()).origin, tmp_path / "next.csv"
    for text, message in (
        ("unique_id,ds,y,x\nb,2020-04-01,1\n", "line 2.*has 3 fields"),
        ("unique_id,ds,y,x\nb,2020-04-01,1,?\n", "line 2 = '.'.*not a number"),
        ("unique_id,ds,y,x\nb,2020-04-01,,1\n", "line 2.*no value in column 'y'. Fill it in.$"),
        ("unique_id,ds,y\nb,2020-04-01,1\n", "'x': is not a column"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            read_further(path, origin, ("y", "x"))


def test_values_alone_follow_whole_numbers(tmp_path: Path) -> None:
    path = tmp_path / "next.csv"
    path.write_text("y\n7\n8\n")
    origin = read_frame(pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 4.0]})).origin
    assert read_new_rows(read_further(path, origin, ("y",)), origin).ds.tolist() == [4, 5]


def test_the_unnamed_index_of_a_parquet_file_is_no_column(tmp_path: Path) -> None:
    frame().iloc[[1, 0, 2, 3, 4]].to_parquet(tmp_path / "f.parquet")
    assert read_file(tmp_path / "f.parquet").columns == ("x",)
