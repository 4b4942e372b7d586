import copy
import datetime as dt
import json
import sys
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.frame_kind import FrameKind
from statewise.data.frames import read_frame, write_frame
from statewise.data.origin import ForecastOrigin
from statewise.errors import DataError
from tests.csvs import fuzz

MONTHS = pd.date_range("2020-01-01", periods=3, freq="MS")
BERLIN = "Europe/Berlin"
LEVELS = ["c", "b", "a"]


def frame(**columns: Any) -> Any:
    base = {"unique_id": list("bbbaaa"), "ds": [*MONTHS, *MONTHS], "y": 1.0, "x": 0}
    return pd.DataFrame(base | columns)


def arrow_names(index: Any) -> Any:
    names = pa.array(list("bbbaaa")).dictionary_encode().cast(pa.dictionary(index, pa.string()))
    return pa.table({"unique_id": names, "ds": [1, 2, 3] * 2, "y": [1.0] * 6})


HOURS = pd.date_range("2020-10-24 23:00", periods=3, freq="h", tz=BERLIN)
DAYS = [dt.date(2020, 1, day) for day in (1, 2, 3)]
NATIVES = [
    frame(),
    frame(unique_id=[7, 7, 7, 3, 3, 3]),
    frame(unique_id=pd.array([7, 7, 7, 3, 3, 3], "UInt8")),
    frame(unique_id=pd.Series([7, 7, 7, "a", "a", "a"], dtype=object)),
    frame(unique_id=pd.Categorical(list("bbbaaa"), LEVELS, ordered=True)),
    frame(unique_id=pd.Categorical([7, 7, 7, 3, 3, 3])),
    frame().drop(columns="unique_id").iloc[:3],
    frame().drop(columns="unique_id").iloc[:3].set_index("ds"),
    frame(ds=[*MONTHS.to_period("M")] * 2),
    frame(ds=[*MONTHS.tz_localize(BERLIN)] * 2),
    frame(ds=[*MONTHS.tz_localize("+01:00")] * 2),
    frame(ds=[*HOURS] * 2),
    frame(ds=[*MONTHS.as_unit("ns")] * 2),
    frame(ds=pd.Series(DAYS * 2, dtype=object)),
    frame(ds=pd.array([1, 2, 3] * 2, "Int16")),
    frame(ds=["1-01", "1-02", "1-03"] * 2),
    frame(ds=["2020-01-01T00:00Z", "2020-01-01T01:00Z", "2020-01-01T02:00Z"] * 2),
    frame(ds=["Jan-20", "Feb-20", "Mar-20"] * 2),
    frame(ds=["29.1.2020", "30.1.2020", "31.1.2020"] * 2),
    frame(ds=["007", "008", "009"] * 2),
    frame().convert_dtypes(),
    frame().convert_dtypes(dtype_backend="pyarrow"),
    frame(ds=pd.array(DAYS * 2, pd.ArrowDtype(pa.date32()))),
    frame(ds=pd.Series([*HOURS] * 2).astype(pd.ArrowDtype(pa.timestamp("us", BERLIN)))),
    pl.from_pandas(frame(ds=[*HOURS] * 2)),
    pl.from_pandas(frame()).with_columns(pl.col("ds").cast(pl.Date)),
    pl.from_pandas(frame()).with_columns(pl.col("unique_id").cast(pl.Categorical)),
    pl.from_pandas(frame()).with_columns(pl.col("unique_id").cast(pl.Enum(LEVELS))),
    pl.from_pandas(frame(unique_id=pd.array([7, 7, 7, 3, 3, 3], "UInt8"))),
    pa.Table.from_pandas(frame()),
    pa.Table.from_pandas(frame(ds=[*HOURS] * 2)),
    pl.from_pandas(frame()).to_arrow(),
    arrow_names(pa.int8()),
    arrow_names(pa.int32()),
]  # fmt: skip


def forecast(origin: ForecastOrigin) -> Any:
    """A frame of the next time of every series."""
    series = np.arange(len(origin))
    return write_frame({"m": series * 1.0}, origin.kind, series=series, ds=origin.after(1)[:, 0])


