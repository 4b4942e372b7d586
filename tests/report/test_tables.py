import csv
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.datasets import shampoo
from statewise.errors import ExtraError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.report.tables import cumulative, forecasts, summarise, to_csv, write_parquet
from statewise.study import Arm, Study, run_study

ARMS = tuple(Arm(n, REGIMES[n], training=Training(5)) for n in ("stateful", "stateless"))
RESULT = run_study(Study(ARMS, shampoo(), test_size=12, repeats=30))


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


def test_cumulative_ends_at_the_summary_of_all() -> None:
    rows = cumulative(RESULT)
    last = [row for row in rows if row["repeats"] == 30]
    for row in last:
        s = summarise(RESULT.arms[row["arm"]].scores)
        assert s.std is not None
        assert (row["mean"], row["median"]) == (s.mean, s.p50)
        assert row["standard_error"] == s.std / np.sqrt(30)
    assert [row["repeats"] for row in rows if row["arm"] == "stateful"] == list(range(1, 31))


def test_forecasts_stand_beside_the_actual_values() -> None:
    rows = forecasts(RESULT)
    assert len(rows) == 2 * 12
    assert rows[0]["ds"] == "3-01"
    assert rows[0]["actual"] == 339.7
    assert rows[0]["naive"] == 342.3
    assert rows[0]["lo-90"] <= rows[0]["median"] <= rows[0]["hi-90"]


def test_csv_reads_back() -> None:
    text = to_csv([{"a": 1.5, "b": None}, {"a": 2.0, "b": 'with "quotes", commas'}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{"a": "1.5", "b": ""}, {"a": "2.0", "b": 'with "quotes", commas'}]


def test_parquet_names_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExtraError, match=r"cannot be imported.*statewise\[parquet\]"):
        write_parquet([{"a": 1}], tmp_path / "t.parquet")
