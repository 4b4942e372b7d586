import numpy as np

from statewise.data.datasets import shampoo
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.report.tables import cumulative, forecasts
from statewise.study import Arm, Study, run_study
from statewise.study.summary import summarise

ARMS = tuple(Arm(n, Model(REGIMES[n], training=Training(5))) for n in ("stateful", "stateless"))
RESULT = run_study(Study(ARMS, shampoo(), test_size=12, repeats=30))


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
