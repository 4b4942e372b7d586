"""The tests themselves, on arrays alone: scores are (repeats,) for each arm, lower is better."""

from statewise.stats.accuracy import EqualAccuracy, diebold_mariano, equal_accuracy
from statewise.stats.comparison import Comparison, Resampled
from statewise.stats.false_positives import FalsePositives, false_positive_rates
from statewise.stats.paired import Paired, compare, resample, signed_rank
from statewise.stats.power import (
    Look,
    half_widths,
    looks,
    pilot_sd,
    pilot_sd_unpaired,
    power_of_difference,
    power_of_equivalence,
    power_of_no_worse,
    repeats_for,
    repeats_for_half_width,
)
from statewise.stats.ranks import Ranks, rank_arms
from statewise.stats.several import AcrossSeries, bootstrap_series, compare_series
from statewise.stats.unpaired import Unpaired, compare_unpaired, rank_test, resample_unpaired

__all__ = [
    "AcrossSeries",
    "Comparison",
    "EqualAccuracy",
    "FalsePositives",
    "Look",
    "Paired",
    "Ranks",
    "Resampled",
    "Unpaired",
    "bootstrap_series",
    "compare",
    "compare_series",
    "compare_unpaired",
    "diebold_mariano",
    "equal_accuracy",
    "false_positive_rates",
    "half_widths",
    "looks",
    "pilot_sd",
    "pilot_sd_unpaired",
    "power_of_difference",
    "power_of_equivalence",
    "power_of_no_worse",
    "rank_arms",
    "rank_test",
    "repeats_for",
    "repeats_for_half_width",
    "resample",
    "resample_unpaired",
    "signed_rank",
]
