"""The networks of several panels are trained as if each were alone."""

from dataclasses import replace

import numpy as np
import pytest

from statewise.errors import SettingError
from statewise.forecasting.fitting import fit_ensembles
from statewise.model.network import Training
from tests.forecasting.recipes import fit_ensemble, histories, recipe


def test_the_networks_of_several_panels_are_those_of_each() -> None:
    for scope in ("local", "global"):
        plan = recipe(scope=scope)
        panels = [histories((30, 18)), histories((41, 9))]
        for (ensemble, trained), part in zip(fit_ensembles(plan, panels), panels, strict=True):
            alone, fitted = fit_ensembles(plan, [part])[0]
            for one, other in zip(ensemble.weights, alone.weights, strict=True):
                np.testing.assert_array_equal(one, other)
            np.testing.assert_array_equal(trained.loss, fitted.loss)


def test_validation_that_leaves_nothing_of_a_series_is_refused_where_it_has_its_own() -> None:
    plan, parts = recipe("stateless", training=Training(3, validation=20)), histories((60, 18, 60))
    with pytest.raises(SettingError, match="leaves none to train on"):
        fit_ensemble(plan, parts)
    fit_ensemble(replace(plan, scope="global"), parts)