def shown(frame: Any) -> Any:
    """The rows of a frame as text, and whether its times are an index."""
    indexed = isinstance(frame, pd.DataFrame) and frame.index.name is not None
    table = nw.from_native(frame.reset_index() if indexed else frame, eager_only=True)
    return indexed, [[str(value) for value in row] for row in table.iter_rows()]


@pytest.mark.parametrize("native", NATIVES)
def test_a_kind_that_was_written_down_gives_the_same_frames(native: Any) -> None:
    origin = read_frame(native).origin
    again = ForecastOrigin.from_document(json.loads(json.dumps(origin.to_document())))
    assert (again.ids, again.columns, again.frequency) == (
        origin.ids,
        origin.columns,
        origin.frequency,
    )
    assert np.array_equal(again.last, origin.last)
    expected, found = forecast(origin), forecast(again)
    assert type(found) is type(expected)
    assert shown(found) == shown(expected)
    assert again.kind.time.to_document() == origin.kind.time.to_document()


@pytest.mark.parametrize("native", NATIVES)
def test_without_its_library_it_becomes_one_of_pandas(
    native: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = read_frame(native).origin
    document = origin.to_document()
    for library in ("polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, library, None)
    again = ForecastOrigin.from_document(document)
    assert again.ids == origin.ids
    assert np.array_equal(again.last, origin.last)
    assert isinstance(forecast(again), pd.DataFrame)


def test_names_of_other_types_are_written_as_text() -> None:
    native = pl.from_pandas(frame(unique_id=[0.5, 0.5, 0.5, 1.0, 1.0, 1.0]))
    kind = FrameKind.from_document(read_frame(native).kind.to_document())
    assert kind.names == ("0.5", "1.0")
    assert kind.write_names([1, 0]).to_list() == ["1.0", "0.5"]


def test_a_kind_of_some_series_keeps_their_names() -> None:
    kind = read_frame(frame(unique_id=pd.Categorical(list("bbbaaa"), LEVELS))).kind
    some = kind.take(np.array([1]))
    assert (some.names, some.places) == (("a",), {"a": 0})
    assert some.write_names([0]).dtype == kind.write_names([0]).dtype


def test_a_zone_that_a_library_does_not_know_is_refused() -> None:
    times = pd.date_range("2020-01-01", periods=3, freq="D", tz="Europe/Berlin")
    native = pl.from_pandas(pd.DataFrame({"ds": times, "y": [1.0, 2.0, 4.0]}))
    document = read_frame(native).origin.to_document()
    document["kind"]["time"]["zone"] = "localtime"
    with pytest.raises(DataError, match="is not what was saved"):
        ForecastOrigin.from_document(document)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every part of a document is."""
    pairs = enumerate(value) if isinstance(value, list) else ()
    inner = value.items() if isinstance(value, dict) else pairs
    return [path, *(further for key, part in inner for further in paths(part, (*path, key)))]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    """The part of a document that is there, or None."""
    for key in path:
        try:
            document = document[key]
        except (LookupError, TypeError):
            return None
    return document


DOCUMENTS = [read_frame(native).origin.to_document() for native in NATIVES]
PARTS = [at(document, path) for document in DOCUMENTS for path in paths(document)]
NASTY: list[Any] = [
    None, True, -1, 0, 2**53, 2**63, 10**30, 1.5, float("nan"), "", "\ud800", "\x00", "Europe",
    "../etc", "localtime", "UTC+99:99", "{0.__class__}", "{:0999999999d}", "{", "{0:%Q}", "dask",
    "period[B]", "period[Z]", "datetime64[D]", "complex128", "arrow null", "modin", [], {}, [[]],
]  # fmt: skip


@fuzz
@given(st.data())
def test_fuzz_a_damaged_document_is_refused_in_words(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(document)[1:]))
        other = at(data.draw(st.sampled_from(DOCUMENTS)), path)
        values = st.just(other) | st.sampled_from(NASTY) | st.sampled_from(PARTS) | st.text()
        inner = at(document, path[:-1])
        if data.draw(st.integers(0, 9)):
            inner[path[-1]] = copy.deepcopy(data.draw(values))
        else:
            del inner[path[-1]]
    try:
        origin = ForecastOrigin.from_document(document)
        origin.after(1)
    except DataError as error:
        assert str(error)  # noqa: PT017
        return
    assert len(forecast(origin)) == len(origin)
