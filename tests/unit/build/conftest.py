"""Simulated logs, small enough for the reference backend."""

from pathlib import Path

import polars as pl
import pytest

from replay.simulate import Settings, simulate
from unit.build.cases import write


@pytest.fixture(scope="session")
def events() -> pl.DataFrame:
    """600 transactions of twelve cards in time order, with bursts and ties."""
    return pl.concat(simulate(Settings(rows=600, cards=12, days=4, seed=3, fraud_rate=0.1)))


@pytest.fixture
def log(events: pl.DataFrame, tmp_path: Path) -> Path:
    """The events as a training file."""
    return write(events, tmp_path / "log.csv")
