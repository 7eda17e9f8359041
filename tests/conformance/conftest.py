"""One suite over every registered backend: the contract, sentence by sentence.

A test takes ``backend`` and does not ask which it has got. What is expected is either worked out
by hand in the test or computed by the reference, and equal means equal to the bit.
"""

import pytest

from engine.backends import BACKENDS, Backend, load_backend


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return load_backend(request.param)


@pytest.fixture(scope="session")
def reference() -> Backend:
    return load_backend("reference")
