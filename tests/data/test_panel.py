from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.errors import DataError, SettingError, StatewiseError
from tests.csvs import contents, fuzz


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_shipped_series() -> None:
    series = shampoo().only
    assert len(series) == 36
    assert series.unique_id == "Sales"
    assert (series.ds[0], series.y[0], series.y[-1]) == ("1-01", 266.0, 646.9)
    with pytest.raises(ValueError, match="read-only"):
        series.y[0] = 1.0


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
    series = Panel.from_csv(written(tmp_path, text)).only
    assert series.ds == ("2020-01", "2020-02")
    assert series.y.tolist() == [1.0, 2.0]


def test_a_column_is_chosen_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, "y,when,z\n1,5,3\n2,6,4\n")
    assert Panel.from_csv(path, column="z", time_column="when").only.ds == ("5", "6")
    assert Panel.from_csv(path, column="y").only.ds == ("1", "2")
    with pytest.raises(DataError, match="must be chosen"):
        Panel.from_csv(path)
    with pytest.raises(DataError, match=r"column = 'w': is not a column. The columns are y, when"):
        Panel.from_csv(path, column="w")
    with pytest.raises(DataError, match="two different columns"):
        Panel.from_csv(path, column="y", time_column="y")


def test_a_file_of_many_series(tmp_path: Path) -> None:
    text = "unique_id,ds,y\nb,2,1\na,1,5\nb,3,2\na,2,6\n"
    panel = Panel.from_csv(written(tmp_path, text))
    assert [(s.unique_id, s.ds, s.y.tolist()) for s in panel.series] == [
        ("b", ("2", "3"), [1.0, 2.0]),
        ("a", ("1", "2"), [5.0, 6.0]),
    ]
    renamed = written(tmp_path, text.replace("unique_id", "shop"))
    assert Panel.from_csv(renamed, column="y", id_column="shop") == panel
    with pytest.raises(DataError, match=r"line 4 = '2': appears twice"):
        Panel.from_csv(written(tmp_path, "unique_id,ds,y\na,2,1\nb,2,1\na,2,5\n"))
    with pytest.raises(DataError, match="series of one name, or none"):
        Panel.of([])


def test_a_file_of_one_column(tmp_path: Path) -> None:
    assert Panel.from_csv(written(tmp_path, "y\n1\n2\n")).only.ds == ("1", "2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (b"Month,Sales\n", "has a header and no values"),
        (b"Month,Sales\n1-01,\xff1\n", "is not utf-8 text .*encoding option"),
        ("Month,Sales\n1-01,1\nSales over three years\n", "line 3 = 'Sales over.*footer"),
        ("Month,Sales\n1-01,1\n1-02,\n", "line 3 = '1-02': has no value"),
        ("Month,Sales\n1-01,1\n1-02,two\n", "line 3 = 'two': is not a number"),
        ('Month,Sales\n1-01,1\n1-02,"2,5"\n', "decimals with a point"),
        ("Month,Sales\n1-01,1\n1-02,nan\n", "line 3 = nan: is not a finite number"),
        ("Month,Sales\n1-01,1\n1-02,inf\n", "is not a finite number"),
        ("Month,Sales\n1-01,1\n1-01,2\n", "'1-01': appears twice"),
        ("Month,Sales\n1-02,1\n1-01,2\n", "'1-01': stands after the later 1-02"),
        ("Month,Sales\n2020-03-01,1\n2020-02-01,2\n", "stands after the later"),
        ("Month,Sales\n31/01/2020,1\n28/02/2019,2\n", "stands after the later"),
        ("Month,Sales\n10,1\n9,2\n", "stands after the later"),
        ("Month,Sales\n1.0,1\n1,2\n", "'1': is the same time as 1.0"),
        ('Month,Sales\n"1-01,1\n', "is not CSV"),
        ("Month,Month\n1,2\n", "more than one column"),
    ],
)
def test_bad_files_are_named_with_the_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    column = "Month" if b"Month,Month" in written(tmp_path, text).read_bytes() else None
    with pytest.raises(DataError, match=message):
        Panel.from_csv(tmp_path / "series.csv", column=column)


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


def test_a_missing_file_and_an_unknown_encoding(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Panel.from_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read"):
        Panel.from_csv(tmp_path)
    with pytest.raises(SettingError, match="encoding = 'utf-9'"):
        Panel.from_csv(written(tmp_path, "y\n1\n"), encoding="utf-9")


def test_other_encodings_are_read_when_named(tmp_path: Path) -> None:
    path = written(tmp_path, "Månad,Värde\n1,2\n".encode("latin-1"))
    assert Panel.from_csv(path, encoding="latin-1").only.unique_id == "Värde"


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


def test_panels_are_values_and_one_series_is_asked_for() -> None:
    panel = Panel.from_values([1.0, 2.0])
    assert panel == Panel.from_values([1.0, 2.0])
    assert panel != Panel.from_values([1.0, 3.0])
    assert panel.only != "series"
    assert hash(panel) == hash(Panel.from_values(np.array([1.0, 2.0])))
    with pytest.raises(DataError, match="more than one series"):
        _ = Panel(panel.series * 2).only


@fuzz
@given(content=contents)
def test_fuzz_any_file_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        assert len(Panel.from_csv(path).series) >= 1
    except StatewiseError as error:
        assert str(error)  # noqa: PT017
