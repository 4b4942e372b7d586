import numpy as np
import pytest

from statewise.auto.estimates import estimate, gap_of, left_out, over
from statewise.auto.halving import Rung
from statewise.auto.like_forecast import like_forecast
from statewise.data.datasets import nile
from statewise.forecasting import Forecaster
from statewise.forecasting.regime_choice import apart
from statewise.stats import compare_unpaired

rng = np.random.default_rng(5)


def test_series_vary_or_the_ensembles_of_one_and_never_both() -> None:
    errors = rng.uniform(0.5, 1.5, (4, 3, 8))
    found = estimate(errors)
    assert found.error == pytest.approx(errors.mean())
    assert (found.low, found.high) == pytest.approx(apart(errors.mean((1, 2)), np.zeros(4))[1:])
    one = estimate(errors[:1])
    assert (one.low, one.high) == pytest.approx(apart(errors[0].mean(0), np.zeros(8))[1:])
    errors[0, 1] = np.nan  # the naive forecast has no error there
    assert estimate(errors[:1]).error == pytest.approx(errors[0, [0, 2]].mean())
    assert estimate(errors[:1, :, :1]).high == np.inf
    assert estimate(np.full((1, 2, 3), np.nan)) == (np.inf, -np.inf, np.inf)


def test_the_luck_of_the_choice_is_found_where_all_candidates_are_alike() -> None:
    """The best of equal candidates looks better than it is; judged elsewhere it does not."""
    chosen, honest = [], []
    for _ in range(200):
        errors = [rng.normal(1.0, 0.2, (1, 4, 1)) for _ in range(15)]
        chosen.append(min(each.mean() for each in errors))
        honest.append(left_out(errors))
    assert np.mean(chosen) < 0.87
    assert abs(np.mean(np.array(honest, float)) - 1.0) < 0.02
    assert left_out([np.ones((2, 1, 3))]) is None


def test_the_next_is_compared_in_pairs_where_restarts_are_shared() -> None:
    study = like_forecast(Forecaster(), nile(), ["stateless", "stateful"], repeats=2, hypotheses=())
    first = rng.normal(1.0, 0.2, (1, 2, 6))
    second = first + rng.normal(0.1, 0.01, first.shape)
    rungs = [Rung(1, {}), Rung(6, {"stateful": first, "stateless": second})]
    paired = gap_of(study, rungs)
    assert paired.name == "stateless"
    assert paired.more == pytest.approx(0.1, abs=0.02)
    assert paired.high - paired.low < 0.05
    other = like_forecast(Forecaster(), nile(), ["stateless", "stateful"], repeats=2, hypotheses=())
    object.__setattr__(other.arms[0], "restarts", 1)
    unpaired = gap_of(other, rungs)
    found = compare_unpaired(second[0].mean(0), first[0].mean(0), margin=1.0)
    assert (unpaired.low, unpaired.high) == found.interval
    assert unpaired.more == pytest.approx(paired.more)


def test_an_error_over_none_is_infinite() -> None:
    assert (over(1.0, 2.0), over(1.0, 0.0)) == (0.5, np.inf)
