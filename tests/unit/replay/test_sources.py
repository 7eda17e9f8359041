"""What is played back: logs that say when their events arrived, and ledgers."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.definition import POS, feature, feature_set, key
from engine.errors import InputError
from replay import ledger
from replay.cli import main
from replay.job import replay
from replay.ledger_files import find_ledger
from replay.options import Options
from replay.recorded import LedgerSource
from unit.build.cases import write
from unit.replay.cases import Stop, recorded, stopped_after


def delayed(log: Path, *, swapped: bool = False) -> pl.DataFrame:
    """The log, each event five seconds under way and more, two of them passing each other."""
    events = pl.read_parquet(log).with_columns(arrival_time=pl.col("unix_time") + 5)
    if not swapped:
        return events
    mixed = events[[*range(998), 999, 998, *range(1_000, len(events))]]
    return mixed.with_columns(pl.col("arrival_time").cum_max())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_arrivals_that_a_log_tells_are_the_arrivals(
    log: Path, options: Options, tmp_path: Path, suffix: str
) -> None:
    lagged = replay(replace(options, ledger=None, feed_lag=5))
    events = delayed(log)
    if suffix == "csv":
        events = events.select(pl.all().cast(pl.String))
        path = tmp_path / "told.csv"
        events.write_csv(path, separator="|", quote_style="never")
    else:
        path = write(events, tmp_path / "told.parquet")
    told = replay(replace(options, inputs=(str(path),)))
    assert (told.digest, told.recorded, lagged.recorded) == (lagged.digest, True, False)


def test_what_came_late_by_its_arrival_is_taken_as_it_came(
    log: Path, options: Options, tmp_path: Path
) -> None:
    events = delayed(log, swapped=True)
    options = replace(options, inputs=(str(write(events, tmp_path / "late.parquet")),))
    start = int(events["arrival_time"][998])
    as_it_came = replay(options)
    assert options.ledger is not None
    rows = recorded(options.ledger)
    assert as_it_came.late == 1
    assert rows["event_id"].to_list() == events["trans_num"].to_list()
    assert rows["arrival_time"].to_list() == events["arrival_time"].to_list()
    from_then = replay(replace(options, start=start, overwrite=True))
    assert from_then.history == int((events["arrival_time"] < start).sum()) < 999
    in_order = replay(replace(options, order="event-time", overwrite=True))
    expected = replay(replace(options, inputs=(str(log),), ledger=None))
    assert (in_order.digest, in_order.recorded) == (expected.digest, False)


def test_arrivals_that_go_back_or_are_not_there_are_refused(
    log: Path, options: Options, tmp_path: Path
) -> None:
    events = delayed(log)
    back = events[[*range(998), 999, 998, *range(1_000, len(events))]]
    back = replace(options, inputs=(str(write(back, tmp_path / "back.parquet")),))
    with pytest.raises(InputError, match=r"arrival_time goes back \(was 1 of 2,000") as said:
        replay(back)
    assert "--order event-time" in said.value.hint
    assert replay(replace(back, order="event-time", ledger=None)).outcome.decided == 2_000
    with pytest.raises(InputError, match="goes back"):
        replay(replace(back, order="arrival"))
    with pytest.raises(InputError, match="--feed-lag: it is recorded"):
        replay(replace(options, inputs=(str(write(events, tmp_path / "a.parquet")),), feed_lag=1))
    gaps = events.with_columns(
        arrival_time=pl.when(pl.int_range(pl.len()) != 7).then(pl.col("arrival_time"))
    )
    some = replay(
        replace(options, inputs=(str(write(gaps, tmp_path / "gaps.parquet")),), ledger=None)
    )
    assert some.counts.refused == {"arrival_time is missing": 1}
    both = replace(options, inputs=(str(tmp_path / "a.parquet"), str(log)))
    with pytest.raises(InputError, match="required column is missing \\(was 'arrival_time'"):
        replay(both)


@pytest.mark.usefixtures("short")
def test_a_ledger_played_back_comes_to_its_own_digest(
    log: Path, options: Options, tmp_path: Path
) -> None:
    late = write(delayed(log, swapped=True), tmp_path / "late.parquet")
    first = replay(replace(options, inputs=(str(late),)))
    again = replace(options, inputs=(str(options.ledger),), ledger=tmp_path / "again")
    second = replay(again)
    assert (second.digest, second.late, second.missing) == (first.digest, 1, 0)
    assert second.outcome.decided == 2_000
    assert "labelled" not in second.outcome.summary()
    stopped = replace(again, ledger=tmp_path / "stopped")
    stopped_after(stopped, 1_000, Stop)
    assert replay(stopped).digest == first.digest


def test_what_a_ledger_does_not_hold_is_said(
    log: Path, options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    start = int(pl.read_parquet(log)["unix_time"][500])
    replay(replace(options, start=start))
    args = [str(options.ledger), "--run", str(options.run)]
    assert main([*args, "--json", "--quiet"]) == 0
    events = json.loads(capsys.readouterr().out)["events"]
    assert events["missing"] + events["decided"] == 2_000
    assert main(args) == 0
    said = capsys.readouterr().out
    assert f"{events['missing']:,} events of their history are not there\n" in said
    assert "each at the time of arrival that is recorded\n" in said


def exported(folder: Path, rows: int) -> None:
    """Have a ledger say that it was exported of a live one: its parts tell no digest."""
    for name in (ledger.ABOUT, ledger.SUMMARY):
        (folder / name).write_text(json.dumps({"format": ledger.FORMAT, "rows": rows}))


def test_ledgers_that_cannot_be_played_back_are_refused(log: Path, options: Options) -> None:
    replay(options)
    folder = options.ledger
    assert folder is not None
    again = replace(options, inputs=(str(folder),), ledger=None)
    for change, words in (
        ({"ledger": folder, "overwrite": True}, "--ledger: the ledger that is played back"),
        ({"inputs": (str(folder), str(log))}, "a ledger is played back by itself"),
        ({"order": "event-time"}, "--order: a ledger"),
        ({"feed_lag": 5}, "--feed-lag"),
    ):
        with pytest.raises(InputError, match=words) as said:
            replay(replace(again, **change))  # type: ignore[arg-type]  # as a case says
        assert said.value.hint
    risk = key("merchant").last(days=28, delay_days=7).mean("is_fraud").fill(0.0)
    risky = feature_set("risky", POS, [feature("risk", risk, "of a merchant")])
    with pytest.raises(InputError, match="holds no labels, which risky reads"):
        LedgerSource(find_ledger(folder), risky, order="refuse", lag=0)
    exported(folder, 2_000)
    part = folder / "part-000000.parquet"
    rows = pl.read_parquet(part)
    rows.with_columns(pl.col("event").struct.with_fields(unix_time=pl.lit("x"))).write_parquet(part)
    with pytest.raises(InputError, match=r"lack what the features .* 'unix_time', as String"):
        replay(again)
    names = [name for name in rows["event"].struct.fields if name != "dob"]
    fewer = pl.struct([pl.col("event").struct.field(name) for name in names]).alias("event")
    rows.with_columns(fewer).write_parquet(part)
    with pytest.raises(InputError, match=r"lack what the features .* 'dob', not there"):
        replay(again)
    rows.reverse().write_parquet(part)
    with pytest.raises(InputError, match="not in the order in which they came"):
        replay(again)
    part.write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read"):
        replay(again)
    part.unlink()
    with pytest.raises(InputError, match=r"not as many decisions as .* \(was 0, it says 2000\)"):
        replay(again)
    exported(folder, 0)
    with pytest.raises(InputError, match="there are no decisions in it"):
        replay(again)
