"""A run to score with, and a log that it was not trained on."""

from pathlib import Path

import pytest

from unit.build.cases import write
from unit.conftest import boosted, features
from unit.model.cases import simulated

__all__ = ["boosted", "features"]

COUNT = 400


@pytest.fixture(scope="session")
def transactions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 transactions of a few cards."""
    folder = tmp_path_factory.mktemp("transactions")
    return write(simulated(COUNT, days=4, seed=9), folder / "log.csv")
