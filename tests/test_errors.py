import pytest

from statewise.errors import DataError, OutputError, SettingError, StatewiseError


def test_a_message_names_the_argument_the_value_and_the_fix() -> None:
    error = SettingError("units", 0, "must be at least 1", "Use 1 or more.")
    assert str(error) == "units = 0: must be at least 1. Use 1 or more."
    assert isinstance(error, StatewiseError)
    assert isinstance(error, ValueError)


def test_long_values_are_cut() -> None:
    assert len(str(DataError("y", list(range(1000)), "is long", "Cut it."))) < 180


def test_nothing_in_a_message_steers_a_terminal() -> None:
    name = "a\x1b[2J\n"
    error = DataError(name, name, f"is {name}", f"Not {name}.")
    assert str(error) == r"a\x1b[2J\n = 'a\x1b[2J\n': is a\x1b[2J\n. Not a\x1b[2J\n."
    assert error.argument == name


def test_a_million_columns_are_not_listed() -> None:
    fix = f"The columns are {', '.join(map(str, range(10**6)))}."
    assert len(str(DataError("column", "y", "is not a column", fix))) < 1100


@pytest.mark.parametrize("kind", [DataError, OutputError, SettingError])
def test_every_kind_prints_alike(kind: type[StatewiseError]) -> None:
    assert str(kind("a", 1, "is wrong", "Mend it.")) == "a = 1: is wrong. Mend it."
