import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from statewise.study.summary import summarise


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_summary_is_numpys_where_nothing_diverged(values: list[float]) -> None:
    scores = np.array(values)
    s = summarise(scores)
    found = [s.n, s.mean, s.std, s.min, s.p25, s.p50, s.p75, s.max, s.diverged]
    quantiles = np.quantile(scores, (0, 0.25, 0.5, 0.75, 1))
    expected = [len(values), scores.mean(), scores.std(ddof=1), *quantiles, 0]
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), atol=1e-8)


def test_diverged_runs_count_in_the_quantiles() -> None:
    s = summarise(np.array([1.0, 2.0, 3.0, np.inf, np.inf]))
    assert (s.n, s.diverged, s.mean, s.p50, s.p75, s.max) == (5, 2, 2.0, 3.0, None, None)
    nothing = summarise(np.array([np.inf]))
    assert (nothing.mean, nothing.std, nothing.min) == (None, None, None)
    assert summarise(np.array([1.0])).std is None
