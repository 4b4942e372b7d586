import numpy as np
import pytest

from statewise.engine import State, fit, initial_weights
from statewise.ensemble.exported import Exported, exported, rows_of
from statewise.errors import DataError, SettingError
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime

WEIGHTS = initial_weights(1, range(3), units=2, features=1)


def state(*shape: int, value: float = 1.0) -> State:
    return State(*(np.full(shape, value, np.float32) for _ in range(2)))


def test_a_run_of_weights_or_of_a_fit() -> None:
    x = np.linspace(-1, 1, 6).reshape(6, 1, 1)
    network = Network(2, initial_state="learned")
    fitted = fit(network, Training(3), StateRegime(), x, x[:, 0], repeats=3)
    found = exported(network, fitted, run=2)
    np.testing.assert_array_equal(found.weights.kernel, fitted.weights.kernel[2:])
    assert fitted.initial_state is not None
    assert found.initial_state is not None
    np.testing.assert_array_equal(found.initial_state.h, fitted.initial_state.h[2:])
    np.testing.assert_array_equal(
        exported(Network(2), WEIGHTS, run=1).weights.bias, WEIGHTS.bias[1:2]
    )


def test_a_model_may_export_itself() -> None:
    class Model:
        def exported(self) -> Exported:
            return exported(Network(2), WEIGHTS, run=1)

    found = exported(Model(), state=state(1, 1, 2))
    np.testing.assert_array_equal(found.weights.kernel, WEIGHTS.kernel[1:2])
    assert found.state is not None


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(SettingError, match="run = 3: is not one of 3"):
        exported(Network(2), WEIGHTS, run=3)
    with pytest.raises(SettingError, match="units = 5: is not the 2"):
        exported(Network(5), WEIGHTS)
    with pytest.raises(SettingError, match="weights"):
        exported(Network(2))
    with pytest.raises(SettingError, match="state"):
        exported(Network(2), WEIGHTS, state(1, 1, 3))
    with pytest.raises(SettingError, match="is not the 3 rows of the state"):
        rows_of(state(1, 3, 2), 2)


def test_numbers_that_are_not_finite_are_refused() -> None:
    bias = WEIGHTS.bias.copy()
    bias[1, 3] = np.nan
    exported(Network(2), WEIGHTS._replace(bias=bias), run=0)
    with pytest.raises(DataError, match=r"bias = nan: is not finite at \(0, 3\)"):
        exported(Network(2), WEIGHTS._replace(bias=bias), run=1)
    with pytest.raises(DataError, match=r"state.h"):
        exported(Network(2), WEIGHTS, state(1, 1, 2, value=np.inf))
