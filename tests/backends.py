"""Backends for tests, which some machines cannot run."""

import pytest

from engine.backends import Backend, load_backend
from engine.errors import SentinelError


def backend_or_skip(name: str) -> Backend:
    """The backend of that name; a test that needs Spark is skipped where that, or Java, is not."""
    if name == "spark":
        require_spark()
    return load_backend(name)


def require_spark() -> None:
    from engine.backends.spark import java

    try:
        java.require_spark()
    except SentinelError as error:
        pytest.skip(error.what)
