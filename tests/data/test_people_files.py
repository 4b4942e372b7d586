"""Small files as people have them, and what is read of them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from statewise.data.append import read_new_rows
from statewise.data.files import read_file, read_further
from statewise.data.origin import ForecastOrigin
from statewise.errors import DataError, StatewiseError


def rows(*pairs: str, head: str = "Date,Sales") -> str:
    return "\n".join([head, *pairs, ""])


def months(form: str, count: int = 24, start: int = 2019) -> str:
    """A monthly series from January on, of values 1, 2, 3, ..."""
    import datetime as dt

    dates = [dt.date(start + i // 12, i % 12 + 1, 1) for i in range(count)]
    return rows(*(f"{date.strftime(form)},{i + 1}" for i, date in enumerate(dates)))


# What the file says, options, first and last time, first and last value, frequency.
FILES: list[Any] = [
    ("day first, settled", months("%d/%m/%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("month first, settled", months("%m/%d/%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("day first, dashes", months("%d-%m-%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("two digits", months("%m/%d/%y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("said", months("%d/%m/%Y", 6), {"date_format": "%d/%m/%Y"},
     "2019-01-01", "2019-06-01", 1, 6, "MS"),
    ("YYYYMM", months("%Y%m"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("YYYYMMDD", months("%Y%m%d"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("2019M01", months("%YM%m"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("01/2019", months("%m/%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("Jan 2019", months("%b %Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("January-2019", months("%B-%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("Jan-19", months("%b-%y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("2019-Jan", months("%Y-%b"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("01-Jan-2019", months("%d-%b-%Y"), {}, "2019-01-01", "2020-12-01", 1, 24, "MS"),
    ("12-hour clock", rows("1/31/2020 11:00 PM,1", "2/1/2020 12:00 AM,2", "2/1/2020 1:00 AM,3"),
     {}, "2020-01-31T23", "2020-02-01T01", 1, 3, "h"),
    ("day first with a clock", rows("31/01/2020 23:00,1", "01/02/2020 00:00,2",
     "01/02/2020 01:00,3"), {}, "2020-01-31T23", "2020-02-01T01", 1, 3, "h"),
    ("2020Q1", rows("2020Q1,1", "2020Q2,2", "2020Q3,3"), {}, "2020-01-01", "2020-07-01", 1, 3,
     "QS"),
    ("Q1 2020", rows("Q1 2020,1", "Q2 2020,2", "Q3 2020,3"), {}, "2020-01-01", "2020-07-01", 1, 3,
     "QS"),
    ("2020-Q1", rows("2020-Q1,1", "2020-Q2,2", "2020-Q3,3"), {}, "2020-01-01", "2020-07-01", 1, 3,
     "QS"),
    ("year and month", rows("2020,11,1", "2020,12,2", "2021,1,3", head="Year,Month,Sales"), {},
     "2020-11-01", "2021-01-01", 1, 3, "MS"),
    ("year and month's name", rows("2020,Nov,1", "2020,Dec,2", "2021,Jan,3",
     head="year,month,Sales"), {}, "2020-11-01", "2021-01-01", 1, 3, "MS"),
    ("year and quarter", rows("2020,3,1", "2020,4,2", "2021,1,3", head="year,quarter,gdp"), {},
     "2020-07-01", "2021-01-01", 1, 3, "QS"),
    ("jahr and monat", rows("2020,11,1", "2020,12,2", "2021,1,3", head="Jahr,Monat,Umsatz"),
     {"time_column": "Jahr,Monat"}, "2020-11-01", "2021-01-01", 1, 3, "MS"),
    ("the usual pollution file", rows("1,2010,1,1,22,129", "2,2010,1,1,23,148", "3,2010,1,2,0,159",
     head="No,year,month,day,hour,pm2.5"), {"target_column": "pm2.5"},
     "2010-01-01T22", "2010-01-02T00", 129, 159, "h"),
    ("a date and a clock", rows("16/12/2006;22:00;1,5", "16/12/2006;23:00;2,5",
     "17/12/2006;00:00;3,5", head="Date;Time;Power"), {},
     "2006-12-16T22", "2006-12-17T00", 1.5, 3.5, "h"),
    ("the origin's months", rows("1-01,1", "1-02,2", "1-03,3"), {}, "0001-01-01", "0001-03-01",
     1, 3, "MS"),
    ("semicolon and decimal comma", rows("2020-01;1.234,5", "2020-02;2,5", "2020-03;3",
     head="Monat;Umsatz"), {}, "2020-01-01", "2020-03-01", 1234.5, 3, "MS"),
    ("no header, decimal comma", "2020-01;1,5\n2020-02;2,5\n2020-03;3,5\n", {},
     "2020-01-01", "2020-03-01", 1.5, 3.5, "MS"),
    ("tabs", rows("2020-01\t1", "2020-02\t2", "2020-03\t3", head="Date\tSales"), {},
     "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("pipes", rows("2020-01|1", "2020-02|2", "2020-03|3", head="Date|Sales"), {},
     "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("Excel's sep=", "sep=;\nDate;Sales\n2020-01;1\n2020-02;2\n2020-03;3\n", {},
     "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("quoted thousands", rows('2020-01,"$1,234.00"', '2020-02,"$1,500.00"', "2020-03,$999"), {},
     "2020-01-01", "2020-03-01", 1234, 999, "MS"),
    ("no header", "2020-01-01,5\n2020-01-02,6\n2020-01-03,7\n", {}, "2020-01-01", "2020-01-03",
     5, 7, "D"),
    ("one column without a header", "5\n6\n7\n", {}, 1, 3, 5, 7, "1"),
    ("comments, blank lines and a BOM", ("\ufeff# from the office\n\nDate,Sales\n2020-01,1\n\n"
     "# revised\n2020-02,2\n2020-03,3\n\n"), {}, "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("a footer that is dropped", rows("2020-01,1", "2020-02,2", "2020-03,3", "Total,6"),
     {"skip_footer": 1}, "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("lines above that are dropped", ("Sales of shampoo\n\nDate,Sales\n2020-01,1\n2020-02,2\n"
     "2020-03,3\n"), {"skip_lines": 2}, "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("newest first", rows("2020-03,3", "2020-02,2", "2020-01,1"), {}, "2020-01-01", "2020-03-01",
     1, 3, "MS"),
    ("pandas' index", rows("0,2020-01,1", "1,2020-02,2", "2,2020-03,3", head=",Month,Sales"), {},
     "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("a separator too many", rows("2020-01,1,", "2020-02,2,", "2020-03,3,", head="Month,Sales,"),
     {}, "2020-01-01", "2020-03-01", 1, 3, "MS"),
    ("missing, linear", rows("2020-01,", "2020-02,2", "2020-03,n/a", "2020-04,4", "2020-05,"),
     {"fill": "linear"}, "2020-02-01", "2020-04-01", 2, 4, "MS"),
    ("missing, forward", rows("2020-01,.", "2020-02,2", "2020-03,3", "2020-04,-"),
     {"fill": "forward"}, "2020-02-01", "2020-04-01", 2, 3, "MS"),
    ("missing, zero", rows("2020-01,", "2020-02,2", "2020-03,3"), {"fill": "zero"},
     "2020-01-01", "2020-03-01", 0, 3, "MS"),
    ("the time in another column", rows("a,2020-01,1", "a,2020-02,2", "a,2020-03,3",
     head="note,date,y"), {"exogenous": False}, "2020-01-01", "2020-03-01", 1, 3, "MS"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "options", "first", "last", "y", "z", "freq"), FILES)
def test_files_are_read(
    tmp_path: Path, name: str, text: str, options: Any, first: Any, last: Any, y: Any, z: Any,
    freq: str,
) -> None:  # fmt: skip
    path = tmp_path / f"{name.replace('/', '-')}.csv"
    path.write_text(text, encoding="utf-8")
    panel = read_file(path, **{"exogenous": False} | options)
    ends = [str(time).removesuffix(":00:00.000000") for time in panel.ds[[0, -1]]]
    assert ends == [f"{t}T00" if len(str(t)) == 10 else str(t) for t in (first, last)]
    assert panel.y[[0, -1]].tolist() == [y, z]
    assert str(panel.checked_frequency()) == freq


def read(tmp_path: Path, text: str, **options: Any) -> Any:
    path = tmp_path / "series.csv"
    path.write_text(text, encoding="utf-8")
    return read_file(path, **options)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (months("%d/%m/%Y"), "Date: 01/02/2019 was read day first, as 2019-02-01: so the times"),
        (months("%m/%d/%Y"), "Date: 02/01/2019 was read month first, as 2019-02-01"),
        ("2020-01,5\n2020-02,6\n2020-03,7\n", "there is no header: the columns were called ds, y"),
        (rows("2020-03,3", "2020-02,2", "2020-01,1"), "sorted by time: the newest came first"),
        (rows("2020-03,3", "2020-01,2", "2020-02,1"), "sorted by time: they came in another"),
        (rows('2020-03,"3,000"'), "was read as one of thousands"),
    ],
)
def test_what_was_settled_is_noted(tmp_path: Path, text: str, note: str) -> None:
    assert note in " ".join(read(tmp_path, text).notes)
    assert read(tmp_path, rows("2020-01,1", "2020-02,2")).notes == ()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (months("%d/%m/%Y", 6), {}, ("can be read day first or month first. Say which: "
         "date_format='%d/%m/%Y' or date_format='%m/%d/%Y'")),
        (months("%d/%m/%Y"), {"date_format": "%Y-%m"},
         "line 2 = '01/01/2019': is not written as '%Y-%m' says"),
        (months("%d/%m/%Y"), {"date_format": "day"}, "is not the form of a date"),
        (rows("2020-01,1", "2020-02,2", "2020-03,3", "2020-04,4", "Total,6"), {},
         "line 6 = 'Total': is not a time as the others are. .*drop it with skip_footer=1"),
        (rows("2020-01,1", "2020-02,2", "2020-03,3", "Source: the office", "in 2020"), {},
         "line 5 = 'Source: the office': has 1 of the 2 .*drop it with skip_footer=2"),
        ("Sales of shampoo\nOf 2020\n" + rows("2020-01,1", "2020-02,2", "2020-03,3"), {},
         "line 1 = .*: has 1 field, and the table below it 2. .*skip_lines=2"),
        (rows("2020-01,1,234", "2020-02,2"), {}, "line 2 .* has 3 fields, and the header 2. Quote"),
        (rows("2020-01,1", "2020-02,2", "2020-01,3"), {},
         "line 4 = '2020-01': appears twice; the first is at .*line 2. Keep .*id_column="),
        (rows("2020-01,1,2", "2020-02,2,3", head="Date,north,south"), {},
         (r"must be chosen. Name one with target_column= of north, south. If each column is a "
         r"series, take pandas.read_csv\(FILE\).melt\('Date', var_name='unique_id', value_name")),
        (rows("2020-01;1,5;2,5", "2020-02;2,5;3", head="Monat;Nord;Süd"), {},
         r"take pandas.read_csv\(FILE, sep=';', decimal=','\).melt\('Monat', var_name="),
        (rows("a,2020-01,1", "a,2020-02,2", head="shop,date,y"), {},
         r"line 2 = 'a': is not a number \(column 'shop'\). If it names series, say id_column="),
        (rows("Aruba,5,6,7", head="Country,1960,1961,1962"), {},
         r"melt\('Country', var_name='ds', value_name='y'\)"),
        (rows("2020,1,5,6", head="year,month,a,b"), {}, r"melt\(\['year', 'month'\], var_name"),
        (rows("2020-01\t1.5", "2020-02\t2,5", head="Date\tSales"), {},
         "line 3 = '2,5': is not written as the other numbers of column 'Sales' are"),
        (rows("2020-01\t1,234", head="Date\tSales"), {},
         "column 'Sales' = '1,234': can be .*decimal=',' or decimal='.'"),
    ],
)  # fmt: skip
def test_what_cannot_be_settled_is_refused_in_words(
    tmp_path: Path, text: str, options: Any, message: str
) -> None:
    with pytest.raises(StatewiseError, match=message):
        read(tmp_path, text, **options).checked_frequency()


def test_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a spreadsheet"):
        read_file(tmp_path / "sales.xlsx")


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    table = {
        "Jahr": ["2020", "2020", "2021"],
        "Monat": [11, 12, 1],
        "Umsatz": ["1.234,5", "2,5", None],
    }
    pl.DataFrame(table).write_parquet(tmp_path / "f.parquet")
    panel = read_file(tmp_path / "f.parquet", time_column="Jahr,Monat", fill="forward")
    assert (str(panel.frequency), panel.y.tolist()) == ("MS", [1234.5, 2.5, 2.5])


def test_rows_that_follow_are_read_as_those_before(tmp_path: Path) -> None:
    head, path = "Year;Month;Sales", tmp_path / "next.csv"
    panel = read(tmp_path, rows("2020;10;1.000,5", "2020;11;2,25", "2020;12;3", head=head))
    origin = ForecastOrigin.from_document(panel.origin.to_document())
    path.write_text(rows("2021;1;1.234", "2021;2;2", head=head))
    found = read_new_rows(read_further(path, origin, ("Sales",)), origin)
    assert origin.kind.decimal == ","
    assert found.y.tolist() == [1234.0, 2.0]
    assert found.ds.astype("M8[M]").astype(str).tolist() == ["2021-01", "2021-02"]
