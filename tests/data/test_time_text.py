import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.time_text import (
    PATTERN,
    TIME_FORMATS,
    check_date_format,
    compact_form,
    join_times,
    odd_one,
    parse_time,
    read_text,
    write_time,
)
from statewise.errors import DataError, SettingError


@given(
    st.sampled_from([form for form in TIME_FORMATS if "%q" not in form]),
    st.lists(st.dates(dt.date(1970, 1, 1), dt.date(2060, 12, 1)), min_size=1, max_size=4),
)
def test_times_of_a_form_that_is_said_are_written_as_they_were(
    form: str, dates: list[dt.date]
) -> None:
    texts = [date.strftime(form) for date in dates]
    read = read_text("ds", texts, form)
    again = [write_time(read.pattern, time) for time in read.times.tolist()]
    assert PATTERN.fullmatch(read.pattern)
    assert again == texts
    parsed = [parse_time("ds", text, read.form, read.pattern) for text in texts]
    assert parsed == read.times.tolist()


def test_a_further_time_is_read_in_the_form_of_those_before() -> None:
    read = read_text("ds", ["13/01/2020", "14/01/2020"])
    assert parse_time("ds", "3/4/2020", read.form, read.pattern) == dt.datetime(2020, 4, 3)  # noqa: DTZ001
    read = read_text("ds", ["01/13/2020", "01/14/2020"])
    assert parse_time("ds", "3/4/2020", read.form, read.pattern) == dt.datetime(2020, 3, 4)  # noqa: DTZ001


def test_whole_numbers_are_dates_where_all_of_them_are() -> None:
    assert compact_form(["20200229", "20200301"]) == "%Y%m%d"
    for texts in ([], ["2020"], ["20200230"], ["202001", "20200101"], ["999901"], ["123456"]):
        assert compact_form(texts) is None


def test_the_first_text_that_is_no_time_among_many_is_found() -> None:
    months = [f"2020-{month:02d}" for month in range(1, 10)]
    assert odd_one([*months, "Total", "Source"]) == 9
    assert odd_one(months) is None
    assert odd_one(["a", "b", "2020-01"]) is None


def test_a_form_that_is_none_is_refused() -> None:
    for form in ("day", "", "%", "%Q", "%d %d"):
        with pytest.raises(SettingError, match="is not the form of a date"):
            check_date_format(form)
    with pytest.raises(DataError, match="'2020-02': is not written as '%Y' says"):
        read_text("ds", ["2020", "2020-02"], "%Y")


def test_what_is_not_numbers_is_joined_by_blanks() -> None:
    assert join_times(["day", "clock"], [["1/2/2020"], ["22:00"]]) == ["1/2/2020 22:00"]
    assert join_times(["year", "month"], [["2020"], ["May"]]) == ["May 2020"]
