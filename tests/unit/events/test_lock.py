"""A lock is held by one, and by nobody any more when its descriptor is closed."""

import os
from pathlib import Path

import pytest

from engine.events.lock import locked


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_one_at_a_time(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.touch()
    else:
        path.mkdir()
    first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
    try:
        assert locked(first)
        assert locked(first)  # it is its own
        assert not locked(second)
    finally:
        os.close(first)
    assert locked(second)
    os.close(second)
