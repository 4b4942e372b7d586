"""Trials at inner cutoffs: what is forecast there knows nothing of what came."""

from typing import Any

import numpy as np
import pytest

from statewise.data.frequency import Frequency
from statewise.forecasting.combination import Trial
from statewise.forecasting.cutoffs import held_back
from statewise.forecasting.decisions import decide
from statewise.forecasting.fit import seen, train
from statewise.forecasting.learned import Past
from statewise.forecasting.trials import Learner, Twin, tried
from tests.forecasting.frames import whole

REGIMES = ["stateless", "stateful-warm", "continuous"]
LENGTHS = (60, 45, 70, 5)


def past_of(columns: int = 0, seed: int = 3) -> Past:
    rng = np.random.default_rng(seed)
    parts = [60 + rng.normal(0, 3, n).cumsum().clip(-40) for n in LENGTHS]
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    x = rng.normal(0, 1, (int(offsets[-1]), columns))
    names = tuple(f"s{i}" for i in range(len(LENGTHS)))
    return Past(names, offsets, np.concatenate(parts), x, np.zeros(len(LENGTHS), np.int64))


def learner_of(past: Past, columns: int = 0, **changes: Any) -> Learner:
    settings = whole(horizon=6, season=4, **changes)
    decisions = decide(settings, Frequency.parse("MS"), past.lengths, 0, columns)
    return Learner(decisions, "auto", held_back(past.lengths, 6)[0])


def twin_of(learner: Learner, past: Past) -> Twin | None:
    return train(learner, past, [seen(learner, past)], 1)[0][0]


def changed_after(past: Past, held: int) -> Past:
    """The same histories, of which the last observations and columns are beyond recognition.

    The first one of each stays: of a series that is too short for a cutoff it is all that is shown.
    """
    ends = np.repeat(past.offsets[1:], past.lengths) - np.arange(len(past.y))
    late = (ends <= held) & (ends < np.repeat(past.lengths, past.lengths))
    return Past(
        past.names, past.offsets, np.where(late, 1e3 * ends, past.y),
        np.where(late[:, None], -1e3, past.x), past.begin,
    )  # fmt: skip


CASES = [(regime, scope) for regime in REGIMES for scope in ("local", "global")][:-1]


@pytest.mark.parametrize(("regime", "scope"), CASES)
@pytest.mark.parametrize("columns", [0, 1])
def test_no_trial_knows_what_came_after_its_cutoff(regime: str, scope: str, columns: int) -> None:
    """Nor the twin, what came after the first of them; columns that are past among it."""
    past = past_of(columns)
    learner = learner_of(past, columns, regime=regime, scope=scope)
    twin = twin_of(learner, past)
    assert twin is not None
    other = twin_of(learner, changed_after(past, learner.most))
    assert other is not None
    for one, two in zip(twin.ensemble.weights, other.ensemble.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    for held in (*held_back(past.lengths, 6), 20):
        networks = twin if held <= learner.most else None
        found = learner.trial(past, held, networks)
        odd = learner.trial(changed_after(past, held), held, networks)
        np.testing.assert_array_equal(odd.forecasts, found.forecasts)
        steps = min(held, 6)
        assert found.forecasts.shape[1:] == found.actual.shape == (4, steps)
        end = past.offsets[1] - held
        np.testing.assert_array_equal(found.actual[0], past.y[end : end + steps])
        assert np.isfinite(found.forecasts[:, :3]).all()
        assert np.isnan(found.forecasts[:, 3]).all()  # too short
        assert np.isnan(found.actual[3]).all()
        assert found.networks == (networks is not None)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_series_is_tried_alike_alone_and_among_others(regime: str) -> None:
    past = past_of()
    learner = learner_of(past, regime=regime, scope="local")
    twin = twin_of(learner, past)
    assert twin is not None
    for held in (6, 4, 2):
        whole_panel = learner.trial(past, held, twin)
        for some in ([1], [2, 0]):
            at = np.array(some)
            part = learner.trial(past.take(at), held, twin.take(at))
            np.testing.assert_array_equal(part.forecasts, whole_panel.forecasts[:, at])
            np.testing.assert_array_equal(part.restarts, whole_panel.restarts[at])  # type: ignore[index]


def test_a_trial_is_the_forecast_of_a_model_that_was_cut_short() -> None:
    """Of the simple kinds, whose every parameter is learned anew at each cutoff."""
    past = past_of()
    learner = learner_of(past)
    cut = past.until(np.maximum(past.lengths - 6, 1))
    learned, now = learner.learn(cut, None, np.ones(4))
    expected = learned.forecasts(now, 6, np.zeros((4, 6, 0)))[0]
    np.testing.assert_array_equal(learner.trial(past, 6, None).forecasts[:, :3], expected[:, :3])


def test_errors_are_the_mean_absolute_ones() -> None:
    trial = Trial(2, np.array([[1.0, 2.0]]), np.array([[[2.0, 2.0]], [[0.0, 4.0]]]), None)
    np.testing.assert_allclose(trial.errors, [[0.5, 1.5]])
    np.testing.assert_allclose(trial.error_of(np.array([[0.5, 0.5]])), [0.5])
    assert trial.end == 0


@pytest.mark.parametrize("intervals", [False, True])
def test_what_is_tried_is_combined_and_measured(intervals: bool) -> None:
    past = past_of()
    learner = learner_of(past)
    learned, _ = learner.learn(past, None, None)
    combination, residuals = tried(learner, past, learned, None, intervals)
    assert combination is not None
    assert combination.names == learned.names
    np.testing.assert_allclose(combination.weights.sum(axis=1), 1.0)
    assert np.isfinite(combination.errors[:3]).all()
    assert (residuals is not None) == intervals
    if residuals is not None:
        assert residuals.errors.shape[1:] == (4, 6)
        assert (residuals.scale > 0).all()


def test_scales_follow_how_hard_a_series_is_to_forecast() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1, (6, 60)) * np.array([1, 1, 1, 1, 1, 8])[:, None]
    y = 100 + noise
    offsets = np.arange(0, 361, 60)
    past = Past(tuple("abcdef"), offsets, y.ravel(), np.zeros((360, 0)), np.zeros(6, np.int64))
    learner = learner_of(past)
    scale = learner.scale(past, learner.trials(past, [6, 4, 2], None))
    assert (scale > 0).all()
    assert scale[5] > 3 * scale[:5].max()
