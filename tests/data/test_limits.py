import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from statewise.data import limits
from statewise.data.files import read_file, read_further
from statewise.errors import DataError, SettingError


def rows(path: Path, count: int, end: str = "\n") -> Path:
    lines = ["ds,y", *(f"{i},{i % 7}" for i in range(1, count + 1))]
    path.write_bytes(end.join(lines).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_more_rows_than_are_allowed_are_refused_with_the_figure(end: str, tmp_path: Path) -> None:
    path = rows(tmp_path / "a.csv", 1000, end)
    assert len(read_file(path, max_rows=1000).y) == 1000
    message = r"has 1,000 rows, and at most 999 are read. .* with max_rows=1000\."
    with pytest.raises(DataError, match=message):
        read_file(path, max_rows=999)
    frame = pd.read_csv(path)
    frame.to_parquet(tmp_path / "a.parquet")
    assert len(read_file(tmp_path / "a.parquet", max_rows=1000).y) == 1000
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "a.parquet", max_rows=999)
    origin = read_file(path).origin
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(DataError, match=message):
            read_further(tmp_path / name, origin, ["y"], max_rows=999)
    with pytest.raises(SettingError, match="max_rows = 0: must be a whole number"):
        read_file(path, max_rows=0)


def test_lines_above_and_below_the_table_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title\n\nds,y\n1,2\n2,3\n3,4\ntotal,9\n")
    assert len(read_file(path, skip_lines=2, skip_footer=1, max_rows=3).y) == 3


def test_a_file_that_is_not_read_to_its_end_has_about_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PART", 100)
    path = rows(tmp_path / "a.csv", 10_000)
    with pytest.raises(DataError, match=r"has about [\d,]+ rows, and at most 99 are") as found:
        read_file(path, max_rows=99)
    [about] = re.findall(r"about ([\d,]+)", str(found.value))
    assert 10_000 <= int(about.replace(",", "")) < 20_000


def test_a_line_without_an_end_and_too_many_fields_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    monkeypatch.setattr(limits, "PART", 100)
    monkeypatch.setattr(limits, "LONGEST", 2000)
    path.write_text("ds,y\n1," + "2" * 4000 + "\n")
    with pytest.raises(DataError, match="has a line of more than 2,000 bytes"):
        read_file(path)
    monkeypatch.setitem(limits.MOST, "values", (4, 100))
    path.write_text("\n".join(["a;" * 19 + "a"] * 10))
    with pytest.raises(DataError, match=r"has about \d+ values, and at most 100 "):
        read_file(path, max_rows=20)


@pytest.mark.parametrize("name", ["a.csv", "a.model"])
def test_a_size_is_looked_at_before_anything_is_read(name: str, tmp_path: Path) -> None:
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
from statewise.base.modelfile import load
from statewise.data.files import read_file
from statewise.errors import StatewiseError
try:
    (read_file if sys.argv[1].endswith("csv") else load)(sys.argv[1])
except StatewiseError as error:
    print(error)
"""
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(100 * 2**30)  # of which nothing is on the disk
    command = [sys.executable, "-c", code, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "has 107,374,182,400 bytes" in said or "is not a model" in said


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_million_columns_are_refused(form: str, tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(limits.COLUMNS + 1)]
    path = tmp_path / f"a.{form}"
    if form == "csv":
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names))
    else:
        table_of(path, **{name: [1.0] for name in names})
    with pytest.raises(DataError, match="has 10,001 columns, and at most 10,000 are read"):
        read_file(path)


def table_of(path: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), path, compression="zstd")
    return path


def test_a_small_parquet_file_of_much_is_refused(tmp_path: Path) -> None:
    zeros = table_of(
        tmp_path / "a.parquet", ds=pa.array(range(10**6)), y=pa.nulls(10**6, pa.int8())
    )
    with pytest.raises(DataError, match="has 1,000,000 rows, and at most 10,000 are read"):
        read_file(zeros, max_rows=10**4)
    count = 11 * 10**6
    lists = pa.ListArray.from_arrays([0, count], pa.array(np.zeros(count, np.int8)))
    with pytest.raises(DataError, match=r"has 11,000,001 values, and at most 10,000,000 .* a row"):
        read_file(table_of(tmp_path / "b.parquet", y=[1.0], x=lists), max_rows=10**4)


@pytest.mark.parametrize("as_categories", [False, True])
def test_a_text_that_stands_in_every_row_counts_each_time(
    as_categories: bool, tmp_path: Path
) -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["n" * 10**6])
    path = tmp_path / "a.parquet"
    table = pa.table({"unique_id": names, "ds": range(1000), "y": [1.0] * 1000})
    parquet.write_table(table, path, store_schema=as_categories)
    assert path.stat().st_size < 10**5
    with pytest.raises(DataError, match=r"has 1,000,\d+,\d+ bytes, and at most 268,435,456 are"):
        read_file(path, max_rows=10**4)


def test_columns_of_lists_are_left_out(tmp_path: Path) -> None:
    path = table_of(tmp_path / "a.parquet", ds=[1, 2, 3], y=[1.0, 2.0, 4.0], x=[[1], [2], [3]])
    assert read_file(path).columns == ()


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.csv.zst"])
def test_what_is_packed_is_not_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(DataError, match="is packed"):
        read_file(tmp_path / name)
