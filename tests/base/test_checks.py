from typing import Any

import numpy as np
import pytest

from statewise.base.checks import at_least, fraction, one_of, percent, positive
from statewise.errors import SettingError


def test_good_values_come_back_as_plain_numbers() -> None:
    assert at_least("n", np.int64(3), 1) == 3
    assert positive("rate", np.float32(0.5)) == 0.5
    assert fraction("beta", 0) == 0.0
    assert percent("level", 80) == 80.0
    assert one_of("name", "a", ["a", "b"]) == "a"


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2", None])
def test_at_least_refuses(value: Any) -> None:
    with pytest.raises(SettingError, match=r"n = .*whole number of at least 1"):
        at_least("n", value, 1)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "x", None])
def test_positive_refuses(value: Any) -> None:
    with pytest.raises(SettingError, match="rate = "):
        positive("rate", value)


@pytest.mark.parametrize("value", [1.0, -0.1, float("nan"), None])
def test_fraction_refuses(value: Any) -> None:
    with pytest.raises(SettingError, match="beta = "):
        fraction("beta", value)


def test_one_of_lists_the_choices() -> None:
    with pytest.raises(SettingError, match="Use one of 'a', 'b'"):
        one_of("name", "c", ["a", "b"])


@pytest.mark.parametrize("value", [0, 100, -1.0, float("nan"), "80", None])
def test_percent_refuses(value: Any) -> None:
    with pytest.raises(SettingError, match="level = "):
        percent("level", value)


def test_a_share_is_no_percentage() -> None:
    with pytest.raises(SettingError, match=r"level = 0.8: is not in percent. Did you mean 80\?"):
        percent("level", 0.8)
