"""A simulated log, and a defective backend beside the true ones."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from engine.backends import BACKENDS
from replay.simulate import Settings, simulate
from unit.build.cases import write
from unit.skew import broken


@pytest.fixture(scope="session")
def events() -> pl.DataFrame:
    """500 transactions of ten cards in time order, with bursts and ties."""
    return pl.concat(simulate(Settings(rows=500, cards=10, days=4, seed=5, fraud_rate=0.1)))


@pytest.fixture
def log(events: pl.DataFrame, tmp_path: Path) -> Path:
    return write(events, tmp_path / "log.csv")


@pytest.fixture
def break_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[broken.Defect], None]:
    """Registers a backend ``broken`` with this defect."""

    def register(defect: broken.Defect) -> None:
        monkeypatch.setitem(BACKENDS, "broken", broken.NAME)
        monkeypatch.setattr(broken, "defect", [defect])

    return register
