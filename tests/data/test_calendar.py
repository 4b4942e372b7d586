from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.calendar import CALENDAR, calendar
from statewise.errors import DataError, SettingError


def turn(stamp: Any, name: str) -> float:
    """The part of a turn, by pandas."""
    year = 366 if stamp.is_leap_year else 365
    parts: dict[str, float] = {
        "month": (stamp.month - 1) / 12,
        "quarter": (stamp.quarter - 1) / 4,
        "day-of-week": stamp.day_of_week / 7,
        "day-of-month": (stamp.day - 1) / stamp.days_in_month,
        "day-of-year": (stamp.day_of_year - 1) / year,
        "week": (stamp.day_of_year - 1) // 7 / (year / 7),
        "hour": stamp.hour / 24,
        "minute": stamp.minute / 60,
    }
    return parts[name]


@given(st.lists(st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2200, 1, 1)), min_size=1))
def test_features_are_the_points_of_their_turn(times: list[Any]) -> None:
    values, columns = calendar(np.array(times, "M8[us]"), CALENDAR)
    angles = 2 * np.pi * np.array([[turn(pd.Timestamp(t), n) for n in CALENDAR] for t in times])
    expected = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(times), -1)
    np.testing.assert_allclose(values, expected, atol=1e-12)
    assert columns[:2] == ("month_sin", "month_cos")
    assert len(columns) == values.shape[1]


def test_what_has_no_calendar_is_refused() -> None:
    with pytest.raises(DataError, match="needs dates"):
        calendar(np.arange(3), ["month"])
    with pytest.raises(SettingError, match="'day-of-week'"):
        calendar(np.array(["2024"], "M8[D]"), ["weekday"])
    with pytest.raises(SettingError, match="Give a list"):
        calendar(np.array(["2024"], "M8[D]"), "month")
    assert calendar(np.array(["2024"], "M8[D]"), [])[0].shape == (1, 0)
