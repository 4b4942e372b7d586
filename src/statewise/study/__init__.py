"""Studies: arms compared over repeats, under hypotheses declared beforehand."""

from statewise.study.dask_executor import DaskExecutor
from statewise.study.design import (
    NAIVE,
    SIMPLE,
    Arm,
    Study,
    paired_by_repeat,
    same_by_construction,
)
from statewise.study.evidence import Evidence, examine
from statewise.study.execute import open_store, read_results, run_study
from statewise.study.executors import ProcessExecutor, ThreadExecutor
from statewise.study.hypotheses import Hypothesis, better, equivalent, no_worse
from statewise.study.observations import Observations, observe
from statewise.study.planning import Needed, pilot_of, plan_hypotheses
from statewise.study.results import ArmResult, CellResult, StudyResult
from statewise.study.score_sets import ScoreComparison, compare_scores, read_scores
from statewise.study.sequential import Decided, read_decided, run_until_decided
from statewise.study.specification import from_document, to_document
from statewise.study.store import Store
from statewise.study.verdicts import Outcome, Verdict, holm, settle

__all__ = [
    "NAIVE",
    "SIMPLE",
    "Arm",
    "ArmResult",
    "CellResult",
    "DaskExecutor",
    "Decided",
    "Evidence",
    "Hypothesis",
    "Needed",
    "Observations",
    "Outcome",
    "ProcessExecutor",
    "ScoreComparison",
    "Store",
    "Study",
    "StudyResult",
    "ThreadExecutor",
    "Verdict",
    "better",
    "compare_scores",
    "equivalent",
    "examine",
    "from_document",
    "holm",
    "no_worse",
    "observe",
    "open_store",
    "paired_by_repeat",
    "pilot_of",
    "plan_hypotheses",
    "read_decided",
    "read_results",
    "read_scores",
    "run_study",
    "run_until_decided",
    "same_by_construction",
    "settle",
    "to_document",
]
