"""Backends for tests, which some machines cannot run."""

import pytest

from engine.backends import Backend, load_backend
from engine.errors import SentinelError


def backend_or_skip(name: str) -> Backend:
    """The backend of that name; a test that needs Spark is skipped where that, or Java, is not."""
    reason = why_no_spark() if name == "spark" else None
    if reason is not None:
        pytest.skip(reason)
    return load_backend(name)


def why_no_spark() -> str | None:
    """Why there is no Spark on this machine; None if there is."""
    from engine.backends.spark import java

    try:
        java.require_spark()
    except SentinelError as error:
        return error.what
    return None
