"""How many odd inputs a fuzz test tries: 300, or what STATEWISE_FUZZ says."""

import os

from hypothesis import HealthCheck, settings

fuzz = settings(
    max_examples=int(os.environ.get("STATEWISE_FUZZ", "300")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
