"""From scores to conclusions. Scores are (repeats,) an arm, lower is better."""

from statewise.inference.accuracy import EqualAccuracy, diebold_mariano
from statewise.inference.calibration import FalsePositives, calibrate
from statewise.inference.comparison import Comparison, Resampled
from statewise.inference.paired import Paired, compare, resample
from statewise.inference.planning import (
    Look,
    Precision,
    half_widths,
    looks,
    pilot_sd,
    pilot_sd_unpaired,
    power_of_difference,
    power_of_equivalence,
    repeats_for_difference,
    repeats_for_equivalence,
    repeats_for_half_width,
)
from statewise.inference.ranks import Ranks, rank_arms
from statewise.inference.sequential import Decided, run_until_decided
from statewise.inference.several import AcrossSeries, bootstrap_series, compare_series
from statewise.inference.unpaired import Unpaired, compare_unpaired, resample_unpaired
from statewise.inference.verdicts import Outcome, Verdict, holm, settle

__all__ = [
    "AcrossSeries",
    "Comparison",
    "Decided",
    "EqualAccuracy",
    "FalsePositives",
    "Look",
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
    "half_widths",
    "holm",
    "looks",
    "pilot_sd",
    "pilot_sd_unpaired",
    "power_of_difference",
    "power_of_equivalence",
    "rank_arms",
    "repeats_for_difference",
    "repeats_for_equivalence",
    "repeats_for_half_width",
    "resample",
    "resample_unpaired",
    "run_until_decided",
    "settle",
]
