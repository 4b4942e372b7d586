import pytest

from statewise.errors import DataError, OutputError, SettingError, StatewiseError


def test_a_message_names_the_argument_the_value_and_the_fix() -> None:
    error = SettingError("units", 0, "must be at least 1", "Use 1 or more.")
    assert str(error) == "units = 0: must be at least 1. Use 1 or more."
    assert isinstance(error, StatewiseError)
    assert isinstance(error, ValueError)


def test_long_values_are_cut() -> None:
    assert len(str(DataError("y", list(range(1000)), "is long", "Cut it."))) < 180


@pytest.mark.parametrize("kind", [DataError, OutputError, SettingError])
def test_every_kind_prints_alike(kind: type[StatewiseError]) -> None:
    assert str(kind("a", 1, "is wrong", "Mend it.")) == "a = 1: is wrong. Mend it."
