"""The scoreboard: what it counts event by event, and when it counts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay.judge.board import Board
from replay.judge.book import NOT_ANSWERED, Book
from replay.judge.score import score
from unit.replay.judge.cases import journal_of, log_of

COUNT = 300
DEADLINE = 10.0
NOW = 30.0


def random_book(path: Path, seed: int) -> Book:
    """A book in which everything happens to some of the events, but those of one seed in three."""
    rng = np.random.default_rng(seed)
    with journal_of(path) as journal:
        book = Book.of(journal, rng.random(COUNT) < 0.1, DEADLINE)
    book.labels = rng.integers(-1, 2, COUNT, dtype=np.int8)
    order = rng.permutation(np.flatnonzero(~book.dropped)).astype(np.int32)
    for some in np.array_split(order[: len(order) * (seed % 3) // 2], 20):
        now = float(rng.random() * NOW)
        book.sent(some, now)
        for number in some[rng.random(len(some)) < 0.8]:
            later = now + float(rng.random() * 1.5 * DEADLINE)
            book.flag(int(number), int(rng.integers(2)), later, withdrawn=rng.random() < 0.1)
    return book


def count_one_by_one(book: Book, now: float) -> dict[str, Any]:
    """The score's parts that are counts of events, and what takes long to count."""
    events = dict.fromkeys(score(book, now)["events"], 0)
    cells = {(label, flagged): 0 for label in (0, 1) for flagged in (False, True)}
    taken = []
    for number in range(COUNT):
        sent, gone = book.is_sent(number), bool(book.withdrawn[number])
        flagged = not np.isnan(book.taken[number]) and not gone
        on_time = book.value[number] != NOT_ANSWERED
        over = sent and now - book.sent_at[number] > DEADLINE
        judged = (flagged or over) and not gone
        events["in_file"] += 1
        events["dropped"] += bool(book.dropped[number])
        events["to_send"] += not sent and not book.dropped[number]
        events["sent"] += sent
        events["pending"] += sent and not judged and not gone
        events["judged"] += judged
        events["on_time"] += bool(on_time)
        events["late"] += flagged and not on_time
        events["expired"] += judged and not on_time
        events["unanswered"] += judged and not flagged
        events["withdrawn"] += gone
        if judged and book.labels[number] >= 0:
            cells[int(book.labels[number]), book.value[number] == 1] += 1
        if flagged:
            taken.append(float(book.taken[number]))
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        "events": events,
        "latency_seconds": {
            name: round(float(np.quantile(taken, share)), 6) if taken else None
            for name, share in shares.items()
        },
        "detection": {
            "labelled": sum(cells.values()),
            "true_positives": cells[1, True],
            "false_positives": cells[0, True],
            "false_negatives": cells[1, False],
        },
    }


@pytest.mark.parametrize("seed", range(9))
def test_all_at_once_comes_to_what_one_by_one_does(tmp_path: Path, seed: int) -> None:
    book = random_book(log_of(tmp_path, COUNT), seed)
    found = score(book, NOW)
    for part, numbers in count_one_by_one(book, NOW).items():
        assert found[part] | numbers == found[part]


def test_what_was_counted_a_moment_ago_is_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now, counted = 100.0, 0

    def count() -> dict[str, Any]:
        nonlocal counted
        counted += 1
        return {"count": counted}

    monkeypatch.setattr("replay.judge.board.elapsed", lambda: now)
    board = Board(count, 500_000)
    assert [board.show(), board.show()] == [{"count": 1}] * 2
    now += 0.4
    assert board.show() == {"count": 1}
    now += 0.2
    assert board.show() == {"count": 2}


def test_what_is_shown_again_is_all_that_was_counted(tmp_path: Path) -> None:
    book = random_book(log_of(tmp_path, COUNT), 2)
    board = Board(lambda: score(book, NOW), 3_600_000_000)
    assert board.show() == board.show() == score(book, NOW)
