"""What came of a replay."""

from dataclasses import dataclass
from typing import Any

from engine.definition import fingerprint
from engine.events.log import Counts
from engine.model.run import Run
from replay.outcome import Outcome
from replay.timing import Promptness


@dataclass(frozen=True, slots=True)
class Replayed:
    """A finished replay.

    Parameters
    ----------
    run
        The run that decided.
    counts
        What became of the log's rows.
    recorded
        Whether it was recorded when the events arrived.
    missing
        How many events came before some of those that there are, and are not there.
    complete
        Whether these are all events that there will be.
    history
        How many events came before the first that was decided on.
    last_of_history
        When the last of these arrived, in seconds since 1970 UTC; None if there was none.
    resumed
        How many decisions had been recorded before, and were found to be the same again.
    late, too_late
        How many events came after a later one, and how many of these too late to be scored
        exactly.
    astray
        How many events have a clock that is not believed.
    outcome
        What was decided, and how right that was.
    promptness
        What was posted in time; None if that was not asked.
    digest
        Of the ledger's rows.
    seconds
        How long the replay took; reading and ordering the log not included.
    """

    run: Run
    counts: Counts
    recorded: bool
    missing: int
    complete: bool
    history: int
    last_of_history: int | None
    resumed: int
    late: int
    too_late: int
    astray: int
    outcome: Outcome
    promptness: Promptness | None
    digest: str
    seconds: float

    @property
    def events_per_second(self) -> float:
        """How many events were observed a second, history included."""
        return (self.history + self.outcome.decided) / max(self.seconds, 1e-9)

    def summary(self) -> dict[str, Any]:
        """What ``replay.json`` holds and ``--json`` prints."""
        timing = None if self.promptness is None else self.promptness.summary()
        return {
            "run": self.run.path.resolve().name,
            "feature_set": self.run.features.name,
            "fingerprint": fingerprint(self.run.features),
            "threshold": self.run.threshold,
            "events": {
                "read": sum(self.counts.read.values()),
                "refused": dict(self.counts.refused),
                "duplicates": self.counts.duplicates,
                "arrivals": "recorded" if self.recorded else "computed",
                "missing": self.missing,
                "complete": self.complete,
                "history": self.history,
                "decided": self.outcome.decided,
                "recorded_before": self.resumed,
                "late": self.late,
                "too_late": self.too_late,
                "astray": self.astray,
            },
            "decisions": self.outcome.summary(),
            **({} if timing is None else {"timing": timing}),
            "digest": self.digest,
            "seconds": round(self.seconds, 3),
            "events_per_second": round(self.events_per_second),
        }
