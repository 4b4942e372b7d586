"""The public surface: small, lazy, and complete."""

import subprocess
import sys

import pytest

import statewise


def test_every_public_name_is_there_and_documented() -> None:
    for name in statewise.__all__:
        value = getattr(statewise, name)
        assert name == "__version__" or value.__doc__
    assert set(dir(statewise)) == set(statewise.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = statewise.Nothing


def test_importing_statewise_imports_nothing_heavy() -> None:
    heavy = ("numba", "scipy", "matplotlib", "numpy", "pandas", "narwhals")
    program = (
        f"import sys, statewise, statewise.cli; print([m for m in {heavy} if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
