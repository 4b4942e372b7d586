"""Weights of forecasts, from their errors at inner cutoffs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from statewise.forecasting.combination import (
    MANY,
    Combination,
    Trial,
    combination_of,
    unseeing,
    weighted,
    weights_of,
)

NAMES = ("naive", "Theta", "ETS", "network")


def trials_of(
    series: int, held: tuple[int, ...] = (9, 6, 3), steps: int = 3, seed: int = 1
) -> list[Trial]:
    """Trials of kinds that are wrong by more and more, at cutoffs that do not overlap."""
    rng = np.random.default_rng(seed)
    found = []
    for each in held:
        actual = rng.normal(50, 5, (series, steps))
        apart = (
            rng.normal(0, 1, (len(NAMES), series, steps)) * np.array([4, 2, 1, 3])[:, None, None]
        )
        members = np.abs(rng.normal(0, 1, (series, 2)))
        found.append(Trial(each, actual, actual + apart, members))
    return found


def test_a_combination_of_what_was_tried_without_networks_alone() -> None:
    """Histories may be too short for networks that have not seen their end."""
    forecasts = np.array([[[9.0, 9.0]], [[8.0, 8.0]], [[np.nan, np.nan]]])
    late = Trial(2, np.array([[8.0, 8.5]]), forecasts, None)
    early = replace(late, held=4)
    found = combination_of(("naive", "Theta", "network"), [early, late])
    assert found.weights.argmax(axis=1).tolist() == [1]
    assert found.weights[0, 2] == 0
    np.testing.assert_allclose(found.errors[0], [0.75, 0.25, np.nan])
    np.testing.assert_allclose(found.own, 0.25, atol=0.2)
    alone = combination_of(("naive", "Theta", "network"), [late])
    assert np.isnan(alone.own).all()  # no weights that had not seen it


def test_the_combination_of_many_kinds_is_the_sum_of_its_parts() -> None:
    rng = np.random.default_rng(2)
    forecasts, weights = rng.normal(0, 1, (4, 5, 3)), rng.dirichlet(np.ones(4), 5)
    found = weighted(weights, forecasts)
    np.testing.assert_allclose(found, np.einsum("sk,ksh->sh", weights, forecasts), rtol=1e-12)
    for i in range(5):
        np.testing.assert_array_equal(
            weighted(weights[i : i + 1], forecasts[:, i : i + 1])[0], found[i]
        )


def test_what_is_no_number_has_no_weight() -> None:
    forecasts = np.array([[[1.0, 1.0]], [[3.0, np.nan]], [[np.inf, 5.0]]])
    np.testing.assert_allclose(weighted(np.array([[0.5, 0.5, 0.0]]), forecasts), [[2.0, 1.0]])
    np.testing.assert_allclose(weighted(np.array([[0.2, 0.2, 0.6]]), forecasts), [[2.0, 4.0]])
    # Where nothing that has weight is a number, the naive forecast stands.
    np.testing.assert_allclose(weighted(np.array([[0.0, 1.0, 0.0]]), forecasts), [[3.0, 1.0]])


errors_of = st.integers(1, 2 * MANY).flatmap(
    lambda series: arrays(
        np.float64,
        (series, 4, 3),
        elements=st.one_of(st.floats(0, 1e9), st.just(np.nan), st.just(0.0)),
    )
)


@given(errors_of)
def test_weights_are_shares_whatever_the_errors(errors: Any) -> None:
    weights, relative = weights_of(NAMES, errors)
    assert weights.shape == errors.shape[:2]
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.isfinite(relative).all()


@pytest.mark.parametrize("series", [1, 5, 3 * MANY])
def test_the_better_weighs_more_and_the_bad_nothing(series: int) -> None:
    errors = np.broadcast_to(np.array([4.0, 1.1, 1.0, 1.2])[None, :, None], (series, 4, 3))
    weights, _ = weights_of(NAMES, errors)
    naive, theta, ets, network = weights.T
    assert (ets > theta).all()
    assert (theta > network).all()
    assert (naive == 0).all()
    np.testing.assert_allclose(weights, np.repeat(weights[:1], series, axis=0))


def test_weights_do_not_depend_on_the_units_of_a_series() -> None:
    errors = np.stack([trial.errors for trial in trials_of(7)], axis=2)
    units = np.array([1e-6, 1, 1e6, 3, 2, 8, 1e3])[:, None, None]
    np.testing.assert_allclose(weights_of(NAMES, errors)[0], weights_of(NAMES, errors * units)[0])


@pytest.mark.parametrize("series", [3, MANY - 1])
def test_few_series_unseeing_weights_come_from_trials_that_were_over(series: int) -> None:
    trials = trials_of(series)
    errors = np.stack([trial.errors for trial in trials], axis=2)
    assert np.isnan(unseeing(NAMES, trials, errors, 0)).all()
    for at in (1, 2):
        found = unseeing(NAMES, trials, errors, at)
        changed = errors.copy()
        changed[:, :, at:] = np.random.default_rng(3).random(changed[:, :, at:].shape) * 100
        np.testing.assert_array_equal(unseeing(NAMES, trials, changed, at), found)
        changed[:, :, 0] *= [1, 0.2, 1, 1]
        assert (unseeing(NAMES, trials, changed, at) != found).any()
    overlapping = [replace(trial, held=held) for trial, held in zip(trials, (5, 4, 3), strict=True)]
    assert np.isnan(unseeing(NAMES, overlapping, errors, 2)).all()


def test_many_series_unseeing_weights_come_from_other_series() -> None:
    trials = trials_of(2 * MANY)
    errors = np.stack([trial.errors for trial in trials], axis=2)
    found = unseeing(NAMES, trials, errors, 1)
    changed = errors.copy()
    changed[::2] = np.random.default_rng(3).random(changed[::2].shape)
    other = unseeing(NAMES, trials, changed, 1)
    np.testing.assert_array_equal(other[::2], found[::2])
    assert (other[1::2] != found[1::2]).all(axis=1).any()


def test_the_error_that_is_said_is_that_of_unseeing_weights() -> None:
    for series in (4, 2 * MANY):
        trials = trials_of(series)
        found = combination_of(NAMES, trials)
        errors = np.stack([trial.errors for trial in trials], axis=2)
        own = [
            trial.error_of(unseeing(NAMES, trials, errors, at)) for at, trial in enumerate(trials)
        ]
        np.testing.assert_allclose(found.own, np.nanmean(own[1 if series < MANY else 0 :], axis=0))
        np.testing.assert_allclose(found.errors, errors.mean(axis=2))


def test_only_one_kind_and_some_of_the_series() -> None:
    found = combination_of(NAMES, trials_of(5))
    marked = np.array([True, False, False, True, False])
    only = found.only(marked, "ETS")
    np.testing.assert_array_equal(only.weights[marked], np.eye(4)[[2, 2]])
    np.testing.assert_array_equal(only.weights[~marked], found.weights[~marked])
    some = found.take(np.array([4, 1]))
    assert isinstance(some, Combination)
    np.testing.assert_array_equal(some.weights, found.weights[[4, 1]])
    np.testing.assert_array_equal(some.own, found.own[[4, 1]])
