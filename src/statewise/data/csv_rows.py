"""A CSV file as fields: bytes, text, lines of fields, numbers."""

import csv
import io
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import at_least
from statewise.base.files import content_of
from statewise.data.choose import TIMES
from statewise.data.limits import MOST_ROWS, check_columns, check_size, check_text
from statewise.data.number_text import (
    Convention,
    convention_of,
    is_missing,
    looks_like_number,
    read_numbers,
)
from statewise.data.panel import LARGEST, check_value
from statewise.data.time_text import looks_like_time
from statewise.errors import DataError, SettingError
from statewise.text import from_csv, visible

__all__ = ["CsvRows", "read_rows"]

SEPARATORS = ("\t", ";", "|", ",")  # the first of those that divide the lines equally well
LOOKED_AT = 200  # lines, to find what separates fields
USUAL = {"unique_id", "y", *(name for names in TIMES for name in names)}  # names of columns
COMPARED = 50  # fields of the first line with those of the second
REMEMBERED = 100_000  # distinct fields
DECIMALS = re.compile(r"\s*[-+]?\d+,\d+\s*")
TAIL = 5  # rows at the end among which a footer may stand


@dataclass(frozen=True)
class CsvRows:
    """The fields of a CSV file.

    Args:
        path: of the file, for messages.
        header: the names of the columns.
        numbers: (rows,) on which line of the file each row ends.
        rows: (rows,) its fields, as many as the header has or more.
        separator: of fields.
        notes: what was found, in sentences.
    """

    path: str
    header: list[str]
    numbers: Sequence[int]
    rows: list[tuple[str, ...]]
    separator: str = ","
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def code(self) -> str:
        """What reads such a file in Python, for messages."""
        how = "" if self.separator == "," else f", sep={self.separator!r}"
        if how and any(map(DECIMALS.fullmatch, self.rows[0])):
            how += ", decimal=','"
        return f"pandas.read_csv(FILE{how})"

    def line(self, row: int) -> str:
        """A row, for messages."""
        return f"{self.path}, line {self.numbers[row]}"

    def remedy(self, row: int) -> str:
        """What to do about a row that cannot be used."""
        return f"Correct the line.{self.footer(row)}"

    def footer(self, row: int) -> str:
        """What to do about a row if it belongs to a footer, as one near the end may."""
        after = len(self) - row
        return "" if after > TAIL else f" If it is a footer, drop it with skip_footer={after}."

    def texts(self, column: str) -> list[str]:
        """(rows,) the fields of a column."""
        at = self.header.index(column)
        return [row[at] for row in self.rows]

    def counts(self, column: str) -> bool:
        """Whether a column is of numbers: whether its first value is one."""
        first = next((text for text in self.texts(column) if not is_missing(text)), "")
        return looks_like_number(first)

    def convention(
        self, columns: Sequence[str], decimal: str | None
    ) -> tuple[Convention, str | None]:
        """How the numbers of these columns are written, and a note, as ``convention_of`` says."""
        texts = [text for column in columns for text in self.texts(column)]
        try:
            return convention_of(texts, decimal=decimal, separator=self.separator)
        except DataError as error:
            where = ", ".join(map(repr, columns))
            raise DataError(f"column {where}", *error.args[1:]) from None

    def floats(
        self, column: str, convention: Convention, fix: str, *, gaps: bool = False
    ) -> NDArray[np.float64]:
        """(rows,) the fields of a column as finite numbers, NaN where ``gaps`` lets one be missing.

        Raises:
            DataError: a field is no such number, or is missing, and ``fix`` says what to do.
        """
        texts = self.texts(column)
        found, wrong = read_numbers(texts, convention)
        blank = np.flatnonzero(np.isnan(found)).tolist()
        gap = next((row for row in blank if is_missing(texts[row])), None)
        if gap is not None and not gaps and (wrong is None or gap < wrong):
            problem = f"has no value in column {column!r}"
            raise DataError(self.line(gap), texts[gap], problem, f"{fix}{self.footer(gap)}")
        if wrong is not None:
            problem, fix = f"is not a number (column {column!r})", self.remedy(wrong)
            if looks_like_number(texts[wrong]):
                problem = f"is not written as the other numbers of column {column!r} are"
            elif not any(map(looks_like_number, texts)):
                fix = "If it names series, say id_column=; or the columns to take with exogenous=."
            raise DataError(self.line(wrong), texts[wrong], problem, fix)
        for row in np.flatnonzero(np.abs(found) > LARGEST).tolist():
            check_value(self.line(row), float(found[row]), f" (column {column!r})")
        return found


