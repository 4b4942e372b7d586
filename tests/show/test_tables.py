import csv
import io
import sys
from pathlib import Path

import pytest

from statewise.errors import ExtraError
from statewise.show.tables import table, to_csv, write_parquet


def test_columns_line_up() -> None:
    text = table([{"arm": "a", "n": 1, "x": None}, {"arm": "bcd", "n": 10, "x": 2.0}])
    assert text.splitlines() == ["arm   n      x", "a     1      -", "bcd  10  2.000"]


def test_small_numbers_are_not_rounded_to_nothing() -> None:
    rows = [
        {"wide": 97.5, "narrow": -0.00123, "none": 0.0},
        {"wide": 1.0, "narrow": 0.0, "none": 0.0},
    ]
    first, second = table(rows).splitlines()[1:]
    assert first.split() == ["97.500", "-0.00123", "0.000"]
    assert second.split() == ["1.000", "0.00000", "0.000"]


def test_csv_reads_back() -> None:
    text = to_csv([{"a": 1.5, "b": None}, {"a": 2.0, "b": 'with "quotes", commas'}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"a": "1.5", "b": ""}, {"a": "2.0", "b": 'with "quotes", commas'}]


def test_parquet_names_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExtraError, match=r"pyarrow.*statewise\[parquet\]"):
        write_parquet([{"a": 1}], tmp_path / "t.parquet")
