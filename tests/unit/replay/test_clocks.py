"""Whose clocks a replay believes: as live does unless told otherwise, and part of its digest."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.arguments import LEAP
from engine.errors import InputError
from replay.cli import main
from replay.clocks import Clocks
from replay.job import replay
from replay.options import Options
from unit.build.cases import write
from unit.replay.cases import Stop, recorded, stopped_after

HOUR, DAY = 3_600, 86_400
FAR = 4_000_000_000
STRAY = 1_000


@pytest.fixture
def wrong(log: Path, options: Options, tmp_path: Path) -> Options:
    """The log, with one more event in the middle, whose clock is wrong by decades."""
    events = pl.read_parquet(log)
    stray = events[STRAY : STRAY + 1].with_columns(
        trans_num=pl.lit("stray"), transaction_id=pl.lit("stray"), unix_time=pl.lit(FAR, pl.Int64)
    )
    mixed = pl.concat([events[:STRAY], stray, events[STRAY:]])
    path = write(mixed, tmp_path / "wrong.parquet")
    return replace(options, inputs=(str(path),), order="arrival")


def others(folder: Path) -> pl.DataFrame:
    """What was decided on all but the stray."""
    rows = recorded(folder)
    return rows.filter(rows["event_id"] != "stray").select("event_id", "features", "score")


def test_a_wrong_clock_changes_no_other_decision(
    options: Options, wrong: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay(options)
    replayed = replay(replace(wrong, ledger=tmp_path / "wrong"))
    assert (replayed.astray, replayed.late, replayed.too_late) == (1, 0, 0)
    assert others(tmp_path / "wrong").equals(others(tmp_path / "ledger"))
    trusting = replay(replace(wrong, leap=None, ledger=tmp_path / "trusting"))
    assert (trusting.astray, trusting.too_late) == (0, 2_000 - STRAY)
    assert not others(tmp_path / "trusting").equals(others(tmp_path / "ledger"))

    args = [*wrong.inputs, "--run", str(wrong.run), "--order", "arrival"]
    assert main(args) == 0
    assert "1 event not believed, further off than --leap\n" in capsys.readouterr().out
    for given, expected in ((("7d",), replayed), (("none",), trusting)):
        assert main([*args, "--leap", *given, "--json", "--quiet"]) == 0
        content = json.loads(capsys.readouterr().out)
        assert content["digest"] == expected.digest
        assert content["events"]["astray"] == expected.astray


def test_another_leap_is_another_replay(wrong: Options, tmp_path: Path) -> None:
    stopped_after(wrong, 1_500, Stop)
    about = json.loads((tmp_path / "ledger" / "ledger.json").read_text())
    assert (about["lateness"], about["leap"]) == (HOUR, LEAP)
    for leap in (None, 0, 6 * DAY):
        with pytest.raises(InputError, match=r"another replay, by its leap \(was 604800"):
            replay(replace(wrong, leap=leap))
    with pytest.raises(InputError, match=r"by its from \(was none, now 2025-01-01 00:00:01\)"):
        replay(replace(wrong, start=1_735_689_601))
    expected = replay(replace(wrong, ledger=None)).digest
    assert replay(replace(wrong, leap=LEAP)).digest == expected  # said aloud it is the same


@pytest.mark.parametrize("leap", [None, LEAP, 3 * DAY])
def test_a_ledger_is_played_back_as_it_was_recorded(
    wrong: Options, tmp_path: Path, leap: int | None
) -> None:
    first = replay(replace(wrong, leap=leap))
    again = replace(
        wrong, inputs=(str(wrong.ledger),), ledger=tmp_path / "again", order="refuse", leap="usual"
    )
    assert replay(again).digest == first.digest
    other = LEAP if leap is None else None
    told = replay(replace(again, ledger=None, leap=other))
    assert told.digest == replay(replace(wrong, ledger=None, leap=other)).digest != first.digest


def test_a_ledger_of_live_says_how_late_its_events_may_come(
    log: Path, options: Options, tmp_path: Path
) -> None:
    """One event comes two hours late: live was told to wait for three."""
    events = pl.read_parquet(log)
    first = int(events["unix_time"][0])
    place = int((events["unix_time"] <= first + 2 * HOUR).sum())
    mixed = events[[*range(1, place + 1), 0, *range(place + 1, len(events))]]
    late = write(mixed, tmp_path / "late.parquet")
    recorded_so = replay(replace(options, inputs=(str(late),), order="arrival"))
    assert recorded_so.too_late == 1
    file = tmp_path / "ledger" / "ledger.json"
    about = json.loads(file.read_text())
    again = replace(options, inputs=(str(options.ledger),), ledger=None)
    for said, too_late in (
        ({"lateness": 3 * HOUR, "leap": None}, 0),
        ({"lateness": 0, "leap": 5}, 1),
        ({"lateness": HOUR, "leap": DAY}, 1),
    ):
        file.write_text(json.dumps(about | said))
        replayed = replay(again)
        assert replayed.too_late == too_late or said["leap"] == 5
        assert (replayed.astray > 0) == (said["leap"] == 5)
        # That a leap is asked for says nothing about lateness.
        assert replay(replace(again, leap=None)).too_late == too_late


def test_a_ledger_that_says_nothing_believed_every_clock(options: Options) -> None:
    schema = replay(replace(options, end=0, ledger=None)).run.features.schema
    assert Clocks.of_ledger(schema, {}) == Clocks(HOUR, None)
    assert Clocks.of_log(schema, None) == Clocks(HOUR, None)
    assert Clocks.of_log(replace(schema, time_unit="ms"), 5) == Clocks(1_000 * HOUR, 5_000)


@pytest.mark.parametrize("leap", ["", "0.4s", "never"])
def test_a_leap_that_is_none_is_refused(
    options: Options, leap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*options.inputs, "--run", str(options.run), "--leap", leap]) == 2
    assert capsys.readouterr().err.startswith("--leap: not a ")