def read_rows(
    path: Path,
    encoding: str = "utf-8",
    *,
    skip_lines: int = 0,
    skip_footer: int = 0,
    max_rows: int = MOST_ROWS,
) -> CsvRows:
    """The fields of a CSV file: a header line if there is one, and lines that are not blank.

    Lines that begin with # are comments. Without a header, two columns are called ds and y, and
    others by their number.

    Args:
        path: the file.
        encoding: how its bytes are to be read; UTF-16 that says so itself is read as it is.
        skip_lines: how many lines stand above the header.
        skip_footer: how many lines that are not blank stand below the last row.
        max_rows: how many rows are read at most.

    Raises:
        DataError: the file cannot be read, or a line has not the fields that the header has.
        SettingError: the encoding is not known, or a number of lines is negative.
    """
    at_least("skip_lines", skip_lines, 0)
    at_least("skip_footer", skip_footer, 0)
    at_least("max_rows", max_rows, 1)
    try:
        check_text(path, max_rows, 1 + skip_lines + skip_footer)
        content = content_of(path)
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise DataError("file", str(path), problem, "Check the path.") from None
    text = decoded(str(path), content, encoding)
    del content
    numbers, rows, separator = split(str(path), text, skip_lines)
    if skip_footer:
        del numbers[-skip_footer:], rows[-skip_footer:]
    if not rows:
        raise DataError("file", str(path), "is empty", "Give a CSV file with a header line.")
    check_preamble(str(path), numbers, rows)
    check_columns(path, len(rows[0]))
    notes: tuple[str, ...] = ()
    if has_header(rows):
        header = list(rows[0])
        del numbers[0], rows[0]
    else:
        wide = len(rows[0])
        header = [["y"], ["ds", "y"]][wide - 1] if wide <= 2 else [f"{i + 1}" for i in range(wide)]
        notes = (f"there is no header: the columns were called {', '.join(header)}",)
    found = CsvRows(str(path), header, numbers, rows, separator, notes)
    check_size(path, "rows", len(found), max_rows)
    check_widths(found)
    return named(replace(found, header=list(map(visible, header))))


def decoded(path: str, content: bytes, encoding: str) -> str:
    """Bytes as text; raises DataError or SettingError if they are not of this encoding."""
    if encoding == "utf-8" and content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        problem, fix = "is not a known encoding", "Use for example latin-1."
        raise SettingError("encoding", encoding, problem, fix) from None
    except UnicodeError as error:
        place = ""
        if isinstance(error, UnicodeDecodeError):
            place = f" (byte {error.start} is 0x{error.object[error.start]:02x})"
        fix = "Say what it is, for example encoding='latin-1' or encoding='utf-16'."
        raise DataError("file", path, f"is not {encoding} text{place}", fix) from None


def split(path: str, text: str, skip_lines: int) -> tuple["array[int]", list[tuple[str, ...]], str]:
    """The lines that are not blank: the numbers and the fields of them, without blanks around.

    And what separates the fields. Comments, and the lines that are skipped, count as blank. Texts
    that come again, as names and dates do, are kept once.
    """
    kept = list(io.StringIO(text, newline=""))
    kept[:skip_lines] = ["\n"] * min(skip_lines, len(kept))
    if "#" in text:
        kept = ["\n" if line.lstrip().startswith("#") else line for line in kept]
    first = next((row for row, line in enumerate(kept) if line.strip()), 0)
    said = re.fullmatch(r"sep=(.)\s*", kept[first]) if kept else None  # as Excel writes it
    if said:
        kept[first] = "\n"
    separator = said[1] if said else separator_of(kept)
    numbers, rows = array("q"), []
    same: dict[str, str] = {}

    def cell_of(field: str) -> str:
        cell = field.strip()
        found = same.get(cell)
        if found is None:
            found = from_csv(cell) if guarded else cell
            if len(same) < REMEMBERED:
                same[cell] = found
        return found

    guarded = "'" in text  # as our own files have it
    try:
        reader = csv.reader(kept, delimiter=separator, strict=True)
        for row in reader:
            cells = tuple(map(cell_of, row))
            if any(cells):
                numbers.append(reader.line_num)
                rows.append(cells)
    except csv.Error as error:
        raise DataError("file", path, f"is not CSV ({error})", "Check its quotes.") from None
    return numbers, rows, separator


