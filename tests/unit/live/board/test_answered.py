"""Which flags were answered, and how long that took."""

from pathlib import Path

import pytest

from engine.live.board.board import Board
from engine.live.board.rows import Answered, Query
from engine.live.flag import Outcome, Reply
from engine.live.ledger.rows import Adopted, Batch
from unit.live.board.cases import DEADLINE, alert, caught_up, put, read_on, run_of
from unit.live.ledger.cases import BEGAN, SECOND, decision, opened

HOUR = 3_600 * SECOND
MS = 1_000


def reply(
    sequence: int, after: int, outcome: Outcome = Outcome.RECORDED, attempt: int = 1
) -> Reply:
    """What came of a flag so many microseconds after its event, which came at its place."""
    return Reply(sequence, attempt, BEGAN + sequence * SECOND + after, 200, outcome, None)


def test_final_outcomes_of_the_last_hour(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(n) for n in range(10)])
        ledger.reply([reply(0, 20 * MS), reply(1, 40 * MS, Outcome.RETRY)])
        board = caught_up(path)
        now = BEGAN + 60 * SECOND
        assert board.picture(now).answered == Answered(1, 1, 0, 1.0, 0.02, 0.02, DEADLINE)
        ledger.reply(
            [
                reply(1, 31 * SECOND, attempt=2),  # too late
                reply(2, 30 * SECOND, Outcome.EXPIRED),
                reply(3, 50 * MS, Outcome.REFUSED),
                *(reply(n, 10 * n * MS + 499) for n in range(4, 8)),
            ]
        )
        read_on(board)
        found = board.picture(now).answered
        assert (found.final, found.on_time, found.expired) == (8, 5, 1)
        assert (found.share, found.p50, found.p99) == (5 / 8, 0.05, 31.0)
        # Two are still open; an hour later none is of the last hour.
        assert board._kept._answers.open.sort().to_list() == [8, 9]
        assert board.picture(now + HOUR).answered.final == 0
        assert board.picture(now + HOUR).answered.share is None
        board.close()


def test_a_flag_that_is_pending_is_looked_after_however_old(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(0), decision(1)])
        ledger.reply([reply(0, 5 * MS)])
        put(ledger, [decision(2, arrival_time=BEGAN + 5 * HOUR)])
        board = caught_up(path)
        assert board._kept._answers.open.to_list() == [1, 2]
        ledger.reply([reply(1, 5 * HOUR, Outcome.EXPIRED)])
        read_on(board)
        found = board.picture(BEGAN + 5 * HOUR + 10 * SECOND).answered
        assert (found.final, found.expired, found.p50) == (1, 1, None)
        board.close()


def test_what_the_api_had_first_was_received_when_the_stream_had_it(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    asked = {"source": "api", "post": 0}
    later = BEGAN + 20 * SECOND
    with opened(path) as ledger:
        put(ledger, [alert(0, **asked), decision(1, **asked)])
        board = caught_up(path)
        assert board._kept._answers.open.to_list() == [0, 1]
        ledger.record(Batch([], adopted=[Adopted(0, later + 29_500 * MS)]))
        ledger.reply([Reply(0, 1, later + 70 * MS, 200, Outcome.RECORDED, None)])
        read_on(board)
        assert board.picture(BEGAN + 60 * SECOND).answered.p99 == 0.07
        assert board.alerts(Query())[0].answered_after == 0.07
        # What was only asked is not waited for for ever.
        put(ledger, [decision(2, arrival_time=BEGAN + 99 * SECOND)])
        read_on(board)
        assert board._kept._answers.open.to_list() == [2]
        board.close()
        again = caught_up(path)
        assert again.picture(BEGAN + 60 * SECOND).answered.p99 == 0.07
        assert again.alerts(Query())[0].answered_after == 0.07
        again.close()


def test_percentiles_are_of_ranks(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(n) for n in range(200)])
        ledger.reply([reply(n, (n + 1) * MS) for n in range(200)])
        board = caught_up(path)
        found = board.picture(BEGAN + 200 * SECOND).answered
        assert (found.p50, found.p99) == (0.1, 0.198)
        board.close()


@pytest.mark.parametrize("outcome", [Outcome.RECORDED, Outcome.REFUSED, Outcome.EXPIRED])
def test_alerts_say_when_they_were_answered(tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "live.db"
    expected = None if outcome is Outcome.EXPIRED else 0.25
    with opened(path) as ledger:
        put(ledger, [alert(0), alert(1)])
        ledger.reply([reply(0, 250 * MS, outcome)])
        board = Board(path, run_of, DEADLINE)
        read_on(board)
        ledger.reply([reply(1, 250 * MS, outcome)])
        read_on(board)
        assert [one.answered_after for one in board.alerts(Query())] == [expected, expected]
        board.close()
