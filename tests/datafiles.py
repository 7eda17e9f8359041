"""The files people have, which are no part of the project: where they are, or why a test skips."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VARIABLE = "SENTINELPOS_DATA"


def data_file(name: str) -> Path:
    """A file of real data; without it the test is skipped.

    It is sought in the folder that SENTINELPOS_DATA names, else in ``../shared/data`` seen from
    the root of the repository.
    """
    named = os.environ.get(VARIABLE)
    path = (Path(named) if named else ROOT.parent / "shared" / "data") / name
    if not path.is_file():
        pytest.skip(f"no such file: {path}; {VARIABLE} names the folder of the data")
    return path
