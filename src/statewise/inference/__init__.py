"""From scores to conclusions. Scores are (repeats,) an arm, lower is better."""

from statewise.inference.paired import Paired, compare
from statewise.inference.verdicts import Outcome, Verdict, holm, settle

__all__ = ["Outcome", "Paired", "Verdict", "compare", "holm", "settle"]
