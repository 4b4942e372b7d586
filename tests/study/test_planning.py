"""What a study needs is planned on the unit of its verdicts, and holds where it is tried."""

import numpy as np
import pytest
from scipy import stats

from statewise.errors import SettingError
from statewise.stats import (
    pilot_sd,
    pilot_sd_unpaired,
    power_of_difference,
    power_of_equivalence,
    power_of_no_worse,
    repeats_for,
    repeats_for_half_width,
)
from statewise.study import better, equivalent, no_worse, plan_hypotheses
from tests.report.test_study_tables import several, synthetic
from tests.stats.draws import in_band


def test_each_hypothesis_is_planned_for_its_own_test() -> None:
    claims = (better("a", "b"), equivalent("a", "c"), no_worse("b", "c", family="alone"))
    result = synthetic(hypotheses=claims, repeats=30)
    scores = {name: arm.scores for name, arm in result.arms.items()}
    margin = result.margin
    plans = plan_hypotheses(result, power=0.9)
    sds = [pilot_sd(scores[h.first] - scores[h.second]) for h in claims]
    assert [p.sd for p in plans] == sds
    assert [p.alpha for p in plans] == [0.025, 0.025, 0.05]
    assert [p.for_half_width for p in plans] == [repeats_for_half_width(s, margin) for s in sds]
    assert [p.for_power for p in plans] == [
        repeats_for(power_of_difference, 0.9, sd=sds[0], difference=margin, alpha=0.025),
        repeats_for(power_of_equivalence, 0.9, sd=sds[1], margin=margin, alpha=0.025),
        repeats_for(power_of_no_worse, 0.9, sd=sds[2], margin=margin, alpha=0.05),
    ]
    wide = plan_hypotheses(result, half_width=20.0)
    assert [p.for_half_width for p in wide] == [repeats_for_half_width(s, 20.0) for s in sds]


def test_unpaired_arms_are_planned_with_both_variances() -> None:
    result = synthetic(hypotheses=(better("a", "b"),), restarts=(0, 1, 0), diverge=0.1)
    [plan] = plan_hypotheses(result)
    scores = [result.arms[name].scores for name in "ab"]
    finite = [s[np.isfinite(s)] for s in scores]
    assert plan.sd == pilot_sd_unpaired(scores[0], scores[1])
    naked = np.sqrt(sum(s.var(ddof=1) for s in finite))
    assert naked < plan.sd < 1.3 * naked
    assert plan.observed.n == min(map(len, finite))


def test_series_are_planned_where_they_are_the_unit() -> None:
    result = synthetic(panel=several("rstuv"), hypotheses=(better("a", "b"),))
    [plan] = plan_hypotheses(result)
    assert (plan.observed.unit, plan.observed.n) == ("series", 5)
    assert plan.half_width == 0.01


def test_what_cannot_be_planned_is_none_and_bad_targets_are_refused() -> None:
    result = synthetic(hypotheses=(better("a", "b"),))
    result.arms["b"].scores[:] = result.arms["a"].scores
    [plan] = plan_hypotheses(result)
    assert (plan.sd, plan.for_half_width, plan.for_power) == (None, None, None)
    with pytest.raises(SettingError, match="half_width = 0"):
        plan_hypotheses(result, half_width=0.0)
    with pytest.raises(SettingError, match="power = 1"):
        plan_hypotheses(result, power=1.5)


def test_the_power_of_no_worse_is_that_of_its_test() -> None:
    rng = np.random.default_rng(3)
    d = rng.normal(0.0, 2.0, (2000, 27))
    rejected = int((stats.ttest_1samp(d, 1.0, axis=1, alternative="less").pvalue <= 0.05).sum())
    assert in_band(rejected, power_of_no_worse(27, 2.0, 1.0))


def test_the_unpaired_upper_limit_holds_as_often_as_it_says() -> None:
    """Of normal scores with variances 1 and 9; Welch's degrees of freedom are an approximation."""
    rng = np.random.default_rng(5)
    found = [
        pilot_sd_unpaired(rng.normal(0, 1, 12), rng.normal(0, 3, 20)) >= np.sqrt(10.0)
        for _ in range(2000)
    ]
    assert in_band(sum(found), 0.8)
