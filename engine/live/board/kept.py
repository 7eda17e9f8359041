"""What a board keeps in memory of a ledger, and keeping it up to date."""

from threading import Lock
from typing import Final

import polars as pl

from engine.definition.schema import Schema
from engine.live.board.alerts import Feed
from engine.live.board.answered import Answers
from engine.live.board.cards import Cards, Remembered
from engine.live.board.exposure import Exposure
from engine.live.board.minutes import Minutes
from engine.live.board.parts import (
    MICROSECONDS,
    Columns,
    Part,
    latest_label,
    pending,
    read_deadlines,
    read_finals,
    read_labels,
    read_part,
    read_reasons,
)
from engine.live.board.patterns import Recent
from engine.live.board.rows import Picture
from engine.live.ledger.places import REMOVED_THROUGH
from engine.live.ledger.reader import Reader

_TOP_AGES: Final = 5  # as the question has it by default
_REMOVED: Final = "SELECT name, value FROM about WHERE name IN (?, 'removed_decisions')"
# By place: what came while a clock was wrong may be of any time.
_LATEST: Final = "SELECT arrival_time FROM decisions ORDER BY sequence DESC LIMIT 1"


def removed(reader: Reader) -> dict[str, int]:
    """What the ledger says was removed from it: it changes with every row that is."""
    return dict(reader.rows(_REMOVED, (REMOVED_THROUGH,)))


class Kept:
    """All that a board keeps of a ledger, read from its first decision on.

    One thread reads; what it has read it takes in while it holds the lock, which whoever looks at
    it holds too.

    Parameters
    ----------
    reader
        The ledger, as it is when this begins.
    schema
        Of its events.
    deadline
        Seconds from receipt until when a flag has to be answered.

    Attributes
    ----------
    removed
        What had been removed from the ledger when this began.
    """

    def __init__(self, reader: Reader, schema: Schema, deadline: float) -> None:
        self.removed = removed(reader)
        self.columns = Columns.of(schema)
        self.cards = Cards()
        self.remembered = Remembered()
        self.feed = Feed(self.columns, deadline)
        self._minutes = Minutes()
        self._exposure = Exposure(self.columns)
        self._recent = Recent(self.columns)
        # Alerts look up their labels when they are read: only what is said later is waited for.
        self._label = latest_label(reader)
        self._answers = Answers(deadline, pending(reader))
        self._last = -1

    def read(self, reader: Reader, lock: Lock) -> bool:
        """Read some new decisions, and what came meanwhile of those before; whether there is more.

        Raises
        ------
        InputError
            If the ledger is damaged.
        OutputError
            If it cannot be read.
        """
        part = read_part(reader, self.columns, self._last)
        if part is not None:
            # Since then rows may have been removed, but never all of them.
            (latest,) = reader.row(_LATEST)
            with lock:
                self._take(part, latest // MICROSECONDS)
        self._read_reasons(reader, lock)
        self._read_finals(reader, lock)
        self._label, has_more, labels = read_labels(reader, self._label)
        with lock:
            self.feed.label(labels)
        return has_more or (part is not None and part.has_more)

    def picture(self, now_us: int, *, caught_up: bool) -> Picture:
        """What the first screen shows, as of an instant."""
        until = now_us // MICROSECONDS
        self._exposure.count_until(until)
        segments = {
            kind: tuple(self._exposure.segments(kind))
            for kind in ("age", "state", "category", "hour")
        }
        return Picture(
            as_of=now_us,
            last_event=self._minutes.last,
            patterns=self._recent.patterns(until),
            alerts_2h=self._recent.count(until),
            exposed=segments["age"][:_TOP_AGES],
            by_state=segments["state"],
            by_category=segments["category"],
            by_hour=segments["hour"],
            counted="alerts",
            minutes=self._minutes.until(until),
            answered=self._answers.until(until),
            places=self._recent.places(until),
            caught_up=caught_up,
            events=self._minutes.events,
        )

    def _take(self, part: Part, latest: int) -> None:
        self._last = part.last
        readable = part.decisions.filter(pl.col("is_readable"))
        numbers = self.cards.numbers(readable["cc_num"])
        self.remembered.add(readable["sequence"].to_numpy(), numbers)
        of_model = readable["of_model"].to_numpy()
        self._exposure.add(readable.filter(pl.col("of_model")), numbers[of_model])
        self._minutes.add(part.decisions)
        self._recent.add(part.alerts, latest)
        self.feed.add(part.alerts)
        self._answers.add(part.decisions, latest)

    def _read_reasons(self, reader: Reader, lock: Lock) -> None:
        lacking = pl.concat([self.feed.unexplained, self._recent.unexplained]).unique()
        if not len(lacking):
            return
        found = read_reasons(reader, lacking)
        if len(found):
            with lock:
                self.feed.explain(found)
                self._recent.explain(found)

    def _read_finals(self, reader: Reader, lock: Lock) -> None:
        if not len(self._answers.open):
            return
        finals = read_finals(reader, self._answers.open)
        if not len(finals):
            return
        asked = finals["sequence"].filter(finals["sequence"].is_in(self._answers.asked.implode()))
        adopted = read_deadlines(reader, asked)
        with lock:
            self.feed.answer(self._answers.end(finals, adopted))
