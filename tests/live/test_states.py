"""The state that a live scorer begins with: made in batch, saved beside the work, without gaps."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.backends.online.snapshot import capture
from engine.backends.online.state import state_bytes
from engine.catalog import notebook
from engine.clock import elapsed
from engine.errors import InputError
from engine.live.ledger.retention import Removed, retain
from engine.live.ledger.rows import Batch, Quarantined
from engine.live.ledger.snapshot_files import place_of, snapshots_of
from engine.live.notices import Silent
from engine.live.opening import Beginning, open_ledger, open_state
from engine.live.snapshots import newest
from live.cases import Heard, until
from live.scoring import LEAP, options_of, rows_of, scoring
from processes import ROOT
from unit.build.cases import build, write
from unit.model.cases import simulated
from unit.replay.judge.clients import judging, run


def recorded(log: Path, boosted: Path, ledger: Path, **changes: object) -> None:
    """A ledger of the whole of a log."""

    async def test() -> None:
        async with (
            judging(log) as running,
            scoring(options_of(running.port, boosted, ledger, **changes)),
        ):
            await until(lambda: running.judge.done(elapsed()))

    run(test())


def created_of(ledger: Path) -> int:
    with open_ledger(notebook, ledger, LEAP) as opened:
        return opened.created


def remove_later_snapshots(ledger: Path, created: int) -> None:
    """Leave the snapshot of the ledger's beginning alone."""
    for one in snapshots_of(ledger, created):
        if one.before:
            one.path.unlink()


def claim(ledger: Path, created: int, before: int) -> Path:
    """Have the later of two snapshots claim to hold what came before a place."""
    (later, _) = snapshots_of(ledger, created)
    return later.path.rename(place_of(ledger, created, before))


def retained(ledger: Path) -> Removed:
    """Keep a day, when that is how long ago the last event came."""
    last = rows_of(ledger, "SELECT max(arrival_time) FROM decisions")[0][0]
    return retain(ledger, 86_400, last + 86_400 * 1_000_000)


def test_a_warm_start_scores_as_if_it_had_always_run(boosted: Path, tmp_path: Path) -> None:
    events = simulated(400, days=4, seed=9)
    past, future = (
        write(events[:200], tmp_path / "past.csv"),
        write(events[200:], tmp_path / "f.csv"),
    )
    whole = write(events, tmp_path / "whole.csv")
    state = tmp_path / "online.state"
    assert build(tmp_path / "built", [past], "--state", str(state), "--leap", "7d") == 0
    recorded(whole, boosted, tmp_path / "whole.db")
    recorded(future, boosted, tmp_path / "warm.db", warm=past)
    recorded(future, boosted, tmp_path / "state.db", state=state)
    recorded(future, boosted, tmp_path / "cold.db")
    sql = "SELECT event_id, score, features FROM decisions ORDER BY sequence DESC LIMIT 200"
    expected = rows_of(tmp_path / "whole.db", sql)
    assert len(expected) == 200
    assert rows_of(tmp_path / "warm.db", sql) == expected
    assert rows_of(tmp_path / "state.db", sql) == expected
    assert rows_of(tmp_path / "cold.db", sql) != expected


def test_what_came_before_the_ledger_is_answered_and_not_observed_again(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger, warm=transactions)
    (observed, not_observed) = rows_of(
        ledger, "SELECT sum(observed), sum(1 - observed) FROM decisions WHERE score IS NOT NULL"
    )[0]
    assert observed + not_observed == 400
    assert not_observed > 0  # those of the last hour, whose ids the state remembers


