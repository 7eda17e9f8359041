"""Hypothesis profiles: ``default``, and ``deep`` for a night; HYPOTHESIS_PROFILE chooses.

Signals are those of the foreground, wherever the tests were started.
"""

import os

# As commands have it, and before anything loads OpenMP: see engine.process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from hypothesis import HealthCheck, Phase, settings

from processes import usual_signals

# The backends compile on their first call and the machines are slow and shared: time is no verdict.
# Explaining a failure and looking for others costs minutes where an example computes 400 features.
_COMMON = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    "report_multiple_bugs": False,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("default", max_examples=25, **_COMMON)
settings.register_profile("deep", max_examples=2_000, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

usual_signals()
