"""The book and the score, by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay.judge.book import Book, Verdict
from replay.judge.score import pending, score
from replay.judge.text import score_text
from unit.replay.judge.cases import journal_of, row, write_log

DEADLINE = 10.0


def book_of(tmp_path: Path, labels: list[str], *, dropped: tuple[int, ...] = ()) -> Book:
    rows = [row(number, is_fraud=label) for number, label in enumerate(labels)]
    is_dropped = np.isin(np.arange(len(labels)), dropped)
    with journal_of(write_log(tmp_path / "log.csv", rows)) as journal:
        return Book.of(journal, is_dropped, DEADLINE)


def send(book: Book, numbers: list[int], now: float) -> None:
    book.sent(np.array(numbers, dtype=np.int32), now)


def test_a_hand_made_run(tmp_path: Path) -> None:
    # 0 fraud caught, 1 fraud flagged 0, 2 fraud unanswered, 3 false alarm, 4 legitimate,
    # 5 fraud caught but late, 6 without a label, 7 pending, 8 not sent yet, 9 dropped
    book = book_of(tmp_path, ["1", "1", "1", "0", "0", "1", "", "0", "0", "1"], dropped=(9,))
    send(book, [0, 1, 2, 3, 4, 5, 6], 100.0)
    send(book, [7], 112.0)
    take = [
        (0, 1, 101.0, Verdict.RECORDED),
        (1, 0, 102.0, Verdict.RECORDED),
        (3, 1, 103.0, Verdict.RECORDED),
        (4, 0, 104.0, Verdict.RECORDED),
        (6, 1, 110.0, Verdict.RECORDED),  # at the deadline is in time
        (0, 1, 105.0, Verdict.DUPLICATE),
        (0, 0, 105.0, Verdict.CONTRADICTION),
        (0, 1, 120.0, Verdict.DUPLICATE),  # the first value stands, and for good
        (5, 1, 111.0, Verdict.LATE),
        (8, 1, 111.0, Verdict.NOT_FOUND),
        (9, 1, 111.0, Verdict.NOT_FOUND),
        (None, 1, 111.0, Verdict.NOT_FOUND),
    ]
    for number, value, now, verdict in take:
        assert book.flag(number, value, now, withdrawn=False) is verdict
    found = score(book, 121.0)
    assert found["events"] == {
        "in_file": 10,
        "dropped": 1,
        "to_send": 1,
        "sent": 8,
        "pending": 1,
        "judged": 7,
        "on_time": 5,
        "late": 1,
        "expired": 2,
        "unanswered": 1,
        "withdrawn": 0,
    }
    assert found["response_rate"] == 6 / 7
    assert found["on_time_share"] == 5 / 7
    # 1, 2, 3, 4, 10 and 11 seconds
    assert found["latency_seconds"] == {"p50": 3.5, "p99": 10.95, "max": 11.0}
    assert found["detection"] == {
        "labelled": 6,
        "true_positives": 1,
        "false_positives": 1,
        "false_negatives": 3,
        "precision": 1 / 2,
        "recall": 1 / 4,
        "f1": 2 / 6,
    }
    assert found["flags"] == {
        "recorded": 5,
        "duplicate": 2,
        "contradictory": 1,
        "late": 1,
        "withdrawn": 0,
        "not_found": 3,
        "malformed": 0,
        "unauthorised": 0,
        "failed_on_purpose": 0,
    }
    assert found["requests"] == {"malformed": 0, "unauthorised": 0}
    assert pending(book, 121.0)
    assert not pending(book, 122.5)
    assert score(book, 122.5)["events"]["judged"] == 8
    text = score_text(found)
    assert "of 7 judged: 5 on time, 1 late, 1 unanswered" in text
    assert "recall          0.2500" in text
    assert text.count("\n") == len(text.splitlines()) == 12


def test_requests_that_are_no_flags_are_counted_apart(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["0"])
    book.posts.malformed, book.posts.unauthorised, book.posts.failed_on_purpose = 2, 3, 4
    book.requests.malformed, book.requests.unauthorised = 5, 6
    found = score(book, 5.0)
    flags = [found["flags"][name] for name in ("malformed", "unauthorised", "failed_on_purpose")]
    assert flags == [2, 3, 4]
    assert found["requests"] == {"malformed": 5, "unauthorised": 6}
    text = score_text(found)
    assert "  2 malformed, 3 unauthorised, 4 failed on purpose, 0 withdrawn\n" in text
    assert text.endswith("other requests: 5 malformed, 6 unauthorised\n")


def test_of_nothing_there_is_no_ratio(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["0"])
    found = score(book, 5.0)
    ratios = [found["response_rate"], found["on_time_share"], *found["latency_seconds"].values()]
    assert ratios == [None] * 5
    assert found["detection"]["f1"] is None
    assert "response rate   none" in score_text(found)


def test_an_event_that_expired_whatever_the_time_is_in_no_share(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["1", "0"])
    send(book, [0, 1], 0.0)
    assert book.flag(0, 1, 1.0, withdrawn=True) is Verdict.WITHDRAWN
    assert book.flag(1, 0, 1.0, withdrawn=False) is Verdict.RECORDED
    found = score(book, 100.0)
    assert (found["response_rate"], found["on_time_share"]) == (1.0, 1.0)
    assert found["events"]["withdrawn"] == 1
    assert found["detection"]["labelled"] == 1
    assert not pending(book, 1.0)


def test_what_is_sent_again_has_no_new_deadline(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["0"])
    send(book, [0], 0.0)
    send(book, [0], 9.0)
    assert book.flag(0, 0, 10.5, withdrawn=False) is Verdict.LATE


def test_a_late_event_stays_late(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["1"])
    send(book, [0], 0.0)
    for _ in range(2):
        assert book.flag(0, 1, 11.0, withdrawn=False) is Verdict.LATE
    found = score(book, 12.0)
    assert (found["events"]["late"], found["flags"]["late"]) == (1, 2)
    assert found["latency_seconds"]["max"] == 11.0


@pytest.mark.parametrize(("gone", "sent"), [((0,), 1), ((0, 1), 0)])
def test_events_with_one_id_are_one(tmp_path: Path, gone: tuple[int, ...], sent: int) -> None:
    path = write_log(tmp_path / "log.csv", [row(1), row(1), row(2)])
    with journal_of(path) as journal:
        book = Book.of(journal, np.isin(np.arange(3), gone), DEADLINE)
    send(book, [0] * sent + [2], 0.0)
    events: dict[str, Any] = score(book, 1.0)["events"]
    assert (events["in_file"], events["sent"], events["to_send"]) == (2, sent + 1, 0)
    assert book.all_sent


def test_posts_of_an_event_are_counted(tmp_path: Path) -> None:
    book = book_of(tmp_path, ["0", "0"])
    assert [book.attempt(0), book.attempt(0), book.attempt(1)] == [0, 1, 0]
    assert not book.is_sent(0)
    assert math.isnan(book.sent_at[0])
