"""What happened since the start, in numbers. No clock, no network, and no word of how it is told.

Counted by the batch and not by the event, on the loop's thread alone: a batch costs about a
microsecond.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from engine.live.flag import Outcome
from engine.live.histogram import Histogram

SOURCES: Final = ("stream", "api")


class Metrics:
    """Counts what the scorer does; whoever does it says so.

    Attributes
    ----------
    events, duplicates, unreadable, late
        By source: what came; what had been decided on before; what could not be read; what came
        after younger events of its stream's clock.
    decisions
        By what was decided, 0 or 1.
    fallbacks
        Decisions that were not the model's.
    flags
        By outcome: what became of posts; ``RETRY`` counts attempts.
    reconnects, ledger_failures, models
        How often the stream was opened again, the ledger did not take a batch, and a new model was
        taken up.
    decided_after, acknowledged_after
        From receipt to decision, and to the final reply to the flag.
    requests, requests_took
        Of the API: by path and status; how long they took, streams apart.
    """

    def __init__(self) -> None:
        self.events = dict.fromkeys(SOURCES, 0)
        self.duplicates = dict.fromkeys(SOURCES, 0)
        self.unreadable = dict.fromkeys(SOURCES, 0)
        self.late = dict.fromkeys(SOURCES, 0)
        self.decisions = {0: 0, 1: 0}
        self.fallbacks = 0
        self.flags = dict.fromkeys(Outcome, 0)
        self.reconnects = 0
        self.ledger_failures = 0
        self.models = 0
        self.decided_after = Histogram()
        self.acknowledged_after = Histogram()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.requests_took = Histogram()

    def received(self, count: int, source: str = "stream") -> None:
        """Events came, whatever they are."""
        self.events[source] += count

    def duplicate(self, count: int, source: str = "stream") -> None:
        """Events of which the ledger or the batch had one already."""
        self.duplicates[source] += count

    def quarantined(self, count: int, source: str = "stream") -> None:
        """Events that could not be read, whether they have an id or not."""
        self.unreadable[source] += count

    def came_late(self, count: int, source: str = "stream") -> None:
        """Events that are older than others that came before them."""
        self.late[source] += count

    def decided(self, count: int, seconds: float, *, flagged: int = 0, fallback: int = 0) -> None:
        """Events that came at once were decided on, and that is recorded.

        Parameters
        ----------
        count
            How many.
        seconds
            Since they came.
        flagged
            How many of them were flagged.
        fallback
            How many of them got a decision that is not the model's.
        """
        self.decisions[1] += flagged
        self.decisions[0] += count - flagged
        self.fallbacks += fallback
        self.decided_after.add(seconds, count)

    def posted(self, outcome: Outcome, count: int = 1) -> None:
        """Attempts to post a flag came to something."""
        self.flags[outcome] += count

    def acknowledged(self, spans: Iterable[float]) -> None:
        """Flags got their final reply: for each the seconds since its event came."""
        self.acknowledged_after.add_all(spans)

    def reconnected(self) -> None:
        """The stream was opened again."""
        self.reconnects += 1

    def ledger_failed(self) -> None:
        """The ledger did not take a batch, which is held and tried again."""
        self.ledger_failures += 1

    def model_taken_up(self) -> None:
        """Another model decides from now on."""
        self.models += 1

    def answered(self, path: str, status: int, seconds: float | None) -> None:
        """A request was answered; of a stream it is not counted how long that took."""
        self.requests[path, status] += 1
        if seconds is not None:
            self.requests_took.add(seconds)
