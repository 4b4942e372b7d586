from typing import Any

import pytest

from statewise.errors import SettingError
from statewise.model.network import PROFILES, SGD, Adam, Network, Training


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Network(units=0), "units"),
        (lambda: Network(profile="keras-4"), "profile"),
        (lambda: Adam(learning_rate=0), "learning_rate"),
        (lambda: Adam(beta_1=1.0), "beta_1"),
        (lambda: Adam(beta_2=-0.1), "beta_2"),
        (lambda: Adam(epsilon=0.0), "epsilon"),
        (lambda: SGD(learning_rate=float("nan")), "learning_rate"),
        (lambda: SGD(momentum=1.0), "momentum"),
        (lambda: Training(epochs=0), "epochs"),
        (lambda: Training(epochs=2 * 10**9), "epochs"),
        (lambda: Training(batch_size=0), "batch_size"),
        (lambda: Training(divergence=0.0), "divergence"),
    ],
)
def test_settings_out_of_range_are_named(make: Any, name: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name} = "):
        make()


def test_profiles_differ_in_gate_and_epsilon() -> None:
    assert Network(profile="keras-2").numerics == PROFILES["keras-2"]
    assert PROFILES["keras-2"].gate == "hard_sigmoid"
    assert PROFILES["keras-3"].adam_epsilon == 1e-7


def test_settings_are_values() -> None:
    assert Training() == Training()
    assert hash(Network(3)) == hash(Network(3))
