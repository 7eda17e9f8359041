"""The score: what a book comes to. Pure: the book and the time say everything."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from replay.judge.book import NOT_ANSWERED, Book, Verdict

_FRAUD: Final = 1
_LEGITIMATE: Final = 0


def score(book: Book, now: float) -> dict[str, Any]:
    """Everything there is to say at a time; a ratio of nothing is None.

    An event is *judged* once it was flagged or its deadline has passed. Of the judged events

    - the response rate is the share that was flagged, be it late,
    - the on-time share the share whose flag was recorded within the deadline,
    - latency the time from first sending an event until its first flag came, late ones too,
    - an event is a true positive if it is fraud and 1 was recorded, a false positive if it is not
      and 1 was recorded, a false negative if it is fraud and 1 was not recorded in time. Events
      without a label are none of these.

    Events that expired whatever the time, a fault, are in none of the shares once flagged. Missed
    are events that are neither dropped nor sent yet.

    Flags that are malformed, or lack the key, are posts to where flags go whose body can be had.
    Requests are malformed that cannot be read at all, wherever they were to go.
    """
    sent = ~np.isnan(book.sent_at)
    withdrawn = book.withdrawn
    flagged = ~np.isnan(book.taken) & ~withdrawn
    on_time = book.value != NOT_ANSWERED
    over = sent & (now - book.sent_at > book.deadline)
    judged = (flagged | over) & ~withdrawn
    expected = book.distinct & ~book.dropped
    counts = {
        "in_file": _count(book.distinct),
        "dropped": _count(book.distinct & book.dropped),
        "to_send": _count(expected & ~sent),
        "sent": _count(sent),
        "pending": _count(sent & ~judged & ~withdrawn),
        "judged": _count(judged),
        "on_time": _count(on_time),
        "late": _count(flagged & ~on_time),
        "expired": _count(judged & ~on_time),
        "unanswered": _count(judged & ~flagged),
        "withdrawn": _count(withdrawn),
    }
    return {
        "events": counts,
        "response_rate": _ratio(counts["on_time"] + counts["late"], counts["judged"]),
        "on_time_share": _ratio(counts["on_time"], counts["judged"]),
        "latency_seconds": _latency(book.taken[flagged]),
        "detection": _detection(book, judged),
        "flags": {
            "recorded": book.verdicts[Verdict.RECORDED],
            "duplicate": book.verdicts[Verdict.DUPLICATE],
            "contradictory": book.verdicts[Verdict.CONTRADICTION],
            "late": book.verdicts[Verdict.LATE],
            "withdrawn": book.verdicts[Verdict.WITHDRAWN],
            "not_found": book.verdicts[Verdict.NOT_FOUND],
            "malformed": book.posts.malformed,
            "unauthorised": book.posts.unauthorised,
            "failed_on_purpose": book.posts.failed_on_purpose,
        },
        "requests": {
            "malformed": book.requests.malformed,
            "unauthorised": book.requests.unauthorised,
        },
        "connections": {
            "opened": book.requests.connections,
            "streams": book.requests.streams,
            "streams_open": book.requests.streams_open,
        },
        "deadline_seconds": book.deadline,
    }


def pending(book: Book, now: float) -> bool:
    """Whether some event that was sent may still be flagged in time."""
    waiting = np.isnan(book.taken) & (now - book.sent_at <= book.deadline)
    return bool(waiting.any())


def _latency(taken: npt.NDArray[np.float32]) -> dict[str, float | None]:
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    if not len(taken):
        return dict.fromkeys(shares)
    return {name: round(_quantile(taken, share), 6) for name, share in shares.items()}


def _quantile(values: npt.NDArray[np.float32], share: float) -> float:
    """As ``np.quantile`` has it, in a third of the time."""
    rank = share * (len(values) - 1)
    below = int(rank)
    parted = np.partition(values, below)
    found = float(parted[below])
    if rank == below:
        return found
    return found + (float(parted[below + 1 :].min()) - found) * (rank - below)


def _detection(book: Book, judged: npt.NDArray[np.bool_]) -> dict[str, float | int | None]:
    fraud = judged & (book.labels == _FRAUD)
    legitimate = judged & (book.labels == _LEGITIMATE)
    flagged = book.value == _FRAUD
    hits, alarms = _count(fraud & flagged), _count(legitimate & flagged)
    misses = _count(fraud) - hits
    return {
        "labelled": _count(fraud) + _count(legitimate),
        "true_positives": hits,
        "false_positives": alarms,
        "false_negatives": misses,
        "precision": _ratio(hits, hits + alarms),
        "recall": _ratio(hits, hits + misses),
        "f1": _ratio(2 * hits, 2 * hits + alarms + misses),
    }


def _count(which: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
