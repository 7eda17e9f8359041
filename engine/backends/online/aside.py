"""Events whose clocks are not believed yet: scored, and kept aside until others bear them out."""

from dataclasses import dataclass, field
from typing import Any, Final

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
        What was said about their labels meanwhile, by event id: the label, and since when it is
        known.
    """

    t: int
    events: int
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    labels: dict[str, list[tuple[int | None, int | None]]] = field(default_factory=dict)

    def add(self, row: tuple[Any, ...], events: int) -> None:
        """Put one more event aside, after which so many had been scored."""
        self.rows.append(row)
        self.labels[row[0]] = []
        self.t, self.events = max(self.t, row[1]), events
