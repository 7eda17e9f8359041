"""The state that a build leaves starts the online engine where the log ended."""

from pathlib import Path

import polars as pl
import pytest

from engine.arguments import LEAP
from engine.backends.online.entry import observed
from engine.backends.online.snapshot import restore
from engine.build.cli import main
from engine.catalog import notebook
from engine.events.canonical import feature_schema
from unit.build.cases import IDENTITY, assert_same_bits, build, built, canonical, report, write


def served(state: Path, events: pl.DataFrame) -> pl.DataFrame:
    """The features of events that come after a warm start."""
    rows = list(observed(restore(notebook, state), canonical(events)))
    return pl.DataFrame(rows, schema=feature_schema(notebook), orient="row")


@pytest.mark.parametrize("engine", ["polars", "duckdb", "online"])
def test_the_stream_goes_on_where_the_log_ended(
    events: pl.DataFrame, log: Path, tmp_path: Path, engine: str
) -> None:
    before, after = events[:400], events[400:]
    state = tmp_path / "online.state"
    past = write(before, tmp_path / "before.csv")
    built(tmp_path / "out", [past], "--state", str(state), "--engine", engine)
    expected = built(tmp_path / "whole", [log]).drop(IDENTITY)[400:]
    assert_same_bits(served(state, after), expected)
    told = report(tmp_path / "out")["state"]
    assert told["file"] == str(state)
    assert told["bytes"] == state.stat().st_size
    assert told["keys"] == before["cc_num"].n_unique()


def test_a_log_out_of_order_leaves_the_same_state(events: pl.DataFrame, tmp_path: Path) -> None:
    states = []
    for name, frame in (("sorted", events), ("mixed", events.sample(fraction=1.0, shuffle=True))):
        states.append(tmp_path / f"{name}.state")
        past = write(frame, tmp_path / f"{name}.csv")
        built(tmp_path / name, [past], "--state", str(states[-1]))
    last = events["unix_time"].max()
    assert isinstance(last, int)
    after = events[:50].with_columns(
        trans_num=pl.concat_str(pl.lit("again "), "trans_num"), unix_time=pl.lit(last + 60)
    )
    one, other = (served(state, after) for state in states)
    assert_same_bits(one, other)
    assert one["velocity_5m"].sum() > 0


def test_a_log_without_events_leaves_the_state_of_the_beginning(log: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text(log.read_text().partition("\n")[0] + "\n")
    built(tmp_path / "out", [empty], "--state", str(tmp_path / "state"))
    online = restore(notebook, tmp_path / "state")
    assert (online.keys_held, online.events) == (0, 0)


def test_the_summary_tells_of_the_state(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path / "out", [log], "--state", str(tmp_path / "state"), "--json") == 0
    capsys.readouterr()
    assert report(tmp_path / "out")["state"]["entries"] > 0
    built(tmp_path / "without", [log])
    assert report(tmp_path / "without")["state"] is None


def test_a_state_is_not_replaced_unless_asked(log: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("mine")
    assert build(tmp_path / "out", [log], "--state", str(state)) == 2
    assert state.read_text() == "mine"
    assert not (tmp_path / "out").exists()
    built(tmp_path / "out", [log], "--state", str(state), "--overwrite")
    assert restore(notebook, state).events == 600


def test_a_wrong_clock_at_the_end_of_a_log_is_left_out_and_told_of(
    events: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past, after = events[:400], events[400:]
    wrong = past[:1].with_columns(
        trans_num=pl.lit("wrong"), unix_time=pl.lit(4_000_000_000, pl.Int64)
    )
    expected = built(tmp_path / "whole", [write(events, tmp_path / "log.csv")]).drop(IDENTITY)
    log = write(pl.concat([past, wrong]), tmp_path / "past.csv")
    state = tmp_path / "online.state"
    assert main([str(log), "--out", str(tmp_path / "out"), "--state", str(state)]) == 0
    assert "without 1 event whose clock lies further off" in capsys.readouterr().out
    assert report(tmp_path / "out")["state"]["astray"] == 1
    assert_same_bits(served(state, after), expected[400:])
    assert restore(notebook, state).leap == LEAP
    built(tmp_path / "all", [log], "--state", str(state), "--leap", "none", "--overwrite")
    assert restore(notebook, state).watermark == 4_000_000_000


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--leap", ""), "--leap: not a span of time (was '')"),
        (("--leap", "0.4s"), "--leap: not a whole number of seconds (was '0.4s')"),
    ],
)
def test_a_leap_that_is_none_is_refused(
    log: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    what: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert build(tmp_path / "out", [log], "--state", str(tmp_path / "state"), *options) == 2
    assert capsys.readouterr().err.startswith(what)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("leap", ["7d", ""])
def test_a_leap_without_a_state_is_refused(
    log: Path, tmp_path: Path, leap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path / "out", [log], "--leap", leap) == 2
    what = f"--leap is of --state, and there is none (was {leap!r})\n"
    assert capsys.readouterr().err.startswith(what)


@pytest.mark.parametrize("place", ["", "nowhere/state", "out"])
def test_a_state_without_a_place_leaves_nothing(
    log: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path / "out", [log], "--state", str(tmp_path / place)) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert str(tmp_path / place) in what
    assert hint.startswith("hint: ")
    assert not (tmp_path / "out").exists()
