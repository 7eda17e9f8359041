"""A log to be replayed by the runs, and how."""

from pathlib import Path

import pytest

from replay import ledger, playback
from replay.options import Options
from unit.build.cases import write
from unit.model.cases import simulated


@pytest.fixture(autouse=True)
def collector_of_many_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody manages it here, who would look through what all tests hold, each time."""
    monkeypatch.setattr(playback, "manage_collector", lambda: None)
    monkeypatch.setattr(playback, "let_go_of_collector", lambda: None)


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 transactions, none of which the runs were trained on."""
    events = simulated(2_000, days=10, seed=9)
    return write(events, tmp_path_factory.mktemp("log") / "log.parquet")


@pytest.fixture
def options(log: Path, boosted: Path, tmp_path: Path) -> Options:
    return Options(inputs=(str(log),), run=boosted, ledger=tmp_path / "ledger")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and parts of a ledger so short that there are several."""
    monkeypatch.setattr(playback, "_CHUNK_ROWS", 100)
    monkeypatch.setattr(ledger, "PART_ROWS", 300)
