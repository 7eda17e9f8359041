"""Replays that were stopped go on to the same digest, or are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.errors import InputError
from engine.events.inputs import find_inputs
from engine.sink import sink_parquet
from replay import ledger, playback
from replay.job import replay
from replay.options import Options
from unit.build.cases import write
from unit.replay.cases import Stop, recorded, stopped_after


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("events", [0, 100, 1_050, 1_950])
@pytest.mark.parametrize("how", [Stop, SystemExit])  # the second as good as kill -9: no clean-up
def test_stopped_anywhere_it_goes_on_to_the_same_digest(
    options: Options, events: int, how: type[BaseException]
) -> None:
    options = replace(options, batch=50)
    expected = replay(replace(options, ledger=None)).digest
    stopped_after(options, events, how)
    folder = options.ledger
    assert folder is not None
    parts = sorted(folder.glob(ledger.PARTS))
    kept = len(recorded(folder)) if parts else 0
    if how is Stop:
        assert kept == events // 100 * 100  # whole chunks
    assert not (folder / ledger.SUMMARY).exists()

    replayed = replay(options)
    assert (replayed.digest, replayed.resumed) == (expected, kept)
    assert json.loads((folder / ledger.SUMMARY).read_text())["digest"] == expected
    assert len(recorded(folder)) == 2_000


@pytest.mark.usefixtures("short")
def test_events_that_have_changed_meanwhile_are_noticed(
    log: Path, options: Options, tmp_path: Path
) -> None:
    stopped_after(options, 1_000, Stop)
    events = pl.read_parquet(log)
    other = tmp_path / "log.parquet"
    about = tmp_path / "ledger" / ledger.ABOUT

    def changed(make: Callable[[pl.DataFrame], pl.DataFrame]) -> Options:
        make(events).write_parquet(other)
        content = json.loads(about.read_text())
        [file] = find_inputs([str(other)])
        content["inputs"] = [{"file": file.name, "sha256": file.sha256()}]
        about.write_text(json.dumps(content))
        return replace(options, inputs=(str(other),))

    amounts = pl.when(pl.int_range(pl.len()) == 500).then(1.0).otherwise(pl.col("amt"))
    for make in (
        lambda frame: frame.with_columns(amounts.alias("amt")),
        lambda frame: frame[:400],  # shorter than what was recorded
        lambda frame: frame.with_columns(trans_num=pl.col("trans_num").reverse()),
        lambda frame: frame.with_columns(state=pl.lit("ZZ")),  # which no feature reads
    ):
        with pytest.raises(InputError, match="not what comes out now") as said:
            replay(changed(make))
        assert said.value.hint


def test_a_log_of_another_content_is_not_gone_on_with(
    log: Path, options: Options, tmp_path: Path
) -> None:
    mine = write(pl.read_parquet(log), tmp_path / "mine.csv")
    options = replace(options, inputs=(str(mine),))
    stopped_after(options, 0, Stop)
    content = mine.read_bytes()
    last = content.rfind(b"fraud_")
    mine.write_bytes(content[:last] + b"Fraud_" + content[last + 6 :])  # as long as before
    with pytest.raises(InputError, match="another replay, by its inputs") as said:
        replay(options)
    assert "--overwrite" in said.value.hint
    mine.write_bytes(content)
    assert replay(options).outcome.decided == 2_000


EDITS = {
    "score": pl.lit(0.01),
    "threshold": pl.lit(0.7),
    "flagged": (1 - pl.col("flagged")).cast(pl.Int8),
    "arrival_time": pl.col("arrival_time") + 1,
    "model": pl.lit("another"),
    "feature_set": pl.lit("another"),
    "event": pl.col("event").struct.with_fields(amt=pl.field("amt") + 1),
    "reasons": pl.col("reasons").list.head(1),
}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("column", EDITS)
@pytest.mark.parametrize("noted", [True, False])
def test_a_ledger_that_was_edited_is_not_gone_on_with(
    options: Options, column: str, *, noted: bool
) -> None:
    stopped_after(options, 1_000, Stop)
    folder = options.ledger
    assert folder is not None
    part = sorted(folder.glob(ledger.PARTS))[1]
    notes = pl.read_parquet_metadata(part)
    edited = pl.read_parquet(part).with_columns(EDITS[column].alias(column))
    assert not edited.equals(pl.read_parquet(part))
    kept = {name: text for name, text in notes.items() if name.startswith("sentinelpos")}
    sink_parquet(edited.lazy(), part, metadata=kept if noted else None)
    with pytest.raises(InputError, match="not as it was recorded") as said:
        replay(options)
    assert "--overwrite" in said.value.hint


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("column", [name for name in EDITS if name not in {"score", "reasons"}])
def test_what_was_recorded_of_something_else_is_not_gone_on_with(
    options: Options, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = playback.Recorder.rows

    def other(self: playback.Recorder, *given: object) -> pl.DataFrame:
        made = rows(self, *given)  # type: ignore[arg-type]  # handed on as they came
        return made.with_columns(EDITS[column].alias(column))

    with monkeypatch.context() as patch:
        patch.setattr(playback.Recorder, "rows", other)
        stopped_after(options, 1_000, Stop)
    with pytest.raises(InputError, match=f"was another (flagged|{column}) from"):
        replay(options)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("left", [0, 1, 7, 1_000, -1])
def test_a_last_part_cut_short_is_refused_and_can_be_made_anew(options: Options, left: int) -> None:
    expected = replay(replace(options, ledger=None)).digest
    stopped_after(options, 1_000, Stop)
    folder = options.ledger
    assert folder is not None
    part = max(folder.glob(ledger.PARTS))
    part.write_bytes(part.read_bytes()[:left])
    with pytest.raises(InputError, match=r"part-000003\.parquet: cannot be read") as said:
        replay(options)
    assert "remove it" in said.value.hint
    part.unlink()
    assert replay(options).digest == expected


def test_what_was_being_written_when_it_was_killed_is_cleared(options: Options) -> None:
    stopped_after(options, 0, Stop)
    assert options.ledger is not None
    (options.ledger / ".part-000000.parquet.99.partial").write_text("x")
    replay(options)
    names = sorted(path.name for path in options.ledger.iterdir())
    assert names == [ledger.ABOUT, "part-000000.parquet", ledger.SUMMARY]


def test_a_part_without_decisions_is_refused(options: Options) -> None:
    replay(options)
    folder = options.ledger
    assert folder is not None
    (folder / ledger.SUMMARY).unlink()
    part = folder / "part-000000.parquet"
    pl.read_parquet(part)[:0].write_parquet(part)
    with pytest.raises(InputError, match="holds no decisions"):
        replay(options)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"reasons": 1}, "reasons"), ({"end": 2_000_000_000}, "to"), ({"order": "arrival"}, "order")],
)
def test_part_of_another_replay_is_not_gone_on_with(
    options: Options, change: dict[str, object], word: str
) -> None:
    stopped_after(options, 0, Stop)
    with pytest.raises(InputError, match=f"another replay, by its {word}") as said:
        replay(replace(options, **change))  # type: ignore[arg-type]  # as a case says
    assert "--overwrite" in said.value.hint
    assert replay(replace(options, overwrite=True)).resumed == 0
