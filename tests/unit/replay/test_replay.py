"""Replays: through the code that runs live, to one digest, whatever happens on the way."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.build.cli import main as build_main
from engine.errors import InputError, OutputError
from engine.score.cli import main as score_main
from replay.cli import main
from replay.job import replay
from replay.ledger import SUMMARY
from replay.options import Options
from unit.build.cases import write
from unit.replay.cases import recorded


def test_it_decides_as_a_batch_does(
    log: Path, options: Options, boosted: Path, tmp_path: Path
) -> None:
    replayed = replay(options)
    out = tmp_path / "scores.parquet"
    quiet = ("--quiet", "--resamples", "0", "--reasons", "3")
    assert score_main([str(log), "--run", str(boosted), "--out", str(out), *quiet]) == 0
    assert build_main([str(log), "--out", str(tmp_path / "features"), "--quiet"]) == 0
    batch = pl.read_parquet(out)
    features = pl.read_parquet(tmp_path / "features" / "features.parquet")
    rows = recorded(tmp_path / "ledger")

    assert replayed.outcome.decided == len(rows) == len(batch) == 2_000
    for name in ("event_id", "score", "flagged"):
        assert rows[name].equals(batch[name]), name
    words = rows.select(pl.col("reasons").list.eval(pl.element().struct.field("words")))
    assert words["reasons"].to_list() == batch["reasons"].to_list()
    assert 0 < rows["flagged"].sum() < 2_000
    for name in replayed.run.features.names:
        served = rows["features"].struct.field(name)
        assert served.to_numpy().tobytes() == features[name].cast(pl.Float64).to_numpy().tobytes()


def test_the_digest_tells_the_decisions_and_not_how_they_were_made(options: Options) -> None:
    expected = replay(options).digest

    def digest(**changes: object) -> str:
        return replay(replace(options, ledger=None, **changes)).digest

    assert digest() == expected
    assert digest(batch=1) == expected
    assert digest(batch=37) == expected
    assert digest(speed=1e9) == expected
    assert digest(feed_lag=1) != expected
    assert digest(reasons=0) != expected


def test_what_is_there_is_not_replaced_unasked(options: Options, tmp_path: Path) -> None:
    replay(options)
    with pytest.raises(OutputError, match="a complete one is there"):
        replay(options)
    assert replay(replace(options, overwrite=True)).resumed == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    with pytest.raises(OutputError, match="not a ledger"):
        replay(replace(options, ledger=tmp_path / "other", overwrite=True))
    assert (tmp_path / "other" / "precious").exists()


def test_a_log_within_the_ledger_is_not_replaced(options: Options) -> None:
    replay(options)
    assert options.ledger is not None
    inside = options.ledger / "log.csv"
    inside.write_bytes(Path(options.inputs[0]).read_bytes())
    with pytest.raises(OutputError, match="--ledger: would replace what is read"):
        replay(replace(options, inputs=(str(inside),), overwrite=True))
    assert inside.exists()
    assert (options.ledger / SUMMARY).exists()


def test_from_and_to_are_instants_of_arrival(log: Path, options: Options) -> None:
    times = pl.read_parquet(log)["unix_time"]
    start, end = int(times[500]), int(times[1_500])
    whole = replay(options)
    assert options.ledger is not None
    rows = recorded(options.ledger)
    some = replay(replace(options, start=start, end=end, overwrite=True))
    inside = rows.filter(pl.col("arrival_time").is_between(start, end, closed="left"))
    assert recorded(options.ledger).equals(inside)
    assert some.history == int((times < start).sum())
    assert (some.outcome.decided, whole.outcome.decided) == (len(inside), 2_000)


def test_a_log_out_of_order_is_refused_sorted_or_taken_as_it_came(
    log: Path, options: Options, tmp_path: Path
) -> None:
    expected = replay(replace(options, ledger=None))
    events = pl.read_parquet(log)
    swapped = events[[*range(998), 999, 998, *range(1_000, 2_000)]]
    assert swapped["unix_time"][998] > swapped["unix_time"][999]
    mixed = write(swapped, tmp_path / "mixed.parquet")
    options = replace(options, inputs=(str(mixed),))

    with pytest.raises(InputError, match="out of time order \\(was 1 of 2,000") as said:
        replay(options)
    assert "--order arrival" in said.value.hint
    by_time = replay(replace(options, order="event-time"))  # as the hint says, and nothing else
    assert (by_time.digest, by_time.late) == (expected.digest, 0)
    as_it_came = replay(replace(options, order="arrival", overwrite=True))
    assert as_it_came.late == 1
    assert options.ledger is not None
    rows = recorded(options.ledger)
    assert rows["event_id"].to_list() == swapped["trans_num"].to_list()
    assert rows["arrival_time"].is_sorted()
    assert rows["arrival_time"][999] == swapped["unix_time"][998]


def test_what_comes_later_changes_no_decision(log: Path, options: Options, tmp_path: Path) -> None:
    replay(options)
    assert options.ledger is not None
    before = recorded(options.ledger)
    events = pl.read_parquet(log)
    later = events[1_000:].with_columns(pl.col("amt") * 3 + 1, merchant=pl.lit("fraud_Other"))
    other = write(pl.concat([events[:1_000], later]), tmp_path / "other.parquet")
    replay(replace(options, inputs=(str(other),), overwrite=True))
    after = recorded(options.ledger)
    assert after[:1_000].equals(before[:1_000])
    assert not after.equals(before)


def test_the_ledger_holds_no_label_and_no_name(options: Options) -> None:
    replay(options)
    assert options.ledger is not None
    rows = recorded(options.ledger)
    fields = rows["event"].struct.fields
    assert {"cc_num", "unix_time", "amt", "merchant", "category", "state"} <= set(fields)
    assert not {"is_fraud", "first", "last", "street", "ssn", "job"} & set(fields)


def test_the_command(log: Path, boosted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log), "--run", str(boosted), "--json", "--quiet"]) == 0
    content = json.loads(capsys.readouterr().out)
    labels = pl.read_parquet(log)["is_fraud"]
    assert content["decisions"]["fraud"] == labels.sum()
    assert content["decisions"]["decided"] == 2_000
    assert main([str(log), "--run", str(boosted)]) == 0
    said = capsys.readouterr().out
    assert f"digest {content['digest']}" in said
    for args, words in (
        (["--speed", "fast"], "--speed"),
        (["--speed", "0x"], "--speed"),
        (["--order", "any"], "--order"),
        (["--from", "soon"], "--from"),
        (["--batch", "0"], "--batch"),
        (["--from", "2025-01-02", "--to", "2025-01-01"], "--to: not after --from"),
        (["--from", "2025-01-02", "--to", "2025-01-02"], "--to: not after --from"),
    ):
        assert main([str(log), "--run", str(boosted), *args]) == 2
        refused = capsys.readouterr().err
        assert words in refused
        assert "\nhint: " in refused


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--from", "nothing was decided: the last of these arrived 2"),
        ("--to", "nothing was decided: no event arrived before --to"),
    ],
)
def test_a_span_without_events_is_said_aloud(
    log: Path, boosted: Path, option: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instant = {"--from": "2100-01-01", "--to": "2000-01-01"}[option]
    assert main([str(log), "--run", str(boosted), "--quiet", option, instant, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"]["decided"] == 0
    assert main([str(log), "--run", str(boosted), option, instant]) == 0
    assert words in capsys.readouterr().out
