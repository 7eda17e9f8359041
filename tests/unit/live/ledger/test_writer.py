"""What is recorded is there, in order and once, and what is left to do is told."""

import sqlite3
from pathlib import Path

import pytest

from engine.live.flag import Outcome, Reply
from engine.live.ledger.rows import Batch, Label, Pending, Remembered
from engine.model.reasons import Reason
from unit.live.ledger.cases import (
    BEGAN,
    MODEL,
    SECOND,
    counts,
    decision,
    fallback,
    opened,
    quarantined,
    record,
    recorded,
)


def test_a_new_ledger_is_empty(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.next_sequence == 0
        assert ledger.stream_id is None
        assert ledger.pending(-1, 10) == []
        assert list(ledger.tail(-1)) == []
        assert ledger.known(["e0"]) == set()
        assert ledger.known([]) == set()


@pytest.mark.parametrize("count", [1, 2, 3, 127, 128, 129, 300])
def test_what_is_recorded_is_there_when_it_is_opened_again(tmp_path: Path, count: int) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(count))
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.next_sequence == count
        told = [row for rows in ledger.tail(-1) for row in rows]
        made = [decision(sequence) for sequence in range(count)]
        assert told == [Remembered(d.sequence, d.event_id, d.event, 1) for d in made]
        flags = [Pending(d.sequence, d.event_id, 0, d.deadline, 0) for d in made]
        assert ledger.pending(-1, 1_000) == flags
        assert ledger.known([d.event_id for d in made] + ["other"]) == {d.event_id for d in made}


def test_the_tail_goes_on_after_a_place_and_says_what_was_not_observed(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        ledger.enrol(MODEL)
        ledger.record(Batch([decision(0), fallback(1), decision(3)], [quarantined(1)]))
        assert list(ledger.tail(0)) == [
            [Remembered(1, "e1", None, 0), Remembered(3, "e3", decision(3).event, 1)]
        ]


def test_the_last_id_of_the_stream_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        ledger.record(Batch([], stream_id="17"))
        ledger.record(Batch([], [quarantined(0)]))
        assert ledger.stream_id == "17"
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.stream_id == "17"


def test_places_are_never_given_again(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, [0])
        ledger.record(Batch([], [quarantined(1)]))
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.next_sequence == 2
        with pytest.raises(ValueError, match="sequence 1 is before 2"):
            ledger.record(Batch([decision(1)]))
        record(ledger, [2])


def test_an_id_has_one_decision_and_what_was_with_it_is_not_there(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, [0])
        with pytest.raises(sqlite3.IntegrityError, match="event_id"):
            ledger.record(Batch([decision(1), decision(2, event_id="e0")], stream_id="x"))
        assert ledger.next_sequence == 1
        assert ledger.stream_id is None
        assert counts(ledger, "decisions", "pending") == [1, 1]
        record(ledger, [1])


@pytest.mark.parametrize("lacking", ["score", "event", "features"])
def test_what_lacks_something_has_to_say_why(tmp_path: Path, lacking: str) -> None:
    with opened(tmp_path / "live.db") as ledger:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            record(ledger, [0], **{lacking: None})
        record(ledger, [0], **{lacking: None}, fallback="the model failed")


def test_a_flag_is_pending_until_its_outcome_is_final(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(5))
        ledger.reply(
            [
                Reply(0, 1, BEGAN, 503, Outcome.RETRY, "busy"),
                recorded(1),
                Reply(2, 1, BEGAN, 200, Outcome.REFUSED, "Transaction expired or not found"),
                Reply(3, 1, BEGAN, None, Outcome.RETRY, "connection refused"),
                Reply(0, 2, BEGAN, None, Outcome.RETRY, "timed out"),
            ]
        )
        assert [(flag.sequence, flag.attempts) for flag in ledger.pending(-1, 9)] == [
            (0, 2),
            (3, 1),
            (4, 0),
        ]
        ledger.reply([Reply(3, 2, BEGAN, None, Outcome.EXPIRED, None)])
        ledger.reply([])
        assert [flag.sequence for flag in ledger.pending(0, 9)] == [4]
        assert [flag.sequence for flag in ledger.pending(-1, 1)] == [0]
        assert counts(ledger, "replies") == [6]


def test_what_is_not_to_be_posted_is_never_pending(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        ledger.record(Batch([decision(0, post=0), decision(1, flagged=1)]))
        assert [(flag.sequence, flag.flag_value) for flag in ledger.pending(-1, 9)] == [(1, 1)]


def test_many_replies_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(300))
        ledger.reply([recorded(sequence) for sequence in range(299)])
        assert [flag.sequence for flag in ledger.pending(-1, 999)] == [299]


def test_a_model_is_enrolled_once(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.enrol(MODEL) == 1
        record(ledger, [0])
        assert ledger.enrol(MODEL._replace(threshold=0.6)) == 2
        assert ledger.enrol(MODEL) == 1
        since = ledger._connection.execute("SELECT since FROM models").fetchall()
        assert since == [(0,), (1,)]


def test_what_was_flagged_and_not_explained_is_told(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        flagged = [decision(sequence, flagged=1) for sequence in range(3)]
        ledger.record(Batch([*flagged, decision(3), fallback(4, flagged=1)]))
        ledger.reasons([(1, [Reason("amt", 1.5, "0.1 + 0.2 says “é”")])])
        ledger.reasons([(1, [Reason("amt", 0.1 + 0.2, "says “é”")]), (2, [])])
        assert ledger.unexplained(-1, 9) == [(0, flagged[0].features, flagged[0].model)]
        assert ledger.unexplained(0, 9) == []
        kept = ledger._connection.execute("SELECT reasons FROM reasons").fetchone()
        assert kept == (
            '[{"feature": "amt", "contribution": 0.30000000000000004, "words": "says “é”"}]',
        )


def test_labels_are_appended(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        first = [Label("e0", 1, BEGAN, 5, "bank"), Label("e1", 0, BEGAN + SECOND, 6, "bank")]
        then = [Label("e0", None, BEGAN, 5, "ann"), Label("e2", 1, BEGAN, 5, "ann")]
        ledger.label(first)
        ledger.label(then)
        assert counts(ledger, "labels") == [4]
        assert ledger.labels_of(["e2", "e0", "none"]) == [first[0], *then]
        assert ledger.labels_of([]) == []
