"""Packages that extras install, imported where they are used."""

import importlib
import os
import warnings
from typing import Any

from statewise.errors import ExtraError

__all__ = ["OLDEST_KERAS", "check_keras", "import_extra", "import_keras"]

OLDEST_KERAS = (3, 5)


def import_extra(package: str, extra: str) -> Any:
    """The package ``package``; raises ExtraError that names the extra if it cannot be imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such warnings are not about statewise
            return importlib.import_module(package)
    except ImportError as error:
        fix = f"Install it: pip install 'statewise[{extra}]'."
        raise ExtraError("package", package, f"cannot be imported ({error})", fix) from None


def import_keras() -> Any:
    """Keras, of a version that is known to work; raises ExtraError otherwise."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow is verbose
    keras = import_extra("keras", "keras")
    check_keras(keras.__version__)
    return keras


def check_keras(version: str) -> None:
    """Raise ExtraError if this version of Keras is too old.

    Example:
        >>> check_keras("3.15.1")
    """
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_KERAS:
        oldest = ".".join(map(str, OLDEST_KERAS))
        problem = f"is older than {oldest}, and keeps state in other places"
        fix = "Upgrade it: pip install -U 'statewise[keras]'."
        raise ExtraError("keras", version, problem, fix)
