"""What a backtest is given: a folder with its own results in it, arrivals, days without labels."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from engine.errors import InputError, OutputError
from engine.model.split import DAY
from replay import ledger, playback
from replay.alone import alone_in
from replay.backtest.job import backtest
from replay.backtest.options import Options
from replay.backtest.page import backtest_page
from replay.backtest.text import backtest_text
from unit.build.cases import write
from unit.replay.backtest.cases import Done
from unit.replay.cases import Stop


def test_a_folder_that_its_results_are_in_is_gone_on_with(
    done: Done, fast: Options, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "_CHUNK_ROWS", 64)
    monkeypatch.setattr(ledger, "PART_ROWS", 128)
    (tmp_path / "log.parquet").write_bytes(log.read_bytes())
    out = tmp_path / "results" / "out"
    options = replace(fast, inputs=(str(tmp_path),), out=out, mode="event-driven")
    decide, left = playback.Decider.decide, len(done.result.tested[0].decisions) // 2

    def until(self: playback.Decider, rows: list[object], labels: object = None) -> object:
        nonlocal left
        left -= len(rows)
        if left < 0:
            with pytest.raises(OutputError, match="another replay is at work there"):
                alone_in(out / "ledger-backtest", "--ledger", "replay").__enter__()
            raise Stop
        return decide(self, rows, labels)  # type: ignore[arg-type]  # handed on as they came

    with monkeypatch.context() as patch:
        patch.setattr(playback.Decider, "decide", until)
        with pytest.raises(Stop):
            backtest(options)
    assert list(out.glob("ledger-backtest/part-*.parquet"))
    again = backtest(options).tested[0]
    assert again.digest == done.digest
    assert again.resumed
    assert backtest(replace(options, overwrite=True)).tested[0].digest == done.digest


def test_arrivals_are_not_passed_over_in_silence(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    events = pl.read_parquet(log).with_columns(arrival_time=pl.col("unix_time") + 5)
    told = write(events, tmp_path / "told.parquet")
    fast = replace(fast, inputs=(str(told),))
    for mode in ("vectorised", "event-driven"):
        with pytest.raises(InputError, match=r"says when its events arrived.*arrival_time") as said:
            backtest(replace(fast, mode=mode))  # type: ignore[arg-type]  # one of them
        assert "--order event-time" in said.value.hint
    found = backtest(replace(fast, order="event-time"))
    assert (found.tested[0].digest, found.differing) == (done.digest, 0)


def test_days_without_known_labels_are_tested_aloud(done: Done, fast: Options, log: Path) -> None:
    last = int(pl.read_parquet(log)["unix_time"].to_numpy()[-1])
    day_after = datetime.fromtimestamp((last // DAY + 1) * DAY, UTC).date()
    start = day_after - timedelta(days=8)
    found = backtest(replace(fast, mode="vectorised", start=start, until=day_after))
    content = found.content
    assert [fold["days"] for fold in content["folds"]] == [4, 4]
    assert content["folds"][-1]["until"] == f"{day_after}"
    words = f"tested until {day_after}, but labels are known of events before"
    for said, usual in (
        (backtest_text(found), backtest_text(done.result)),
        (backtest_page(content), backtest_page(done.result.content)),
    ):
        assert words in said
        assert "labels are known" not in usual
