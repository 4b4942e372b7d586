import pandas as pd
import polars as pl
import pytest

from statewise.data.labels import noughts_and_ones, with_labels
from statewise.errors import DataError


@pytest.mark.parametrize("library", [pd, pl])
def test_columns_of_text_become_noughts_and_ones(library: object) -> None:
    frame = library.DataFrame({"city": ["Ulm", "Bonn", "Ulm"], "size": [3, 1, 3]})  # type: ignore[attr-defined]
    found = with_labels(frame, ["city", "size"])
    assert list(found.columns) == ["size", "city=Bonn", "city=Ulm"]
    assert list(found["city=Ulm"]) == [1.0, 0.0, 1.0]
    known = with_labels(frame, ["city"], ["city=Kiel", "city=Ulm", "other"])
    assert list(known.columns) == ["size", "city=Kiel", "city=Ulm"]
    assert list(known["city=Kiel"]) == [0.0, 0.0, 0.0]
    assert with_labels(frame, []) is frame
    with pytest.raises(DataError, match="static = 'x': is not a column"):
        with_labels(frame, ["x"])


def test_names_that_are_known_come_in_their_order() -> None:
    assert list(noughts_and_ones("a", ["x", "y"], ["a=y", "a=x", "b=x"])) == ["a=y", "a=x"]
