"""Studies: arms compared over repeats, under hypotheses declared beforehand."""

from statewise.study.dask_executor import DaskExecutor
from statewise.study.design import (
    NAIVE,
    Arm,
    Hypothesis,
    Study,
    better,
    equivalent,
    no_worse,
    paired_by_repeat,
    same_by_construction,
    samples_of,
)
from statewise.study.execute import (
    ArmResult,
    CellResult,
    StudyResult,
    open_store,
    read_results,
    run_study,
)
from statewise.study.executors import ProcessExecutor, ThreadExecutor
from statewise.study.specification import from_document, to_document
from statewise.study.store import Store

__all__ = [
    "NAIVE",
    "Arm",
    "ArmResult",
    "CellResult",
    "DaskExecutor",
    "Hypothesis",
    "ProcessExecutor",
    "Store",
    "Study",
    "StudyResult",
    "ThreadExecutor",
    "better",
    "equivalent",
    "from_document",
    "no_worse",
    "open_store",
    "paired_by_repeat",
    "read_results",
    "run_study",
    "same_by_construction",
    "samples_of",
    "to_document",
]
