from typing import Any

import pytest

from statewise.base.documents import Document
from statewise.errors import DataError


@pytest.mark.parametrize(
    ("method", "good", "bad"),
    [
        ("text", ["", "é"], [None, 1, "\ud800", ["a"]]),
        ("flag", [True, False], [None, 0, 1, "True"]),
        ("numbers", [[], [0, -(2**63), 2**63 - 1]], [None, 1, [True], [1.0], [2**63], ["1"]]),
        ("texts", [[], ["a", "a"]], [None, "a", [1], ["\udfff"]]),
        ("names", [["a", 1]], [None, [], ["a", "a"], [1, "1"], [None], [1.5], [[1]]]),
    ],
)
def test_a_field_is_of_its_kind_or_refused(method: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        document = Document.of("model", {"field": value}, ["field"])
        assert getattr(document, method)("field") == value
    for value in bad:
        document = Document.of("model", {"field": value}, ["field"])
        with pytest.raises(DataError, match="model, field 'field'"):
            getattr(document, method)("field")


def test_a_choice_is_one_of_those_there_are() -> None:
    document = Document.of("model", {"kind": "a"}, ["kind"])
    assert document.text("kind", ("a", "b")) == "a"
    with pytest.raises(DataError):
        document.text("kind", ("b", "c"))


@pytest.mark.parametrize("value", [None, [], {}, {"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_the_fields_are_those_expected(value: Any) -> None:
    with pytest.raises(DataError, match="does not have the fields a, b"):
        Document.of("model", value, ["a", "b"])
