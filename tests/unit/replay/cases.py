"""Ledgers read back, and replays that are ended in the middle."""

from pathlib import Path

import polars as pl
import pytest

from replay import ledger, playback
from replay.job import replay
from replay.options import Options


def recorded(folder: Path) -> pl.DataFrame:
    return pl.concat(map(pl.read_parquet, sorted(folder.glob(ledger.PARTS))))


class Stop(KeyboardInterrupt):
    """What a person's Ctrl-C raises."""


def stopped_after(options: Options, events: int, how: type[BaseException]) -> None:
    """Replay until so many events have been decided on, and end it in the middle."""
    decided = 0
    decide = playback.Decider.decide

    def until(self: playback.Decider, rows: list[object], labels: object = None) -> object:
        nonlocal decided
        if decided >= events:
            raise how
        decided += len(rows)
        return decide(self, rows, labels)  # type: ignore[arg-type]  # handed on as they came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playback.Decider, "decide", until)
        with pytest.raises(how):
            replay(options)
