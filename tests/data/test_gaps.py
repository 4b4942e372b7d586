import numpy as np
import pytest

from statewise.data.frequency import Frequency
from statewise.data.gaps import Rows, holidays_in, widen, with_ends
from statewise.errors import DataError

BUSINESS = Frequency("business day")


def test_holidays_are_few_and_not_many_in_a_row() -> None:
    def count(*missing: int, days: int = 200) -> int:
        index = np.delete(np.arange(days), missing)
        return holidays_in(BUSINESS, index, np.zeros(len(index), np.int64))

    assert (count(), count(5, 60), count(*range(20, 30))) == (0, 2, 10)
    assert count(*range(20, 31)) == 0
    assert count(*range(1, 198, 9)) == 0
    two = np.array([0, 1, 2, 50, 51, 52])
    assert holidays_in(BUSINESS, two, np.array([0, 0, 0, 1, 1, 1])) == 0
    assert holidays_in(Frequency("integer"), np.array([0, 2]), np.zeros(2, np.int64)) == 0


def test_rows_are_put_in_and_those_at_the_ends_taken_out() -> None:
    values = np.array([[np.nan], [2.0], [4.0], [np.nan]])
    rows = Rows(np.array([1, 2, 4, 5]), values, np.zeros(4, np.int64), np.array([0, 4]))
    wide = widen(Frequency("integer"), rows, np.array([0, 1, 3, 4]), "linear")
    found, note = with_ends(wide, "y")
    assert (found.ds.tolist(), found.values[:, 0].tolist()) == ([2, 3, 4], [2.0, 3.0, 4.0])
    assert note == "2 rows without y at the ends of series were left out, 1 first"
    nothing = Rows(np.arange(2), np.full((2, 1), np.nan), np.array([0, 0]), np.array([0, 2]))
    assert with_ends(nothing, "y") == (nothing, None)


def test_an_axis_that_is_far_too_fine_is_refused() -> None:
    rows = Rows(np.array([0, 10**9]), np.ones((2, 1)), np.zeros(2, np.int64), np.array([0, 2]))
    with pytest.raises(DataError, match="would fill 2 rows up to"):
        widen(Frequency("integer"), rows, np.array([0, 10**9]), "zero")
