"""The types of a frame's columns: written down by name, and made again where that is possible."""

import re
import warnings
from importlib.util import find_spec
from typing import Any

import narwhals as nw
import pandas as pd

__all__ = ["PLAIN", "dtype_name", "installed", "name_column", "time_dtype"]

WHOLE = r"[uU]?[iI]nt(?:8|16|32|64)"
UNIT = r"\[(?P<unit>s|ms|us|ns)\]"
TEXT = r"object|str|string\[(?:python|pyarrow)\]|arrow (?:large_)?string"
PANDAS = {  # what a column of times may be, by its kind
    "datetime": rf"datetime64{UNIT}|arrow timestamp\[(?P<other>s|ms|us|ns)\]",
    "date": r"object|arrow date32\[day\]|arrow date64\[ms\]",
    "period": r"period\[(?P<freq>\d*(?:[YQ]-[A-Z]{3}|W-[A-Z]{3}|[MDBhs]|min|ms|us|ns))\]",
    "integer": rf"{WHOLE}|arrow u?int(?:8|16|32|64)",
    "text": TEXT,
}
OTHERS = {"datetime": f"Datetime{UNIT}", "date": "Date", "integer": "U?Int(?:8|16|32|64)",
          "text": "String"}  # fmt: skip
PLAIN = {"datetime": "datetime64[us]", "date": "object", "period": "period[D]", "integer": "int64",
         "text": "str"}  # fmt: skip
NAMES = {  # what a column of names may be, by the library
    "pandas": rf"{WHOLE}|{TEXT}|arrow u?int(?:8|16|32|64)",
    "polars": r"U?Int(?:8|16|32|64)|String|Categorical|Enum",
    "pyarrow": r"arrow (?P<plain>u?int(?:8|16|32|64)|(?:large_)?string)"
    r"|arrow dictionary<values=(?P<value>u?int(?:8|16|32|64)|(?:large_)?string), "
    r"indices=(?P<index>u?int(?:8|16|32|64)), ordered=(?P<ordered>[01])>",
}


def dtype_name(dtype: Any) -> str:
    """What a type of pandas, narwhals or pyarrow is called here; a time zone is left out.

    Example:
        >>> dtype_name(pd.DatetimeTZDtype("us", "UTC")), dtype_name(nw.Datetime("ms"))
        ('datetime64[us]', 'Datetime[ms]')
    """
    if isinstance(dtype, pd.StringDtype):
        return f"string[{dtype.storage}]" if dtype.na_value is pd.NA else "str"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return f"datetime64[{dtype.unit}]"
    if isinstance(dtype, nw.Datetime):
        return f"Datetime[{dtype.time_unit}]"
    if isinstance(dtype, nw.Enum):
        return "Enum"
    if isinstance(dtype, pd.ArrowDtype):
        dtype = dtype.pyarrow_dtype
    if type(dtype).__module__.startswith("pyarrow"):
        return "arrow " + re.sub(", tz=[^]]*", "", str(dtype))
    return str(dtype)


def installed(library: str) -> bool:
    """Whether a library can be imported."""
    try:
        return find_spec(library) is not None
    except ValueError:  # it is blocked
        return False


def time_dtype(name: str, kind: str, library: str, zone: Any) -> Any:
    """The type of a column of times of this name; raises ValueError if there is none.

    Args:
        name: what ``dtype_name`` gave.
        kind: of ``TimeColumn``.
        library: "pandas", or "polars" or "pyarrow", whose types are those of narwhals. Types of
            pandas that need pyarrow, where it is not installed, are replaced by plain ones.
        zone: the time zone, a tzinfo for pandas and a name for the others, or None.
    """
    found = re.fullmatch((PANDAS if library == "pandas" else OTHERS).get(kind, "$^"), name)
    if found is None:
        raise ValueError(name)
    if library != "pandas":
        unit: Any = found.groupdict().get("unit")
        return nw.Datetime(unit, zone) if unit else getattr(nw, name)
    if kind == "period":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of frequencies that pandas means to drop
            return pd.PeriodDtype(found["freq"])
    if "arrow" in name and not installed("pyarrow"):
        name = PLAIN[kind]
    if name.startswith("arrow "):
        return arrow_dtype(name, zone)
    if kind == "datetime" and zone is not None:
        return pd.DatetimeTZDtype(found["unit"] or "us", zone)
    return pd.Series(dtype=name).dtype


def arrow_dtype(name: str, zone: Any = None) -> Any:
    """The type of pandas that holds this one of pyarrow."""
    import pyarrow as pa

    alias = name.removeprefix("arrow ")
    unit = re.fullmatch(r"timestamp\[(.+)\]", alias)
    return pd.ArrowDtype(pa.timestamp(unit[1], str(zone)) if unit and zone is not None
                         else pa.type_for_alias(alias))  # fmt: skip


def name_column(
    names: list[int | str],
    name: str,
    categories: list[int | str] | None,
    ordered: bool,
    library: str,
) -> "nw.Series[Any]":
    """The names of series as a column; raises ValueError, TypeError or OverflowError if none fits.

    Args:
        names: (series,) in their own type.
        name: what ``dtype_name`` gave: of categories, of pandas, their own type.
        categories: in their order, or None of a column that has none or does not name them.
        ordered: whether the categories are ordered.
        library: whose column is wanted; text and numbers of a type that it does not know, or that
            is not installed, become plain ones.
    """
    if categories is not None and not set(names) <= set(categories):
        raise ValueError(categories)
    if library == "pandas":
        if not re.fullmatch(NAMES["pandas"], name) or (
            "arrow" in name and not installed("pyarrow")
        ):
            name = "object" if len({type(value) for value in names}) > 1 else ""
        of_type: Any = arrow_dtype(name) if name.startswith("arrow ") else name or None
        column = pd.Series(names, dtype=of_type)
        if categories is not None:
            index = pd.Index(categories, dtype=column.dtype)
            column = pd.Series(pd.Categorical(column, categories=index, ordered=ordered))
        return nw.from_native(column, series_only=True)
    found = re.fullmatch(NAMES[library], name)
    whole = all(isinstance(value, int) for value in names)
    if library == "polars" or found is None:
        dtype: Any = nw.Int64 if whole else nw.String
        if found is not None:
            dtype = getattr(nw, name)
            if whole != dtype.is_integer() or (name == "Enum") != (categories is not None):
                raise ValueError(name)
        if name == "Enum" and categories is not None:
            dtype = nw.Enum([str(value) for value in categories])
        backend: Any = library
        return nw.new_series("unique_id", names, dtype, backend=backend)
    import pyarrow as pa

    values = pa.array(names, pa.type_for_alias(found["plain"] or found["value"]))
    if found["index"]:
        codes = pa.array(range(len(names)), pa.type_for_alias(found["index"]))
        values = pa.DictionaryArray.from_arrays(codes, values, ordered=found["ordered"] == "1")
    return nw.from_native(pa.chunked_array([values]), series_only=True)
