"""Hypothesis profiles: ``default`` for every run, ``deep`` for a night; HYPOTHESIS_PROFILE chooses.

A test that costs more than most asks for a share of the profile's examples, never for a number.
"""

import os

from hypothesis import HealthCheck, settings

# The backends compile on their first call and the machines are slow and shared: time is no verdict.
_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("default", max_examples=40, **_COMMON)
settings.register_profile("deep", max_examples=2_000, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
