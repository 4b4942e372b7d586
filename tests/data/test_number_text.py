import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.number_text import Convention, convention_of, read_numbers
from statewise.errors import DataError, SettingError


@pytest.mark.parametrize(
    ("texts", "separator", "values"),
    [
        (["1", "2.5", "1e3", "-4", ".5", "+7"], ",", [1, 2.5, 1000, -4, 0.5, 7]),
        (["1,234.5", "999", "1,000,000"], ",", [1234.5, 999, 1e6]),
        (["1.234,5", "999", "1.000.000"], ";", [1234.5, 999, 1e6]),
        (["2,5", "3,25"], ";", [2.5, 3.25]),
        (["2,5", "3,25"], ",", [2.5, 3.25]),  # quoted
        (["1 234", "12 345,5"], ";", [1234, 12345.5]),
        (["1\u00a0234,5", "1\u202f000"], ";", [1234.5, 1000]),
        (["1'234.50", "2\u2019000"], ",", [1234.5, 2000]),
        (["$1,234.50", "-$5", "$-5", "($7)"], ",", [1234.5, -5, -5, -7]),
        (["1.234,50 €", "\u22125 €"], ";", [1234.5, -5]),
        (["5 %", "7.5%"], ",", [5, 7.5]),
        (["USD 5", "7 EUR", "R$ 3", "kr 2"], ",", [5, 7, 3, 2]),
        (["1,234", "999"], ",", [1234, 999]),
        (["1,234", "2,345"], ";", [1.234, 2.345]),
        (["1,234", "2,34"], "\t", [1.234, 2.34]),
        (["0,123", "2,345"], "\t", [0.123, 2.345]),
        (["1,234", "1,234,567"], "\t", [1234, 1234567]),
        (["1,234", "5678"], "\t", [1.234, 5678]),
        (["1.234", "2.345"], ",", [1.234, 2.345]),
        (["1.234", "1.234.567"], ",", [1234, 1234567]),
        (["1.234", "12.5"], ";", [1.234, 12.5]),
        (["1234.5", "1,234.5"], ",", [1234.5, 1234.5]),
        (["12,34,567.5", "1,234"], ",", [1234567.5, 1234]),
    ],
)
def test_a_column_is_read_by_one_convention(
    texts: list[str], separator: str, values: list[float]
) -> None:
    convention, _ = convention_of(texts, separator=separator)
    found, wrong = read_numbers(texts, convention)
    assert (found.tolist(), wrong) == (values, None)


def test_what_had_to_be_guessed_is_said() -> None:
    assert convention_of(["1,234", "5"])[1] == (
        "the comma in numbers such as 1,234 was read as one of thousands; decimal= says it"
    )
    assert "one of decimals" in str(convention_of(["1,234"], separator=";")[1])
    assert convention_of(["1,234", "1,2"])[1] is None
    for texts, separator in ((["1,234"], "\t"), (["1.234"], ";")):
        with pytest.raises(DataError, match=r"'1.234': can be a number with decimals"):
            convention_of(texts, separator=separator)
        for decimal, value in ((texts[0][1], 1.234), (".,".replace(texts[0][1], ""), 1234.0)):
            convention, note = convention_of(texts, separator=separator, decimal=decimal)
            assert (read_numbers(texts, convention)[0].tolist(), note) == ([value], None)
    with pytest.raises(SettingError, match="decimal = 'x'"):
        convention_of(["1"], decimal="x")


@pytest.mark.parametrize("text", ["two", "1_000", "1.2.3", "1,23.4", "12:30", "(5", "--5", "5 5"])
def test_what_is_no_number_is_found(text: str) -> None:
    texts = ["1", "NA", text]
    assert read_numbers(texts, convention_of(texts)[0])[1] == 2


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=9),
    st.sampled_from([",", ".", " ", "'"]),
    st.sampled_from([".", ","]),
)
def test_numbers_come_back_from_every_convention(
    hundredths: list[int], group: str, decimal: str
) -> None:
    if group == decimal:
        group = ""
    values = [each / 100 for each in hundredths]
    marks = str.maketrans({",": group, ".": decimal})
    texts = [f"{value:,.2f}".translate(marks) for value in values]
    convention = convention_of(texts, separator="")[0]
    np.testing.assert_array_equal(read_numbers(texts, convention)[0], values)
    assert all(Convention(decimal, group).value(t) == v for t, v in zip(texts, values, strict=True))
