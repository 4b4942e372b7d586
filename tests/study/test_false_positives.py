"""A network is not said to beat the best simple forecast where nothing can.

``benchmarks/false_positives.py`` has five hundred studies of five kinds of series; these are few.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from statewise.data.panel import Panel
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import (
    Arm,
    ArmResult,
    Outcome,
    Study,
    StudyResult,
    better,
    run_study,
    settle,
)

SERIES, TEST = 120, 12
rng = np.random.default_rng(8)
NOISE = rng.normal(size=(SERIES, 48 + TEST))
KINDS = {"white noise": NOISE, "random walk": NOISE.cumsum(axis=1)}


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_beaten_is_not_said_to_be(kind: str) -> None:
    """Each series is a study of its own, with restarts on one test part."""
    panel = Panel.of(
        Panel.from_values(100.0 + y, unique_id=f"s{i}").only for i, y in enumerate(KINDS[kind])
    )
    arm = Arm("a", Model(REGIMES["stateless"], training=Training(60)))
    study = Study((arm,), panel, TEST, 10, hypotheses=(better("a", "simple"),), season=1)
    whole, false, by_restarts = run_study(study), 0, 0
    for series in panel.series:
        cells = {c: each for c, each in whole.arms["a"].cells.items() if c[0] == series.unique_id}
        alone = replace(study, panel=Panel.of([series]))
        [verdict] = settle(StudyResult(alone, {"a": ArmResult(arm, cells)}))
        false += verdict.outcome is Outcome.SUPPORTED
        p, difference = verdict.comparison.p_value, verdict.comparison.difference
        by_restarts += p is not None and p < 0.05 and (difference or 0.0) < 0.0
    assert false <= stats.binom.ppf(0.999, SERIES, study.alpha)
    if kind == "random walk":  # where restarts alone would have claimed it
        assert by_restarts > 0.2 * SERIES
