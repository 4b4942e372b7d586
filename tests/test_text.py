import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import statewise
from statewise.text import for_csv, from_csv, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nb\tc\x00", r"a\nb\tc\x00"),
        ("\x9b2J\x85\u2028", r"\x9b2J\x85\u2028"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("\ud800\ufffe", r"\ud800\ufffe"),
        ("Größe 北 נתון 👩\u200d🔬 \u0645\u06cc\u200c\u062e a\u00a0b", None),
        (r"C:\x1b", None),
    ],
)
def test_what_steers_or_misleads_is_an_escape(text: str, shown: str | None) -> None:
    assert visible(text) == (text if shown is None else shown)


@given(st.text())
def test_what_is_shown_is_shown_again_as_it_is(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp", "Cn"}


@given(st.text(st.sampled_from("=+-@#'; a1.\uff1d\uff20\t\n\x1b")) | st.text())
def test_a_cell_is_no_formula_and_is_read_back(text: str) -> None:
    cell = for_csv(text)
    assert from_csv(cell) == visible(text)
    for part in cell.split(";"):  # as a sheet that is set to semicolons does
        assert part[:1] not in set("#=+@-\t\r\n\uff1d\uff0b\uff0d\uff20") or is_number(cell)


def is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


@pytest.mark.parametrize("text", ["-5", "+5", "-1.5e-3", "2020-01-01", "a=b", "a-b"])
def test_numbers_and_dates_are_cells_as_they_are(text: str) -> None:
    assert for_csv(text) == text


def test_csv_is_written_in_two_places_that_guard_it() -> None:
    found = []
    package = Path(statewise.__file__).parent
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute):
                name = f"{ast.unparse(called.value)}.{called.attr}"
                if called.attr in {"write_csv", "to_csv", "to_excel"} or name in {
                    "csv.writer", "csv.DictWriter", "np.savetxt",
                }:  # fmt: skip
                    found.append((path.relative_to(package).as_posix(), called.attr))
    assert sorted(found) == [("data/files.py", "write_csv"), ("show/tables.py", "writer")]
