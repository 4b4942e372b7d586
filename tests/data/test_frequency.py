from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from statewise.base.records import as_document, from_document
from statewise.data.frequency import Frequency
from statewise.data.infer import infer
from statewise.errors import DataError, SettingError

ALIASES = ("MS", "ME", "QS", "QE", "YS", "YE", "D", "B", "W", "h", "min", "s", "ms")
steps = st.builds(
    lambda count, alias: f"{count}{alias}" if count > 1 else alias,
    st.integers(1, 40),
    st.sampled_from(ALIASES),
)


def days(*texts: str) -> Any:
    return np.array(texts, "M8[us]")


@given(steps, st.datetimes(pd.Timestamp(1900, 1, 1), pd.Timestamp(2100, 1, 1)))
def test_times_that_follow_are_those_of_pandas(alias: str, start: Any) -> None:
    expected = pd.date_range(start, periods=30, freq=alias).as_unit("us").to_numpy()
    frequency = Frequency.parse(alias)
    assert np.array_equal(frequency.after(expected[9], 20), expected[10:])
    assert np.array_equal(frequency.after(expected[:1], 29)[0], expected[1:])
    assert np.array_equal(frequency.index(expected), np.arange(30))
    assert np.array_equal(frequency.grid(expected[:2], np.array([3, 1])), expected[[0, 1, 2, 1]])
    assert Frequency.parse(str(frequency)) == frequency
    if not alias[:-1].isdigit() or alias[-1] != "B":  # every other business day is not evenly apart
        found = infer(expected)
        assert np.array_equal(found.after(expected[9], 20), expected[10:])


@given(steps, st.sets(st.integers(0, 50), min_size=1), st.integers(0, 20000))
def test_an_index_shows_the_gaps(alias: str, kept: set[int], start: int) -> None:
    places = np.array(sorted(kept))
    times = pd.date_range(np.datetime64(start, "D"), periods=51, freq=alias).to_numpy()[places]
    assert Frequency.parse(alias).index(times).tolist() == (places - places[0]).tolist()


def test_months_keep_the_day_at_which_they_stand() -> None:
    ends = infer(days("2023-11-30", "2023-12-31", "2024-01-31"))
    assert (str(ends), str(ends.after(days("2024-01-31")[0], 1)[0])[:10]) == ("ME", "2024-02-29")
    middle = infer(days("2023-11-15T06", "2023-12-15T06", "2024-01-15T06"))
    assert str(middle) == "M"
    assert middle.after(days("2024-01-15T06")[0], 1) == days("2024-02-15T06")
    assert str(infer(days("2023-02-28", "2023-05-31", "2023-08-31"))) == "QE"
    assert str(Frequency.parse("Q").anchored(days("2023-05-31"))) == "QE"
    assert str(Frequency.parse("Y").anchored(days("2023-05-01", "2024-05-01"))) == "YS"
    assert str(Frequency.parse("Y").anchored(days("2023-05-02"))) == "Y"


@pytest.mark.parametrize(
    ("alias", "times", "message"),
    [
        ("D", [1, 2], "does not fit times that are whole numbers"),
        ("1", days("2024-01-01"), "does not fit times that are dates"),
        ("MS", days("2024-01-02"), "series 'a' = '2024-01-02': is not the first day of a month"),
        ("ME", days("2024-02-28"), "is not the last day of a month"),
        ("M", days("2024-01-29"), "is not one of the first 28 days"),
        ("B", days("2024-01-05", "2024-01-06"), "'2024-01-06': is not a business day"),
        (
            "MS",
            days("2024-01-01", "2024-02-01T12"),
            "follow 2024-01-01 in whole steps: the times are months",
        ),
        ("1", np.array([1, 2, 2]), "series 'a' = '2': appears twice"),
        ("1", np.array([1, 3, 2]), "series 'a' = '2': stands after the later 3"),
        (
            "2",
            np.array([1, 3, 6]),
            "'6': does not follow 3 in whole steps: the times are 2 whole numbers apart",
        ),
    ],
)
def test_a_frequency_that_the_times_do_not_have_is_refused(
    alias: str, times: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Frequency.parse(alias).index(times, None, "a")


def test_time_ends_after_the_year_9999() -> None:
    assert str(Frequency.parse("YS").after(days("9998-01-01"), 1)[0, 0])[:4] == "9999"
    with pytest.raises(DataError, match="years 1 to 9999"):
        Frequency.parse("YS").after(days("9999-01-01"), 1)
    with pytest.raises(DataError, match="too large"):
        Frequency("integer").after(2**53, 1)


@pytest.mark.parametrize("alias", ["", "x", "0", "-1", "MSS", "D-MON", "1.5h", "M-JAN", "9" * 20])
def test_unknown_aliases_are_refused(alias: str) -> None:
    with pytest.raises(SettingError, match="is not a known frequency"):
        Frequency.parse(alias)


@pytest.mark.parametrize(
    "arguments", [("weeks",), ("month", 0), ("month", 1, "middle"), ("integer", 1, "end")]
)
def test_impossible_frequencies_are_refused(arguments: Any) -> None:
    with pytest.raises(SettingError):
        Frequency(*arguments)


@given(st.text(max_size=6))
def test_any_text_is_a_frequency_or_refused(text: str) -> None:
    try:
        frequency = Frequency.parse(text)
    except SettingError:
        return
    assume(frequency.step < 10**9)
    assert Frequency.parse(str(frequency)) == frequency


@given(st.sampled_from(["MS", "ME", "M", "2QS", "B", "15min", "us", "7"]))
def test_a_frequency_is_read_as_it_was_written(alias: str) -> None:
    frequency = Frequency.parse(alias)
    assert from_document(Frequency, "freq", as_document(frequency)) == frequency
    for field, value in (("step", 0), ("step", 2**62), ("unit", "year"), ("anchor", "middle")):
        with pytest.raises(SettingError, match=field):
            from_document(Frequency, "freq", as_document(frequency) | {field: value})


def test_usual_seasons() -> None:
    usual = {"MS": 12, "ME": 12, "QS": 4, "D": 7, "B": 5, "W": 52, "h": 24, "Y": 1, "3": 1, "2D": 1}
    assert {name: Frequency.parse(name).season for name in usual} == usual


def test_hours_have_days_and_weeks_and_each_its_usual_horizon() -> None:
    usual = {
        "MS": ((12,), 18), "2MS": ((6,), 8), "QE": ((4,), 8), "YS": ((), 6), "5MS": ((), 8),
        "W": ((52,), 13), "2W": ((), 14), "D": ((7,), 14), "2D": ((), 14), "B": ((5,), 14),
        "2B": ((), 14), "h": ((24, 168), 48), "5h": ((), 9), "12h": ((2, 14), 4),
        "15min": ((96, 672), 96), "min": ((1440, 10080), 96), "s": ((), 96), "1": ((), 8),
    }  # fmt: skip
    for alias, (seasons, horizon) in usual.items():
        frequency = Frequency.parse(alias)
        assert (frequency.seasons, frequency.horizon) == (seasons, horizon), alias
        assert frequency.season == (seasons or (1,))[0]


@given(steps)
def test_every_frequency_has_a_horizon_and_seasons_in_order(alias: str) -> None:
    frequency = Frequency.parse(alias)
    assert frequency.horizon >= 1
    assert list(frequency.seasons) == sorted(set(frequency.seasons))
    assert all(1 < season <= 10080 for season in frequency.seasons)
