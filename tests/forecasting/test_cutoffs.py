"""Inner cutoffs: what they hold back, and what they leave."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from statewise.forecasting.cutoffs import LEAST, earlier, held_back, needed, shown, spread

lengths = st.lists(st.integers(1, 3000), min_size=1, max_size=5).map(
    lambda n: np.array(n, np.int64)
)
seasons = st.sampled_from([(), (4,), (12,), (24, 168)])


def test_the_last_horizon_is_held_back_in_parts() -> None:
    assert held_back(np.array([100]), 18) == [18, 12, 6]
    assert held_back(np.array([11]), 1) == [1]
    assert held_back(np.array([11]), 2) == [2, 1]
    assert held_back(np.array([72]), 6) == [18, 15, 12, 9, 6, 4, 2]  # there is room for more
    assert held_back(np.array([10, 72, 80]), 6)[0] == 18  # that of the middle one
    assert shown((12, 4)) == 10
    assert (needed(9, (4,)), needed(11, (4,)), needed(11, ())) == (LEAST, 10, 3)


@given(lengths, st.integers(1, 100), seasons)
def test_cutoffs_are_distinct_in_order_and_within_reach(
    observations: np.ndarray, horizon: int, periods: tuple[int, ...]
) -> None:
    held = held_back(observations, horizon)
    assert held == sorted(set(held), reverse=True)
    assert 1 <= held[-1] <= held[0] <= 3 * horizon
    before = earlier(observations, horizon, periods)
    assert before == sorted(set(before), reverse=True)
    assert not before or before[-1] > held[0]
    middle = int(np.median(observations))
    assert all(each <= middle - needed(middle, periods) for each in before)
    assert len(before) <= 30
    more = spread(observations, horizon, periods)
    assert len(set(more)) == len(more) <= 20
    assert all(each >= 1 for each in more)
    assert not set(more) & set(held)
