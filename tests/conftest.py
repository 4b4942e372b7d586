import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from hypothesis import HealthCheck, settings

settings.register_profile(
    "statewise",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("statewise")


@pytest.fixture(scope="session")
def series() -> "list[float]":
    """A short trending series with a season, for tests that need any series."""
    return [10.0, 12.0, 9.0, 15.0, 14.0, 18.0, 13.0, 19.0, 21.0, 17.0, 24.0, 22.0, 26.0, 20.0]
