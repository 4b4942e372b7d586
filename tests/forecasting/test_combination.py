"""Weights of forecasts, from their errors at inner cutoffs."""

import numpy as np

from statewise.forecasting.combination import Trial, combination_of


def test_a_combination_of_what_was_tried_without_networks_alone() -> None:
    """Histories may be too short for networks that have not seen their end."""
    forecasts = np.array([[[9.0, 9.0]], [[8.0, 8.0]], [[np.nan, np.nan]]])
    trial = Trial(2, np.array([[8.0, 8.5]]), forecasts, None)
    found = combination_of(("naive", "Theta", "network"), [trial, trial])
    assert found.weights.argmax(axis=1).tolist() == [1]
    assert found.weights[0, 2] == 0
    np.testing.assert_allclose(found.errors[0], [0.75, 0.25, np.nan])
    assert np.isnan(found.own).all()  # no trial was over before it
