import csv
import datetime as dt
import sys
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from statewise.data.append import read_new_rows
from statewise.data.files import read_file, read_further, write_file
from statewise.data.frames import read_frame, write_frame
from statewise.errors import DataError, ExtraError, OutputError, SettingError, StatewiseError
from tests.csvs import contents, fuzz
from tests.data.test_frames import MONTHS, frame


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


def csv_of(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
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
        ("ds,y\n1,1\n2,NA\n", {}, "line 3 = 'NA': has no value in column 'y'"),
        ("ds,y\n1,1\n2\n", {}, "line 3 = '2': has 1 of the 2 fields that the header has"),
        ("ds,y\n2,1\n3,1\n2,5\n", {}, "line 4 = '2': appears twice"),
        ("ds,y,x\n1,1,a\n", {}, r"line 2 = 'a': is not a number \(column 'x'\)"),
        ("ds,y,x\n1,1,a\n", {"exogenous": ["ds"]}, "names a column twice"),
        ("ds,a,b\n1,1,1\n", {}, "target_column = None: must be chosen"),
        ("ds,y\n1,1\n2,2\n", {}, "fewer than three"),
        ("ds,y\n1,1\n2,2\n4,3\n", {}, "series 'y' = '3': is missing"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_file(csv_of(tmp_path, text), **options).checked_frequency()


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
        assert sum(len(series) for series in panel.series) == len(panel.y)
        after = panel.after(1)[:, 0]
    except StatewiseError as error:
        assert str(error)  # noqa: PT017
        return
    assert np.isfinite(panel.y).all()
    assert panel.checked_frequency().index(panel.ds, panel.offsets).tolist() == [
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
        ("unique_id,ds,y,x\nb,2020-04-01,1\n", "line 2.*has 3 of the 4 fields"),
        ("unique_id,ds,y,x\nb,2020-04-01,1,x\n", "line 2 = 'x'.*not a number"),
        ("unique_id,ds,y,x\nb,2020-04-01,,1\n", "line 2.*no value in column 'y'. Fill it in"),
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


STUDY: Any = {"exogenous": False}


@pytest.mark.parametrize(
    "text",
    [
        "Month,Sales\n2020-01,1\n2020-02,2\n",
        "Month;Sales\n2020-01;1\n2020-02;2\n",
        "Month\tSales\n2020-01\t1\n2020-02\t2\n",
        "\ufeffMonth,Sales\r\n2020-01,1\r\n\r\n2020-02,2\r\n",
        'Month,Sales\n"2020-01","1"\n2020-02, 2 \n',
    ],
)
def test_ordinary_files_are_read(tmp_path: Path, text: str) -> None:
    series = read_file(csv_of(tmp_path, text), **STUDY).only
    assert series.ds == ("2020-01", "2020-02")
    assert series.y.tolist() == [1.0, 2.0]


def test_a_column_is_chosen_by_name(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "v,when,z\n1,5,3\n2,6,4\n")
    assert read_file(path, **STUDY, target_column="z", time_column="when").only.ds == ("5", "6")
    assert read_file(path, **STUDY, target_column="v").only.ds == ("1", "2")
    with pytest.raises(DataError, match="must be chosen"):
        read_file(path, **STUDY)
    with pytest.raises(DataError, match=r"column = 'w': is not a column. The columns are v, when"):
        read_file(path, **STUDY, target_column="w")
    with pytest.raises(DataError, match="two different columns"):
        read_file(path, **STUDY, target_column="v", time_column="v")
    path = csv_of(tmp_path, "x,y,ds\n9,5,3\n9,6,4\n")
    assert (read_file(path).only.ds, read_file(path).columns) == (("3", "4"), ("x",))


def test_a_file_of_many_series(tmp_path: Path) -> None:
    text = "unique_id,ds,y\nb,2,1\na,1,5\nb,3,2\na,2,6\n"
    panel = read_file(csv_of(tmp_path, text), **STUDY)
    assert [(s.unique_id, s.ds, s.y.tolist()) for s in panel.series] == [
        ("b", ("2", "3"), [1.0, 2.0]),
        ("a", ("1", "2"), [5.0, 6.0]),
    ]
    renamed = csv_of(tmp_path, text.replace("unique_id", "shop"))
    assert read_file(renamed, **STUDY, target_column="y", id_column="shop") == panel
    with pytest.raises(DataError, match=r"line 4 = '2': appears twice"):
        read_file(csv_of(tmp_path, "unique_id,ds,y\na,2,1\nb,2,1\na,2,5\n"), **STUDY)


def test_a_file_of_one_column(tmp_path: Path) -> None:
    assert read_file(csv_of(tmp_path, "y\n1\n2\n"), **STUDY).only.ds == ("1", "2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (b"Month,Sales\n", "has a header and no values"),
        (b"Month,Sales\n1-01,\xff1\n", "is not utf-8 text .*encoding='latin-1'"),
        ("Month,Sales\n1-01,1\nSales over three years\n", "line 3 = 'Sales over.*footer=1"),
        ("Month,Sales\n1-01,1\n1-02,\n", "line 3 = '': has no value"),
        ("Month,Sales\n1-01,1\n1-02,two\n", "line 3 = 'two': is not a number"),
        ("Month,Sales\n1-01,1\n1-02,nan\n", "line 3 = 'nan': has no value"),
        ("Month,Sales\n1-01,1\n1-02,inf\n", "is not a finite number"),
        ("Month,Sales\n1-01,1\n1-01,2\n", "'1-01': appears twice"),
        ("Month,Sales\n1.0,1\n1,2\n", "'1': is the same time as 1.0"),
        ('Month,Sales\n"1-01,1\n', "is not CSV"),
        ("Month,Month\n1,2\n", "more than one column"),
    ],
)
def test_bad_files_are_named_with_the_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    column = "Month" if b"Month,Month" in csv_of(tmp_path, text).read_bytes() else None
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "series.csv", **STUDY, target_column=column)


def test_a_missing_file_and_an_unknown_encoding(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_file(tmp_path / "none.csv", **STUDY)
    with pytest.raises(DataError, match="cannot be read"):
        read_file(tmp_path, **STUDY)
    with pytest.raises(SettingError, match="encoding = 'utf-9'"):
        read_file(csv_of(tmp_path, "y\n1\n"), encoding="utf-9", **STUDY)


def test_other_encodings_are_read_when_named(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "Månad,Värde\n1,2\n".encode("latin-1"))
    assert read_file(path, **STUDY, encoding="latin-1").only.unique_id == "Värde"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_that_are_no_numbers_may_be_left_out(form: str, tmp_path: Path) -> None:
    table = pd.DataFrame({
        "ds": [1, 2, 3], "y": [1.0, 2, 4], "city": ["Ulm", "Ulm", "Bonn"], "price": [1, None, 3],
    })  # fmt: skip
    path = tmp_path / f"f.{form}"
    table.to_csv(path, index=False) if form == "csv" else table.to_parquet(path)
    panel = read_file(path, exogenous="numbers", fill="linear", time_column="ds")
    assert panel.columns == ("price",)
    assert panel.notes[0] == "no numbers, left out: city"
    with pytest.raises(DataError, match="city"):
        read_file(path, fill="linear")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_text_is_no_formula_in_csv_and_is_as_it_came_in_parquet(
    library: Any, tmp_path: Path
) -> None:
    names = ["=1+1", "-5", "#c", "a\x1b\x00"]
    frame = nw.from_dict(
        {"unique_id": names, "ds": [1] * 4, "@y": [-1.0, -2.0, -3.0, -4.0]}, backend=library
    ).to_native()
    for name in ("f.csv", "f.parquet"):
        write_file(frame, tmp_path / name)
    head, *rows = csv.reader((tmp_path / "f.csv").read_text().splitlines())
    assert head == ["unique_id", "ds", "'@y"]
    assert [row[0] for row in rows] == ["'=1+1", "-5", "'#c", r"a\x1b\x00"]
    assert [float(row[2]) for row in rows] == [-1.0, -2.0, -3.0, -4.0]
    for name in ("f.csv", "f.parquet"):
        panel = read_file(tmp_path / name, freq=1)
        assert panel.ids == ("=1+1", "-5", "#c", r"a\x1b\x00")
        assert panel.kind.target_column == "@y"
        assert panel.origin.place("a\x1b\x00") == 3
    assert parquet.read_table(tmp_path / "f.parquet")["unique_id"].to_pylist() == names


def test_names_that_are_shown_alike_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has names alike"):
        read_file(csv_of(tmp_path, "unique_id,ds,y\na\x1b,1,1\na\\x1b,2,1\n"))
