"""Events whose clocks are not believed yet: scored, and kept aside until others bear them out."""

from dataclasses import dataclass, field
from typing import Any, Final

from engine.backends.online.labels import Note

# How many events in a row it takes to believe that the stream's clock has jumped.
WITNESSES: Final = 8


@dataclass(slots=True)
class Aside:
    """A run of events that bear each other out, too few of them to be believed.

    Parameters
    ----------
    t
        The latest of their instants.
    events
        How many events had been scored after the last of them: another one since ends the run.
    rows
        The events, in the order in which they came.
    labels
        What was said about their labels meanwhile, by event id: the label, since when it is known,
        and the latest instant of the run when it was said.
    """

    t: int
    events: int
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    labels: dict[str, list[Note]] = field(default_factory=dict)

    def add(self, row: tuple[Any, ...], events: int) -> None:
        """Put one more event aside, after which so many had been scored."""
        self.rows.append(row)
        self.labels[row[0]] = []
        self.t, self.events = max(self.t, row[1]), events

    def note(self, event_id: str, label: int | None, at: int) -> None:
        """Note what is said about the label of one of the events; twice the same tells nothing."""
        notes = self.labels[event_id]
        if not notes or notes[-1][:2] != (label, at):
            notes.append((label, at, self.t))
