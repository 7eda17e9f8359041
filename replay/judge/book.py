"""The book: what was sent when, and what was answered to it. No clock, no network."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from replay.judge.journal import Journal

NOT_ANSWERED: Final = -1
_MOST_ATTEMPTS: Final = 65_535


class Verdict(Enum):
    """What becomes of a flag that can be read."""

    RECORDED = "recorded"
    DUPLICATE = "the same again"
    CONTRADICTION = "another value than the one recorded"
    LATE = "after the deadline"
    WITHDRAWN = "of an event that has expired whatever the time"
    NOT_FOUND = "of no event that was sent"


@dataclass(slots=True)
class Posts:
    """Posts that were no flag of an event, or were turned away before they were one."""

    malformed: int = 0
    unauthorised: int = 0
    failed_on_purpose: int = 0


@dataclass(slots=True)
class Requests:
    """What came besides: requests that cannot be read, or are no posts and lack the key."""

    malformed: int = 0
    unauthorised: int = 0
    connections: int = 0
    streams: int = 0
    streams_open: int = 0


@dataclass(slots=True)
class Book:
    """By event: when it was first sent, the flag that counts, and how often one was posted.

    An event with the id of an earlier one is that event. Of several flags the first counts, if it
    came in time. If it came late, later ones are late too.

    Attributes
    ----------
    sent_at
        Seconds of whoever writes the book; NaN if it was not sent.
    taken
        Seconds from there until its first flag came; NaN if none did.
    value
        The flag that was recorded in time, 0 or 1; else -1.
    withdrawn
        Whether it had expired, whatever the time, when its first flag came.
    dropped
        Whether it is never sent.
    """

    labels: npt.NDArray[np.int8]
    distinct: npt.NDArray[np.bool_]
    dropped: npt.NDArray[np.bool_]
    deadline: float
    sent_at: npt.NDArray[np.float64]
    taken: npt.NDArray[np.float32]
    value: npt.NDArray[np.int8]
    withdrawn: npt.NDArray[np.bool_]
    attempts: npt.NDArray[np.uint16]
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    posts: Posts = field(default_factory=Posts)
    requests: Requests = field(default_factory=Requests)

    @classmethod
    def of(cls, journal: Journal, dropped: npt.NDArray[np.bool_], deadline: float) -> "Book":
        """An empty book for the events of a journal."""
        count = len(journal)
        first = np.frombuffer(journal.first, dtype=np.int32)
        distinct = first == np.arange(count)
        # An event is dropped if all that have its id are.
        sent = np.zeros(count, dtype=np.bool_)
        sent[first[~dropped]] = True
        return cls(
            labels=np.frombuffer(journal.labels, dtype=np.int8),
            distinct=distinct,
            dropped=~sent,
            deadline=deadline,
            sent_at=np.full(count, math.nan),
            taken=np.full(count, math.nan, dtype=np.float32),
            value=np.full(count, NOT_ANSWERED, dtype=np.int8),
            withdrawn=np.zeros(count, dtype=np.bool_),
            attempts=np.zeros(count, dtype=np.uint16),
        )

    def sent(self, numbers: npt.NDArray[np.int32], now: float) -> None:
        """Events, those with the id of an earlier one under its number, went out now."""
        unsent = numbers[np.isnan(self.sent_at[numbers])]
        self.sent_at[unsent] = now

    @property
    def all_sent(self) -> bool:
        """Whether all events were sent that are not dropped."""
        unsent = np.isnan(self.sent_at) & self.distinct & ~self.dropped
        return not unsent.any()

    def attempt(self, number: int) -> int:
        """Count a post for an event, and say how many came before it."""
        before = int(self.attempts[number])
        self.attempts[number] = min(before + 1, _MOST_ATTEMPTS)
        return before

    def is_sent(self, number: int) -> bool:
        """Whether an event was sent."""
        return not math.isnan(self.sent_at[number])

    def flag(self, number: int | None, value: int, now: float, *, withdrawn: bool) -> Verdict:
        """Take in a flag.

        Parameters
        ----------
        number
            Of which event; None if there is none with such an id.
        value
            0 or 1.
        now
            When it came.
        withdrawn
            Whether the event has expired whatever the time.
        """
        verdict = self._judge(number, value, now, withdrawn=withdrawn)
        self.verdicts[verdict] += 1
        return verdict

    def _judge(self, number: int | None, value: int, now: float, *, withdrawn: bool) -> Verdict:
        if number is None or not self.is_sent(number):
            return Verdict.NOT_FOUND
        recorded = self.value[number]
        if recorded != NOT_ANSWERED:
            return Verdict.DUPLICATE if recorded == value else Verdict.CONTRADICTION
        taken = now - self.sent_at[number]
        if math.isnan(self.taken[number]):
            self.taken[number] = taken
            self.withdrawn[number] = withdrawn
        if withdrawn:
            return Verdict.WITHDRAWN
        if taken > self.deadline:
            return Verdict.LATE
        self.value[number] = value
        return Verdict.RECORDED
