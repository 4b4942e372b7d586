"""Numbers as people write them, read by the one convention that all of them keep."""

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statewise.base.checks import one_of
from statewise.errors import DataError

__all__ = ["Convention", "convention_of", "is_missing", "looks_like_number", "read_numbers"]

MISSING = {"", "na", "n/a", "nan", "null", "none", "#n/a", "<na>", "-", "--", ".", "?"}
UNIT = r"%|[$€£¥₹₽₩₺₴₪฿]|[A-Z]{1,2}\$|[A-Z]{3}|kr\.?|zł|Kč|Rs\.?"
DECORATED = re.compile(
    rf"(?P<open>\()?(?P<first>[-+]?) ?(?:{UNIT})? ?(?P<second>[-+]?)"
    rf"(?P<digits>[\d.,' ]*\d[.,]?(?:[eE][-+]?\d+)?) ?(?:{UNIT})?(?P<close>\))?",
    re.ASCII,
)
ALIKE = str.maketrans({"\u2212": "-", "\u2019": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "})


class Convention(NamedTuple):
    """How numbers are written: the mark before decimals, and the one between thousands."""

    decimal: str
    group: str = ""

    def value(self, text: str, *, strict: bool = True) -> float | None:
        """A text as a number, or None if it is not written so.

        ``strict`` asks that every number of more than three digits have its groups.

        Example:
            >>> Convention(",", ".").value("-1.234,5 €")
            -1234.5
        """
        found = DECORATED.fullmatch(text.translate(ALIKE).strip())
        if found is None or bool(found["open"]) != bool(found["close"]):
            return None
        signs = found["first"] + found["second"] + ("-" if found["open"] else "")
        digits = found["digits"]
        if len(signs) > 1 or not forms(self, strict).fullmatch(digits):
            return None
        plain = digits.replace(self.group, "") if self.group else digits
        return float(signs + plain.replace(self.decimal, "."))


@cache
def forms(convention: Convention, strict: bool) -> re.Pattern[str]:
    """What the digits of a number are like."""
    point, group = map(re.escape, convention)
    whole = r"\d+"
    if group:
        grouped = rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+"
        indian = rf"[1-9]\d?(?:{group}\d{{2}})+{group}\d{{3}}"
        whole = rf"(?:{grouped}|\d{{1,3}})" if strict else rf"(?:{grouped}|{indian}|\d+)"
    return re.compile(rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?", re.ASCII)


PLAIN = Convention(".")
CONVENTIONS = (PLAIN, *(Convention(d, g) for g in (",", ".", " ", "'", "") for d in ".," if d != g))
EITHER = re.compile(r"\d[.,]\d{3}(?!\d)")  # of decimals, or of thousands


def is_missing(text: str) -> bool:
    """Whether a field stands for a value that is not there."""
    return text.lower() in MISSING


def looks_like_number(text: str) -> bool:
    """Whether some convention reads a text as a number."""
    return any(c.value(text, strict=False) is not None for c in CONVENTIONS)


def convention_of(
    texts: Sequence[str], *, decimal: str | None = None, separator: str = ","
) -> tuple[Convention, str | None]:
    """How all of these numbers are written, and a note where that had to be guessed.

    Where a mark may be of decimals or of thousands in every one of them, as in 1,234, what
    separates the fields of the file decides: beside semicolons a comma is of decimals, beside
    commas it is of thousands.

    Args:
        texts: numbers; those that are missing, or that no convention reads, have no say.
        decimal: the mark before decimals if it is known, "." or ",".
        separator: of the fields of the file; "" where there is none.

    Raises:
        DataError: both readings are possible, and the separator does not decide.
        SettingError: ``decimal`` is no such mark.

    Example:
        >>> convention_of(["1.234,5", "999,25"])
        (Convention(decimal=',', group='.'), None)
    """
    if decimal is not None:
        one_of("decimal", decimal, (".", ","))
    known = [text for text in dict.fromkeys(texts) if not is_missing(text)]
    marked = [text for text in known if not is_plain(text)]
    if not marked and (decimal == "." or (decimal is None and separator != ";")):
        return PLAIN, None
    marked += [text for text in known if "." in text and is_plain(text)]
    if separator != ",":  # beside numbers with a mark, one of four digits without it tells much
        marked += [text for text in known if text.isdecimal() and len(text) > 3][:1]
    fitting = fits(marked, decimal)
    if not fitting:
        return Convention(decimal or "."), None
    by_decimal = {c.decimal: (c, np.array(values)) for c, values in reversed(fitting)}
    either = next((text for text in marked if EITHER.search(text)), None)
    if either is None or len(by_decimal) == 1:
        return fitting[0][0], None
    if np.array_equal(by_decimal["."][1], by_decimal[","][1], equal_nan=True):
        return fitting[0][0], None
    taken, note = settled(either, separator)
    return by_decimal[taken][0], note


def settled(text: str, separator: str) -> tuple[str, str | None]:
    """The mark before decimals where 1,234 or 1.234 is all that is known, and a note on a guess.

    Raises:
        DataError: what separates the fields does not decide.
    """
    if "," not in text and separator != ";":
        return ".", None  # as in any file that a program writes
    if "," in text and separator in {",", ";"}:
        mark, said = (".", "thousands") if separator == "," else (",", "decimals")
        return (
            mark,
            f"the comma in numbers such as {text} was read as one of {said}; decimal= says it",
        )
    problem = "can be a number with decimals, or with a mark between thousands"
    fix = "Say which mark is of decimals: decimal=',' or decimal='.'."
    raise DataError("numbers", text, problem, fix)


def fits(texts: Sequence[str], decimal: str | None) -> list[tuple[Convention, list[float]]]:
    """The conventions that read most of the texts, with the values that they give."""
    found: list[tuple[Convention, list[float]]] = []
    for strict in (True, False):
        allowed = [c for c in CONVENTIONS if decimal in (None, c.decimal)]
        read = [(c, [c.value(text, strict=strict) for text in texts]) for c in allowed]
        count = [sum(v is not None for v in values) for _, values in read]
        best = max(count, default=0)
        found = [
            (c, [math.nan if v is None else v for v in values])
            for (c, values), n in zip(read, count, strict=True)
            if n == best and best
        ]
        if best == len(texts):
            break
    return found


def is_plain(text: str) -> bool:
    """Whether Python reads a text as a number, as one without marks between thousands."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python would read 1_000 as a thousand


def read_numbers(
    texts: Sequence[str], convention: Convention
) -> tuple[NDArray[np.float64], int | None]:
    """(rows,) texts as numbers, NaN where one is missing; and the first row that is no number.

    Example:
        >>> read_numbers(["1,5", "NA", "two"], Convention(","))
        (array([1.5, nan, nan]), 2)
    """
    found = np.full(len(texts), np.nan)
    plain = convention.decimal == "."
    for row, text in enumerate(texts):
        if is_missing(text):
            continue
        if is_plain(text) and (plain or not set(text) & {".", ","}):
            found[row] = float(text)
        elif (value := convention.value(text, strict=False)) is not None:
            found[row] = value
        else:
            return found, row
    return found, None
