from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.frequency import Frequency
from statewise.data.infer import infer
from statewise.errors import DataError
from tests.data.test_frequency import days


@given(st.integers(1, 10**6), st.integers(-(10**9), 10**9), st.integers(3, 30))
def test_whole_numbers_go_on_by_their_step(step: int, first: int, count: int) -> None:
    times = first + step * np.arange(count)
    found = infer(times)
    assert found == Frequency("integer", step) == Frequency.parse(str(step))
    assert found.after(times[0], count - 1).tolist() == times[1:].tolist()


def test_business_days_are_told_from_days_by_a_weekend_left_out() -> None:
    week = pd.bdate_range("2024-01-01", periods=5).to_numpy()
    assert str(infer(week)) == "D"
    longer = pd.bdate_range("2024-01-01", periods=6).to_numpy()
    assert str(infer(longer)) == "B"
    assert str(infer(np.concatenate([week, longer]), [0, 5, 11])) == "B"


def test_series_too_short_to_be_asked_follow_the_others() -> None:
    times = np.array([5, 1, 3, 5, 7, 9])
    assert infer(times, [0, 1, 4, 6]) == Frequency("integer", 2)
    assert infer(np.array([5, 1, 3, 5, 7, 10]), [0, 1, 4, 6]) == Frequency("integer", 2)


@pytest.mark.parametrize(
    ("times", "offsets", "message"),
    [
        ([1, 2], None, "fewer than three observations .* one of 'MS'"),
        ([1, 2, 3, 1, 3, 5], [0, 3, 6], "'2 whole numbers apart .2.': is not what the times"),
        (days("2024-01-01", "2024-02-01", "2024-03-01", "2024-01-31", "2024-02-29", "2024-03-31"),
         [0, 3, 6], "'b' = 'ends of months .ME.': is not what .* are, months .MS."),
        (days("2024-01-01", "2024-01-02", "NaT"), None, "not all known dates"),
        (np.array(["2024", "20240", "30000"], "M8[Y]"), None, "years 1 to 9999"),
        ([1, 2, 2**60], None, "are too large"),
        ([1.0, 2.0, 3.0], None, "are of type float64"),
        ([[1, 2]], [0, 0], "has no times"),
    ],
)  # fmt: skip
def test_times_that_will_not_do_are_named(times: Any, offsets: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        infer(np.array(times), offsets, "ab")
