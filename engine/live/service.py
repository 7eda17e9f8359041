"""What the parts that answer people ask of the scorer: the API and the dashboard see no more of it.

The scorer is one process. ``decide`` goes the way that the stream's events go; ``figures`` and
``health`` are read at any moment and never wait; ``watch`` tells decisions as they are made.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from engine.live.errors import RefusedError
from engine.model.reasons import Reason
from engine.model.run import Run


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided on an event that somebody asked about.

    Parameters
    ----------
    event_id
        Its id; None if it could not be read.
    flagged
        1 or 0.
    score
        From 0 to 1; None if no model gave one.
    threshold
        The lowest score that is flagged; None as the score.
    features
        The features' values by name, null as None; empty if there are none.
    reasons
        Why it was flagged, the strongest first.
    fallback
        Why the decision is not the model's; None if it is.
    refused
        What of the event could not be read, as the quarantine words it; None if nothing.
    before
        Whether it had been decided on before: then this is what was decided then.
    field
        The column that could not be read; None if none, or if it is no event at all.
    """

    event_id: str | None
    flagged: int
    score: float | None = None
    threshold: float | None = None
    features: Mapping[str, float | str | None] = field(default_factory=dict)
    reasons: Sequence[Reason] = ()
    fallback: str | None = None
    refused: str | None = None
    before: bool = False
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision as it may be shown to people: the card masked, no name, no street, no number.

    Parameters
    ----------
    sequence
        Of the ledger.
    event_id
        Its id.
    arrival_time, decided_at
        Microseconds since 1970 UTC.
    flagged, score, fallback
        As decided.
    event
        What may be shown of it by name: ``card`` (its last four digits behind dots), ``amt`` in
        major units, ``merchant``, ``category``, ``state``, ``merch_lat``, ``merch_long``,
        ``unix_time``.
    """

    sequence: int
    event_id: str
    arrival_time: int
    decided_at: int
    flagged: int
    score: float | None
    fallback: str | None
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Health:
    """How things are.

    Parameters
    ----------
    ready
        Whether events are decided on: the state is there, and the ledger takes what is recorded.
    stream
        ``connecting``, ``open`` or ``waiting``.
    lag_seconds
        How long the oldest event that has no decision yet has been waiting; 0 if none waits.
    last_event_seconds
        How long ago the last event came; None if none has.
    queue, pending
        Events without a decision; flags without a final answer, as far as they are in memory.
    snapshot_seconds
        How long ago the online state was last saved; None if it was not.
    run_id
        Of the model that decides.
    troubles
        What somebody should look at, in words; empty if all is well.
    """

    ready: bool
    stream: str
    lag_seconds: float
    last_event_seconds: float | None
    queue: int
    pending: int
    snapshot_seconds: float | None
    run_id: str
    troubles: tuple[str, ...] = ()


class Told(NamedTuple):
    """What somebody says that an event turned out to be.

    Parameters
    ----------
    event_id
        Which event.
    label
        1 for fraud, 0 for not, None to withdraw what was told before.
    who
        Who says so.
    """

    event_id: str
    label: int | None
    who: str


class Service(Protocol):
    """The scorer, for whoever answers people."""

    @property
    def run(self) -> Run:
        """The run that decides now."""
        ...

    async def decide(self, events: Sequence[Mapping[str, Any]], *, store: bool) -> list[Answer]:
        """Decide on events, decoded from JSON, in their order.

        Parameters
        ----------
        events
            As the stream has them.
        store
            Whether they become history and are recorded, as those of the stream; their flags are
            not posted, as the answer is theirs. If not, nothing changes.

        Raises
        ------
        SentinelError
            If they cannot be decided on now: the scorer stops, or is overloaded.
        """
        ...

    async def label(self, told: Sequence[Told]) -> list[RefusedError | None]:
        """Record what events turned out to be; of what is told of an event the last counts.

        Whoever tells what counts already, and has told it, is answered as before: nothing is
        recorded a second time.

        Parameters
        ----------
        told
            In its order; what can be recorded of it is, all of it or none.

        Returns
        -------
        list
            For each, why it is not recorded: an ``UnknownError`` if there is no such event, another
            if it has been told too often; None if it is in the ledger.

        Raises
        ------
        SentinelError
            If nothing can be recorded now: then nothing has been.
        """
        ...

    def health(self) -> Health:
        """How things are now."""
        ...

    def watch(self) -> AbstractContextManager[AsyncIterator[Shown]]:
        """Decisions as they are recorded, from now on; who falls behind misses the oldest."""
        ...
