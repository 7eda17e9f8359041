"""A replay that keeps time: what was decided is on disk soon, and is the same."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from replay import ledger, pace
from replay.job import replay
from replay.options import Options
from unit.replay.cases import recorded

SPEED = 3_600.0


class Watch:
    """A clock that only passes while somebody sleeps, and looks into a ledger then.

    Parameters
    ----------
    folder
        The ledger.
    arrivals
        When the events arrive, in seconds.
    """

    def __init__(self, folder: Path, arrivals: list[int]) -> None:
        self.now = 0.0
        self.missed = 0
        self._folder = folder
        self._due = [(at - arrivals[0]) / SPEED for at in arrivals]
        self._rows: dict[Path, int] = {}

    def elapsed(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for part in set(self._folder.glob(ledger.PARTS)) - self._rows.keys():
            self._rows[part] = len(pl.read_parquet(part))
        old = sum(due < self.now - ledger.PART_SECONDS for due in self._due)
        self.missed += old > sum(self._rows.values())


def test_what_was_decided_is_on_disk_after_some_seconds(
    log: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = replay(replace(options, ledger=None)).digest
    folder = options.ledger
    assert folder is not None
    watch = Watch(folder, pl.read_parquet(log)["unix_time"].to_list())
    for module in (pace, ledger):
        monkeypatch.setattr(module, "elapsed", watch.elapsed)
    monkeypatch.setattr(pace, "sleep", watch.sleep)
    assert replay(replace(options, speed=SPEED)).digest == expected
    assert watch.now == pytest.approx(10 * 86_400 / SPEED, rel=0.1)
    assert watch.missed == 0
    parts = len(list(folder.glob(ledger.PARTS)))
    assert 10 < parts <= watch.now / ledger.PART_SECONDS * 2
    assert len(recorded(folder)) == 2_000
