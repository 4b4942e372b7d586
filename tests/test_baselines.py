import pytest

from statewise.baselines import persistence
from statewise.datasets import shampoo
from statewise.metrics import rmse


def test_persistence_scores_as_published() -> None:
    y = shampoo().only.y
    assert rmse(y[-12:], persistence(y, 12)) == pytest.approx(136.761, abs=5e-4)
