"""Studies: arms compared over repeats, under hypotheses declared beforehand."""

from statewise.study.design import Arm, Hypothesis, Study, better, equivalent, same_by_construction
from statewise.study.execute import ArmResult, StudyResult, run_study

__all__ = [
    "Arm",
    "ArmResult",
    "Hypothesis",
    "Study",
    "StudyResult",
    "better",
    "equivalent",
    "run_study",
    "same_by_construction",
]
