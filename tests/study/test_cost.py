"""What a study is expected to take: the runs that are missing, each training once."""

import pytest

from statewise.data.datasets import shampoo
from statewise.model.network import Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study, run_study
from statewise.study.cost import expected
from statewise.study.engines import BuiltIn
from statewise.study.store import Store


def test_what_is_missing_is_counted_once_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "stateful", "stateful-warm", "stateless"
    arms = tuple(Arm(name, Model(StateRegime.named(name), training=Training(2))) for name in names)
    study = Study(arms, shampoo(), test_size=12, repeats=5)
    monkeypatch.setattr(BuiltIn, "seconds", lambda *given: float(given[4] * given[2]))
    with Store.in_memory() as store:
        said, seconds = expected(study, store)
        assert said == "Training 10 networks of 3 arms by statewise"  # two arms train alike
        assert seconds == 10 * study.samples_of(arms[0], 24)
        run_study(Study(arms, shampoo(), test_size=12, repeats=3), store=store)
        assert expected(study, store)[0] == "Training 4 networks of 3 arms by statewise"
        run_study(study, store=store)
        assert expected(study, store) == ("Training 0 networks of 3 arms by statewise", 0.0)
