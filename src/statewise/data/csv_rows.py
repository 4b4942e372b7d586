"""A CSV file as fields: bytes, text, lines of fields, numbers."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from statewise.data.panel import check_value
from statewise.errors import DataError, SettingError

__all__ = ["CsvRows", "read_rows"]

MISSING = {"", "na", "nan", "null"}  # in a field, in any case


@dataclass(frozen=True)
class CsvRows:
    """The fields of a CSV file.

    Args:
        path: of the file, for messages.
        header: the names of the columns.
        numbers: (rows,) on which line of the file each row ends.
        rows: (rows,) its fields, as many as the header has or more.
    """

    path: str
    header: list[str]
    numbers: list[int]
    rows: list[list[str]]

    def __len__(self) -> int:
        return len(self.rows)

    def line(self, row: int) -> str:
        """A row, for messages."""
        return f"{self.path}, line {self.numbers[row]}"

    def texts(self, column: str) -> list[str]:
        """(rows,) the fields of a column."""
        at = self.header.index(column)
        return [row[at] for row in self.rows]

    def floats(self, column: str, fix: str, *, gaps: bool = False) -> NDArray[np.float64]:
        """(rows,) the fields of a column as finite numbers, NaN where ``gaps`` lets one be missing.

        Raises:
            DataError: a field is no such number, or is missing, and ``fix`` says what to do.
        """
        found = np.empty(len(self))
        for row, text in enumerate(self.texts(column)):
            if gaps and text.lower() in MISSING:
                found[row] = np.nan
            elif not text:
                problem = f"has no value in column {column!r}"
                raise DataError(self.line(row), text, problem, fix)
            else:
                found[row] = parse_number(self.line(row), column, text)
        return found


def read_rows(path: Path, encoding: str) -> CsvRows:
    """The fields of a CSV file: a header line, and lines that are not blank.

    Raises:
        DataError: the file cannot be read, or a line has fewer fields than the header.
        SettingError: the encoding is not known.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise DataError("file", str(path), problem, "Check the path.") from None
    lines = split(str(path), decoded(str(path), content, encoding))
    if not lines:
        raise DataError("file", str(path), "is empty", "Give a CSV file with a header line.")
    (_, header), *lines = lines
    found = CsvRows(str(path), header, [n for n, _ in lines], [row for _, row in lines])
    for row, cells in enumerate(found.rows):
        if len(cells) < len(header):
            problem = f"has {len(cells)} of the {len(header)} fields that the header has"
            fix = "Complete the line; delete it if it is a footer or a note."
            raise DataError(found.line(row), " ".join(cells), problem, fix)
    return found


def decoded(path: str, content: bytes, encoding: str) -> str:
    """Bytes as text; raises DataError or SettingError if they are not of this encoding."""
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        problem, fix = "is not a known encoding", "Use for example latin-1."
        raise SettingError("encoding", encoding, problem, fix) from None
    except UnicodeError as error:
        place = ""
        if isinstance(error, UnicodeDecodeError):
            place = f" (byte {error.start} is 0x{error.object[error.start]:02x})"
        fix = "Say what it is with the encoding option, for example latin-1 or utf-16."
        raise DataError("file", path, f"is not {encoding} text{place}", fix) from None


def split(path: str, text: str) -> list[tuple[int, list[str]]]:
    """The lines that are not blank: the number and the fields of each, without blanks around them.

    What the first line has most of, commas, semicolons or tabs, separates fields.
    """
    head = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise DataError("file", path, f"is not CSV ({error})", "Check its quotes.") from None
    return [(number, cells) for number, cells in lines if any(cells)]


def parse_number(where: str, column: str, text: str) -> float:
    """``text`` as a finite float; raises DataError that names the place."""
    try:
        value = float("no" if "_" in text else text)  # Python would read 1_000 as a thousand
    except ValueError:
        hint = (
            "Write decimals with a point."
            if text.replace(",", "", 1).lstrip("-").isdigit()
            else "Correct the line, or delete it if it is a footer or a note."
        )
        raise DataError(where, text, f"is not a number (column {column!r})", hint) from None
    check_value(where, value, f" (column {column!r})")
    return value
