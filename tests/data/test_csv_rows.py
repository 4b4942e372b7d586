from pathlib import Path

import pytest

from statewise.data.csv_rows import read_rows
from statewise.errors import DataError, SettingError


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a,b\n1,2\n", ["a", "b"], [["1", "2"]]),
        ('a;b\n"1;5";2,5\n', ["a", "b"], [["1;5", "2,5"]]),
        ("1;2,5\n3;4,5\n", ["ds", "y"], [["1", "2,5"], ["3", "4,5"]]),
        ("x,2020,1\nx,2021,2\n", ["1", "2", "3"], [["x", "2020", "1"], ["x", "2021", "2"]]),
        ("at,1990,1991,1992\na,1,2,3\n", ["at", "1990", "1991", "1992"], [["a", "1", "2", "3"]]),
        ("Month,2019\nJan,1\nFeb,2\n", ["Month", "2019"], [["Jan", "1"], ["Feb", "2"]]),
        ("a,b\r1,2\r", ["a", "b"], [["1", "2"]]),
        ('# "odd\na,b\n#\n1,2\n', ["a", "b"], [["1", "2"]]),
        ("a,b,\n1,2,\n", ["a", "b"], [["1", "2"]]),
        (",b\n2020,2\n2021,3\n", ["ds", "b"], [["2020", "2"], ["2021", "3"]]),
        (",a,b\n0,1,2\n1,3,4\n", ["a", "b"], [["1", "2"], ["3", "4"]]),
        ("sep=|\na|b\n1|2\n", ["a", "b"], [["1", "2"]]),
    ],
)  # fmt: skip
def test_the_table_in_a_text_is_found(
    tmp_path: Path, text: str, header: list[str], rows: list[list[str]]
) -> None:
    (tmp_path / "f.csv").write_text(text, newline="")
    found = read_rows(tmp_path / "f.csv")
    assert (found.header, list(map(list, found.rows))) == (header, rows)


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a shop\n\n# note\na,b\n\n1,2\n3,4\nsum,6\n\n")
    found = read_rows(path, skip_lines=2, skip_footer=1)
    assert (found.header, list(found.numbers)) == (["a", "b"], [6, 7])
    with pytest.raises(DataError, match=r"f.csv, line 1 = 'a shop'.*skip_lines=3"):
        read_rows(path)
    with pytest.raises(SettingError, match="skip_footer = -1"):
        read_rows(path, skip_footer=-1)
    with pytest.raises(DataError, match="is empty"):
        read_rows(path, skip_lines=99)


def test_utf_16_says_so_itself(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert read_rows(tmp_path / "f.csv").header == ["a", "b"]


def test_one_column_may_have_commas_of_decimals(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("results\n97,34\n-8,5\n")
    found = read_rows(path)
    assert (found.header, found.texts("results")) == (["results"], ["97,34", "-8,5"])
    values = found.floats("results", found.convention(["results"], None)[0], "")
    assert values.tolist() == [97.34, -8.5]
