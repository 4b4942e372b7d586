"""From scores to conclusions. Scores are (repeats,) an arm, lower is better."""

from statewise.inference.accuracy import EqualAccuracy, diebold_mariano
from statewise.inference.calibration import FalsePositives, calibrate
from statewise.inference.comparison import Comparison, Resampled
from statewise.inference.evidence import Evidence, examine
from statewise.inference.observations import Observations, observe
from statewise.inference.paired import Paired, compare, resample, signed_rank
from statewise.inference.pilot import Needed, plan_hypotheses
from statewise.inference.planning import (
    Look,
    Precision,
    half_widths,
    looks,
    pilot_sd,
    pilot_sd_unpaired,
    power_of_difference,
    power_of_equivalence,
    power_of_no_worse,
    repeats_for_difference,
    repeats_for_equivalence,
    repeats_for_half_width,
    repeats_for_no_worse,
)
from statewise.inference.ranks import Ranks, rank_arms
from statewise.inference.sequential import Decided, run_until_decided
from statewise.inference.several import AcrossSeries, bootstrap_series, compare_series
from statewise.inference.unpaired import Unpaired, compare_unpaired, rank_test, resample_unpaired
from statewise.inference.verdicts import Outcome, Verdict, holm, settle

__all__ = [
    "AcrossSeries",
    "Comparison",
    "Decided",
    "EqualAccuracy",
    "Evidence",
    "FalsePositives",
    "Look",
    "Needed",
    "Observations",
    "Outcome",
    "Paired",
    "Precision",
    "Ranks",
    "Resampled",
    "Unpaired",
    "Verdict",
    "bootstrap_series",
    "calibrate",
    "compare",
    "compare_series",
    "compare_unpaired",
    "diebold_mariano",
    "examine",
    "half_widths",
    "holm",
    "looks",
    "observe",
    "pilot_sd",
    "pilot_sd_unpaired",
    "plan_hypotheses",
    "power_of_difference",
    "power_of_equivalence",
    "power_of_no_worse",
    "rank_arms",
    "rank_test",
    "repeats_for_difference",
    "repeats_for_equivalence",
    "repeats_for_half_width",
    "repeats_for_no_worse",
    "resample",
    "resample_unpaired",
    "run_until_decided",
    "settle",
    "signed_rank",
]
