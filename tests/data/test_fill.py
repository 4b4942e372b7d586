import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.fill import Fill, check_fill, fill_missing
from statewise.errors import SettingError

values = st.lists(
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=9), min_size=1, max_size=4
)


@given(values, st.sampled_from(["forward", "linear", "zero", 2.5]))
def test_series_are_filled_as_pandas_does_one_by_one(series: list[list[float]], fill: Fill) -> None:
    ways = {
        "forward": lambda s: s.ffill(),
        "linear": lambda s: s.interpolate(limit_area="inside"),
        "zero": lambda s: s.fillna(0.0),
        2.5: lambda s: s.fillna(2.5),
    }
    parts = [pd.Series(part, dtype=float) for part in series]
    offsets = np.cumsum([0, *map(len, parts)])
    expected = np.concatenate([ways[fill](part).to_numpy() for part in parts])
    filled = fill_missing(np.concatenate([p.to_numpy() for p in parts]), offsets, fill)
    np.testing.assert_allclose(filled, expected, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("fill", ["backward", float("nan"), True, None, [1]])
def test_other_ways_are_refused(fill: object) -> None:
    with pytest.raises(SettingError, match="fill = "):
        check_fill(fill)
