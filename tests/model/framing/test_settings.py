from typing import Any

import pytest

from statewise.errors import SettingError
from statewise.model.framing import Framing


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"difference": -1}, "difference"),
        ({"difference": True}, "difference"),
        ({"difference": (1, 0)}, "difference"),
        ({"difference": "12"}, "difference"),
        ({"difference": 10**6}, "difference"),
        ({"difference": (60_000, 60_000)}, "difference"),
        ({"lags": 0}, "lags"),
        ({"lags": 10**7}, "lags"),
        ({"steps": 0}, "steps"),
        ({"steps": 10**7}, "steps"),
        ({"steps": 1000, "lags": 1000}, "steps"),
        ({"samples": 1}, "samples"),
        ({"scale": (1.0, 1.0)}, "scale"),
        ({"scale": (1.0, 2.0, 3.0)}, "scale"),
        ({"scale": "normal"}, "scale"),
        ({"scale": "12"}, "scale"),
        ({"transform": "sqrt"}, "transform"),
        ({"transform": None}, "transform"),
        ({"transform": float("nan")}, "transform"),
        ({"relative": "first", "lags": 2}, "relative"),
        ({"relative": "last"}, "relative"),
        ({"target_scale": "both"}, "target_scale"),
        ({"outputs": 0}, "outputs"),
        ({"outputs": 10**6}, "outputs"),
    ],
)
def test_bad_settings_are_named(fields: Any, name: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name} = "):
        Framing(**fields)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ({"difference": ()}, {"difference": 0}),
        ({"difference": [12]}, {"difference": 12}),
        ({"difference": [1, 12]}, {"difference": (1, 12)}),
        ({"scale": [0, 1]}, {"scale": (0.0, 1.0)}),
        ({"transform": 1}, {"transform": 1.0}),
    ],
)
def test_equal_settings_are_one_framing(fields: Any, plain: Any) -> None:
    framing = Framing(**fields)
    assert framing == Framing(**plain)
    assert repr(framing) == repr(Framing(**plain))