def separator_of(lines: Sequence[str]) -> str:
    """What separates fields: what divides most of the first lines into equally many."""
    head = list(islice((line for line in lines if line.strip()), LOOKED_AT))

    def evenness(separator: str) -> float:
        try:
            wide = Counter(map(len, csv.reader(head, delimiter=separator)))
        except csv.Error:
            return 0.0
        return max((n for fields, n in wide.items() if fields > 1), default=0) / len(head)

    if len(head) > 1 and "," not in head[0] and all(map(DECIMALS.fullmatch, head[1:])):
        return ";"  # one column, whose commas are of decimals
    return max(SEPARATORS, key=evenness) if head else ","


def check_preamble(path: str, numbers: Sequence[int], rows: Sequence[tuple[str, ...]]) -> None:
    """Raise DataError if the first lines are not of the table: narrower than all that follow."""
    widths = [len(cells) for cells in rows[:LOOKED_AT]]
    usual = Counter(widths).most_common(1)[0][0]
    row = next(row for row, wide in enumerate(widths) if wide >= usual)
    if 0 < row <= len(widths) // 2 and usual > 1:
        skip = numbers[row] - 1
        problem = f"has {widths[0]} field{'s' * (widths[0] > 1)}, and the table below it {usual}"
        fix = f"Drop the lines above the table: skip_lines={skip}."
        raise DataError(f"{path}, line {numbers[0]}", " ".join(rows[0]), problem, fix)


def check_widths(found: CsvRows) -> None:
    """Raise DataError if a row has not as many fields as the header; empty ones may follow."""
    wide = len(found.header)
    for row, cells in enumerate(found.rows):
        if len(cells) < wide:
            problem = f"has {len(cells)} of the {wide} fields that the header has"
            first = next(r for r, each in enumerate(found.rows) if len(each) < wide)
            raise DataError(found.line(row), " ".join(cells), problem, found.remedy(first))
        if any(cells[wide:]):
            problem = f"has {len(cells)} fields, and the header {wide}"
            mark = {"\t": "tab", ";": "semicolon"}.get(found.separator, "comma")
            fix = f"Quote fields that have a {mark} in them."
            raise DataError(found.line(row), " ".join(cells), problem, fix)


def has_header(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first line names the columns, and is not of the same kinds as the second."""
    first = rows[0][:COMPARED]
    if len(rows) == 1 or not any(kind_of(cell) == "value" for cell in first):
        return True
    if any(cell.lower() in USUAL for cell in first):
        return True
    whole = [int(cell) for cell in first if cell.isdecimal() and len(cell) == 4]
    if len(whole) >= 3 and all(b == a + 1 for a, b in pairwise(whole)):
        return True  # the years of a wide table
    pairs = zip(first, rows[1], strict=False)
    return any(kind_of(a) != kind_of(b) for a, b in pairs if not is_missing(a) | is_missing(b))


def kind_of(cell: str) -> str:
    """Whether a field is a value, of time or number, or text."""
    return "value" if looks_like_number(cell) or looks_like_time(cell) else "text"


def named(found: CsvRows) -> CsvRows:
    """The columns that have a name or values; a first one that only counts the rows is none."""
    kept, header = [], list(found.header)
    for at, name in enumerate(header):
        if not name:
            cells = [row[at] for row in found.rows]
            counts = any(cells == list(map(str, range(i, i + len(cells)))) for i in (0, 1))
            if not any(cells) or (counts and at == 0 and len(header) > 2):
                continue
            header[at] = "ds" if at == 0 and "ds" not in header else f"column {at + 1}"
        kept.append(at)
    if len(kept) == len(header) == len(found.header) and header == found.header:
        return found
    rows = [tuple(row[at] for at in kept) for row in found.rows]
    return replace(found, header=[header[at] for at in kept], rows=rows)