def test_a_snapshot_beside_the_work_is_the_state_as_of_the_ledgers_end(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    created = created_of(ledger)
    kept = {one.before: one.path.read_bytes() for one in snapshots_of(ledger, created)}
    assert sorted(kept) == [0, 400]
    remove_later_snapshots(ledger, created)
    words = [sys.executable, "-m", "engine.live.saving", str(ledger)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - ours
    (first, _) = snapshots_of(ledger, created)
    assert done.stdout.decode().strip() == str(first.path)
    assert first.before == 400
    found = newest(notebook, ledger, created, 400, Silent())
    assert found is not None
    assert state_bytes(notebook, capture(found[1])) == kept[400]


def test_snapshots_of_another_ledger_in_its_place_are_not_taken(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    created = created_of(ledger)
    assert snapshots_of(ledger, created)
    assert snapshots_of(ledger, created + 1) == []
    assert newest(notebook, ledger, created, 399, heard := Heard()) is not None
    assert heard.said[0][1]["why"] == "later than the ledger"


def test_events_that_were_removed_are_not_passed_over_in_silence(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    removed = retained(ledger)
    assert removed.decisions > 0
    with open_ledger(notebook, ledger, LEAP) as opened:
        state = open_state(notebook, opened, Beginning(), Silent())  # the snapshot holds them
        assert state.saved == 400
        remove_later_snapshots(ledger, opened.created)
        with pytest.raises(InputError, match="lacks events that were removed"):
            open_state(notebook, opened, Beginning(), Silent())
        found = open_state(notebook, opened, Beginning(accept_gap=True), Silent())
        assert found.online.events == 400 - removed.decisions


def test_what_no_snapshot_holds_is_not_removed(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    remove_later_snapshots(ledger, created_of(ledger))
    assert retained(ledger) == Removed()
    with open_ledger(notebook, ledger, LEAP) as opened:
        assert open_state(notebook, opened, Beginning(leap=LEAP), Silent()).online.events == 400


def test_what_a_snapshot_of_another_end_claims_to_hold_is_not_removed(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    claim(ledger, created_of(ledger), 401)
    assert retained(ledger) == Removed()


def test_a_snapshot_before_which_the_last_could_not_be_read_holds_all(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    created = created_of(ledger)
    with open_ledger(notebook, ledger, LEAP) as opened:
        place = opened.next_sequence
        came = rows_of(ledger, "SELECT max(arrival_time) FROM decisions")[0][0]
        opened.record(Batch([], [Quarantined(place, came, None, "not JSON", "stream")]))
    claim(ledger, created, place + 1)
    assert retained(ledger).decisions > 0


def test_a_ledger_that_was_put_back_takes_no_snapshot_of_what_came_after(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    created = created_of(ledger)
    claimed = claim(ledger, created, 401)
    with open_ledger(notebook, ledger, LEAP) as opened:
        state = open_state(notebook, opened, Beginning(leap=LEAP), heard := Heard())
    assert (state.saved, state.online.events) == (0, 400)
    assert ("snapshot put aside", {"before": 401, "why": "later than the ledger"}) in heard.said
    assert [one.before for one in snapshots_of(ledger, created)] == [0]
    assert claimed.with_name(claimed.name + ".of-another-end").exists()


def test_history_from_before_the_ledger_is_not_lost_in_silence(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    past = write(simulated(50, days=1, seed=3), tmp_path / "past.csv")
    recorded(transactions, boosted, ledger, warm=past)
    warm = Beginning(warm=past, leap=LEAP)
    with open_ledger(notebook, ledger, LEAP) as opened:
        held = open_state(notebook, opened, warm, heard := Heard()).online
        told = {"what": "--warm", "why": "there is a snapshot"}
        assert ("setting passed over", told) in heard.said
        for one in snapshots_of(ledger, opened.created):
            one.path.write_bytes(one.path.read_bytes()[:-1])
        with pytest.raises(InputError, match=r"no snapshot that can be read.*--warm"):
            open_state(notebook, opened, Beginning(leap=LEAP), Silent())
        again = open_state(notebook, opened, warm, Silent()).online
        assert state_bytes(notebook, capture(again)) == state_bytes(notebook, capture(held))
    with open_ledger(notebook, ledger, LEAP) as opened:
        for one in snapshots_of(ledger, opened.created):
            one.path.unlink()
        accepted = Beginning(leap=LEAP, accept_gap=True)
        assert open_state(notebook, opened, accepted, Silent()).online.events == 400


def test_a_leap_that_the_state_does_not_have_is_told_of(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    recorded(transactions, boosted, ledger)
    with open_ledger(notebook, ledger, LEAP) as opened:
        open_state(notebook, opened, Beginning(leap=LEAP + 1), heard := Heard())
    told = {"what": "--leap", "why": "the state of snapshot has its own"}
    assert ("setting passed over", told) in heard.said
