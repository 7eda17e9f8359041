"""What the dashboard asks of whoever keeps up with the ledger."""

from collections.abc import Sequence
from typing import Protocol

from engine.live.board.rows import Alert, Case, Drift, Fault, Picture, Query


class Board(Protocol):
    """Keeps up with the ledger, as ``engine.live.board`` does. All of it is asked in one thread."""

    began: int  # when the ledger was, which tells it from others

    def catch_up(self) -> bool:
        """Read some of what is new; whether there is more."""
        ...

    def picture(self, now_us: int) -> Picture:
        """All that the first screen shows, as of an instant."""
        ...

    def alerts(self, query: Query) -> Sequence[Alert]:
        """Alerts that are looked for, the newest first."""
        ...

    def changed(self) -> Sequence[Alert]:
        """Some alerts that have changed, each told once, the newest first."""
        ...

    def opened(self, sequence: int) -> Case | None:
        """One alert with all that there is to know; None if there is no such alert."""
        ...

    def drift(self) -> Drift | None:
        """How far the latest transactions have moved from training; None if that is not known."""
        ...

    def faults(self, now_us: int) -> Sequence[Fault]:
        """What went wrong within the last hour, the most frequent first."""
        ...

    def close(self) -> None:
        """Let go of the ledger."""
        ...
